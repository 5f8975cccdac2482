"""Where a picture belongs: every row of the table, every switch, and what holds for all pictures."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from intake_builders import ANN, BEA, NO_FACE, NOBODY, NOT_YET, RULES, SEEN, immich, look, rules, seen

from core.intake.names import target_of
from core.model.incoming import Category, Destination, DuplicateOf, Faces, Known, Person
from core.settings_intake import CategorySettings, IntakeSettings

# -- the table --------------------------------------------------------------------------------------------------------


def test_row_duplicate() -> None:
    outcome = look(seen(ANN), duplicate=SEEN)
    assert (outcome.destination, outcome.category) == (Destination.REVIEW, Category.DUPLICATES)
    assert (outcome.name, outcome.duplicate) == ("duplicate_p.jpg", SEEN)
    assert outcome.reason == "the same content is in the library (/faces/Ann/old.jpg), since 2023-11-14"
    assert target_of(outcome, RULES, {}) == ("/review", "duplicates")


@pytest.mark.parametrize("where", Known)
def test_the_reason_of_a_duplicate_says_which(where: Known) -> None:
    reasons = {one: look(seen(ANN), duplicate=DuplicateOf(one, "")).reason for one in Known}
    assert len(set(reasons.values())) == len(Known)
    assert reasons[where].startswith("the same content ")


def test_row_not_analysed() -> None:
    outcome = look(NOT_YET)
    assert (outcome.destination, outcome.category, outcome.name) == (Destination.WAIT, None, "p.jpg")
    assert "not analysed yet" in outcome.reason
    assert target_of(outcome, RULES, {}) is None


def test_row_no_faces() -> None:
    outcome = look(NO_FACE, retries=2)
    assert (outcome.destination, outcome.category) == (Destination.REVIEW, Category.UNIDENTIFIED)
    assert (outcome.name, outcome.reason) == ("noface_p.jpg", "no face was found")


def test_row_more_faces_than_max_faces_per_image() -> None:
    outcome = look(seen(ANN, BEA))
    assert (outcome.category, outcome.name) == (Category.MULTIPLE_FACES, "multi_p.jpg")
    assert outcome.reason.startswith("2 faces; at most 1")


def test_row_the_person_is_on_the_blacklist() -> None:
    outcome = look(seen(ANN), rules(blacklist=(" ANN ",)))
    assert (outcome.category, outcome.name) == (Category.UNWANTED_PERSON, "unwanted_p.jpg")
    assert (outcome.reason, outcome.suggested) == ("Ann is on the blacklist", ANN)


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (None, "a face belongs to nobody whom Immich knows"),
        (NOBODY, "the person has no name in Immich"),
        (Person("s", "  "), "the person has no name in Immich"),
        (replace(ANN, is_hidden=True), "Ann is hidden in Immich"),
    ],
)
def test_row_person_unknown_or_hidden(person: Person | None, words: str) -> None:
    outcome = look(seen(person))
    assert (outcome.category, outcome.name, outcome.reason) == (Category.UNIDENTIFIED, "unknown_p.jpg", words)


def test_row_not_on_a_non_empty_whitelist() -> None:
    outcome = look(seen(ANN), rules(whitelist=("Bea",)))
    assert (outcome.category, outcome.name) == (Category.UNIDENTIFIED, "notwhitelisted_p.jpg")
    assert outcome.reason == "Ann is not on the whitelist"


@pytest.mark.parametrize("sure", [0.0, 0.59, float("nan")])
def test_row_a_confidence_is_known_and_below_min_confidence(sure: float) -> None:
    outcome = look(seen(ANN, sure=sure))
    assert (outcome.category, outcome.name) == (Category.LOW_CONFIDENCE, "lowconf_p.jpg")
    assert outcome.suggested == ANN


@pytest.mark.parametrize("sure", [None, 0.6, 1.0])
def test_row_otherwise(sure: float | None) -> None:
    outcome = look(seen(ANN, sure=sure))
    assert (outcome.destination, outcome.person, outcome.name) == (Destination.PERSON, ANN, "p.jpg")
    assert outcome.category is None
    assert target_of(outcome, RULES, {"Ann": "a"}) == ("/faces", "Ann")
    assert target_of(outcome, RULES, {"Ann": "another"}) == ("/faces", "Ann (2)")


def test_the_first_hit_wins() -> None:
    """Each condition of the table over all those behind it, with everything wrong at once."""
    strict = rules(blacklist=("Ann",), whitelist=("Bea",), min_confidence=1.0)
    two = replace(ANN, is_hidden=True)
    assert look(NOT_YET, strict, duplicate=SEEN, retries=2).category is Category.DUPLICATES
    assert look(seen(two, None, sure=0.1), strict).category is Category.MULTIPLE_FACES
    assert look(seen(two, sure=0.1), strict).category is Category.UNWANTED_PERSON
    hidden = Person("h", "Hal", is_hidden=True)
    assert look(seen(hidden, sure=0.1), strict).name == "unknown_p.jpg"
    assert look(seen(Person("c", "Cem"), sure=0.1), strict).name == "notwhitelisted_p.jpg"
    assert look(seen(BEA, sure=0.1), strict).name == "lowconf_p.jpg"


def test_without_an_immich_everything_goes_to_review() -> None:
    outcome = look(None)
    assert (outcome.category, outcome.name) == (Category.UNIDENTIFIED, "unknown_p.jpg")
    assert "no Immich" in outcome.reason
    assert look(None, duplicate=SEEN).category is Category.DUPLICATES


# -- the switches -----------------------------------------------------------------------------------------------------


def test_switch_check_hash() -> None:
    assert look(seen(ANN), rules(check_hash=False), duplicate=SEEN).destination is Destination.PERSON


def test_switch_action_on_duplicate() -> None:
    trash = rules(action_on_duplicate="trash")
    outcome = look(seen(ANN), trash, duplicate=SEEN)
    assert (outcome.destination, outcome.duplicate, outcome.category) == (Destination.TRASH, SEEN, None)
    assert target_of(outcome, trash, {}) is None
    for nothing_stays in (DuplicateOf(Known.DELETED, "/x"), DuplicateOf(Known.LIBRARY, "")):
        assert look(seen(ANN), trash, duplicate=nothing_stays).category is Category.DUPLICATES


def test_switch_retry_if_no_faces() -> None:
    assert look(NO_FACE, immich(retry_if_no_faces=False)).name == "noface_p.jpg"
    outcome = look(NO_FACE, immich(retry_if_no_faces=True))
    assert (outcome.destination, outcome.name) == (Destination.WAIT, "p.jpg")
    assert outcome.reason == "no face was found; it is looked at again (1 of 2)"


@pytest.mark.parametrize("most", [0, 1, 3])
def test_switch_max_retries(most: int) -> None:
    looks = [look(NO_FACE, immich(max_retries=most), retries=number).destination for number in range(most + 2)]
    assert looks == [Destination.WAIT] * most + [Destination.REVIEW] * 2


def test_switch_max_faces_per_image() -> None:
    three = rules(max_faces_per_image=3)
    assert look(seen(ANN, ANN, ANN), three).person == ANN
    assert look(seen(ANN, ANN, ANN, ANN), three).category is Category.MULTIPLE_FACES
    two_people = look(seen(ANN, BEA), three)
    assert (two_people.category, two_people.name) == (Category.MULTIPLE_FACES, "multi_p.jpg")
    assert (two_people.reason, two_people.suggested) == ("faces of 2 people: Ann, Bea", None)
    one_known = look(seen(ANN, None), three)
    assert (one_known.name, one_known.suggested) == ("unknown_p.jpg", ANN)
    assert look(seen(ANN, None), rules(max_faces_per_image=3, blacklist=("Ann",))).name == "unwanted_p.jpg"


def test_switch_blacklist() -> None:
    assert look(seen(ANN), rules(blacklist=("Bea", " "))).person == ANN
    assert look(seen(Person("n", "ﬁ\u0301")), rules(blacklist=("FI\u0301",))).name == "unwanted_p.jpg"
    assert look(seen(NOBODY), rules(blacklist=("", " "))).name == "unknown_p.jpg"


def test_switch_whitelist() -> None:
    assert look(seen(ANN), rules(whitelist=())).person == ANN
    assert look(seen(ANN), rules(whitelist=("ann ", "Bea"))).person == ANN


def test_switch_min_confidence() -> None:
    assert look(seen(ANN, sure=0.0), rules(min_confidence=0.0)).person == ANN
    assert look(seen(ANN, sure=0.99), rules(min_confidence=1.0)).category is Category.LOW_CONFIDENCE


CASES: dict[str, tuple[IntakeSettings, Faces, DuplicateOf | None, str]] = {
    "duplicates": (RULES, seen(ANN), SEEN, "duplicate_p.jpg"),
    "multiple_faces": (RULES, seen(ANN, BEA), None, "multi_p.jpg"),
    "unwanted_person": (rules(blacklist=("Ann",)), seen(ANN), None, "unwanted_p.jpg"),
    "low_confidence": (RULES, seen(ANN, sure=0.1), None, "lowconf_p.jpg"),
    "unidentified": (RULES, seen(None), None, "unknown_p.jpg"),
}


@pytest.mark.parametrize("switch", ["duplicates", "multiple_faces", "unwanted_person", "low_confidence"])
def test_switch_categories(switch: str) -> None:
    given, faces, duplicate, name = CASES[switch]
    assert look(faces, given, duplicate=duplicate).category == switch
    off = msgspec.structs.replace(given, categories=CategorySettings(**{switch: False}))
    outcome = look(faces, off, duplicate=duplicate)
    assert (outcome.category, outcome.name) == (Category.UNIDENTIFIED, name)
    assert f"(the category {switch} is turned off)" in outcome.reason


@pytest.mark.parametrize("switch", CASES)
def test_switch_categories_unidentified(switch: str) -> None:
    given, faces, duplicate, _ = CASES[switch]
    switches = dict.fromkeys((switch, "unidentified"), False)
    off = msgspec.structs.replace(given, categories=CategorySettings(**switches))
    outcome = look(faces, off, duplicate=duplicate)
    assert (outcome.destination, outcome.name) == (Destination.WAIT, "p.jpg")
    assert target_of(outcome, off, {}) is None
