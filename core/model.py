"""The words every part speaks: frozen values, no behaviour that needs a server, a disk or a clock.

Hashes are integers here and nowhere strings: OSHASH and PHASH unsigned 64-bit, MD5 unsigned 128-bit. They become
text only at an edge (`Fingerprint.hex`). Scene ids of a Stash are integers, ids of a stash-box are UUID strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

MAX_64 = (1 << 64) - 1


class Algorithm(StrEnum):
    """Fingerprint algorithms a stash-box knows, spelled as its GraphQL enum."""

    OSHASH = "OSHASH"
    PHASH = "PHASH"
    MD5 = "MD5"

    @property
    def hex_digits(self) -> int:
        """Digits of a full value in hexadecimal."""
        return 32 if self is Algorithm.MD5 else 16


class Status(StrEnum):
    """Where a recommendation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"  # a rival at the same endpoint was accepted
    WITHDRAWN = "withdrawn"  # a later scan no longer proposes it


SCENE_FINGERPRINT_MATCH = "scene_fingerprint_match"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One local hash."""

    algorithm: Algorithm
    value: int

    @property
    def hex(self) -> str:
        """Lower case, zero-padded to the full width."""
        return f"{self.value:0{self.algorithm.hex_digits}x}"

    @staticmethod
    def parse(algorithm: str, text: str) -> Fingerprint | None:
        """The fingerprint a server states as text, or None for an algorithm that cannot be looked up.

        Raises ValueError when the text is not hexadecimal, or longer than the algorithm allows.
        """
        try:
            kind = Algorithm(algorithm.upper())
        except ValueError:
            return None
        return Fingerprint(kind, parse_hash(kind, text))


def parse_hash(algorithm: Algorithm, text: str) -> int:
    """The integer behind a hexadecimal hash, padded or not.

    Raises ValueError when the text is not hexadecimal, or longer than the algorithm allows.
    """
    digits = text.strip()
    if not digits or len(digits) > algorithm.hex_digits or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError(f"not a {algorithm} value: {text[:48]!r}")
    return int(digits, 16)


def is_degenerate_phash(value: int) -> bool:
    """Whether a PHASH says nothing: black, flat or foreign content, which would match strangers.

    0, the top bit alone, all ones, fewer than 16 or more than 48 of 64 bits set. A weight other than 32 alone does
    not condemn a value, since other versions of the hash may use an approximate median.
    """
    return value in (0, 1 << 63, MAX_64) or not 16 <= value.bit_count() <= 48


def phash_distance(one: int, other: int) -> int:
    """Bits in which two PHASHes differ, 0..64."""
    return (one ^ other).bit_count()


def fingerprint_digest(files: Iterable[Iterable[tuple[str, int]]]) -> str:
    """Sixteen hexadecimal digits that change when the hashes of a scene's files do.

    Each file is given as its (algorithm, value) pairs. Neither the order of files and pairs nor repetitions count, nor
    do files without a hash.
    """
    texts = (",".join(sorted({f"{name}:{value:x}" for name, value in pairs})) for pairs in files)
    return blake2b(";".join(sorted(filter(None, texts))).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One video file of a scene, as Stash knows it. `size` in bytes, `duration` in seconds (None: unknown)."""

    id: int
    path: str
    size: int
    duration: float | None
    width: int = 0
    height: int = 0
    fingerprints: tuple[Fingerprint, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path, whichever separator the server uses."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class StashId:
    """The link of a scene to an entry of one stash-box. `updated_at` is the server's own text, if it has the field."""

    endpoint: str
    stash_id: str
    updated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A local scene: what a crawl fetches. `updated_at` is the server's literal text (its local time)."""

    id: int
    title: str
    updated_at: str
    stash_ids: tuple[StashId, ...] = ()
    files: tuple[MediaFile, ...] = ()
    is_organized: bool = False

    def stash_id_at(self, endpoint: str) -> str | None:
        """The id this scene holds at an endpoint, compared exactly as Stash stores it."""
        return next((link.stash_id for link in self.stash_ids if link.endpoint == endpoint), None)

    @property
    def digest(self) -> str:
        """Of the hashes of all its files; equals that of its `SceneOutline`."""
        return fingerprint_digest(((item.algorithm.value, item.value) for item in f.fingerprints) for f in self.files)


@dataclass(frozen=True, slots=True)
class SceneOutline:
    """What tells whether a scene changed: `digest` is that of its hashes, `updated_at` the server's literal text."""

    id: int
    updated_at: str
    digest: str


@dataclass(frozen=True, slots=True)
class LocalEntity:
    """A studio, performer or tag of the local Stash."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SceneDetails:
    """A local scene with the fields a metadata pull may touch; empty text means the scene states nothing there.

    `date` is YYYY, YYYY-MM or YYYY-MM-DD. `updated_at` is the server's literal text.
    """

    id: int
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str = ""
    urls: tuple[str, ...] = ()
    studio: LocalEntity | None = None
    performers: tuple[LocalEntity, ...] = ()
    tags: tuple[LocalEntity, ...] = ()
    has_cover: bool = False
    stash_ids: tuple[StashId, ...] = ()
    is_organized: bool = False
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class SceneChanges:
    """The fields of a scene to write; None leaves a field as it is, empty text or an empty tuple empties it.

    Lists replace what was there. `studio_id` 0 takes the studio away. `cover_image` is an address or a data URL; Stash
    has no way to take a cover away.
    """

    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    date: str | None = None
    urls: tuple[str, ...] | None = None
    studio_id: int | None = None
    performer_ids: tuple[int, ...] | None = None
    tag_ids: tuple[int, ...] | None = None
    stash_ids: tuple[StashId, ...] | None = None
    cover_image: str | None = field(default=None, repr=False)
    is_organized: bool | None = None


@dataclass(frozen=True, slots=True)
class StashBox:
    """A stash-box configured in Stash. `max_requests_per_minute` is never 0 here (Stash's 0 means 240)."""

    endpoint: str
    name: str
    api_key: str = field(default="", repr=False)
    max_requests_per_minute: int = 240


@dataclass(frozen=True, slots=True)
class RemoteFingerprint:
    """One fingerprint of a stash-box scene, summed over users. `duration` in whole seconds.

    `reports` is None where the endpoint does not state reports.
    """

    algorithm: Algorithm
    value: int
    duration: int
    submissions: int = 0
    reports: int | None = None

    @property
    def net_votes(self) -> int:
        """Submissions less reports."""
        return self.submissions - (self.reports or 0)

    @property
    def hex(self) -> str:
        """Lower case, zero-padded to the full width."""
        return f"{self.value:0{self.algorithm.hex_digits}x}"


@dataclass(frozen=True, slots=True)
class RemoteEntity:
    """A performer, tag or studio named by a stash-box: its id there, its name, its other names."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stash-box scene proposed for a local one. `duration` in seconds where the entry states one."""

    endpoint: str
    id: str
    title: str = ""
    date: str = ""
    duration: int | None = None
    code: str = ""
    director: str = ""
    details: str = ""
    urls: tuple[str, ...] = ()
    cover_url: str = ""
    studio: RemoteEntity | None = None
    performers: tuple[RemoteEntity, ...] = ()
    tags: tuple[RemoteEntity, ...] = ()
    fingerprints: tuple[RemoteFingerprint, ...] = ()
    is_deleted: bool = False


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


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A stash-box as the last scan met it. Times are Unix seconds; `last_error` is empty after a good run."""

    endpoint: str
    name: str
    is_enabled: bool
    last_ok_at: float | None
    last_error: str
    last_error_at: float | None
