"""Each condition of high confidence: when it holds, when it fails, and its words."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import (
    ALL,
    MD5,
    MODERN,
    OSHASH,
    PHASH,
    Rules,
    candidate,
    candidates,
    flipped,
    local,
    random_phash,
    remote,
    scene,
    scenes,
    usual_candidate,
    usual_file,
)

from core.matching import confidence
from core.matching.confidence import MatchingRules, assess
from core.matching.evidence import measure
from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, Reason
from core.model.scenes import MediaFile, Scene
from core.model.stash_boxes import Candidate
from core.settings import MatchingSettings

OS, P, M = Algorithm.OSHASH, Algorithm.PHASH, Algorithm.MD5


def judged(
    file: MediaFile,
    entry: Candidate,
    *,
    live_rivals: int = 0,
    rules: MatchingRules | None = None,
    accepted: frozenset[Algorithm] = MODERN,
) -> tuple[bool, dict[str, Reason]]:
    evidence = measure(scene(file), entry, accepted=accepted, max_phash_distance=8)
    assert evidence is not None
    is_high, reasons = assess(evidence, entry, live_rivals=live_rivals, rules=rules or Rules())
    assert len({reason.code for reason in reasons}) == len(reasons) == 9
    return is_high, {reason.code: reason for reason in reasons}


def failing(reasons: dict[str, Reason]) -> dict[str, str]:
    return {code: reason.text for code, reason in reasons.items() if not reason.is_met}


def test_everything_agrees() -> None:
    is_high, reasons = judged(usual_file(), usual_candidate(duration=1800))
    assert is_high
    assert {code: reason.text for code, reason in reasons.items()} == {
        "match_count": "2 fingerprints of a.mp4 match",
        "match_percentage": "2 of 2, 100 % of the file's fingerprints match",
        "duration": "the same duration as the closest matching fingerprint",
        "votes": "net votes 10: 10 submissions, 0 reports",
        "phash_distance": "PHASH distance 0",
        "scene_duration": "the entry lasts 30 min, as the file does",
        "coherent": "2 fingerprints: too few to disagree",
        "unambiguous": "the only candidate at this endpoint",
        "not_deleted": "the entry exists at the stash-box",
    }


def test_the_settings_are_rules() -> None:
    """The defaults of the configuration decide as the documented ones do."""
    settings: MatchingRules = MatchingSettings()
    assert judged(usual_file(), usual_candidate(), rules=settings) == judged(usual_file(), usual_candidate())
    for name in (each for each in dir(MatchingRules) if not each.startswith("_")):
        assert getattr(settings, name) == getattr(Rules(), name), name


FAILURES: list[tuple[str, MediaFile, Candidate, str, str]] = [
    (
        "one match",
        local((P, PHASH)),
        candidate(remote(P, PHASH)),
        "match_count",
        "1 fingerprint of a.mp4 matches; 2 needed",
    ),
    (
        "small share",
        local((OS, OSHASH), (P, PHASH), (OS, 1), (OS, 2)),
        usual_candidate(),
        "match_percentage",
        "2 of 4, 50 % of the file's fingerprints match; 66 % needed",
    ),
    (
        "shorter",
        usual_file(duration=1258.0),
        usual_candidate(),
        "duration",
        "9 min 2 s shorter than every matching fingerprint",
    ),
    (
        "longer by little",
        usual_file(duration=1805.04),
        usual_candidate(),
        "duration",
        "5.04 s longer than every matching fingerprint",
    ),
    (
        "between two",
        usual_file(),
        candidate(remote(OS, OSHASH, duration=1500), remote(P, PHASH, duration=1860)),
        "duration",
        "1 min shorter than the closest matching fingerprint",
    ),
    (
        "duration unknown here",
        usual_file(duration=None),
        usual_candidate(),
        "duration",
        "the file's duration is unknown, so it agrees with nothing",
    ),
    (
        "duration unknown there",
        usual_file(),
        usual_candidate(remote_duration=0),
        "duration",
        "no matching fingerprint states a duration",
    ),
    (
        "reported",
        usual_file(),
        candidate(remote(OS, OSHASH, submissions=1, reports=1), remote(P, PHASH, submissions=2, reports=2)),
        "votes",
        "net votes 0: 3 submissions, 3 reports",
    ),
    (
        "no votes",
        usual_file(),
        usual_candidate(submissions=0, reports=None),
        "votes",
        "net votes 0: 0 submissions, reports not stated here, counted as 0",
    ),
    (
        "far PHASH",
        usual_file(),
        candidate(remote(OS, OSHASH), remote(P, flipped(PHASH, 6))),
        "phash_distance",
        "PHASH distance 6; at most 4 allowed",
    ),
    (
        "one of two PHASHes is far",
        local((P, PHASH), (P, flipped(PHASH, 6))),
        candidate(remote(P, PHASH)),
        "phash_distance",
        "PHASH distance 6; at most 4 allowed",
    ),
    (
        "trailer",
        usual_file(duration=120.0),
        usual_candidate(duration=2400, remote_duration=120),
        "scene_duration",
        "the file is 38 min shorter than the entry's 40 min; at most 10 % allowed",
    ),
    (
        "deleted",
        usual_file(),
        replace(usual_candidate(), is_deleted=True),
        "not_deleted",
        "the entry was deleted at the stash-box",
    ),
]


@pytest.mark.parametrize(
    ("file", "entry", "code", "words"), [each[1:] for each in FAILURES], ids=[x[0] for x in FAILURES]
)
def test_what_fails_is_said_and_fails_alone(file: MediaFile, entry: Candidate, code: str, words: str) -> None:
    is_high, reasons = judged(file, entry)
    assert not is_high
    assert failing(reasons) == {code: words}


def test_a_rival_makes_it_ambiguous() -> None:
    is_high, reasons = judged(usual_file(), usual_candidate(), live_rivals=1)
    assert not is_high
    assert failing(reasons) == {"unambiguous": "2 candidates at this endpoint"}


def test_a_magnet_is_not_accepted_in_bulk() -> None:
    source = random.Random(814)
    crowd = [remote(P, random_phash(source), duration=source.randint(5, 4300)) for _ in range(150)]
    is_high, reasons = judged(usual_file(), candidate(*usual_candidate().fingerprints, *crowd))
    assert not is_high
    assert list(failing(reasons)) == ["coherent"]
    assert failing(reasons)["coherent"].startswith("a magnet for strangers' files: 152 fingerprints")


def test_an_unknown_duration_is_not_compared_with_the_entrys() -> None:
    _, reasons = judged(usual_file(duration=None), usual_candidate(duration=1800))
    assert reasons["scene_duration"] == Reason(
        "scene_duration", False, "the entry lasts 30 min, the file's duration is unknown"
    )


@pytest.mark.parametrize(
    ("here", "stated", "agrees"),
    [
        (1000.0, 1100, True),
        (1000.0, 1101, False),
        (1000.0, 900, True),
        (1000.0, 899, False),
        (4.9, 4, True),
        (4.9, 6, False),
    ],
)
def test_scene_duration_tolerance(here: float, stated: int, agrees: bool) -> None:
    """10 % of the file's; less than a second is no difference, since entries hold whole seconds."""
    _, reasons = judged(usual_file(duration=here), usual_candidate(duration=stated, remote_duration=int(here)))
    assert reasons["scene_duration"].is_met is agrees


