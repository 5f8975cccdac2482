"""The README keeps its word: what it shows can be typed, what it links to is there, what is made by code is new."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from readme_parts import README, renewed

from core.config import load_settings
from core.settings import sections, setting_infos
from tui.command_table import SCOPES
from tui.grammar import parse
from tui.keymap import load_keymap

ROOT = README.parent
TEXT = README.read_text(encoding="utf-8")
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
ORDER = [
    *("The two commands", "Connect your Stash", "The three desks", "Keys", "Headless, cron and systemd"),
    *("Docker and paths", "Pictures over SSH and tmux", "Safety", "Troubleshooting", "Configuration"),
    "Beside Stash's own tools",
]
PLACES = {
    "Matching": ("dashboard", "matching", "detail", "dialog"),
    "Duplicates": ("duplicates", "compare", "dialog"),
    "Intake": ("intake", "person"),
}
"""The parts of the app that a chapter speaks of, beside what is in force everywhere."""

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def blocks(*languages: str) -> list[str]:
    """The fenced blocks of these languages ("" for none named)."""
    return [body for language, body in _FENCE.findall(TEXT) if language in languages]


def spans(text: str) -> list[str]:
    """What stands between backticks in running text, on one line each."""
    return [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", text))]


def chapters(level: int) -> dict[str, str]:
    """The chapters of one level with their texts, in their order."""
    text = _FENCE.sub("", TEXT)
    found = re.finditer(rf"^#{{{level}}} (.+)\n((?:(?!#{{1,{level}}} ).*\n)*)", text, re.MULTILINE)
    return {match[1]: match[2] for match in found}


def shown_commands() -> set[str]:
    """Every command line of Winnow's own that the README shows."""
    lines = {span for span in spans(TEXT) if span.startswith("winnow ")}
    for block in blocks("sh"):
        lines |= {line for line in block.splitlines() if line.lstrip().startswith("winnow ")}
    for block in blocks(""):
        lines |= {line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ winnow ")}
    for block in blocks("", "sh", "ini"):
        lines |= {f"winnow {words}" for words in re.findall(r"-app/bin/winnow (.+)", block)}
    lines |= {f"winnow {words}" for words in re.findall(r"after_move:winnow (.+?)'", TEXT)}
    return {re.sub(r"\s+(#|>).*", "", line) for line in lines}


@pytest.mark.parametrize("line", sorted(shown_commands()))
def test_every_command_is_accepted(line: str) -> None:
    assert parse(shlex.split(line)[1:]) is not None


def test_the_commands_of_every_kind_were_found() -> None:
    found = shown_commands()
    for words in ("winnow --scan-only --due", "winnow undo --last", "winnow init", "winnow dismissals withdraw 1"):
        assert words in found
    assert any("yt-dlp" in line for line in found)
    assert len(found) > 40


def test_what_gallery_dl_is_told_is_accepted() -> None:
    import json

    (block,) = blocks("json")
    (processor,) = json.loads(block)["extractor"]["postprocessors"]
    assert processor["command"][0] == "winnow"
    assert parse(processor["command"][1:]) is not None


def test_every_command_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = {word for page in PAGES for word in re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert {"demo", "test", "setup"} <= wanted <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file), target


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_picture_of_each_desk_comes_first_and_every_picture_is_used() -> None:
    first = TEXT.partition("## ")[0]
    assert re.findall(r"!\[[^\]]+\]\(docs/pictures/(\w+)\.svg\)", first) == ["matching", "duplicates", "intake"]
    linked = set(re.findall(r"pictures/([\w-]+\.svg)", "".join(page.read_text() for page in PAGES)))
    assert linked == {path.name for path in (ROOT / "docs" / "pictures").iterdir()}


def test_what_contributing_names_in_the_tree_is_there() -> None:
    tree = next(body for _, body in _FENCE.findall((ROOT / "CONTRIBUTING.md").read_text()) if body.startswith("core/"))
    found = 0
    top = ""
    for line in tree.splitlines():
        if match := re.match(r"(\w+)/", line):
            top = match[1]
            assert (ROOT / top).is_dir(), top
        for name in re.findall(r"(?<![*\w])\w+\.py", line):
            assert [*(ROOT / top).rglob(name)], f"{top}: {name}"
            found += 1
        for name in re.findall(r"^ {2}(?=\S)(.*?)(?: {2}|$)", line):
            assert all((ROOT / top / part).exists() for part in name.split()), line
    assert found > 15


def test_the_chapters_stand_in_their_order() -> None:
    assert list(chapters(2)) == ORDER


def test_what_is_made_by_code_is_new() -> None:
    assert renewed(TEXT) == TEXT, "renew it: make docs"


def test_a_readme_without_a_place_for_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places for settings"):
        renewed(TEXT.replace("<!-- settings", "<!-- other"))


@pytest.mark.parametrize("chapter", PLACES)
def test_every_key_of_a_desk_is_in_force_there(chapter: str) -> None:
    keymap = load_keymap()
    scopes = ("app", "nav", *PLACES[chapter])
    keys = {key for name in scopes for command in SCOPES[name].commands for key in _shown(keymap.shown(command.id))}
    named = [span for span in spans(chapters(3)[chapter]) if _is_a_key(span)]
    assert len(named) > 4
    assert set(named) <= keys


def test_every_key_named_anywhere_is_bound() -> None:
    keymap = load_keymap()
    keys = {key for scope in SCOPES.values() for command in scope.commands for key in _shown(keymap.shown(command.id))}
    assert {span for span in spans(TEXT) if _is_a_key(span)} <= keys


def _shown(keys: str) -> list[str]:
    return [key or "," for key in re.split(r", |^,$", keys)]


def _is_a_key(span: str) -> bool:
    return len(span) == 1 or bool(re.fullmatch(r"(ctrl|alt)\+.|f\d+|enter|esc|space|tab|backspace", span))


@pytest.mark.parametrize("block", [block for block in blocks("toml") if "..." not in block])
def test_every_piece_of_configuration_is_valid(block: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    (tmp_path / "ntfy").write_text("ntfy://topic")
    path.write_text(block.replace("~/.config/winnow/ntfy", str(tmp_path / "ntfy")), encoding="utf-8")
    path.chmod(0o600)
    assert load_settings(path, env={"WINNOW_HOOK": "http://127.0.0.1/hook"}).path == path


def test_every_setting_named_in_configuration_exists() -> None:
    known = set(sections())
    for block in blocks("toml"):
        for section, values in _sections(tomllib.loads(block)):
            assert section in known
            assert set(values) <= set(setting_infos(section))


def _sections(table: dict[str, Any], prefix: str = "") -> list[tuple[str, list[str]]]:
    found = []
    for name, value in table.items():
        assert isinstance(value, dict)
        inner = {key: item for key, item in value.items() if isinstance(item, dict)}
        found.append((prefix + name, [key for key in value if key not in inner]))
        found += _sections(inner, f"{prefix}{name}.")
    return found
