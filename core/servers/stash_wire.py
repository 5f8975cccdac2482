"""Answers of a Stash as they come over the wire, and their way into the model.

Whatever the schema calls nullable, and the lists too, may be null here; one odd item costs itself and not its page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from core.model.fingerprints import Algorithm, Fingerprint, fingerprint_digest
from core.model.scenes import LocalEntity, MediaFile, Scene, SceneDetails, SceneOutline, StashId
from core.model.stash_boxes import StashBox
from core.servers.hashes import read_hash
from core.servers.numbers import Real, Whole
from core.servers.oddities import Oddities

DEFAULT_REQUESTS_PER_MINUTE = 240  # what Stash itself uses when a stash-box states 0


class WireHash(msgspec.Struct, gc=False):
    type: str | None = None
    value: str | None = None


class WireFile(msgspec.Struct, gc=False):
    id: Whole = 0
    path: str | None = None
    size: Whole | None = None
    duration: Real | None = None
    width: Whole | None = None
    height: Whole | None = None
    fingerprints: list[WireHash | None] | None = None


class WireStashId(msgspec.Struct, gc=False):
    endpoint: str
    stash_id: str
    updated_at: str | None = None


class WireScene(msgspec.Struct, gc=False):
    id: Whole
    title: str | None = None
    updated_at: str | None = None
    organized: bool | None = None
    stash_ids: list[WireStashId | None] | None = None
    files: list[WireFile | None] | None = None


class WireOutline(msgspec.Struct, gc=False):
    id: Whole
    updated_at: str | None = None
    files: list[WireFile | None] | None = None


class WireEntity(msgspec.Struct):
    id: Whole
    name: str
    aliases: list[str | None] | None = None
    stash_ids: list[WireStashId | None] | None = None


class WireDetails(msgspec.Struct):
    id: Whole
    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    date: str | None = None
    urls: list[str | None] | None = None
    organized: bool | None = None
    updated_at: str | None = None
    stash_ids: list[WireStashId | None] | None = None
    studio: WireEntity | None = None
    performers: list[WireEntity | None] | None = None
    tags: list[WireEntity | None] | None = None


class WireStashBox(msgspec.Struct):
    endpoint: str
    name: str | None = None
    api_key: str | None = None
    max_requests_per_minute: Whole | None = None

    def __repr__(self) -> str:
        return f"<WireStashBox {self.endpoint}>"


W = TypeVar("W")


class SceneList(msgspec.Struct, Generic[W]):
    scenes: list[W]


class Page(msgspec.Struct, Generic[W]):
    findScenes: SceneList[W]  # noqa: N815  the name Stash gives it


class RawList(msgspec.Struct):
    scenes: list[msgspec.Raw]


class RawPage(msgspec.Struct):
    findScenes: RawList  # noqa: N815  the name Stash gives it


class OneScene(msgspec.Struct):
    findScene: WireScene | None = None  # noqa: N815  the name Stash gives it


class Count(msgspec.Struct):
    count: Whole = 0


class Counted(msgspec.Struct):
    findScenes: Count  # noqa: N815  the name Stash gives it


class OneDetails(msgspec.Struct):
    coverless: Count
    findScene: WireDetails | None = None  # noqa: N815  the name Stash gives it


class Updated(msgspec.Struct):
    id: Whole
    stash_ids: list[WireStashId | None] | None = None


class Update(msgspec.Struct):
    sceneUpdate: Updated  # noqa: N815  the name Stash gives it


class Version(msgspec.Struct):
    version: str | None = None
    hash: str | None = None


class System(msgspec.Struct):
    os: str = ""
    status: str = "OK"
    databaseSchema: Whole | None = None  # noqa: N815  the name Stash gives it


class Status(msgspec.Struct):
    version: Version
    systemStatus: System  # noqa: N815  the name Stash gives it


class General(msgspec.Struct):
    stashBoxes: list[WireStashBox | None]  # noqa: N815  the name Stash gives it


class Configuration(msgspec.Struct):
    general: General


class Boxes(msgspec.Struct):
    configuration: Configuration


def stash_box_of(wire: WireStashBox) -> StashBox:
    """A configured stash-box; its limit is never 0."""
    limit = wire.max_requests_per_minute or 0
    return StashBox(
        wire.endpoint,
        wire.name or wire.endpoint,
        wire.api_key or "",
        limit if limit > 0 else DEFAULT_REQUESTS_PER_MINUTE,
    )


def links_of(wires: list[WireStashId | None] | None, oddities: Oddities) -> tuple[StashId, ...]:
    """The links of a scene."""
    if wires is None:
        oddities.note("scene whose stash ids are null: taken as none")
    return tuple(StashId(wire.endpoint, wire.stash_id, wire.updated_at) for wire in wires or () if wire is not None)


def _hashes_of(wire: WireFile, oddities: Oddities) -> Iterator[tuple[Algorithm, int]]:
    for item in wire.fingerprints or ():
        found = None if item is None else read_hash(item.type, item.value, oddities)
        if found is not None:
            yield found


def outline_of(wire: WireOutline, oddities: Oddities) -> SceneOutline:
    """What tells whether a scene changed."""
    digest = fingerprint_digest(_hashes_of(file, oddities) for file in wire.files or () if file is not None)
    return SceneOutline(wire.id, wire.updated_at or "", digest)


def scene_of(wire: WireScene, oddities: Oddities) -> Scene:
    """A scene with the fingerprints that can be read."""
    if wire.files is None:
        oddities.note("scene whose files are null: taken as none")
    return Scene(
        id=wire.id,
        title=wire.title or "",
        updated_at=wire.updated_at or "",
        stash_ids=links_of(wire.stash_ids, oddities),
        files=tuple(_file_of(file, oddities) for file in wire.files or () if file is not None),
        is_organized=bool(wire.organized),
    )


def _file_of(wire: WireFile, oddities: Oddities) -> MediaFile:
    hashes = tuple(Fingerprint(kind, value) for kind, value in _hashes_of(wire, oddities))
    # Stash writes -1 for what it does not know.
    duration = wire.duration if wire.duration is not None and wire.duration > 0 else None
    return MediaFile(
        id=wire.id,
        path=wire.path or "",
        size=max(0, wire.size or 0),
        duration=duration,
        width=max(0, wire.width or 0),
        height=max(0, wire.height or 0),
        fingerprints=hashes,
    )


def unknown_lists(wire: WireDetails) -> list[str]:
    """The lists of which it is not known what they hold."""
    lists = {"urls": wire.urls, "performers": wire.performers, "tags": wire.tags, "stash ids": wire.stash_ids}
    return [name for name, values in lists.items() if values is None or None in values]


def details_of(wire: WireDetails, oddities: Oddities, *, has_cover: bool) -> SceneDetails:
    """A scene with what a metadata pull may touch."""
    return SceneDetails(
        id=wire.id,
        title=wire.title or "",
        code=wire.code or "",
        details=wire.details or "",
        director=wire.director or "",
        date=wire.date or "",
        urls=tuple(url for url in wire.urls or () if url is not None),
        studio=None if wire.studio is None else LocalEntity(wire.studio.id, wire.studio.name),
        performers=_entities_of(wire.performers),
        tags=_entities_of(wire.tags),
        has_cover=has_cover,
        stash_ids=links_of(wire.stash_ids, oddities),
        is_organized=bool(wire.organized),
        updated_at=wire.updated_at or "",
    )


def _entities_of(wires: list[WireEntity | None] | None) -> tuple[LocalEntity, ...]:
    return tuple(LocalEntity(wire.id, wire.name) for wire in wires or () if wire is not None)
