"""The shapes of Immich's answers, and the values made of them.

Fields that decide something have no default: an answer without them is malformed, not "nobody" or "not there".
What is not named here is ignored.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.servers.immich_assets import Asset, Library, UploadCheck
from core.servers.immich_faces import Box, Face, Person
from core.servers.immich_queues import Queue
from core.servers.numbers import Real, Whole


class WireStruct(msgspec.Struct, frozen=True, rename="camel"):
    """Base: names as Immich writes them."""


class Ping(WireStruct, frozen=True):
    """GET /server/ping."""

    res: str


class Version(WireStruct, frozen=True):
    """GET /server/version."""

    major: Whole
    minor: Whole
    patch: Whole


class Features(WireStruct, frozen=True):
    """GET /server/features."""

    facial_recognition: bool
    trash: bool


class Extensions(WireStruct, frozen=True):
    """GET /server/media-types."""

    image: list[str]
    video: list[str]


class ApiKey(WireStruct, frozen=True):
    """GET /api-keys/me."""

    permissions: list[str]


class User(WireStruct, frozen=True):
    """GET /users/me."""

    id: str
    is_admin: bool
    name: str = ""


class WireLibrary(WireStruct, frozen=True):
    """A library."""

    id: str
    owner_id: str
    import_paths: list[str]
    refreshed_at: str | None
    name: str = ""
    exclusion_patterns: list[str] = []
    asset_count: Whole = 0


class WireAsset(WireStruct, frozen=True):
    """An asset, as far as the intake looks at it."""

    id: str
    owner_id: str
    original_path: str
    checksum: str
    is_trashed: bool
    is_offline: bool
    thumbhash: str | None
    original_file_name: str = ""
    library_id: str | None = None
    type: str = "OTHER"
    visibility: str = "timeline"


class FoundAssets(WireStruct, frozen=True):
    """One page of assets. `next_page` is a number as text, `next_cursor` an opaque text (since 3.2)."""

    items: list[WireAsset]
    next_page: str | None = None
    next_cursor: str | None = None


class Search(WireStruct, frozen=True):
    """POST /search/metadata."""

    assets: FoundAssets


class WirePerson(WireStruct, frozen=True):
    """A person."""

    id: str
    name: str
    is_hidden: bool


class People(WireStruct, frozen=True):
    """GET /people."""

    people: list[WirePerson]
    has_next_page: bool | None = None


class WireFace(WireStruct, frozen=True):
    """A face of an asset."""

    id: str
    image_width: Whole
    image_height: Whole
    bounding_box_x1: Real = msgspec.field(name="boundingBoxX1")
    bounding_box_y1: Real = msgspec.field(name="boundingBoxY1")
    bounding_box_x2: Real = msgspec.field(name="boundingBoxX2")
    bounding_box_y2: Real = msgspec.field(name="boundingBoxY2")
    person: WirePerson | None
    source_type: str | None = None


class Counts(WireStruct, frozen=True):
    """How many jobs are where."""

    active: Whole
    waiting: Whole
    delayed: Whole
    paused: Whole
    failed: Whole = 0


class WireQueue(WireStruct, frozen=True):
    """One of GET /queues (since 2.4)."""

    name: str
    is_paused: bool
    statistics: Counts


class OldStatus(WireStruct, frozen=True):
    """Part of GET /jobs."""

    is_paused: bool


class OldQueue(WireStruct, frozen=True):
    """One value of GET /jobs, whose keys are the names."""

    job_counts: Counts
    queue_status: OldStatus


class Job(WireStruct, frozen=True):
    """One of GET /queues/{name}/jobs. What it is about differs by its kind, and may be nothing."""

    data: Any = None

    @property
    def subject(self) -> str | None:
        """The id of the asset or face it is about."""
        found = self.data.get("id") if isinstance(self.data, dict) else None
        return found if isinstance(found, str) else None


class CheckResult(WireStruct, frozen=True):
    """One answer of POST /assets/bulk-upload-check."""

    id: str
    action: str
    reason: str | None = None
    asset_id: str | None = None
    is_trashed: bool | None = None


class Checked(WireStruct, frozen=True):
    """POST /assets/bulk-upload-check."""

    results: list[CheckResult]


class Stored(WireStruct, frozen=True):
    """POST /assets."""

    id: str
    status: str


def library_of(wire: WireLibrary) -> Library:
    refreshed = moment_of(wire.refreshed_at)
    return Library(
        wire.id,
        wire.owner_id,
        wire.name,
        tuple(wire.import_paths),
        tuple(wire.exclusion_patterns),
        wire.asset_count,
        refreshed,
    )


def asset_of(wire: WireAsset, user_id: str) -> Asset:
    """The asset as the user with this id sees it."""
    return Asset(
        id=wire.id,
        owner_id=wire.owner_id,
        library_id=wire.library_id,
        path=wire.original_path,
        file_name=wire.original_file_name,
        checksum=wire.checksum,
        kind=wire.type,
        visibility=wire.visibility,
        is_trashed=wire.is_trashed,
        is_offline=wire.is_offline,
        has_thumbnail=wire.thumbhash is not None,
        is_own=wire.owner_id == user_id,
    )


def person_of(wire: WirePerson) -> Person:
    return Person(wire.id, wire.name, wire.is_hidden)


def face_of(wire: WireFace) -> Face:
    box = Box(wire.bounding_box_x1, wire.bounding_box_y1, wire.bounding_box_x2, wire.bounding_box_y2)
    person = None if wire.person is None else person_of(wire.person)
    return Face(wire.id, box, wire.image_width, wire.image_height, person, wire.source_type or "")


def queue_of(name: str, counts: Counts, *, is_paused: bool) -> Queue:
    return Queue(name, is_paused, counts.active, counts.waiting, counts.delayed, counts.paused, counts.failed)


def check_of(wire: CheckResult) -> UploadCheck:
    is_accepted = wire.action == "accept"
    return UploadCheck(is_accepted, wire.reason or "", wire.asset_id, bool(wire.is_trashed))


def moment_of(text: str | None) -> datetime | None:
    """A time of the server in UTC, None when there is none or it cannot be read."""
    with contextlib.suppress(ValueError, OverflowError):  # the second: before the year 1, or after 9999, in UTC
        moment = datetime.fromisoformat(text) if text else None
        return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None
