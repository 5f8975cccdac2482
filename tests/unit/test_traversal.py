"""Whatever a server calls a file, a person or a folder: what is made of it stays where it belongs."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from core.config import PathMapping
from core.errors import LedgerError
from core.file_names import safe_file_name
from core.intake.names import folder_for, target_of
from core.model.incoming import Category, Destination, Outcome, Person
from core.path_map import local_path
from core.servers.download_names import disposition_name, download_name
from core.settings_intake import IntakeSettings

PIECES = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        "//",
        "etc",
        "passwd",
        "\0",
        "\x1b",
        "%2e%2e%2f",
        "%00",
        "C:",
        "~",
        "\u2024\u2024",
        "\uff0e\uff0e",
        "\u2215",
        "\u29f8",
        "\uff0f",
        "\ud800",
        " ",
        "\n",
        "a",
        ";",
        '"',
        "'",
        "=",
        "*",
        "filename",
        "=?utf-8?q?=2e=2e=2f?=",
        "utf-8''",
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20)
PAIRS = (PathMapping(stash="/data", local="/mnt/media"), PathMapping(stash="D:\\films", local="/mnt/films"))


def is_one_component(name: str) -> bool:
    """Whether a name, joined to a folder, is an entry of that folder."""
    return bool(name) and name not in (".", "..") and Path("/base", name).parent == Path("/base") and "\0" not in name


@example("\0utf-8''", "")
@given(TEXTS, TEXTS)
def test_names_of_downloads(header: str, path: str) -> None:
    for disposition in (
        header,
        f"attachment; filename={header}",
        f'inline; filename="{header}"',
        f"x; filename*={header}",
    ):
        disposition_name(disposition)
        assert is_one_component(download_name(disposition, path))
    assert is_one_component(download_name(None, path))
    assert is_one_component(safe_file_name(header))


@given(TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2))
def test_folders_of_people(name: str, person_id: str, taken: dict[str, str]) -> None:
    person = Person(person_id, name, False)
    rules = IntakeSettings(final_base="/base", review_base="/review")
    outcome = Outcome(Destination.PERSON, "x.jpg", "", None, person=person)
    try:
        found = target_of(outcome, rules, taken)
    except LedgerError:
        assert any(owner == person_id and not is_one_component(folder) for folder, owner in taken.items()) or taken
        return
    assert found is not None
    base, folder = found
    assert base == "/base"
    assert is_one_component(folder)
    assert is_one_component(folder_for(person, {}))
    for category in Category:
        review = target_of(Outcome(Destination.REVIEW, "x.jpg", "", category), rules, {})
        assert review is not None
        assert review[0] == "/review"


@given(TEXTS)
def test_paths_of_a_stash(tail: str) -> None:
    for head, root in (("/data/", "/mnt/media"), ("D:\\films\\", "/mnt/films"), ("/data", "/mnt/media"), ("", "")):
        found = local_path(head + tail, PAIRS)
        if found is None:
            continue
        assert ".." not in found.parts
        if head.endswith(("/", "\\")):
            assert os.path.normpath(found).startswith(root)
