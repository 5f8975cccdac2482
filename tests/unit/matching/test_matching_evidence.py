"""What is looked up, what matches, which file speaks, and the record of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import (
    ALL,
    ENDPOINT,
    MD5,
    MODERN,
    OSHASH,
    PHASH,
    candidate,
    candidates,
    flipped,
    local,
    remote,
    scene,
    scenes,
    usual_candidate,
    usual_file,
)

from core.matching.evidence import known_duration, lookup_fingerprints, measure, to_record
from core.model.fingerprints import MAX_64, Algorithm, Fingerprint, is_degenerate_phash, phash_distance
from core.model.recommendations import Evidence, MatchedFingerprint, Reason
from core.model.scenes import Scene
from core.model.stash_boxes import Candidate, RemoteEntity

OS, P, M = Algorithm.OSHASH, Algorithm.PHASH, Algorithm.MD5


def measured(local_scene: Scene, entry: Candidate, accepted: frozenset[Algorithm] = MODERN) -> Evidence:
    evidence = measure(local_scene, entry, accepted=accepted, max_phash_distance=8)
    assert evidence is not None
    return evidence


class TestLookup:
    def test_sends_usable_hashes_of_all_files_once(self) -> None:
        files = (
            local((OS, 1), (P, PHASH), (M, MD5)),
            local((OS, 2), (P, PHASH), (OS, 1), file_id=2),
        )
        assert lookup_fingerprints(scene(*files), MODERN) == (
            Fingerprint(OS, 1),
            Fingerprint(P, PHASH),
            Fingerprint(OS, 2),
        )

    def test_sends_md5_only_where_the_endpoint_accepts_it(self) -> None:
        assert lookup_fingerprints(scene(local((M, MD5))), ALL) == (Fingerprint(M, MD5),)
        assert lookup_fingerprints(scene(local((M, MD5))), MODERN) == ()

    @pytest.mark.parametrize("value", [0, 1 << 63, MAX_64, (1 << 15) - 1, (1 << 49) - 1])
    def test_never_sends_a_degenerate_phash(self, value: int) -> None:
        assert lookup_fingerprints(scene(local((P, value))), MODERN) == ()

    @pytest.mark.parametrize("value", [(1 << 16) - 1, (1 << 48) - 1, (1 << 31) - 1])
    def test_an_odd_weight_alone_does_not_condemn_a_phash(self, value: int) -> None:
        assert lookup_fingerprints(scene(local((P, value))), MODERN) == (Fingerprint(P, value),)

    def test_never_sends_an_oshash_of_zero(self) -> None:
        assert lookup_fingerprints(scene(local((OS, 0))), MODERN) == ()

    def test_a_scene_without_files_has_nothing_to_send(self) -> None:
        assert lookup_fingerprints(scene(), MODERN) == ()


class TestMeasure:
    def test_full_match(self) -> None:
        evidence = measured(scene(usual_file()), usual_candidate())
        assert (evidence.match_count, evidence.total_local_fingerprints, evidence.match_percentage) == (2, 2, 100.0)
        assert (evidence.duration_local, evidence.duration_remote, evidence.phash_distance) == (1800.0, 1800, 0)
        assert evidence.file_name == "a.mp4"

    def test_nothing_in_common_is_no_evidence(self) -> None:
        assert measure(scene(usual_file()), candidate(remote(OS, 1)), accepted=MODERN, max_phash_distance=8) is None
        assert measure(scene(), usual_candidate(), accepted=MODERN, max_phash_distance=8) is None

    @pytest.mark.parametrize(("bits", "matches"), [(0, True), (8, True), (9, False)])
    def test_a_phash_matches_up_to_the_distance(self, bits: int, matches: bool) -> None:
        entry = candidate(remote(P, flipped(PHASH, bits)))
        evidence = measure(scene(usual_file()), entry, accepted=MODERN, max_phash_distance=8)
        assert (evidence is not None) is matches
        if evidence:
            assert evidence.phash_distance == bits

    def test_distance_zero_means_equality(self) -> None:
        entry = candidate(remote(P, flipped(PHASH, 1)))
        assert measure(scene(usual_file()), entry, accepted=MODERN, max_phash_distance=0) is None

    def test_algorithms_are_never_mixed(self) -> None:
        entry = candidate(remote(P, OSHASH), remote(M, PHASH))
        file = local((OS, OSHASH), (M, OSHASH), (P, 0xF0F0F0F0F0F0F0F0))
        assert measure(scene(file), entry, accepted=ALL, max_phash_distance=8) is None

    def test_a_degenerate_remote_phash_never_matches(self) -> None:
        """A sound local hash may lie within the distance of a remote value that says nothing."""
        sound, hollow = (1 << 16) - 1, (1 << 15) - 1
        assert phash_distance(sound, hollow) == 1
        assert (
            measure(scene(local((P, sound))), candidate(remote(P, hollow)), accepted=MODERN, max_phash_distance=8)
            is None
        )

    def test_all_matching_remotes_are_kept_closest_first(self) -> None:
        far, near = remote(P, flipped(PHASH, 6), submissions=90), remote(P, flipped(PHASH, 2), submissions=1)
        evidence = measured(scene(usual_file()), candidate(far, near))
        assert evidence.matches == (MatchedFingerprint(P, PHASH, near, 2), MatchedFingerprint(P, PHASH, far, 6))
        assert (evidence.match_count, evidence.match_percentage, evidence.phash_distance) == (1, 50.0, 2)

    def test_duration_is_the_closest_among_matching_fingerprints(self) -> None:
        entry = candidate(
            remote(OS, OSHASH, duration=900),
            remote(P, PHASH, duration=1790),
            remote(OS, 99, duration=1800),  # does not match: has no say
        )
        assert measured(scene(usual_file()), entry).duration_remote == 1790

    @pytest.mark.parametrize("duration", [None, 0.0, -1.0, float("nan"), float("inf")])
    def test_what_is_no_duration_is_unknown(self, duration: float | None) -> None:
        assert known_duration(duration) is None
        evidence = measured(scene(usual_file(duration=duration)), usual_candidate())
        assert evidence.duration_local is None
        assert evidence.duration_difference is None

    def test_a_remote_duration_of_zero_is_unknown(self) -> None:
        entry = candidate(remote(OS, OSHASH, duration=0), remote(P, PHASH, duration=-1))
        assert measured(scene(usual_file()), entry).duration_remote is None

    def test_a_hash_listed_twice_counts_once(self) -> None:
        file = local((OS, OSHASH), (OS, OSHASH), (P, PHASH))
        assert measured(scene(file), usual_candidate()).total_local_fingerprints == 2

    def test_percentage_has_one_decimal(self) -> None:
        file = local((OS, OSHASH), (P, PHASH), (M, MD5))
        assert measured(scene(file), usual_candidate(), ALL).match_percentage == 66.7

    def test_the_best_file_speaks(self) -> None:
        weak = local((OS, 5), (P, PHASH), file_id=1)
        strong = replace(usual_file(file_id=2), path="C:\\video\\full.mkv")
        evidence = measured(scene(weak, strong), usual_candidate())
        assert (evidence.file_id, evidence.file_name) == (2, "full.mkv")

    def test_equal_files_are_told_apart_by_id(self) -> None:
        for order in ((3, 8), (8, 3)):
            evidence = measured(scene(*(usual_file(file_id=each) for each in order)), usual_candidate())
            assert evidence.file_id == 3

    @given(scenes(), candidates(), st.sampled_from([MODERN, ALL]))
    def test_invariants(self, local_scene: Scene, entry: Candidate, accepted: frozenset[Algorithm]) -> None:
        evidence = measure(local_scene, entry, accepted=accepted, max_phash_distance=8)
        if evidence is None:
            return
        hashes = {(match.algorithm, match.local_value) for match in evidence.matches}
        assert evidence.match_count == len(hashes) >= 1
        assert evidence.match_count <= evidence.total_local_fingerprints
        assert 0 < evidence.match_percentage <= 100
        for match in evidence.matches:
            assert match.algorithm == match.remote.algorithm
            assert match.algorithm in accepted
            limit = 8 if match.algorithm is P else 0
            assert match.distance == phash_distance(match.local_value, match.remote.value) <= limit
        offs = (
            [abs(evidence.duration_local - m.remote.duration) for m in evidence.matches if m.remote.duration > 0]
            if (evidence.duration_local is not None)
            else []
        )
        assert evidence.duration_difference is None or abs(evidence.duration_difference) == min(offs)

    @given(scenes(), candidates(), st.randoms(use_true_random=False))
    def test_order_plays_no_part(self, local_scene: Scene, entry: Candidate, source: object) -> None:
        """Neither the order of files nor that of fingerprints changes what is found."""
        shuffled_files = tuple(reversed(local_scene.files))
        shuffled = tuple(reversed(entry.fingerprints))
        one = measure(local_scene, entry, accepted=ALL, max_phash_distance=8)
        other = measure(
            replace(local_scene, files=shuffled_files),
            replace(entry, fingerprints=shuffled),
            accepted=ALL,
            max_phash_distance=8,
        )
        if one is None:
            assert other is None
            return
        assert other is not None
        assert sorted(map(repr, one.matches)) == sorted(map(repr, other.matches))
        assert replace(one, matches=()) == replace(other, matches=())

    @given(scenes(), candidates())
    def test_only_what_would_be_sent_can_match(self, local_scene: Scene, entry: Candidate) -> None:
        evidence = measure(local_scene, entry, accepted=MODERN, max_phash_distance=8)
        if evidence:
            sent = {(each.algorithm, each.value) for each in lookup_fingerprints(local_scene, MODERN)}
            assert {(match.algorithm, match.local_value) for match in evidence.matches} <= sent
            assert not any(
                match.algorithm is P and is_degenerate_phash(match.local_value) for match in evidence.matches
            )


class TestRecord:
    def test_has_the_agreed_shape(self) -> None:
        entry = replace(
            candidate(
                remote(OS, 0xAB, duration=1801, submissions=9, reports=None),
                remote(P, flipped(PHASH, 2), duration=1800, submissions=4, reports=1),
            ),
            title="A title",
            date="2024-05",
            cover_url="https://box.example/images/1",
            studio=RemoteEntity("s", "A studio"),
            performers=(RemoteEntity("p1", "One"), RemoteEntity("p2", "Two")),
        )
        evidence = measured(scene(local((OS, 0xAB), (P, PHASH))), entry)
        reasons = (Reason("votes", True, "net votes 12"),)
        record = to_record(7, entry, evidence, is_high_confidence=True, reasons=reasons)
        assert record == {
            "local_scene_id": 7,
            "endpoint": ENDPOINT,
            "stashbox_scene_id": entry.id,
            "stashbox_scene_title": "A title",
            "stashbox_studio": "A studio",
            "stashbox_performers": ["One", "Two"],
            "stashbox_date": "2024-05",
            "stashbox_cover_url": "https://box.example/images/1",
            "matching_fingerprints": [
                {
                    "algorithm": "OSHASH",
                    "hash": "00000000000000ab",
                    "duration": 1801,
                    "submissions": 9,
                    "reports": None,
                    "distance": 0,
                },
                {
                    "algorithm": "PHASH",
                    "hash": f"{flipped(PHASH, 2):016x}",
                    "duration": 1800,
                    "submissions": 4,
                    "reports": 1,
                    "distance": 2,
                },
            ],
            "total_local_fingerprints": 2,
            "match_count": 2,
            "match_percentage": 100.0,
            "duration_local": 1800.0,
            "duration_remote": 1800,
            "high_confidence": True,
            "phash_distance": 2,
            "reasons": [{"code": "votes", "is_met": True, "text": "net votes 12"}],
        }
        assert json.loads(json.dumps(record, allow_nan=False)) == record

    def test_what_is_not_stated_is_null(self) -> None:
        evidence = measured(scene(usual_file(duration=None)), usual_candidate(remote_duration=0))
        record = to_record(7, usual_candidate(), evidence, is_high_confidence=False, reasons=())
        for key in ("scene_title", "studio", "date", "cover_url"):
            assert record[f"stashbox_{key}"] is None
        assert record["duration_local"] is None
        assert record["duration_remote"] is None
        assert record["stashbox_performers"] == []

    def test_a_remote_that_meets_two_local_hashes_is_listed_once(self) -> None:
        entry = candidate(remote(P, PHASH))
        evidence = measured(scene(local((P, PHASH), (P, flipped(PHASH, 4)))), entry)
        record = to_record(7, entry, evidence, is_high_confidence=False, reasons=())
        assert [each["distance"] for each in record["matching_fingerprints"]] == [0]
        assert evidence.match_count == 2
