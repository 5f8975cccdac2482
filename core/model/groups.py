"""Groups of files that show the same thing: why they do, which one a rule would keep, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef


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
