"""What an Immich is and can do, what a key may do, and which calls suit which version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Read by everything: who the key's user is, the assets, their faces and the people.
READING = ("asset.read", "face.read", "person.read", "user.read")
LIBRARY = ("library.read", "library.update")
UPLOAD = ("asset.upload",)
CORRECTION = ("face.update", "person.create")
TRASH = ("asset.delete",)
ALL = "all"


@dataclass(frozen=True, slots=True, order=True)
class ImmichVersion:
    """A version of the server, compared by its numbers."""

    major: int
    minor: int
    patch: int = 0

    @property
    def text(self) -> str:
        """As it is written: 3.2.1."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def is_supported(self) -> bool:
        """Whether the calls of this package suit it; what is newer than the newest known counts as that."""
        return self >= ImmichVersion(1, 133)

    @property
    def has_key_rights(self) -> bool:
        """Whether a key can be asked what it may do."""
        return self >= ImmichVersion(1, 139)

    @property
    def has_queues(self) -> bool:
        """Whether queues and the jobs in them can be listed; before, they are only counted."""
        return self >= ImmichVersion(2, 4)

    @property
    def wants_device_ids(self) -> bool:
        """Whether an upload must name a device."""
        return self < ImmichVersion(3, 0)

    @property
    def hides_archived(self) -> bool:
        """Whether a search leaves out archived assets unless it asks for them."""
        return self < ImmichVersion(3, 0)

    @property
    def has_search_filter(self) -> bool:
        """Whether a search takes a filter, which compares paths exactly."""
        return self >= ImmichVersion(3, 2)

    @property
    def queue_scopes(self) -> tuple[str, ...]:
        """The scopes it takes to see the queues."""
        return ("queue.read", "queueJob.read") if self.has_queues else ("job.read",)


NEWEST = ImmichVersion(3, 3)  # whose calls are known


@dataclass(frozen=True, slots=True)
class ImmichFeatures:
    """What is switched on. Without `has_face_recognition` nobody is ever recognised."""

    has_face_recognition: bool
    has_trash: bool


@dataclass(frozen=True, slots=True)
class MediaTypes:
    """File name extensions the server takes, with their dot and in lower case."""

    images: frozenset[str]
    videos: frozenset[str]

    def takes(self, name: str) -> bool:
        """Whether a file with this name would be imported."""
        dot = name.rfind(".")
        return dot >= 0 and name[dot:].lower() in self.images | self.videos


@dataclass(frozen=True, slots=True)
class ImmichUser:
    """Who a key acts as. Libraries, scans and queues are open to administrators alone."""

    id: str
    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class KeyRights:
    """The scopes of a key, None where the server does not tell (before 1.139)."""

    scopes: frozenset[str] | None

    def missing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Which of these the key lacks, in the given order; nothing where that is not known."""
        if self.scopes is None or ALL in self.scopes:
            return ()
        return tuple(scope for scope in dict.fromkeys(wanted) if scope not in self.scopes)
