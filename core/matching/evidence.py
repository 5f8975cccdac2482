"""What speaks for a candidate: local hashes against those of a stash-box entry, file by file, as integers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from core.matching.score import score
from core.model.fingerprints import Algorithm, Fingerprint, is_degenerate_phash
from core.model.recommendations import Evidence, MatchedFingerprint, Reason
from core.model.scenes import MediaFile, Scene
from core.model.stash_boxes import Candidate, RemoteFingerprint

_OSHASH = Algorithm.OSHASH
_PHASH = Algorithm.PHASH
_MD5 = Algorithm.MD5


def is_usable(fingerprint: Fingerprint, accepted: frozenset[Algorithm]) -> bool:
    """Whether a local hash may be looked up and counted at an endpoint that accepts these algorithms.

    Zero stands for "no hash" in every algorithm, and a degenerate PHASH meets strangers.
    """
    if fingerprint.algorithm not in accepted or fingerprint.value == 0:
        return False
    return fingerprint.algorithm is not _PHASH or not is_degenerate_phash(fingerprint.value)


def lookup_fingerprints(scene: Scene, accepted: frozenset[Algorithm]) -> tuple[Fingerprint, ...]:
    """The hashes to send for a scene: usable ones of all its files, each once, in the order of the files."""
    return tuple(
        dict.fromkeys(
            fingerprint for file in scene.files for fingerprint in file.fingerprints if is_usable(fingerprint, accepted)
        )
    )


def measure(
    scene: Scene, candidate: Candidate, *, accepted: frozenset[Algorithm], max_phash_distance: int
) -> Evidence | None:
    """The evidence of the file that speaks best for the candidate, or None when no file matches at all.

    Best is the file with the highest score; among equals the one with more matches, a higher percentage, the smaller
    id. Since the score comes first, the scene's score is the maximum over its files, and what is proved of
    `core.matching.score` for one file holds for the scene.
    """
    found = [
        evidence
        for file in scene.files
        if (evidence := measure_file(file, candidate, accepted=accepted, max_phash_distance=max_phash_distance))
    ]
    if len(found) < 2:
        return found[0] if found else None
    return max(found, key=lambda evidence: _rank(evidence, candidate))


def measure_file(
    file: MediaFile, candidate: Candidate, *, accepted: frozenset[Algorithm], max_phash_distance: int
) -> Evidence | None:
    """The evidence of one file, or None when none of its usable hashes matches.

    An OSHASH or MD5 matches when equal, a PHASH within `max_phash_distance` bits. Every matching remote fingerprint
    is kept, closest first, then by votes. A duration that is zero, negative or not finite counts as unknown.
    """
    usable = {fingerprint for fingerprint in file.fingerprints if is_usable(fingerprint, accepted)}
    matches = _meet(usable, candidate.fingerprints, max_phash_distance)
    if not matches:
        return None
    if len(matches) > 1:
        matches.sort(key=_match_order)
    matched = len({(match.algorithm, match.local_value) for match in matches})
    duration = known_duration(file.duration)
    return Evidence(
        file_id=file.id,
        file_name=file.name,
        matches=tuple(matches),
        match_count=matched,
        total_local_fingerprints=len(usable),
        match_percentage=round(100.0 * matched / len(usable), 1),
        duration_local=duration,
        duration_remote=_closest_duration(matches, duration),
        phash_distance=min((match.distance for match in matches if match.algorithm is _PHASH), default=None),
    )


def known_duration(seconds: float | None) -> float | None:
    """The duration, or None where it says nothing: servers write 0 or -1 for what they do not know."""
    if seconds is None or not math.isfinite(seconds) or seconds <= 0:
        return None
    return seconds


def to_record(
    scene_id: int,
    candidate: Candidate,
    evidence: Evidence,
    *,
    is_high_confidence: bool,
    reasons: Sequence[Reason],
) -> dict[str, Any]:
    """Everything a decision needs to be shown, as JSON values.

    Text the entry does not state is null. `matching_fingerprints` are the remote ones, each once at its smallest
    distance, hashes padded to the full width of their algorithm; `reports` is null where the endpoint states none.
    """
    return {
        "local_scene_id": scene_id,
        "endpoint": candidate.endpoint,
        "stashbox_scene_id": candidate.id,
        "stashbox_scene_title": candidate.title or None,
        "stashbox_studio": candidate.studio.name if candidate.studio else None,
        "stashbox_performers": [performer.name for performer in candidate.performers],
        "stashbox_date": candidate.date or None,
        "stashbox_cover_url": candidate.cover_url or None,
        "matching_fingerprints": [
            {
                "algorithm": str(remote.algorithm),
                "hash": remote.hex,
                "duration": remote.duration,
                "submissions": remote.submissions,
                "reports": remote.reports,
                "distance": distance,
            }
            for remote, distance in _remotes(evidence.matches)
        ],
        "total_local_fingerprints": evidence.total_local_fingerprints,
        "match_count": evidence.match_count,
        "match_percentage": evidence.match_percentage,
        "duration_local": evidence.duration_local,
        "duration_remote": evidence.duration_remote,
        "high_confidence": is_high_confidence,
        "phash_distance": evidence.phash_distance,
        "reasons": [{"code": reason.code, "is_met": reason.is_met, "text": reason.text} for reason in reasons],
    }


def _meet(
    usable: Iterable[Fingerprint], remotes: Iterable[RemoteFingerprint], max_phash_distance: int
) -> list[MatchedFingerprint]:
    """Every pair of a local hash and a remote fingerprint that match, unordered."""
    phashes = [fingerprint.value for fingerprint in usable if fingerprint.algorithm is _PHASH]
    oshashes = {fingerprint.value for fingerprint in usable if fingerprint.algorithm is _OSHASH}
    md5s = {fingerprint.value for fingerprint in usable if fingerprint.algorithm is _MD5}
    matches: list[MatchedFingerprint] = []
    for remote in remotes:
        algorithm, value = remote.algorithm, remote.value
        if algorithm is _PHASH:
            for local in phashes:
                distance = (local ^ value).bit_count()
                if distance <= max_phash_distance and not is_degenerate_phash(value):
                    matches.append(MatchedFingerprint(_PHASH, local, remote, distance))
        elif value in (oshashes if algorithm is _OSHASH else md5s):
            matches.append(MatchedFingerprint(algorithm, value, remote, 0))
    return matches


def _match_order(match: MatchedFingerprint) -> tuple[int, str, int, int, int, int, int]:
    remote = match.remote
    return (
        match.distance,
        match.algorithm.value,
        -remote.net_votes,
        -remote.submissions,
        remote.duration,
        remote.value,
        match.local_value,
    )


def _closest_duration(matches: Iterable[MatchedFingerprint], local: float | None) -> int | None:
    """The stated remote duration nearest to the local one; the best match's where the local one is unknown."""
    stated = [match.remote.duration for match in matches if match.remote.duration > 0]
    if not stated:
        return None
    if local is None:
        return stated[0]
    return min(stated, key=lambda duration: (abs(duration - local), duration))


def _rank(evidence: Evidence, candidate: Candidate) -> tuple[float, int, float, int]:
    return (score(evidence, candidate), evidence.match_count, evidence.match_percentage, -evidence.file_id)


def _remotes(matches: Iterable[MatchedFingerprint]) -> list[tuple[RemoteFingerprint, int]]:
    """Distinct remote fingerprints with their smallest distance, in the order of the matches."""
    nearest: dict[RemoteFingerprint, int] = {}
    for match in matches:
        nearest[match.remote] = min(match.distance, nearest.get(match.remote, match.distance))
    return list(nearest.items())
