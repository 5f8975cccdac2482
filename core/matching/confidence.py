"""High confidence: may this proposal be accepted in bulk? Every condition is answered, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from core.matching import coherence
from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, MatchedFingerprint, Reason
from core.model.stash_boxes import Candidate, RemoteFingerprint
from core.words import count, span

EXACT_HASH_NET_VOTES = 2

MATCH_COUNT = "match_count"
MATCH_PERCENTAGE = "match_percentage"
DURATION = "duration"
VOTES = "votes"
PHASH_DISTANCE = "phash_distance"
SCENE_DURATION = "scene_duration"
COHERENT = "coherent"
UNAMBIGUOUS = "unambiguous"
NOT_DELETED = "not_deleted"


class MatchingRules(Protocol):
    """The settings of [matching] that decide about high confidence."""

    @property
    def min_matching_fingerprints(self) -> int:
        """Fingerprints of one file that must match."""

    @property
    def min_match_percentage(self) -> float:
        """Share of the file's fingerprints that must match, 0..100."""

    @property
    def duration_tolerance_seconds(self) -> float:
        """How far the closest matching fingerprint's duration may be off."""

    @property
    def high_confidence_phash_distance(self) -> int:
        """Bits a counted PHASH may differ."""

    @property
    def scene_duration_tolerance_percent(self) -> float:
        """How far the entry's own duration may be off, in percent of the file's."""

    @property
    def exact_hash_is_enough(self) -> bool:
        """Whether one exact hash with agreeing duration and two net votes may stand alone."""


def assess(
    evidence: Evidence, candidate: Candidate, *, live_rivals: int, rules: MatchingRules
) -> tuple[bool, tuple[Reason, ...]]:
    """Whether the proposal is of high confidence, and one reason for each condition, always all nine.

    It is exactly when every reason is met. `live_rivals` counts the other candidates of the scene at this endpoint,
    over all its files, without dismissed and deleted ones. With `exact_hash_is_enough`, an exact hash that holds its
    own duration and votes stands in for the number, the share and the distance; the other conditions remain.
    """
    waiver = _exact_hash_waiver(evidence, rules)
    reasons = (
        _match_count(evidence, rules, waiver),
        _match_percentage(evidence, rules, waiver),
        _duration(evidence, rules),
        _votes(evidence),
        _phash_distance(evidence, rules, waiver),
        _scene_duration(evidence, candidate, rules),
        _coherent(candidate),
        _unambiguous(live_rivals),
        _not_deleted(candidate),
    )
    return all(reason.is_met for reason in reasons), reasons


def duration_agrees(evidence: Evidence, rules: MatchingRules) -> bool:
    """Whether the closest matching duration is within the tolerance; what is unknown does not agree."""
    off = evidence.duration_difference
    return off is not None and abs(off) <= rules.duration_tolerance_seconds


def net_votes(matches: Iterable[MatchedFingerprint]) -> int:
    """Submissions less reports over the distinct remote fingerprints; reports that are not stated count as 0."""
    return sum(remote.net_votes for remote in _distinct(matches))


def _distinct(matches: Iterable[MatchedFingerprint]) -> set[RemoteFingerprint]:
    return {match.remote for match in matches}


def _exact_hash_waiver(evidence: Evidence, rules: MatchingRules) -> str:
    """The words that waive the number of matches, or "" where an exact hash does not stand alone.

    The exact hashes must hold on their own: their durations, their votes.
    """
    local = evidence.duration_local
    if not rules.exact_hash_is_enough or local is None:
        return ""
    exact = [match for match in evidence.matches if match.algorithm is not Algorithm.PHASH]
    agreeing = any(
        match.remote.duration > 0 and abs(local - match.remote.duration) <= rules.duration_tolerance_seconds
        for match in exact
    )
    if not agreeing or net_votes(exact) < EXACT_HASH_NET_VOTES:
        return ""
    return f"enough, since an {exact[0].algorithm} is exact (exact_hash_is_enough)"


def _match_count(evidence: Evidence, rules: MatchingRules, waiver: str) -> Reason:
    needed = rules.min_matching_fingerprints
    verb = "matches" if evidence.match_count == 1 else "match"
    text = f"{count(evidence.match_count, 'fingerprint')} of {evidence.file_name} {verb}"
    if evidence.match_count >= needed:
        return Reason(MATCH_COUNT, True, text)
    return Reason(MATCH_COUNT, bool(waiver), f"{text}; {waiver or f'{needed} needed'}")


