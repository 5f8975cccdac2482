"""The faults of other programs that concern the rules of matching; each test quotes the one it rules out."""

from __future__ import annotations

from matching_builders import (
    ALL,
    MD5,
    MODERN,
    OSHASH,
    Rules,
    candidate,
    flipped,
    local,
    remote,
    scene,
    usual_candidate,
    usual_file,
)

from core.matching.confidence import assess
from core.matching.evidence import lookup_fingerprints, measure
from core.model.fingerprints import Algorithm, Fingerprint, parse_hash
from core.model.stash_boxes import RemoteFingerprint

OS, P, M = Algorithm.OSHASH, Algorithm.PHASH, Algorithm.MD5


def test_leading_zero() -> None:
    """Hashes compared as strings, so that a phash with a leading zero never matches."""
    unpadded, padded = "a1959c6a1e4b5af", "0a1959c6a1e4b5af"
    mine = Fingerprint.parse("phash", unpadded)
    assert mine is not None
    theirs = RemoteFingerprint(P, parse_hash(P, padded), 1800, 5, 0)
    file = local((OS, OSHASH), (mine.algorithm, mine.value))
    entry = candidate(remote(OS, OSHASH), theirs)
    evidence = measure(scene(file), entry, accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    assert (evidence.match_count, evidence.phash_distance) == (2, 0)
    assert assess(evidence, entry, live_rivals=0, rules=Rules())[0]
    assert mine.hex == padded


def test_neighbour_hit() -> None:
    """Neighbour hits shown as 0 % matches."""
    file = usual_file()
    phash = file.fingerprints[1].value
    evidence = measure(scene(file), candidate(remote(P, flipped(phash, 4))), accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    assert (evidence.match_count, evidence.match_percentage, evidence.phash_distance) == (1, 50.0, 4)


def test_multi_file_scene() -> None:
    """Multi-file scenes diluted to 33 %."""
    full = local((OS, OSHASH), (P, 0xE3A1959C6A1E4B5A), (M, MD5), file_id=1)
    other = local((OS, 2), (P, 0x9999999966666666), (M, 3), file_id=2)
    entry = usual_candidate()
    evidence = measure(scene(other, full), entry, accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    assert (evidence.file_id, evidence.match_count, evidence.match_percentage) == (1, 2, 100.0)
    assert assess(evidence, entry, live_rivals=0, rules=Rules())[0]


def test_md5_in_the_denominator() -> None:
    """MD5 in the denominator after servers dropped it."""
    file = local((OS, OSHASH), (P, 0xE3A1959C6A1E4B5A), (M, MD5))
    dropped = measure(scene(file), usual_candidate(), accepted=MODERN, max_phash_distance=8)
    stored = measure(scene(file), usual_candidate(), accepted=ALL, max_phash_distance=8)
    assert dropped is not None
    assert stored is not None
    assert (dropped.total_local_fingerprints, dropped.match_percentage) == (2, 100.0)
    assert (stored.total_local_fingerprints, stored.match_percentage) == (3, 66.7)


def test_nine_minute_mismatch() -> None:
    """A nine-minute mismatch accepted in bulk."""
    entry = usual_candidate(remote_duration=1800)
    evidence = measure(scene(usual_file(duration=1258.0)), entry, accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    is_high, reasons = assess(evidence, entry, live_rivals=0, rules=Rules())
    assert not is_high
    assert [reason.text for reason in reasons if not reason.is_met] == [
        "9 min 2 s shorter than every matching fingerprint"
    ]


def test_missing_duration() -> None:
    """A missing local duration treated as 0, or as agreement because there is nothing to compare."""
    entry = usual_candidate()
    evidence = measure(scene(usual_file(duration=None)), entry, accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    assert evidence.duration_difference is None
    assert not assess(evidence, entry, live_rivals=0, rules=Rules())[0]


def test_ambiguity_clears() -> None:
    """Ambiguity that never clears after a dismissal."""
    entry = usual_candidate()
    evidence = measure(scene(usual_file()), entry, accepted=MODERN, max_phash_distance=8)
    assert evidence is not None
    is_high, reasons = assess(evidence, entry, live_rivals=1, rules=Rules())
    assert not is_high
    assert "2 candidates at this endpoint" in [reason.text for reason in reasons]
    assert assess(evidence, entry, live_rivals=0, rules=Rules())[0]


def test_frozen_evidence() -> None:
    """Frozen evidence: nothing is remembered, a grown entry gives grown evidence."""
    before = measure(scene(usual_file()), candidate(remote(OS, OSHASH)), accepted=MODERN, max_phash_distance=8)
    after = measure(scene(usual_file()), usual_candidate(), accepted=MODERN, max_phash_distance=8)
    assert before is not None
    assert after is not None
    assert (before.match_count, after.match_count) == (1, 2)


def test_foreign_fingerprint_types() -> None:
    """Unknown fingerprint types that make a server refuse the batch."""
    assert Fingerprint.parse("funscript_hash", "abc") is None
    file = local((OS, OSHASH), (M, MD5))
    assert [each.algorithm for each in lookup_fingerprints(scene(file), MODERN)] == [OS]