@pytest.mark.parametrize("duration", [None, 0, -1])
def test_an_entry_without_a_duration_is_not_doubted_for_it(duration: int | None) -> None:
    is_high, reasons = judged(usual_file(), usual_candidate(duration=duration))
    assert is_high
    assert reasons["scene_duration"].text == "the entry states no duration of its own"


@pytest.mark.parametrize(("off", "agrees"), [(5.0, True), (-5.0, True), (5.01, False), (-5.01, False)])
def test_duration_tolerance_is_inclusive(off: float, agrees: bool) -> None:
    is_high, _ = judged(usual_file(duration=1800 + off), usual_candidate())
    assert is_high is agrees


@pytest.mark.parametrize(("bits", "agrees"), [(4, True), (5, False)])
def test_phash_distance_is_inclusive(bits: int, agrees: bool) -> None:
    is_high, _ = judged(usual_file(), candidate(remote(OS, OSHASH), remote(P, flipped(PHASH, bits))))
    assert is_high is agrees


def test_a_far_neighbour_beside_a_near_one_does_no_harm() -> None:
    """The closest remote fingerprint speaks for a PHASH; popular entries hold far ones too."""
    entry = candidate(remote(OS, OSHASH), remote(P, flipped(PHASH, 2)), remote(P, flipped(PHASH, 8)))
    assert judged(usual_file(), entry)[0]


