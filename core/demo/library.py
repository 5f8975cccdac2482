"""What the demo servers hold: plain mutable objects, so that a test builds a tiny world and changes it in place.

Times are RFC 3339 text. Local ids are integers, ids of a stash-box UUID text. Local fingerprints are text as Stash
states it (a phash without zero padding); those of a stash-box are unsigned integers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

EPOCH_TEXT = "2024-01-11T18:07:53+02:00"  # long ago, so that a write always moves a time forward
STASH_OFFSET = timezone(timedelta(hours=2))
MAX_64 = (1 << 64) - 1


def phash_text(value: int) -> str:
    """A phash as Stash states it: lower-case hexadecimal without padding."""
    return f"{value & MAX_64:x}"


def local_time(seconds: float) -> str:
    """Unix seconds as the demo Stash writes them: its own offset, whole seconds."""
    return datetime.fromtimestamp(seconds, STASH_OFFSET).isoformat(timespec="seconds")


class DemoFingerprint(NamedTuple):
    """One hash of a local file, as Stash answers it."""

    type: str
    value: str


@dataclass(slots=True)
class DemoStashId:
    """The link of a local thing to an entry of a stash-box."""

    endpoint: str
    stash_id: str
    updated_at: str = EPOCH_TEXT


@dataclass(slots=True)
class DemoFile:
    """A video file of a local scene. `fingerprints`: type -> text. `size` in bytes, `duration` in seconds."""

    id: int
    path: str
    size: int = 1_000_000
    duration: float = 60.0
    fingerprints: dict[str, str] = field(default_factory=dict)
    width: int = 1280
    height: int = 720
    format: str = "mp4"
    video_codec: str = "h264"
    audio_codec: str = ""
    frame_rate: float = 25.0
    bit_rate: int = 1_000_000
    mod_time: str = EPOCH_TEXT
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT

    @property
    def basename(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(slots=True)
class DemoEntity:
    """A studio, performer or tag of the local Stash."""

    id: int
    name: str
    aliases: list[str] = field(default_factory=list)
    stash_ids: list[DemoStashId] = field(default_factory=list)
    parent: DemoEntity | None = None
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT


@dataclass(slots=True)
class DemoScene:
    """A scene of the local Stash; the first file is the primary one. Unset text is empty, an unset date None.

    `cover` is the path of a JPEG, or the bytes themselves; None: Stash shows its own default picture.
    """

    id: int
    title: str = ""
    files: list[DemoFile] = field(default_factory=list)
    stash_ids: list[DemoStashId] = field(default_factory=list)
    code: str = ""
    details: str = ""
    director: str = ""
    date: str | None = None
    urls: list[str] = field(default_factory=list)
    rating100: int | None = None
    organized: bool = False
    studio: DemoEntity | None = None
    performers: list[DemoEntity] = field(default_factory=list)
    tags: list[DemoEntity] = field(default_factory=list)
    cover: str | bytes | None = None
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT

    def stash_id_at(self, endpoint: str) -> str | None:
        """The id this scene holds at an endpoint."""
        return next((link.stash_id for link in self.stash_ids if link.endpoint == endpoint), None)


@dataclass(slots=True)
class StashLibrary:
    """Everything the demo Stash holds, by id. `clock` gives Unix seconds for `updated_at`."""

    scenes: dict[int, DemoScene] = field(default_factory=dict)
    studios: dict[int, DemoEntity] = field(default_factory=dict)
    performers: dict[int, DemoEntity] = field(default_factory=dict)
    tags: dict[int, DemoEntity] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    _order: tuple[tuple[int, int], list[int]] = ((0, 0), [])

    def add(self, *scenes: DemoScene) -> DemoScene:
        """Put scenes in, replacing those of the same id; the last one is returned."""
        for scene in scenes:
            self.scenes[scene.id] = scene
        return scenes[-1]

    def now(self) -> str:
        """The present time as Stash writes it."""
        return local_time(self.clock())

    def ordered_ids(self) -> list[int]:
        """Scene ids in ascending order. The list is shared: do not change it."""
        mark = (len(self.scenes), next(reversed(self.scenes), 0))
        if mark[0] < 1000:
            return sorted(self.scenes)
        if self._order[0] != mark:
            self._order = (mark, sorted(self.scenes))
        return self._order[1]

    def file_with_id(self, file_id: int) -> tuple[DemoScene, DemoFile] | None:
        """The file of that id with the scene it belongs to."""
        for scene in self.scenes.values():
            for file in scene.files:
                if file.id == file_id:
                    return scene, file
        return None


@dataclass(slots=True)
class BoxFingerprint:
    """One fingerprint of a stash-box scene, summed over users. `value` unsigned, `duration` whole seconds."""

    algorithm: str
    value: int
    duration: int
    submissions: int = 1
    reports: int = 0
    created: str = "2025-03-01T12:00:00Z"
    updated: str = "2025-03-01T12:00:00Z"
    user_vote: int = 0

    @property
    def user_submitted(self) -> bool:
        """Whether the owner of the key submitted it."""
        return self.user_vote > 0

    @property
    def user_reported(self) -> bool:
        """Whether the owner of the key reported it."""
        return self.user_vote < 0


@dataclass(slots=True)
class BoxImage:
    """A picture at a stash-box. `source` is the path of a JPEG or its bytes; None: the server has lost it."""

    id: str
    width: int = 640
    height: int = 360
    source: str | bytes | None = None


@dataclass(slots=True)
class BoxEntity:
    """A studio, performer or tag of a stash-box."""

    id: str
    name: str
    aliases: list[str] = field(default_factory=list)
    disambiguation: str | None = None
    parent: BoxEntity | None = None
    deleted: bool = False
    created: str = "2024-05-01T08:00:00Z"
    updated: str = "2024-05-01T08:00:00Z"


class BoxAppearance(NamedTuple):
    """A performer in a scene, with the name used there if it is another one."""

    performer: BoxEntity
    as_name: str | None = None


@dataclass(slots=True)
class BoxScene:
    """An entry of a stash-box. `duration` in whole seconds where the entry states one."""

    id: str
    title: str | None = None
    fingerprints: list[BoxFingerprint] = field(default_factory=list)
    duration: int | None = None
    date: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    urls: list[str] = field(default_factory=list)
    studio: BoxEntity | None = None
    performers: list[BoxAppearance] = field(default_factory=list)
    tags: list[BoxEntity] = field(default_factory=list)
    images: list[BoxImage] = field(default_factory=list)
    deleted: bool = False
    created: str = "2024-05-01T08:00:00.123456Z"
    updated: str = "2024-05-02T08:00:00.123456Z"


@dataclass(slots=True)
class BoxLibrary:
    """Everything one demo stash-box holds.

    `changes` counts what was changed through `add`, `remove` and `changed`. The look-up index is renewed at every
    request while fewer than 500 scenes are held, so that a test may change a scene in place; above, call `changed()`.
    """

    scenes: dict[str, BoxScene] = field(default_factory=dict)
    changes: int = 0

    def add(self, *scenes: BoxScene) -> BoxScene:
        """Put scenes in, replacing those of the same id; the last one is returned."""
        for scene in scenes:
            self.scenes[scene.id] = scene
        self.changes += 1
        return scenes[-1]

    def remove(self, scene_id: str) -> None:
        """Delete a scene for good: it is then found by nothing."""
        del self.scenes[scene_id]
        self.changes += 1

    def changed(self) -> None:
        """Say that scenes were changed in place."""
        self.changes += 1

    def image(self, image_id: str) -> BoxImage | None:
        """The picture of that id."""
        pictures = (image for scene in self.scenes.values() for image in scene.images)
        return next((image for image in pictures if image.id == image_id), None)


def video(
    file_id: int,
    path: str,
    *,
    oshash: int | None = None,
    phash: int | None = None,
    md5: str | None = None,
    duration: float = 60.0,
    size: int = 1_000_000,
) -> DemoFile:
    """A file with the hashes a Stash would hold for it."""
    prints: dict[str, str] = {}
    if oshash is not None:
        prints["oshash"] = f"{oshash:016x}"
    if md5 is not None:
        prints["md5"] = md5
    if phash is not None:
        prints["phash"] = phash_text(phash)
    return DemoFile(file_id, path, size=size, duration=duration, fingerprints=prints)


def box_prints(
    *,
    oshash: int | None = None,
    phashes: Iterable[int] = (),
    duration: int = 60,
    submissions: int = 5,
    reports: int = 0,
) -> list[BoxFingerprint]:
    """Fingerprints of one stash-box scene that agree in duration and votes."""
    prints = [BoxFingerprint("PHASH", value, duration, submissions, reports) for value in phashes]
    if oshash is not None:
        prints.insert(0, BoxFingerprint("OSHASH", oshash, duration, submissions, reports))
    return prints


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 text. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
