"""One figure, 0..100, that orders proposals. It decides nothing: bulk acceptance is `confidence`'s business.

    score = 100 x hashes x duration x votes x entry

    hashes   = (1 - 0.1^E x (1 - 0.8 x 4 / (4 + d))) x (0.5 + 0.5 x match_percentage / 100)
    duration = 0.4 + 0.6 x 15^2 / (15^2 + D^2)
    votes    = 0.6 + 0.4 x V / (V + 1)
    entry    = 0.5 + 0.5 x 60 / (60 + T)

E: exact local hashes (OSHASH, MD5) that match. d: smallest PHASH distance in bits; the bracket is 1 when no PHASH
matches. D: seconds between the file and the closest matching fingerprint; the fraction is 0 when either is unknown.
V: net votes of each matching fingerprint, none below zero, summed. T: seconds between the file and the duration the
entry itself states; 0 when either is unknown.

Each factor lies in 0..1, and is built from sums, products and quotients that move one way only. So the score never
rises with d, D, T or reports, and never falls with submissions or with a further matching fingerprint: one more match
can only raise E, the percentage and V, and lower d and D. Votes against one fingerprint cannot hide votes for another,
which is why they are cut at zero one by one.
"""

from __future__ import annotations

import math

from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence
from core.model.stash_boxes import Candidate

_PHASH = Algorithm.PHASH

_EXACT_DOUBT = 0.1  # what is left of the doubt after one exact hash
_PHASH_WORTH = 0.8  # what a PHASH at distance 0 takes of the doubt
_HALF_DISTANCE = 4  # bits at which a PHASH is worth half
_HALF_DURATION = 15.0  # seconds at which the closest duration is worth half
_HALF_ENTRY_DURATION = 60.0  # seconds at which the entry's own duration is worth half


def score(evidence: Evidence, candidate: Candidate) -> float:
    """The score of a candidate, 0..100 with two decimals, by the formula above. Always finite."""
    figure = _hashes(evidence) * _duration(evidence) * _votes(evidence) * _entry(evidence, candidate)
    return round(100.0 * figure, 2)


def _hashes(evidence: Evidence) -> float:
    exact = len({match.local_value for match in evidence.matches if match.algorithm is not _PHASH})
    doubt: float = _EXACT_DOUBT**exact
    if evidence.phash_distance is not None:
        doubt *= 1.0 - _PHASH_WORTH * _HALF_DISTANCE / (_HALF_DISTANCE + evidence.phash_distance)
    return (1.0 - doubt) * (0.5 + 0.5 * evidence.match_percentage / 100.0)


def _duration(evidence: Evidence) -> float:
    off = evidence.duration_difference
    if off is None or not math.isfinite(off):
        return 0.4
    squared = _HALF_DURATION * _HALF_DURATION
    return 0.4 + 0.6 * squared / (squared + off * off)


def _votes(evidence: Evidence) -> float:
    best: dict[tuple[bool, int], int] = {}  # by fingerprint: several local hashes may meet the same one
    for match in evidence.matches:
        key = (match.algorithm is _PHASH, match.remote.value)
        best[key] = max(match.remote.net_votes, best.get(key, 0))
    total = sum(best.values())
    return 0.6 + 0.4 * (total / (total + 1))


def _entry(evidence: Evidence, candidate: Candidate) -> float:
    local, stated = evidence.duration_local, candidate.duration
    if local is None or not math.isfinite(local) or stated is None or stated <= 0:
        return 1.0
    return 0.5 + 0.5 * _HALF_ENTRY_DURATION / (_HALF_ENTRY_DURATION + abs(local - stated))
