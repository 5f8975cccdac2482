"""What stash-boxes hold: the scenes they state, with the fingerprints of strangers, and how each box fared."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.model.fingerprints import Algorithm


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
class EndpointState:
    """A stash-box as the last scan met it. Times are Unix seconds; `last_error` is empty after a good run."""

    endpoint: str
    name: str
    is_enabled: bool
    last_ok_at: float | None
    last_error: str
    last_error_at: float | None
