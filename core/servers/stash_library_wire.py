"""Scenes and images as a Stash answers them with everything they hold, in the shapes of its answers.

Whatever the schema calls nullable, and the lists too, may be null here.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from core.model.library_records import Media
from core.servers.numbers import Real, Whole
from core.servers.stash_wire import WireEntity, WireHash, WireStashId

T = TypeVar("T")
NOUNS = {Media.VIDEO: "scene", Media.IMAGE: "image"}


class WireId(msgspec.Struct):
    """Anything of which no more than its id is asked for."""

    id: Whole


class WireLibraryFile(msgspec.Struct, gc=False):
    """A file. `kind` is None where only one kind can stand."""

    id: Whole = 0
    kind: str | None = msgspec.field(name="__typename", default=None)
    path: str | None = None
    size: Whole | None = None
    mod_time: str | None = None
    format: str | None = None
    width: Whole | None = None
    height: Whole | None = None
    duration: Real | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    frame_rate: Real | None = None
    bit_rate: Whole | None = None
    zip_file: WireId | None = None
    zip_file_id: Whole | None = None
    fingerprints: list[WireHash | None] | None = None


class WireMembership(msgspec.Struct):
    """A scene's place in a group."""

    group: WireId | None = None
    scene_index: Whole | None = None


class WireRecord(msgspec.Struct, gc=False):
    """A scene or an image."""

    id: Whole
    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    photographer: str | None = None
    date: str | None = None
    urls: list[str | None] | None = None
    rating100: Whole | None = None
    organized: bool | None = None
    studio: WireEntity | None = None
    performers: list[WireEntity | None] | None = None
    tags: list[WireEntity | None] | None = None
    groups: list[WireMembership | None] | None = None
    galleries: list[WireId | None] | None = None
    stash_ids: list[WireStashId | None] | None = None
    scene_markers: list[WireId | None] | None = None
    play_count: Whole | None = None
    play_duration: Real | None = None
    resume_time: Real | None = None
    o_counter: Whole | None = None
    created_at: str | None = None
    updated_at: str | None = None
    files: list[WireLibraryFile | None] | None = None
    visual_files: list[WireLibraryFile | None] | None = None

    def lacking(self, media: Media) -> str:
        """The name of the first list that is null and should not be; empty where all are there."""
        lists: dict[str, object] = {"urls": self.urls, "performers": self.performers, "tags": self.tags}
        lists |= {"galleries": self.galleries}
        if media is Media.VIDEO:
            lists |= {"files": self.files, "stash ids": self.stash_ids, "groups": self.groups}
        else:
            lists |= {"files": self.visual_files}
        return next((name for name, found in lists.items() if found is None), "")


class WirePaths(msgspec.Struct):
    """A scene or an image with no more than where its files stand."""

    id: Whole
    files: list[WireLibraryFile | None] | None = None
    visual_files: list[WireLibraryFile | None] | None = None


class WireMarker(msgspec.Struct):
    """A marker of a scene."""

    id: Whole
    title: str | None = None
    seconds: Real = 0.0
    end_seconds: Real | None = None
    primary_tag: WireId | None = None
    tags: list[WireId | None] | None = None


class WireHistory(msgspec.Struct):
    """The dates and markers of a scene."""

    play_history: list[str | None] | None = None
    o_history: list[str | None] | None = None
    scene_markers: list[WireMarker | None] | None = None


class WireCount(msgspec.Struct):
    """How many there are."""

    count: Whole


class Items(msgspec.Struct, Generic[T]):
    """A list under the name the documents give it."""

    items: list[T]


class Listed(msgspec.Struct, Generic[T]):
    """The answer to a document that finds many."""

    found: Items[T]


class RawListed(msgspec.Struct):
    """The same with every item unread."""

    found: Items[msgspec.Raw]


class One(msgspec.Struct, Generic[T]):
    """The answer to a document that finds one, or none."""

    found: T | None = None


class Counted(msgspec.Struct):
    """The answer to a document that counts."""

    found: WireCount
