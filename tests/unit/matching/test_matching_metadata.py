"""The metadata pull: keep, fill, replace; nothing is blanked, nothing is invented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import ENDPOINT

from core.matching.metadata import (
    Choice,
    Field,
    Findings,
    MetadataChange,
    Unresolved,
    compare,
    is_date,
    prefer,
    uniform_choices,
    url_key,
)
from core.model.scenes import LocalEntity, SceneDetails
from core.model.stash_boxes import Candidate, RemoteEntity

KEEP, FILL, REPLACE = Choice.KEEP, Choice.FILL, Choice.REPLACE

ANN, BEA, CAT = LocalEntity(1, "Ann"), LocalEntity(2, "Bea"), LocalEntity(3, "Cat")
BEA_TWIN = LocalEntity(4, "Bea")
R_ANN, R_BEA, R_CAT = RemoteEntity("a", "Ann"), RemoteEntity("b", "Bea"), RemoteEntity("c", "Cat")

EMPTY = SceneDetails(id=7)
FULL = SceneDetails(
    id=7,
    title="Mine",
    code="M-1",
    details="My words",
    director="Me",
    date="2020-05-03",
    urls=("https://mine.example/1",),
    studio=LocalEntity(10, "My studio"),
    performers=(ANN,),
    tags=(LocalEntity(20, "Mine"),),
    has_cover=True,
)
REMOTE = Candidate(
    endpoint=ENDPOINT,
    id="x",
    title="Theirs",
    code="T-1",
    details="Their words",
    director="Them",
    date="2021-01-02",
    urls=("https://theirs.example/1",),
    studio=RemoteEntity("s", "Their studio"),
    performers=(R_BEA, R_CAT),
    tags=(RemoteEntity("t", "Theirs"),),
    cover_url="https://box.example/images/1",
)
NOTHING = Candidate(endpoint=ENDPOINT, id="x")
FOUND = Findings(
    studios={RemoteEntity("s", "Their studio"): [LocalEntity(11, "Their studio")]},
    performers={R_BEA: [BEA], R_CAT: [CAT]},
    tags={RemoteEntity("t", "Theirs"): [LocalEntity(21, "Theirs")]},
)


def pulled(
    scene: SceneDetails, entry: Candidate, choice: Choice, findings: Findings = FOUND, *, cover: Choice = KEEP
) -> dict[Field, MetadataChange]:
    changes = compare(scene, entry, findings, uniform_choices(choice, cover=cover))
    assert [change.field for change in changes] == list(Field)
    return {change.field: change for change in changes}


def test_keep_changes_nothing_and_accuses_nobody() -> None:
    for change in pulled(FULL, REMOTE, KEEP, Findings()).values():
        assert not change.is_change
        assert change.result is change.local
        assert change.unresolved == ()


def test_a_field_without_a_choice_is_kept() -> None:
    assert not any(change.is_change for change in compare(EMPTY, REMOTE, FOUND, {}))
    changed = [change.field for change in compare(EMPTY, REMOTE, FOUND, {Field.CODE: FILL}) if change.is_change]
    assert changed == [Field.CODE]


@pytest.mark.parametrize("choice", [FILL, REPLACE])
def test_an_empty_scene_takes_everything_but_the_cover(choice: Choice) -> None:
    changes = pulled(EMPTY, REMOTE, choice)
    assert {name: change.result for name, change in changes.items()} == {
        Field.TITLE: "Theirs",
        Field.DATE: "2021-01-02",
        Field.DETAILS: "Their words",
        Field.DIRECTOR: "Them",
        Field.CODE: "T-1",
        Field.STUDIO: LocalEntity(11, "Their studio"),
        Field.PERFORMERS: (BEA, CAT),
        Field.TAGS: (LocalEntity(21, "Theirs"),),
        Field.URLS: ("https://theirs.example/1",),
        Field.COVER: "",
    }


def test_fill_leaves_what_is_there_and_adds_to_lists() -> None:
    changes = pulled(FULL, REMOTE, FILL)
    assert {name for name, change in changes.items() if change.is_change} == {Field.PERFORMERS, Field.TAGS, Field.URLS}
    assert changes[Field.PERFORMERS].result == (ANN, BEA, CAT)
    assert changes[Field.URLS].result == ("https://mine.example/1", "https://theirs.example/1")


def test_replace_takes_the_remote_value() -> None:
    changes = pulled(FULL, REMOTE, REPLACE)
    assert changes[Field.TITLE].result == "Theirs"
    assert changes[Field.STUDIO].result == LocalEntity(11, "Their studio")
    assert changes[Field.PERFORMERS].result == (BEA, CAT)
    assert changes[Field.URLS].result == ("https://mine.example/1", "https://theirs.example/1")
    assert not changes[Field.COVER].is_change


@pytest.mark.parametrize("choice", [FILL, REPLACE])
def test_an_entry_that_states_nothing_blanks_nothing(choice: Choice) -> None:
    assert not any(change.is_change for change in pulled(FULL, NOTHING, choice, cover=choice).values())
    blank = replace(NOTHING, title="  ", details="\n", date=" ", urls=(" ",), cover_url=" ")
    assert not any(change.is_change for change in pulled(FULL, blank, choice, cover=choice).values())


def test_white_space_is_no_difference() -> None:
    scene = replace(FULL, title=" Theirs ", details="Their\r\nwords")
    entry = replace(REMOTE, title="Theirs\n", details="Their\nwords ")
    changes = pulled(scene, entry, REPLACE)
    assert not changes[Field.TITLE].is_change
    assert not changes[Field.DETAILS].is_change
    assert pulled(replace(EMPTY, title="  "), replace(REMOTE, title=" Theirs "), FILL)[Field.TITLE].result == "Theirs"


@pytest.mark.parametrize(
    ("local", "remote", "result"),
    [
        ("2020-05-03", "2020", "2020-05-03"),
        ("2020-05-03", "2020-05", "2020-05-03"),
        ("2020-05", "2020", "2020-05"),
        ("2020", "2020-05-03", "2020-05-03"),
        ("2020-05-03", "2020-06", "2020-06"),
        ("2020-05-03", "2021", "2021"),
        ("2020-05-03", "2020-05-03", "2020-05-03"),
        ("", "2020", "2020"),
        ("2020-05-03", "2020-13", "2020-05-03"),
        ("2020-05-03", "2021-02-29", "2020-05-03"),
        ("", "soon", ""),
    ],
)
def test_replacing_dates(local: str, remote: str, result: str) -> None:
    """A shorter remote date never replaces a longer local one that agrees with it."""
    change = pulled(replace(FULL, date=local), replace(REMOTE, date=remote), REPLACE)[Field.DATE]
    assert change.result == result
    assert bool(change.notes) == (remote in {"2020-13", "2021-02-29", "soon"} or (result != remote))


@pytest.mark.parametrize(
    "text", ["0000", "20", "2020-1", "2020-1-1", "2020-00", "2020-02-30", "2020/01/01", "२०२०", ""]
)
def test_what_is_no_date(text: str) -> None:
    assert not is_date(text)


def test_replace_keeps_local_performers_while_a_remote_one_is_unknown() -> None:
    """An incomplete list is no reason to drop a local one; what is missing is listed."""
    change = pulled(FULL, REMOTE, REPLACE, Findings(performers={R_BEA: [BEA]}))[Field.PERFORMERS]
    assert change.result == (ANN, BEA)
    assert change.unresolved == (Unresolved(R_CAT),)
    assert change.notes == ("local performers stay, since 1 of 2 remote ones are not known here",)
    assert [each.text for each in change.unresolved] == ["Cat: not found"]


def test_ambiguous_is_listed_and_not_guessed() -> None:
    change = pulled(EMPTY, REMOTE, FILL, Findings(performers={R_BEA: [BEA, BEA_TWIN], R_CAT: [CAT]}))[Field.PERFORMERS]
    assert change.result == (CAT,)
    assert [each.text for each in change.unresolved] == ["Bea: ambiguous, Bea (2) or Bea (4)"]


def test_a_studio_that_is_not_found_is_listed() -> None:
    change = pulled(FULL, REMOTE, REPLACE, Findings())[Field.STUDIO]
    assert not change.is_change
    assert [each.text for each in change.unresolved] == ["Their studio: not found"]
    assert pulled(FULL, REMOTE, FILL, Findings())[Field.STUDIO].unresolved == ()


def test_the_same_studio_under_its_new_name_is_no_change() -> None:
    found = Findings(studios={RemoteEntity("s", "Their studio"): [LocalEntity(10, "My studio, renamed")]})
    assert not pulled(FULL, REMOTE, REPLACE, found)[Field.STUDIO].is_change


def test_the_same_people_in_another_order_are_no_change() -> None:
    change = pulled(replace(FULL, performers=(CAT, BEA)), REMOTE, REPLACE)[Field.PERFORMERS]
    assert not change.is_change


def test_two_remote_names_of_one_person_give_one() -> None:
    alias = RemoteEntity("b2", "Beatrix")
    entry = replace(REMOTE, performers=(R_BEA, alias))
    change = pulled(EMPTY, entry, FILL, Findings(performers={R_BEA: [BEA], alias: [BEA]}))[Field.PERFORMERS]
    assert change.result == (BEA,)


@pytest.mark.parametrize(
    "remote",
    ["https://mine.example/1/", "HTTPS://MINE.example/1", " https://mine.example/1 ", "https://mine.example/1"],
)
def test_the_same_url_is_not_added_again(remote: str) -> None:
    assert not pulled(FULL, replace(REMOTE, urls=(remote,)), REPLACE)[Field.URLS].is_change


def test_urls_differ_in_the_case_of_their_path() -> None:
    assert url_key("https://a.example/X") != url_key("https://a.example/x")
    assert url_key("A.example/") == "A.example"


def test_remote_urls_that_are_the_same_are_added_once() -> None:
    entry = replace(REMOTE, urls=("https://t.example/", "https://t.example"))
    assert pulled(EMPTY, entry, FILL)[Field.URLS].result == ("https://t.example/",)


def test_the_cover_only_on_request() -> None:
    assert not pulled(EMPTY, REMOTE, REPLACE)[Field.COVER].is_change
    assert pulled(EMPTY, REMOTE, KEEP, cover=FILL)[Field.COVER].result == "https://box.example/images/1"
    assert not pulled(FULL, REMOTE, KEEP, cover=FILL)[Field.COVER].is_change
    assert pulled(FULL, REMOTE, KEEP, cover=REPLACE)[Field.COVER].result == "https://box.example/images/1"


def test_linked_by_stash_id_wins_over_the_name() -> None:
    assert prefer([BEA], [BEA_TWIN, CAT]) == (BEA,)
    assert prefer([], [BEA, BEA_TWIN, BEA]) == (BEA, BEA_TWIN)
    assert prefer([], []) == ()


_words = st.sampled_from(["", " ", "A", "B", "2020", "2020-05", "2021-01-02", "x/"])
_locals = st.lists(st.builds(LocalEntity, st.integers(1, 4), st.just("n")), max_size=3, unique_by=lambda each: each.id)
_remotes = st.lists(
    st.builds(RemoteEntity, st.sampled_from("abcd"), st.just("N")), max_size=3, unique_by=lambda each: each.id
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[SceneDetails, Candidate, Findings, dict[Field, Choice]]:
    """A scene, an entry, what was found of it, and any choices."""
    scene = SceneDetails(
        id=7,
        title=draw(_words),
        code=draw(_words),
        details=draw(_words),
        director=draw(_words),
        date=draw(_words),
        urls=tuple(draw(st.lists(_words.filter(str.strip), max_size=3, unique=True))),
        studio=draw(st.one_of(st.none(), st.builds(LocalEntity, st.integers(1, 4), st.just("n")))),
        performers=tuple(draw(_locals)),
        tags=tuple(draw(_locals)),
        has_cover=draw(st.booleans()),
    )
    remotes = tuple(draw(_remotes))
    entry = Candidate(
        endpoint=ENDPOINT,
        id="x",
        title=draw(_words),
        code=draw(_words),
        details=draw(_words),
        director=draw(_words),
        date=draw(_words),
        urls=tuple(draw(st.lists(_words, max_size=3))),
        studio=draw(st.one_of(st.none(), st.just(RemoteEntity("s", "S")))),
        performers=remotes,
        tags=remotes,
        cover_url=draw(_words),
    )
    found = {each: draw(_locals) for each in (*remotes, RemoteEntity("s", "S"))}
    choices = draw(st.dictionaries(st.sampled_from(Field), st.sampled_from(Choice)))
    return scene, entry, Findings(found, found, found), choices


def has_something(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)


@given(cases())
def test_never_blanks_and_never_invents(case: tuple[SceneDetails, Candidate, Findings, dict[Field, Choice]]) -> None:
    scene, entry, findings, choices = case
    for change in compare(scene, entry, findings, choices):
        assert not has_something(change.local) or has_something(change.result)
        if change.choice is KEEP:
            assert not change.is_change
        if change.choice is FILL and isinstance(change.result, str) and has_something(change.local):
            assert not change.is_change
        if change.is_change and isinstance(change.result, tuple):
            known = {each for several in findings.performers.values() if len(several) == 1 for each in several}
            allowed = set(change.local if isinstance(change.local, tuple) else ()) | known | set(entry.urls)
            assert set(change.result) <= allowed
            if change.choice is FILL or change.unresolved or change.field is Field.URLS:
                assert set(change.local if isinstance(change.local, tuple) else ()) <= set(change.result)


@given(cases())
def test_pulling_twice_changes_nothing_more(
    case: tuple[SceneDetails, Candidate, Findings, dict[Field, Choice]],
) -> None:
    scene, entry, findings, choices = case
    result: dict[Field, Any] = {change.field: change.result for change in compare(scene, entry, findings, choices)}
    cover = result.pop(Field.COVER)
    after = replace(scene, has_cover=bool(cover), **{str(name): value for name, value in result.items()})
    for change in compare(after, entry, findings, choices):
        assert change.field is Field.COVER or not change.is_change
