"""Magnets: stash-box entries that collected many strangers' files.

Once an entry holds one wrong PHASH, others confirm it blindly, and it attracts ever more files (stash-box#814: 300
fingerprints, over 100 PHASHes, durations from seconds to more than an hour). A match with such an entry proves
nothing. An entry is a magnet when all three hold:

1. crowd: its PHASHes form at least 6 families, or its durations do. A family is a leader with everything near it:
   PHASHes within 12 bits, durations within 3 s or 5 %, whichever is more.
2. scattered durations: less than half of the weight lies within 3 s or 5 % of the weighted median. (The weighted
   median absolute deviation exceeds that tolerance.)
3. no PHASH vouches: the largest PHASH family holds less than half of the PHASH weight, or there are fewer than two
   PHASHes.

The weight of a fingerprint is the number of binary digits of its net votes: 1 vote weighs 1, 10 weigh 4, 500 weigh 9.
Votes count, yet a well-voted core does not outweigh a hundred strangers. A fingerprint voted down to nothing weighs
nothing; one without any votes stated weighs 1. Degenerate PHASHes and unknown durations are left out.

Two strays, a trailer and a re-release with an intro make five families at most, so they never condemn an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.model.fingerprints import Algorithm, is_degenerate_phash
from core.model.stash_boxes import RemoteFingerprint
from core.words import count, span

MIN_FAMILIES = 6
FAMILY_RADIUS = 12
DURATION_TOLERANCE_SECONDS = 3.0
DURATION_TOLERANCE_SHARE = 0.05

_PHASH = Algorithm.PHASH

Weighted = tuple[int, int]
"""A value (PHASH, or duration in seconds) and its weight, at least 1."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """Whether an entry's fingerprints agree among themselves, and why, in words."""

    is_coherent: bool
    text: str


def judge(fingerprints: Sequence[RemoteFingerprint]) -> Coherence:
    """The verdict on an entry's fingerprints; their order does not matter.

    Cheap checks come first: most entries are spared by their number or their durations, and PHASHes are compared
    only where durations scatter.
    """
    if len(fingerprints) < MIN_FAMILIES:
        return Coherence(True, f"{count(len(fingerprints), 'fingerprint')}: too few to disagree")
    weighted = [(fingerprint, weight) for fingerprint in fingerprints if (weight := _weight(fingerprint))]
    durations = sorted((fingerprint.duration, weight) for fingerprint, weight in weighted if fingerprint.duration > 0)
    near = _share_near_median(durations)
    if near >= 0.5:
        return Coherence(True, f"{count(len(fingerprints), 'fingerprint')}, {near:.0%} agree on the duration")
    phashes = [
        (fingerprint.value, weight)
        for fingerprint, weight in weighted
        if fingerprint.algorithm is _PHASH and not is_degenerate_phash(fingerprint.value)
    ]
    families = _phash_families(phashes)
    leading = max(families, default=0) / (sum(families) or 1)
    if len(phashes) >= 2 and leading >= 0.5:
        return Coherence(True, f"{leading:.0%} of its {len(phashes)} PHASHes show one video")
    lengths = _duration_families(durations)
    if max(len(families), lengths) < MIN_FAMILIES:
        return Coherence(True, f"{count(len(fingerprints), 'fingerprint')} of few different videos")
    return Coherence(False, _accusation(len(fingerprints), phashes, len(families), durations, near))


def _weight(fingerprint: RemoteFingerprint) -> int:
    """Binary digits of the net votes; 1 where no votes are stated, 0 where reports outweigh."""
    net = fingerprint.net_votes
    if net > 0:
        return net.bit_length()
    return 0 if fingerprint.reports else 1


def _tolerance(duration: float) -> float:
    return max(DURATION_TOLERANCE_SECONDS, DURATION_TOLERANCE_SHARE * duration)


def _share_near_median(durations: Sequence[Weighted]) -> float:
    """The share of weight near the weighted median of sorted durations; 1 where there are none."""
    total = sum(weight for _, weight in durations)
    if not total:
        return 1.0
    passed = 0
    median = 0
    for duration, weight in durations:
        passed += weight
        if 2 * passed >= total:
            median = duration
            break
    tolerance = _tolerance(median)
    return sum(weight for duration, weight in durations if abs(duration - median) <= tolerance) / total


def _phash_families(phashes: Iterable[Weighted]) -> list[int]:
    """The weights of the families. Leaders are taken by weight, then by value, so that order plays no part."""
    leaders: list[int] = []
    weights: list[int] = []
    for value, weight in sorted(phashes, key=lambda item: (-item[1], item[0])):
        for index, leader in enumerate(leaders):
            if (leader ^ value).bit_count() <= FAMILY_RADIUS:
                weights[index] += weight
                break
        else:
            leaders.append(value)
            weights.append(weight)
    return weights


def _duration_families(durations: Iterable[Weighted]) -> int:
    """How many families sorted durations form; the shortest of each leads."""
    families = 0
    limit = -1.0
    for duration, _ in durations:
        if duration > limit:
            families += 1
            limit = duration + _tolerance(duration)
    return families


def _accusation(
    total: int, phashes: Sequence[Weighted], families: int, durations: Sequence[Weighted], near: float
) -> str:
    shown = f"{count(len(phashes), 'PHASH').replace('HASHs', 'HASHes')} of {count(families, 'different video')}, "
    return (
        f"a magnet for strangers' files: {count(total, 'fingerprint')}, {shown if phashes else ''}"
        f"durations from {span(durations[0][0])} to {span(durations[-1][0])}, {near:.0%} near the median"
    )
