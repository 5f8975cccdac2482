"""What the demo Stash holds, piece by piece: plain mutable objects, so that a test builds and changes them in place.

Times are RFC 3339 text, ids integers. Fingerprints are text as Stash states it (a phash without zero padding).
"""

from __future__ import annotations

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
    """A file that Stash knows. `fingerprints`: type -> text. `size` in bytes, `duration` in seconds.

    `kind` is "video" or "image"; of an image only path, size, format, width, height, times and fingerprints count.
    """

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
    kind: str = "video"

    @property
    def basename(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def graphql_type(self) -> str:
        """Which of the schema's kinds of files it is."""
        return "ImageFile" if self.kind == "image" else "VideoFile"


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
class DemoGroup:
    """A film of several scenes."""

    id: int
    name: str
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT


@dataclass(slots=True)
class DemoGallery:
    """A set of images."""

    id: int
    title: str
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT


class DemoGroupPlace(NamedTuple):
    """A scene's place in a group."""

    group: DemoGroup
    scene_index: int | None = None


@dataclass(slots=True)
class DemoMarker:
    """A named moment of a scene; times in seconds."""

    id: int
    title: str
    seconds: float
    primary_tag: DemoEntity
    end_seconds: float | None = None
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT
    tags: tuple[DemoEntity, ...] = ()


@dataclass(slots=True)
class DemoScene:
    """A scene of the local Stash; the first file is the primary one. Unset text is empty, an unset date None.

    `cover` is the path of a JPEG, or the bytes themselves; None: Stash shows its own default picture. `play_history`
    and `o_history` hold the time of every play, `play_duration` and `resume_time` seconds.
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
    groups: tuple[DemoGroupPlace, ...] = ()
    galleries: tuple[DemoGallery, ...] = ()
    markers: tuple[DemoMarker, ...] = ()
    play_history: tuple[str, ...] = ()
    o_history: tuple[str, ...] = ()
    play_duration: float = 0.0
    resume_time: float = 0.0

    def stash_id_at(self, endpoint: str) -> str | None:
        """The id this scene holds at an endpoint."""
        return next((link.stash_id for link in self.stash_ids if link.endpoint == endpoint), None)


@dataclass(slots=True)
class DemoImage:
    """An image of the local Stash; the first file is the primary one."""

    id: int
    title: str = ""
    files: list[DemoFile] = field(default_factory=list)
    code: str = ""
    details: str = ""
    photographer: str = ""
    date: str | None = None
    urls: list[str] = field(default_factory=list)
    rating100: int | None = None
    organized: bool = False
    o_counter: int = 0
    studio: DemoEntity | None = None
    performers: list[DemoEntity] = field(default_factory=list)
    tags: list[DemoEntity] = field(default_factory=list)
    galleries: tuple[DemoGallery, ...] = ()
    created_at: str = EPOCH_TEXT
    updated_at: str = EPOCH_TEXT


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


def still(
    file_id: int, path: str, *, md5: str | None = None, size: int = 100_000, width: int = 640, height: int = 480
) -> DemoFile:
    """An image file with the one hash a Stash would hold for it."""
    prints = {} if md5 is None else {"md5": md5}
    name = path.rsplit(".", 1)[-1].lower()
    kind = {"jpg": "jpeg"}.get(name, name)
    return DemoFile(file_id, path, size, 0.0, prints, width, height, kind, "", "", 0.0, 0, kind="image")


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 text. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
