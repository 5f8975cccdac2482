"""The records of a library, as the duplicates desk sees them: a scene or an image of Stash, with its files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.model.scenes import LocalEntity, StashId


class Media(StrEnum):
    """What a file is. Scenes of Stash own videos, its images own pictures (or short clips)."""

    VIDEO = "video"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A scene (VIDEO) or an image (IMAGE) of Stash."""

    media: Media
    id: int


@dataclass(frozen=True, slots=True)
class StashFile:
    """A file as Stash knows it. `size` in bytes, `duration` in seconds, `bit_rate` in bits a second.

    0, "" and None stand for what Stash does not know. A member of a zip has a path that no disk knows.
    """

    id: int
    media: Media
    path: str
    size: int
    modified_at: float | None = None
    width: int = 0
    height: int = 0
    duration: float | None = None
    video_codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    container: str = ""
    phash: int | None = None
    oshash: int | None = None
    md5: int | None = None
    is_in_zip: bool = False


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A scene's place in a group (a film of several scenes) of Stash."""

    group_id: int
    scene_index: int | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """A named moment of a scene; times in seconds, tags by their numbers."""

    id: int
    title: str
    seconds: float
    primary_tag_id: int
    end_seconds: float | None = None
    tag_ids: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """What makes two markers the same, whatever their numbers: title, moment in ms, and first tag."""
        return self.title, round(self.seconds * 1000), self.primary_tag_id


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    """A scene or an image of Stash, with everything that counts for the keeper and would be lost with the record.

    `files` has the primary one first. `play_duration` and `resume_time` in seconds. `created_at` and `updated_at` are
    the server's literal texts. `photographer` is an image's, `director` a scene's.
    """

    media: Media
    id: int
    files: tuple[StashFile, ...] = ()
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    photographer: str = ""
    date: str = ""
    urls: tuple[str, ...] = ()
    rating100: int | None = None
    is_organized: bool = False
    studio: LocalEntity | None = None
    performers: tuple[LocalEntity, ...] = ()
    tags: tuple[LocalEntity, ...] = ()
    groups: tuple[GroupMembership, ...] = ()
    gallery_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    marker_count: int = 0
    play_count: int = 0
    play_duration: float = 0.0
    resume_time: float = 0.0
    o_count: int = 0
    created_at: str = ""
    updated_at: str = ""

    @property
    def ref(self) -> RecordRef:
        """What names it."""
        return RecordRef(self.media, self.id)