def test_reports_that_are_not_stated_count_as_zero_and_are_said() -> None:
    is_high, reasons = judged(usual_file(), usual_candidate(reports=None))
    assert is_high
    assert reasons["votes"].text == "net votes 10: 10 submissions, reports not stated here, counted as 0"


def test_a_fingerprint_met_twice_votes_once() -> None:
    _, reasons = judged(local((P, PHASH), (P, flipped(PHASH, 2))), candidate(remote(P, PHASH, submissions=3)))
    assert reasons["votes"].text == "net votes 3: 3 submissions, 0 reports"


class TestExactHashIsEnough:
    rules = Rules(exact_hash_is_enough=True)

    @pytest.mark.parametrize(("algorithm", "value"), [(OS, OSHASH), (M, MD5)])
    def test_one_exact_hash_stands_alone(self, algorithm: Algorithm, value: int) -> None:
        file, entry = local((algorithm, value)), candidate(remote(algorithm, value, submissions=2))
        is_high, reasons = judged(file, entry, rules=self.rules, accepted=ALL)
        assert is_high
        assert reasons["match_count"].text == (
            f"1 fingerprint of a.mp4 matches; enough, since an {algorithm} is exact (exact_hash_is_enough)"
        )
        assert not judged(file, entry, accepted=ALL)[0]

    def test_needs_two_net_votes(self) -> None:
        entry = candidate(remote(OS, OSHASH, submissions=3, reports=2))
        is_high, reasons = judged(local((OS, OSHASH)), entry, rules=self.rules)
        assert not is_high
        assert list(failing(reasons)) == ["match_count"]

    def test_needs_an_agreeing_duration(self) -> None:
        entry = candidate(remote(OS, OSHASH, duration=1258))
        is_high, reasons = judged(local((OS, OSHASH)), entry, rules=self.rules)
        assert not is_high
        assert set(failing(reasons)) == {"match_count", "duration"}
        assert not judged(local((OS, OSHASH), duration=None), entry, rules=self.rules)[0]

    def test_a_phash_never_stands_in(self) -> None:
        """Votes and duration must be the exact hash's own."""
        assert not judged(local((P, PHASH)), candidate(remote(P, PHASH)), rules=self.rules)[0]
        far = remote(P, flipped(PHASH, 6), submissions=50)
        for exact in (remote(OS, OSHASH, submissions=1), remote(OS, OSHASH, duration=60)):
            assert not judged(usual_file(), candidate(exact, far), rules=self.rules)[0]
        assert judged(usual_file(), candidate(remote(OS, OSHASH), far), rules=self.rules)[0]

    def test_other_conditions_remain(self) -> None:
        file, entry = local((OS, OSHASH)), candidate(remote(OS, OSHASH))
        assert judged(file, entry, rules=self.rules)[0]
        assert not judged(file, entry, rules=self.rules, live_rivals=1)[0]
        assert not judged(file, replace(entry, is_deleted=True), rules=self.rules)[0]
        assert not judged(file, replace(entry, duration=9000), rules=self.rules)[0]

    def test_does_not_take_anything_away(self) -> None:
        entry = candidate(remote(OS, OSHASH, submissions=1), remote(P, PHASH, submissions=1))
        assert judged(usual_file(), entry, rules=self.rules)[0]


@given(scenes(), candidates(), st.integers(0, 3), st.booleans(), st.booleans())
def test_high_confidence_is_the_sum_of_its_reasons(
    local_scene: Scene, entry: Candidate, rivals: int, is_deleted: bool, enough: bool
) -> None:
    evidence: Evidence | None = measure(local_scene, entry, accepted=ALL, max_phash_distance=8)
    if evidence is None:
        return
    entry = replace(entry, is_deleted=is_deleted)
    rules = Rules(exact_hash_is_enough=enough)
    is_high, reasons = assess(evidence, entry, live_rivals=rivals, rules=rules)
    assert is_high == all(reason.is_met for reason in reasons)
    assert all(reason.text for reason in reasons)
    if is_high:
        assert rivals == 0
        assert not is_deleted
        assert confidence.duration_agrees(evidence, rules)
        assert confidence.net_votes(evidence.matches) > 0
        assert enough or (evidence.match_count >= 2 and evidence.match_percentage >= 66)
    if rivals:
        assert not is_high
