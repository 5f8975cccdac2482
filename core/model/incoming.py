"""What comes in, as the intake desk sees it: faces, people, duplicates, and what becomes of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

import msgspec

from core.model.library_files import FileIdentity


class Category(StrEnum):
    """Why a picture waits in the review; the value is also the name of its folder below `review_base`."""

    DUPLICATES = "duplicates"
    UNIDENTIFIED = "unidentified"
    MULTIPLE_FACES = "multiple_faces"
    UNWANTED_PERSON = "unwanted_person"
    LOW_CONFIDENCE = "low_confidence"

    @property
    def folder(self) -> str:
        """Its folder below `review_base`."""
        return self.value


class Prefix(StrEnum):
    """What a file's name in the review begins with. UNIDENTIFIED has three, by the reason."""

    DUPLICATE = "duplicate_"
    NO_FACE = "noface_"
    MULTIPLE_FACES = "multi_"
    UNWANTED_PERSON = "unwanted_"
    UNKNOWN = "unknown_"
    NOT_WHITELISTED = "notwhitelisted_"
    LOW_CONFIDENCE = "lowconf_"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom Immich knows. `name` is empty for a person without one."""

    id: str
    name: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """Where a face is: left, top, width, height as fractions (0..1) of the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face in a picture. `person` is None while it belongs to nobody, `confidence` (0..1) where none is known."""

    person: Person | None
    box: Box
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Faces:
    """What a look at a picture found. `is_analysed` is False while Immich is not done: no faces yet is not no face."""

    is_analysed: bool
    found: tuple[FoundFace, ...] = ()


class Known(StrEnum):
    """Where the same content is known from, the place that counts most first."""

    LIBRARY = "library"
    QUEUE = "queue"  # it waits to be looked at, or in the review
    DOWNLOADS = "downloads"  # it came in before and was sorted
    DELETED = "deleted"  # it was deliberately rejected or removed before


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    """The same content elsewhere. `path` as it may be shown, empty where none is known; `when` in Unix seconds."""

    where: Known
    path: str
    when: float | None = None


class Destination(StrEnum):
    """What becomes of a picture."""

    PERSON = "person"
    REVIEW = "review"
    TRASH = "trash"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a picture, and why.

    `name` is the file's name there, safe on every system. PERSON has the `person`; REVIEW has the `category`, with the
    people who were seen as `suggested` where there is exactly one. `duplicate` is set where that is the reason.
    """

    destination: Destination
    name: str
    reason: str
    category: Category | None = None
    person: Person | None = None
    suggested: Person | None = None
    duplicate: DuplicateOf | None = None


class ItemState(StrEnum):
    """Where a picture stands.

    added -> fetched -> pending -> sorted or review -> rejected; failed from anywhere, and back by `retry`. What an undo
    took back is `returned`: nothing happens to it until it is handed over again.
    """

    ADDED = "added"  # recorded; the file is not here yet
    FETCHED = "fetched"  # the file is here and hashed
    PENDING = "pending"  # Immich is to analyse it
    SORTED = "sorted"
    REVIEW = "review"
    REJECTED = "rejected"
    TRASHED = "trashed"  # a duplicate that went to the trash unasked
    FAILED = "failed"
    RETURNED = "returned"  # what was done with it unasked was taken back


TO_DO: Final = (ItemState.ADDED, ItemState.FETCHED, ItemState.PENDING)
"""States in which something is left to do without being asked."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture at an address that is handed over. `key` tells it from others of its source."""

    source: str
    key: str
    filename: str
    url: str = ""

    @staticmethod
    def at(url: str, *, source: str, filename: str) -> NewItem:
        """A picture at an address, which is one however often it is named."""
        return NewItem(source, f"url:{url}", filename, url=url)

    @property
    def token(self) -> bytes:
        """The same for the same thing from the same source."""
        return _token(f"{self.source}\0{self.key}")


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is handed over, read once. It is one by its path and its content, whoever hands it over."""

    source: str
    path: str
    filename: str
    identity: FileIdentity
    sha256: bytes
    sha1: bytes
    md5: bytes

    @property
    def token(self) -> bytes:
        """The same for the same content at the same path."""
        return _token(f"file:{self.sha256.hex()}:{self.path}")


def _token(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an item that was handed over.

    `is_new` is False for one that was there already; `is_again`: one that failed or was returned, and begins anew.
    """

    id: int
    is_new: bool
    state: ItemState
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A picture that came in. Paths surrogate-escaped; sizes in bytes; `fetching` is the download's own business.

    `identity` is the file as it was last seen. `asset_is_ours`: Winnow put it into Immich. `near` says in words what it
    looks like, and decides nothing.
    """

    id: int
    state: ItemState
    source: str
    url: str
    origin: str | None
    file_path: str | None
    filename: str
    sha256: bytes | None
    sha1: bytes | None
    md5: bytes | None
    size: int | None
    expected_size: int | None
    fetching: dict[str, Any] = field(default_factory=dict)
    created_at: float = 0.0
    download_date: float | None = None
    next_at: float = 0.0
    attempts: int = 0
    error: str = ""
    asset_id: str = ""
    faces: Faces | None = None
    outcome: Outcome | None = None
    person_id: str = ""
    person_name: str = ""
    auto_sorted: bool = False
    finished_at: float | None = None
    identity: FileIdentity | None = None
    asset_is_ours: bool = False
    near: str = ""


_faces = msgspec.json.Decoder(Faces)
_outcomes = msgspec.json.Decoder(Outcome)


def as_json(value: Faces | Outcome) -> bytes:
    """Faces or an outcome to be stored. Text must hold no lone surrogates."""
    return msgspec.json.encode(value)


def faces_of(stored: bytes) -> Faces:
    """The faces that were stored."""
    return _faces.decode(stored)


def outcome_of(stored: bytes) -> Outcome:
    """The outcome that was stored."""
    return _outcomes.decode(stored)
