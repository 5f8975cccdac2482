"""Proposals of the matching desk, with what speaks for them and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.model.fingerprints import Algorithm
from core.model.stash_boxes import Candidate, RemoteFingerprint


class Status(StrEnum):
    """Where a recommendation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"  # a rival at the same endpoint was accepted
    WITHDRAWN = "withdrawn"  # a later scan no longer proposes it


SCENE_FINGERPRINT_MATCH = "scene_fingerprint_match"


@dataclass(frozen=True, slots=True)
class MatchedFingerprint:
    """A local hash and the remote one it meets. `distance` in bits: 0 for exact algorithms."""

    algorithm: Algorithm
    local_value: int
    remote: RemoteFingerprint
    distance: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition of high confidence: which, whether it holds, and in words."""

    code: str
    is_met: bool
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one candidate, measured on the best file of the scene.

    Invariant: `match_count == len({local hashes in matches}) <= total_local_fingerprints`.
    `match_percentage` has one decimal, 0..100. Durations in seconds; `duration_remote` is the closest among the
    matching fingerprints. `phash_distance` is the smallest PHASH distance, None when no PHASH matches.
    """

    file_id: int
    file_name: str
    matches: tuple[MatchedFingerprint, ...]
    match_count: int
    total_local_fingerprints: int
    match_percentage: float
    duration_local: float | None
    duration_remote: int | None
    phash_distance: int | None

    @property
    def duration_difference(self) -> float | None:
        """Local less remote, in seconds: negative when the local file is shorter."""
        if self.duration_local is None or self.duration_remote is None:
            return None
        return self.duration_local - self.duration_remote


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One proposal as it is stored and shown: a candidate for a scene at an endpoint, with its reasons.

    `id` is Winnow's own; `local_title` is the scene's title, or the file's name where it has none. Times are Unix
    seconds. `score` is 0..100. `is_ambiguous`: another live candidate exists at the same endpoint.
    """

    id: int
    status: Status
    scene_id: int
    candidate: Candidate
    evidence: Evidence
    score: float
    is_high_confidence: bool
    is_ambiguous: bool
    reasons: tuple[Reason, ...]
    local_title: str
    local_path: str
    created_at: float
    updated_at: float
    decided_at: float | None = None

    @property
    def endpoint(self) -> str:
        """The stash-box the candidate stands at."""
        return self.candidate.endpoint


class Sort(StrEnum):
    """Orders of a list of recommendations. Rivals of one scene at one endpoint stay together in SCORE."""

    SCORE = "score"
    TITLE = "title"
    MATCH = "match"
    STUDIO = "studio"
    DATE = "date"
    ENDPOINT = "endpoint"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class RecommendationFilter:
    """Which recommendations a list shows. None means "any"; `text` is looked for in titles, studio and performers."""

    statuses: tuple[Status, ...] = (Status.PENDING,)
    endpoint: str | None = None
    is_high_confidence: bool | None = None
    is_ambiguous: bool | None = None
    scene_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A candidate that a person turned down for a scene. Times are Unix seconds; `ended_at` None: in force."""

    id: int
    scene_id: int
    endpoint: str
    candidate_id: str
    reason: str
    is_until_next_scan: bool
    created_at: float
    ended_at: float | None
    local_title: str
    match_title: str
