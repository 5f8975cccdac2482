"""What a library holds, as the duplicates desk sees it: files, the records of Stash they belong to, groups of files.

A *file* is one path on one disk, or one that Stash names and this machine cannot reach. A *record* is a scene or an
image of Stash; it owns one or several files. Hashes are integers (see `core.model`); times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from core.model import LocalEntity, StashId


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


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """Which content stands at a path: the four numbers change when the file is replaced or written to."""

    device: int
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FileHashes:
    """What is known of a content. PHASHes unsigned 64-bit; `second` is the independent hash of a picture (dhash).

    `phash_method` is "exact" (bit for bit as Stash), "fast" (at most 2 bits off) or "" where there is no PHASH.
    """

    phash: int | None = None
    phash_method: str = ""
    second: int | None = None
    oshash: int | None = None
    md5: int | None = None
    sha1: int | None = None
    sha256: int | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file states about itself. Units as in `StashFile`; `is_animated`: a picture of several frames."""

    width: int = 0
    height: int = 0
    duration: float | None = None
    video_codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    container: str = ""
    is_animated: bool = False


NO_HASHES: Final = FileHashes()
NO_FACTS: Final = FileFacts()


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """One file, as all sources together know it.

    `id` is Winnow's own and stays as long as the file is known. `path` is the local path (surrogate-escaped where its
    bytes are no UTF-8), None where no local path is known; `stash_path` what Stash calls it. `identity` is None for a
    file that could not be reached in the last scan, `problem` then says why. `links` counts the names of its inode.
    `record` is the scene or image it belongs to. `sources` names who knows it.
    """

    id: int
    media: Media
    size: int
    path: str | None = None
    stash_path: str = ""
    stash_file_id: int | None = None
    record: RecordRef | None = None
    is_primary: bool = False
    is_in_zip: bool = False
    identity: FileIdentity | None = None
    links: int = 1
    modified_at: float | None = None
    facts: FileFacts = NO_FACTS
    hashes: FileHashes = NO_HASHES
    problem: str = ""
    sources: tuple[str, ...] = ()

    @property
    def shown_path(self) -> str:
        """The path a person is shown: the local one where there is one."""
        return self.path if self.path is not None else self.stash_path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.shown_path.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def content_key(self) -> str:
        """What names its content, whatever it is called and wherever it lies; see `content_key`."""
        return content_key(self.hashes, self.size, self.identity)


def content_key(hashes: FileHashes, size: int, identity: FileIdentity | None) -> str:
    """A name for a content that survives renames: the strongest hash known, with the size; else the inode's numbers.

    Stash keeps MD5 of every image and OSHASH of every video, so those come before SHA-256, which Winnow computes only
    where it needs it: the key of a file must not change because a further hash was computed.
    """
    for name, value in (("md5", hashes.md5), ("oshash", hashes.oshash), ("sha256", hashes.sha256)):
        if value is not None:
            return f"{name}:{value:x}:{size}"
    if identity is not None:
        return f"inode:{identity.device}:{identity.inode}:{identity.size}:{identity.mtime_ns}"
    return f"size:{size}"


class GroupKind(StrEnum):
    """Why files stand in one group, the strongest reason first."""

    EXACT = "exact"  # the same bytes
    SAME_SCENE = "same_scene"  # several files in one scene or image
    SAME_STASH_ID = "same_stash_id"  # two scenes linked to one stash-box entry
    SAME_PHASH = "same_phash"
    NEAR = "near"  # PHASHes within the distance


class GroupStatus(StrEnum):
    """Where a group stands."""

    PENDING = "pending"
    DECIDED = "decided"  # members are marked; nothing was done yet
    RESOLVED = "resolved"  # what was marked was carried out
    KEPT = "kept"  # "not duplicates"
    WITHDRAWN = "withdrawn"  # a later scan no longer finds it


class Mark(StrEnum):
    """What was decided for one member."""

    NONE = ""
    KEEP = "keep"
    TRASH = "trash"
    GONE = "gone"  # it was removed, and can come back


class GateCode(StrEnum):
    """Why a group may not be acted on."""

    ONE_FILE = "one_file"  # one file registered twice, or hard links to one inode
    MISSING = "missing"  # a member is missing or cannot be reached
    DURATIONS = "durations"  # the lengths differ
    PROTECTED = "protected"  # a protected member would go
    NO_SURVIVOR = "no_survivor"  # no readable survivor would remain
    UNVERIFIED_MAPPING = "unverified_mapping"
    STALE = "stale"  # a file changed since it was hashed


@dataclass(frozen=True, slots=True)
class Gate:
    """The first condition that fails, in words."""

    code: GateCode
    words: str


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A file in a group. `distance` to the keeper in bits; None where the kind knows no distance.

    `protected` says in words why no bulk rule may remove it, empty where one may.
    """

    file: LibraryFile
    distance: int | None
    mark: Mark = Mark.NONE
    protected: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Files that show the same thing, with the keeper a rule chose and why.

    `members` has the keeper first where there is one. `keeper_id` is None where no rule decides; `reason` then says
    why not. `record_keeper` is the scene or image whose record should survive; it may be another one's than the file
    keeper's. `reclaimable_bytes` is what goes when all but the keeper go: hard links free nothing.
    `is_weak`: near, but without a second opinion.
    """

    id: int
    kind: GroupKind
    media: Media
    status: GroupStatus
    members: tuple[GroupMember, ...]
    keeper_id: int | None
    reason: str
    record_keeper: RecordRef | None = None
    gate: Gate | None = None
    is_weak: bool = False
    is_merging: bool = False
    reclaimable_bytes: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    decided_at: float | None = None
    records: Mapping[RecordRef, LibraryRecord] = field(default_factory=dict)

    @property
    def keeper(self) -> GroupMember | None:
        """The member a rule would keep."""
        return next((one for one in self.members if one.file.id == self.keeper_id), None)

    @property
    def distance(self) -> int:
        """The farthest member's distance to the keeper, in bits."""
        return max((one.distance or 0 for one in self.members), default=0)


class GroupSort(StrEnum):
    """Orders of a list of groups."""

    RECLAIMABLE = "reclaimable"
    SIZE = "size"
    FILES = "files"
    KIND = "kind"
    DISTANCE = "distance"
    PATH = "path"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups a list shows. None means "any"; `text` is looked for in the members' paths and titles.

    Weak groups are left out unless `is_weak` asks for them.
    """

    statuses: tuple[GroupStatus, ...] = (GroupStatus.PENDING, GroupStatus.DECIDED)
    kinds: tuple[GroupKind, ...] | None = None
    media: Media | None = None
    is_weak: bool | None = False
    has_gate: bool | None = None
    is_decidable: bool | None = None
    min_reclaimable_bytes: int = 0
    text: str = ""


GROUP_RECOMMENDATION: Final = "duplicate_group"


def group_identity(kind: GroupKind, keys: Iterable[str]) -> str:
    """What tells one group from another over scans: its kind and the contents of its members, in no order."""
    text = "\n".join((kind.value, *sorted(keys)))
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
