"""Names of folders and files: safe everywhere, and never shared by accident."""

from __future__ import annotations

import itertools
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LedgerError
from core.file_names import LONGEST, folded, free_names, safe_file_name, safe_name, split
from core.intake.names import folder_for, target_of
from core.model.incoming import Destination, Outcome, Person
from core.settings_intake import IntakeSettings

TEXTS = (
    st.text(st.characters(exclude_categories=()), max_size=20)
    | st.text(st.sampled_from("aA./\\ \u0301é\u200d\u202e\0:conCON1²~\ud800ﬁK"), max_size=12)
    | st.builds(lambda text, number: text * number, st.text(min_size=1, max_size=3), st.integers(1, 300))
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann Bell", "Ann Bell"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b", "a_b"),
        ("..", "x"),
        ("", "x"),
        (" . ", "x"),
        (".hidden", "hidden"),
        ("Ann. ", "Ann"),
        ("a\0b\x1b[31m\n", "ab[31m"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u2028b", "a b"),
        ("Ame\u0301lie", "Amélie"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Lpt9", "_Lpt9"),
        ("COM¹", "_COM¹"),
        ("Connie", "Connie"),
        ("what?<*>", "what____"),
        ("\ud800a", "_a"),
        ("\N{WOMAN}\u200d\N{WOMAN}", "\N{WOMAN}\u200d\N{WOMAN}"),
        ("日本 花子", "日本 花子"),
    ],
)
def test_a_name_becomes_a_folder(text: str, name: str) -> None:
    assert safe_name(text, fallback="x") == name


@given(TEXTS, st.sampled_from([8, 40, LONGEST]))
def test_a_safe_name_is_one(text: str, longest: int) -> None:
    for name in (
        safe_name(text, fallback="x", longest=longest),
        safe_file_name(text, fallback="x", longest=longest + 40),
    ):
        assert name
        assert len(name.encode()) <= longest + (0 if name == safe_name(text, fallback="x", longest=longest) else 40)
        assert not set(name) & set('/\\<>:"|?*\0')
        assert name == unicodedata.normalize("NFC", name)
        assert name.strip(" .") == name
        assert not {unicodedata.category(one) for one in name} & {"Cc", "Cs", "Zl", "Zp"}
        assert name.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}
        assert Path("/base", name).parent == Path("/base")
        assert os.fsdecode(os.fsencode(name)) == name
    once = safe_name(text, fallback="x", longest=longest)
    assert safe_name(once, fallback="x", longest=longest) == once
    assert safe_file_name(safe_file_name(text)) == safe_file_name(text)


@given(TEXTS)
def test_a_file_keeps_its_ending(text: str) -> None:
    name = safe_file_name(text + "x.jpeg")
    assert name.endswith(".jpeg")
    assert len(name.encode()) <= LONGEST


def test_what_is_an_ending() -> None:
    assert split("a.tar.gz") == ("a.tar", ".gz")
    assert split("Ann B. of Ghent") == ("Ann B. of Ghent", "")
    assert split("a." + "x" * 40) == ("a." + "x" * 40, "")
    assert split(".jpg") == (".jpg", "")
    assert split("a.") == ("a.", "")


def test_a_name_that_is_taken_gets_a_time_then_a_number() -> None:
    assert list(itertools.islice(free_names("name.jpg", "20260131-120000"), 4)) == [
        "name.jpg",
        "name_20260131-120000.jpg",
        "name_20260131-120000_2.jpg",
        "name_20260131-120000_3.jpg",
    ]


@given(TEXTS, st.sampled_from([60, 255]))
def test_the_names_to_try_are_all_different_and_fit(text: str, longest: int) -> None:
    name = safe_file_name(text, longest=longest)
    names = list(itertools.islice(free_names(name, "20260131-120000", longest), 12))
    assert len(set(names)) == 12
    assert all(len(one.encode()) <= longest for one in names)
    assert len({split(one)[1] for one in names}) == 1
    assert all("/" not in one for one in names)


# -- folders of people ------------------------------------------------------------------------------------------------


def test_a_person_has_the_folder_of_their_name() -> None:
    assert folder_for(Person("1", "Ann"), {}) == "Ann"
    assert folder_for(Person("1", "Ann"), {"Ann": "1", "Bea": "2"}) == "Ann"


def test_who_is_renamed_keeps_their_folder() -> None:
    assert folder_for(Person("1", "Ann Bell"), {"Ann": "1"}) == "Ann"
    assert folder_for(Person("1", ""), {"Ann": "1"}) == "Ann"


@pytest.mark.parametrize("other", ["Ann", "ANN", "ann", "Ａｎｎ", "Ann\u200d"])
def test_two_people_of_one_name_have_two_folders(other: str) -> None:
    assert folder_for(Person("2", other), {"Ann": "1"}) == f"{safe_name(other, fallback='x')} (2)"


def test_two_spellings_of_one_letter_are_one_name() -> None:
    assert folder_for(Person("2", "Ame\u0301lie"), {"Amélie": "1", "Amélie (2)": "3"}) == "Amélie (3)"
    assert folder_for(Person("2", "STRASSE"), {"straße": "1"}) == "STRASSE (2)"


@given(st.lists(TEXTS, max_size=12))
def test_nobody_shares_a_folder_and_everybody_finds_theirs_again(names: list[str]) -> None:
    taken: dict[str, str] = {}
    for number, name in enumerate(names):
        folder = folder_for(Person(str(number), name), taken)
        assert folder not in taken
        assert len(folder.encode()) <= LONGEST
        assert safe_name(folder, fallback="?") == folder
        taken[folder] = str(number)
    assert len({folded(one) for one in taken}) == len(names)
    for folder, number_of in taken.items():
        assert folder_for(Person(number_of, "renamed"), taken) == folder


def test_a_folder_that_leads_outside_is_refused() -> None:
    outcome = Outcome(Destination.PERSON, "p.jpg", "", person=Person("1", "Ann"))
    with pytest.raises(LedgerError, match="cannot be a person's folder"):
        target_of(outcome, IntakeSettings(final_base="/faces"), {"../x": "1"})
