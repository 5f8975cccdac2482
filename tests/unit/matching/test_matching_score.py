"""The properties of the score, proved over generated scenes and entries."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matching_builders import (
    ALL,
    OSHASH,
    PHASH,
    candidate,
    candidates,
    flipped,
    known_or_not,
    local,
    remote,
    remotes,
    scene,
    scenes,
    usual_candidate,
    usual_file,
    votes,
)

from core.matching.evidence import measure
from core.matching.score import score
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.recommendations import Evidence, MatchedFingerprint
from core.model.scenes import MediaFile, Scene
from core.model.stash_boxes import Candidate, RemoteFingerprint

OS, P = Algorithm.OSHASH, Algorithm.PHASH


def scored(local_scene: Scene, entry: Candidate) -> float:
    """The score of a pair, 0 where nothing matches."""
    evidence = measure(local_scene, entry, accepted=ALL, max_phash_distance=8)
    return score(evidence, entry) if evidence else 0.0


def with_match(evidence: Evidence, index: int, remote: RemoteFingerprint) -> Evidence:
    matches = list(evidence.matches)
    matches[index] = MatchedFingerprint(
        matches[index].algorithm, matches[index].local_value, remote, matches[index].distance
    )
    return replace(evidence, matches=tuple(matches))


@st.composite
def measured(draw: st.DrawFn) -> tuple[Evidence, Candidate]:
    """Evidence as it is measured, of a scene and an entry that share at least one hash."""
    local_scene, entry, shared = draw(scenes()), draw(candidates()), draw(remotes())
    file = local((shared.algorithm, shared.value), file_id=99, duration=draw(known_or_not))
    entry = replace(entry, fingerprints=(*entry.fingerprints, shared))
    found = measure(replace(local_scene, files=(*local_scene.files, file)), entry, accepted=ALL, max_phash_distance=8)
    assert found is not None
    return found, entry


@given(scenes(), candidates())
def test_bounded_finite_and_deterministic(local_scene: Scene, entry: Candidate) -> None:
    evidence = measure(local_scene, entry, accepted=ALL, max_phash_distance=8)
    if evidence:
        figure = score(evidence, entry)
        assert 0 <= figure <= 100
        assert math.isfinite(figure)
        assert score(evidence, entry) == figure


@given(measured(), st.integers(0, 64), st.integers(0, 64))
def test_never_rises_with_distance(pair: tuple[Evidence, Candidate], one: int, other: int) -> None:
    evidence, entry = pair
    near, far = sorted((one, other))
    assert score(replace(evidence, phash_distance=far), entry) <= score(replace(evidence, phash_distance=near), entry)


@given(measured(), st.floats(0, 1e300), st.floats(0, 1e300), st.booleans(), st.booleans())
def test_never_rises_with_duration_difference(
    pair: tuple[Evidence, Candidate], one: float, other: float, is_one_longer: bool, is_other_longer: bool
) -> None:
    """On either side of the remote duration, whichever of the two is the longer."""
    evidence, entry = pair
    entry = replace(entry, duration=None)
    less, more = sorted((one, other))
    base = 10_000
    figures = []
    for off, is_longer in ((less, is_one_longer), (more, is_other_longer)):
        local_duration = base + off if is_longer else base - off
        moved = replace(evidence, duration_local=local_duration, duration_remote=base)
        figures.append((abs(moved.duration_difference or 0.0), score(moved, entry)))
    figures.sort(key=lambda figure: figure[0])
    assert figures[0][0] == figures[1][0] or figures[1][1] <= figures[0][1]


@given(measured(), st.floats(0.01, 4000), st.integers(1, 4000), st.integers(1, 4000))
def test_never_rises_with_the_entrys_own_duration_difference(
    pair: tuple[Evidence, Candidate], here: float, one: int, other: int
) -> None:
    evidence, entry = replace(pair[0], duration_local=here), pair[1]
    less, more = sorted((one, other), key=lambda stated: abs(here - stated))
    assert score(evidence, replace(entry, duration=more)) <= score(evidence, replace(entry, duration=less))


@given(measured(), st.data(), votes)
def test_never_falls_with_submissions(pair: tuple[Evidence, Candidate], data: st.DataObject, more: int) -> None:
    evidence, entry = pair
    index = data.draw(st.integers(0, len(evidence.matches) - 1))
    old = evidence.matches[index].remote
    richer = with_match(evidence, index, replace(old, submissions=old.submissions + more))
    assert score(richer, entry) >= score(evidence, entry)


@given(measured(), st.data(), votes)
def test_never_rises_with_reports(pair: tuple[Evidence, Candidate], data: st.DataObject, more: int) -> None:
    evidence, entry = pair
    index = data.draw(st.integers(0, len(evidence.matches) - 1))
    old = evidence.matches[index].remote
    blamed = with_match(evidence, index, replace(old, reports=(old.reports or 0) + more))
    assert score(blamed, entry) <= score(evidence, entry)


@given(scenes(), candidates(), remotes())
def test_never_falls_with_a_further_remote_fingerprint(
    local_scene: Scene, entry: Candidate, further: RemoteFingerprint
) -> None:
    """Whatever its duration, distance and votes: neither a mean nor a new PHASH distance may pull the score down."""
    grown = replace(entry, fingerprints=(*entry.fingerprints, further))
    assert scored(local_scene, grown) >= scored(local_scene, entry)


@given(scenes(), candidates(), remotes(), st.data())
def test_never_falls_with_a_further_local_hash_that_matches(
    local_scene: Scene, entry: Candidate, met: RemoteFingerprint, data: st.DataObject
) -> None:
    """One more matching hash of a file raises count and share alike."""
    assume(local_scene.files)
    entry = replace(entry, fingerprints=(*entry.fingerprints, met))
    index = data.draw(st.integers(0, len(local_scene.files) - 1))
    found = list(local_scene.files)
    added = Fingerprint(met.algorithm, met.value)
    found[index] = replace(found[index], fingerprints=(*found[index].fingerprints, added))
    assert scored(replace(local_scene, files=tuple(found)), entry) >= scored(local_scene, entry)


@given(scenes(), candidates(), st.data())
def test_never_falls_with_a_further_file(local_scene: Scene, entry: Candidate, data: st.DataObject) -> None:
    """A scene is worth what its best file is worth."""
    assume(local_scene.files)
    kept = local_scene.files[: data.draw(st.integers(0, len(local_scene.files)))]
    assert scored(local_scene, entry) >= scored(replace(local_scene, files=kept), entry)


def test_a_worse_second_phash_does_not_lower_an_exact_match() -> None:
    exact = candidate(remote(OS, OSHASH))
    both = candidate(remote(OS, OSHASH), remote(P, flipped(PHASH, 8), duration=5, submissions=0, reports=50))
    assert scored(scene(usual_file()), both) > scored(scene(usual_file()), exact)


def test_a_file_with_more_matches_and_a_wrong_duration_does_not_speak_first() -> None:
    """Else a further fingerprint could hand the word to a worse file, and the score would fall."""
    right, wrong = local((P, PHASH), file_id=1), local((OS, 5), (OS, 6), file_id=2, duration=60.0)
    entry = candidate(remote(P, PHASH), remote(OS, 5))
    grown = replace(entry, fingerprints=(*entry.fingerprints, remote(OS, 6)))
    evidence = measure(scene(wrong, right), grown, accepted=ALL, max_phash_distance=8)
    assert evidence is not None
    assert (evidence.file_id, evidence.match_count) == (1, 1)
    assert scored(scene(wrong, right), grown) >= scored(scene(wrong, right), entry)


def test_an_unknown_duration_is_worth_no_more_than_a_wrong_one() -> None:
    """Else the first fingerprint that states a duration could lower the score."""
    for unknown in (usual_file(duration=None), usual_file()):
        entry = usual_candidate(remote_duration=1800 if unknown.duration is None else 0)
        assert scored(scene(unknown), entry) < scored(scene(usual_file()), usual_candidate(remote_duration=2400))


def test_votes_of_a_fingerprint_met_twice_count_once() -> None:
    twice, once = local((P, PHASH), (P, flipped(PHASH, 2))), local((P, PHASH))
    entry = candidate(remote(P, PHASH, submissions=1))
    assert scored(scene(twice), entry) == scored(scene(once), entry)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (candidate(remote(P, flipped(PHASH, 8))), candidate(remote(P, PHASH))),
        (candidate(remote(P, PHASH)), candidate(remote(OS, OSHASH))),
        (candidate(remote(OS, OSHASH)), usual_candidate()),
        (usual_candidate(remote_duration=2342), usual_candidate(remote_duration=1803)),
        (usual_candidate(reports=5), usual_candidate()),
        (usual_candidate(submissions=1), usual_candidate(submissions=40)),
        (usual_candidate(duration=120), usual_candidate(duration=1800)),
    ],
    ids=["distance", "exactness", "both", "duration", "reports", "submissions", "trailer"],
)
def test_each_part_counts(worse: Candidate, better: Candidate) -> None:
    assert scored(scene(usual_file()), worse) < scored(scene(usual_file()), better)


def test_the_formula_as_documented() -> None:
    """docs/matching.md: 20 net votes in all, PHASH at 4 bits, 5 s off, entry 60 s off, 2 of 3 hashes match."""
    file = local((OS, OSHASH), (P, PHASH), (Algorithm.MD5, 1), duration=1805.0)
    entry = candidate(
        remote(OS, OSHASH, submissions=12, reports=2),
        remote(P, flipped(PHASH, 4), submissions=10),
        duration=1865,
    )
    hashes = (1 - 0.1 * (1 - 0.8 * 4 / 8)) * (0.5 + 0.5 * 0.667)
    duration = 0.4 + 0.6 * 225 / (225 + 25)
    expected = 100 * hashes * duration * (0.6 + 0.4 * 20 / 21) * 0.75
    assert scored(scene(file), entry) == pytest.approx(expected, abs=0.005)


DOCUMENTED = [
    ("OSHASH and PHASH match, duration agrees", usual_file(), usual_candidate()),
    ("the same, 40 submissions each", usual_file(), usual_candidate(submissions=40)),
    ("OSHASH alone, the only hash the file has", local((OS, OSHASH)), candidate(remote(OS, OSHASH))),
    ("PHASH equal, OSHASH unknown there (another encode)", usual_file(), candidate(remote(P, PHASH))),
    ("PHASH at 4 bits, OSHASH unknown there", usual_file(), candidate(remote(P, flipped(PHASH, 4)))),
    ("PHASH at 8 bits, OSHASH unknown there", usual_file(), candidate(remote(P, flipped(PHASH, 8)))),
    ("both match, nine minutes off", usual_file(duration=1260.0), usual_candidate()),
    ("both match, as many reports as submissions", usual_file(), usual_candidate(reports=5)),
    ("both match, the entry itself lasts 20 minutes longer", usual_file(), usual_candidate(duration=3000)),
]


@pytest.mark.parametrize(("case", "file", "entry"), DOCUMENTED, ids=[each[0] for each in DOCUMENTED])
def test_the_table_in_the_documentation(case: str, file: MediaFile, entry: Candidate) -> None:
    page = (Path(__file__).parents[3] / "docs" / "matching.md").read_text(encoding="utf-8")
    assert f"| {case} | {scored(scene(file), entry):.0f} |" in page.splitlines()
