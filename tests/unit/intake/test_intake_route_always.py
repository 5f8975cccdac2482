"""What holds for every picture, whatever was found in it and whatever is set."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from intake_builders import ANN, BEA, BOX, NOBODY, NOT_YET, SEEN, look, seen

from core.file_names import safe_file_name
from core.intake.names import target_of
from core.intake.route import route
from core.model.incoming import Destination, DuplicateOf, Faces, FoundFace, Known, Person, as_json, faces_of, outcome_of
from core.settings_intake import CategorySettings, ImmichSettings, IntakeSettings

# -- what always holds ------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(["..", "../x", "/etc", "CON", ""])
PEOPLE = st.builds(Person, st.sampled_from(["1", "2", "3"]), TEXTS, st.booleans())
FOUND = st.builds(FoundFace, st.none() | PEOPLE, st.just(BOX), st.none() | st.floats(allow_nan=True))
FACES = st.none() | st.builds(Faces, st.booleans(), st.lists(FOUND, max_size=4).map(tuple))
DUPLICATES = st.none() | st.builds(DuplicateOf, st.sampled_from(Known), TEXTS, st.none() | st.floats(0, 4e9))
GIVEN = st.builds(
    IntakeSettings,
    final_base=st.just("/faces"),
    review_base=st.just("/review"),
    whitelist=st.lists(TEXTS, max_size=2).map(tuple),
    blacklist=st.lists(TEXTS, max_size=2).map(tuple),
    min_confidence=st.floats(0, 1),
    max_faces_per_image=st.integers(1, 4),
    check_hash=st.booleans(),
    action_on_duplicate=st.sampled_from(["move_to_review", "trash"]),
    immich=st.builds(ImmichSettings, retry_if_no_faces=st.booleans(), max_retries=st.integers(0, 2)),
    categories=st.builds(CategorySettings, **dict.fromkeys(CategorySettings.__struct_fields__, st.booleans())),
)


@given(TEXTS, GIVEN, DUPLICATES, FACES, st.integers(0, 3), st.dictionaries(st.just("Ann"), st.just("1")))
def test_never_a_folder_outside(
    name: str, given: IntakeSettings, duplicate: DuplicateOf | None, faces: Faces | None, retries: int, taken: Any
) -> None:
    outcome = route(name, rules=given, duplicate=duplicate, faces=faces, retries=retries)
    target = target_of(outcome, given, taken)
    assert (target is None) == (outcome.destination in (Destination.WAIT, Destination.TRASH))
    if target is not None:
        base, folder = target
        assert base == ("/faces" if outcome.destination is Destination.PERSON else "/review")
        assert folder not in ("", ".", "..")
        assert "/" not in folder
        assert "\\" not in folder
        assert outcome.name == safe_file_name(outcome.name)


@given(GIVEN, DUPLICATES, st.lists(FOUND, max_size=4), st.integers(0, 3), st.randoms())
def test_the_order_of_the_faces_does_not_count(
    given: IntakeSettings, duplicate: DuplicateOf | None, found: list[FoundFace], retries: int, mixed: random.Random
) -> None:
    found = [one for number, one in enumerate(found) if one.person not in [a.person for a in found[:number]]]
    by_id: dict[str, FoundFace] = {}
    for one in found:
        by_id.setdefault(one.person.id if one.person else "", one)
    faces = list(by_id.values()) + list(by_id.values())[:1]
    other = mixed.sample(faces, len(faces))
    first, second = (
        route("p", rules=given, duplicate=duplicate, faces=Faces(is_analysed=True, found=tuple(one)), retries=retries)
        for one in (faces, other)
    )
    assert first == second


@given(TEXTS, GIVEN, st.builds(DuplicateOf, st.sampled_from(Known), TEXTS), FACES, st.integers(0, 3))
def test_a_duplicate_never_goes_to_a_person(
    name: str, given: IntakeSettings, duplicate: DuplicateOf, faces: Faces | None, retries: int
) -> None:
    checking = msgspec.structs.replace(given, check_hash=True)
    outcome = route(name, rules=checking, duplicate=duplicate, faces=faces, retries=retries)
    assert outcome.destination is not Destination.PERSON
    assert outcome.person is None


@given(TEXTS, GIVEN, DUPLICATES, FACES, st.integers(0, 3))
def test_only_a_named_visible_listed_and_sure_person_gets_a_picture(
    name: str, given: IntakeSettings, duplicate: DuplicateOf | None, faces: Faces | None, retries: int
) -> None:
    outcome = route(name, rules=given, duplicate=duplicate, faces=faces, retries=retries)
    if outcome.destination is Destination.PERSON:
        assert faces is not None
        assert outcome.person is not None
        assert outcome.person.name.strip()
        assert not outcome.person.is_hidden
        assert 0 < len(faces.found) <= given.max_faces_per_image
        assert {one.person.id if one.person else None for one in faces.found} == {outcome.person.id}
        assert all(one.confidence is None or one.confidence >= given.min_confidence for one in faces.found)


def test_what_is_stored_is_what_was_found() -> None:
    people = (ANN, BEA, None, NOBODY, replace(ANN, is_hidden=True))
    for pair in itertools.product(people, repeat=2):
        faces = seen(*pair, sure=0.25)
        assert faces_of(as_json(faces)) == faces
        for outcome in (look(faces), look(faces, duplicate=SEEN), look(NOT_YET)):
            assert outcome_of(as_json(outcome)) == outcome