def _match_percentage(evidence: Evidence, rules: MatchingRules, waiver: str) -> Reason:
    needed = rules.min_match_percentage
    share = f"{evidence.match_count} of {evidence.total_local_fingerprints}, {evidence.match_percentage:g} %"
    if evidence.match_percentage >= needed:
        return Reason(MATCH_PERCENTAGE, True, f"{share} of the file's fingerprints match")
    return Reason(
        MATCH_PERCENTAGE, bool(waiver), f"{share} of the file's fingerprints match; {waiver or f'{needed:g} % needed'}"
    )


def _duration(evidence: Evidence, rules: MatchingRules) -> Reason:
    off = evidence.duration_difference
    if evidence.duration_local is None:
        return Reason(DURATION, False, "the file's duration is unknown, so it agrees with nothing")
    if off is None:
        return Reason(DURATION, False, "no matching fingerprint states a duration")
    if duration_agrees(evidence, rules):
        words = "the same duration as" if round(off, 2) == 0 else f"{span(off)} off the duration of"
        return Reason(DURATION, True, f"{words} the closest matching fingerprint")
    return Reason(DURATION, False, _duration_mismatch(evidence, off))


def _duration_mismatch(evidence: Evidence, off: float) -> str:
    local = evidence.duration_local or 0.0
    stated = [match.remote.duration for match in evidence.matches if match.remote.duration > 0]
    side = "shorter" if off < 0 else "longer"
    if all((local < remote) == (off < 0) for remote in stated):
        return f"{span(off)} {side} than every matching fingerprint"
    return f"{span(off)} {side} than the closest matching fingerprint"


def _votes(evidence: Evidence) -> Reason:
    remotes = _distinct(evidence.matches)
    net = sum(remote.net_votes for remote in remotes)
    submissions = count(sum(remote.submissions for remote in remotes), "submission")
    stated = [remote.reports for remote in remotes if remote.reports is not None]
    reports = count(sum(stated), "report") if stated else "reports not stated here, counted as 0"
    return Reason(VOTES, net > 0, f"net votes {net}: {submissions}, {reports}")


def _phash_distance(evidence: Evidence, rules: MatchingRules, waiver: str) -> Reason:
    closest: dict[int, int] = {}  # of each local PHASH: a file may hold several, and each one is counted
    for match in evidence.matches:
        if match.algorithm is Algorithm.PHASH:
            closest[match.local_value] = min(match.distance, closest.get(match.local_value, match.distance))
    if not closest:
        return Reason(PHASH_DISTANCE, True, "no PHASH counted")
    distance = max(closest.values())
    text = f"PHASH distance {distance}"
    if distance <= rules.high_confidence_phash_distance:
        return Reason(PHASH_DISTANCE, True, text)
    limit = f"at most {rules.high_confidence_phash_distance} allowed"
    return Reason(PHASH_DISTANCE, bool(waiver), f"{text}; {waiver or limit}")


def _scene_duration(evidence: Evidence, candidate: Candidate, rules: MatchingRules) -> Reason:
    local, stated = evidence.duration_local, candidate.duration
    if stated is None or stated <= 0:
        return Reason(SCENE_DURATION, True, "the entry states no duration of its own")
    if local is None:
        return Reason(SCENE_DURATION, False, f"the entry lasts {span(stated)}, the file's duration is unknown")
    off = local - stated
    allowed = rules.scene_duration_tolerance_percent
    # Entries hold whole seconds, so less than one second is no difference, however short the file.
    if abs(off) < 1 or abs(off) * 100 <= allowed * local:
        return Reason(SCENE_DURATION, True, f"the entry lasts {span(stated)}, as the file does")
    side = "shorter" if off < 0 else "longer"
    text = f"the file is {span(off)} {side} than the entry's {span(stated)}; at most {allowed:g} % allowed"
    return Reason(SCENE_DURATION, False, text)


def _coherent(candidate: Candidate) -> Reason:
    verdict = coherence.judge(candidate.fingerprints)
    return Reason(COHERENT, verdict.is_coherent, verdict.text)


def _unambiguous(live_rivals: int) -> Reason:
    if live_rivals <= 0:
        return Reason(UNAMBIGUOUS, True, "the only candidate at this endpoint")
    return Reason(UNAMBIGUOUS, False, f"{live_rivals + 1} candidates at this endpoint")


def _not_deleted(candidate: Candidate) -> Reason:
    if candidate.is_deleted:
        return Reason(NOT_DELETED, False, "the entry was deleted at the stash-box")
    return Reason(NOT_DELETED, True, "the entry exists at the stash-box")
