"""What is about to be removed, group by group, and why something is not: worked out, shown, confirmed, then applied.

Pure: no file is touched here. At apply time each effect checks everything again for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.model.groups import Group, GroupMember, Mark
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef


class Way(StrEnum):
    """How a file goes."""

    TRASH = "trash"
    DELETE = "delete"  # for good, on this machine
    DELETE_IN_STASH = "delete_in_stash"  # for good, by Stash, which alone reaches it


@dataclass(frozen=True, slots=True)
class Removal:
    """One file that goes."""

    file: LibraryFile
    way: Way


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """One line of a plan. `refusal` in words where nothing of the group is done; `notes` what a person should know.

    `merged` are the records whose metadata goes into `record_keeper` before their files go.
    """

    group: Group
    kept: tuple[LibraryFile, ...]
    removals: tuple[Removal, ...]
    refusal: str = ""
    reason: str = ""
    record_keeper: RecordRef | None = None
    merged: tuple[RecordRef, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def freed_bytes(self) -> int:
        """What the disk gains once the trash is emptied: hard links free nothing while another name is left."""
        if self.refusal:
            return 0
        staying = {(one.identity.device, one.identity.inode) for one in self.kept if one.identity is not None}
        gone: dict[tuple[int, int], int] = {}
        freed = 0
        for removal in self.removals:
            identity = removal.file.identity
            if identity is None:
                freed += removal.file.size
                continue
            key = (identity.device, identity.inode)
            gone[key] = gone.get(key, 0) + 1
            if key not in staying and gone[key] >= removal.file.links:
                freed += removal.file.size
        return freed


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What an apply is about to do. `id` is that of the stored plan, 0 for one that was not stored."""

    items: tuple[PlannedGroup, ...] = ()
    id: int = 0
    title: str = ""
    is_permanent: bool = False

    @property
    def accepted(self) -> tuple[PlannedGroup, ...]:
        """The groups that would be acted on."""
        return tuple(item for item in self.items if not item.refusal)

    @property
    def refused(self) -> tuple[PlannedGroup, ...]:
        """The groups that would not, each with its reason."""
        return tuple(item for item in self.items if item.refusal)

    @property
    def files(self) -> int:
        """How many files would go."""
        return sum(len(item.removals) for item in self.accepted)

    @property
    def freed_bytes(self) -> int:
        """What the disk would gain once the trash is emptied."""
        return sum(item.freed_bytes for item in self.accepted)

    @property
    def is_final(self) -> bool:
        """Whether something of it could not be undone."""
        return any(removal.way is not Way.TRASH for item in self.accepted for removal in item.removals)

    def without(self, group_ids: Iterable[int]) -> RemovalPlan:
        """The plan with these groups taken out."""
        left_out = set(group_ids)
        return replace(self, items=tuple(item for item in self.items if item.group.id not in left_out))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan depends on beside the groups."""

    is_permanent: bool = False
    has_stash: bool = True
    gate: dict[int, str] = field(default_factory=dict)  # by group, in words, for the members that would go


def plan_removal(chosen: Sequence[tuple[Group, frozenset[int]]], given: Circumstances) -> RemovalPlan:
    """What removing these members (by file id) of these groups would do.

    A file that goes in one group is no survivor in another: a group of which nothing would be left is refused.
    """
    going = {file_id for _, ids in chosen for file_id in ids}
    items: list[PlannedGroup] = []
    taken: set[int] = set()
    for group, ids in chosen:
        item = _plan_group(group, ids, going, taken, given)
        if not item.refusal:
            taken |= {one.file.id for one in item.removals}
        items.append(item)
    return RemovalPlan(tuple(items), is_permanent=given.is_permanent)


def _plan_group(
    group: Group, ids: frozenset[int], going: set[int], taken: set[int], given: Circumstances
) -> PlannedGroup:
    members = [one for one in group.members if one.file.id in ids and one.mark is not Mark.GONE]
    kept = tuple(
        one.file for one in group.members if one.file.id not in going and one.mark not in (Mark.GONE, Mark.TRASH)
    )
    bare = PlannedGroup(group, kept, (), reason=group.reason)
    refusal = _refusal(group, members, kept, given)
    if refusal:
        return replace(bare, refusal=refusal)
    removals: list[Removal] = []
    for member in members:
        if member.file.id in taken:
            continue  # it goes with another group already
        way = _way(member.file, given)
        if isinstance(way, str) and not isinstance(way, Way):
            return replace(bare, refusal=way)
        removals.append(Removal(member.file, Way(way)))
    if not removals:
        return replace(bare, refusal="what would go goes with another group already")
    return _with_records(replace(bare, removals=tuple(removals)))


def _refusal(group: Group, members: Sequence[GroupMember], kept: Sequence[LibraryFile], given: Circumstances) -> str:
    if not members:
        return "no file of it is marked to go"
    if words := given.gate.get(group.id):
        return words
    for member in members:
        if member.mark is Mark.KEEP:
            return f"{member.file.name} is marked to be kept"
        if member.protected:
            return f"{member.file.name} is protected: {member.protected}"
    if not any(file.identity is not None or given.is_permanent for file in kept):
        return "no file would be left that this machine can reach"
    survivors = {(one.identity.device, one.identity.inode) for one in kept if one.identity is not None}
    victims = {(one.file.identity.device, one.file.identity.inode) for one in members if one.file.identity is not None}
    if survivors and survivors <= victims:
        return "what is kept is the same file under another name (a hard link)"
    return ""


def _way(file: LibraryFile, given: Circumstances) -> str:
    """How a file would go, or in words why it cannot."""
    if file.is_in_zip:
        return f"{file.name} lies in an archive, which Winnow leaves alone"
    if file.path is not None and file.identity is not None:
        return Way.DELETE if given.is_permanent else Way.TRASH
    if not given.is_permanent:
        return (
            f"{file.name} {file.problem or 'cannot be reached here'}; without access to it only --permanent is possible"
        )
    if not given.has_stash or file.stash_file_id is None:
        return f"{file.name} {file.problem or 'cannot be reached here'}, and no Stash knows it"
    return Way.DELETE_IN_STASH


def _with_records(item: PlannedGroup) -> PlannedGroup:
    """Which records lose all their files, and whether their metadata goes into the one that stays."""
    group = item.group
    keeper = _record_keeper(item)
    removed = {one.file.stash_file_id for one in item.removals}
    merged: list[RecordRef] = []
    notes: list[str] = []
    for ref in dict.fromkeys(one.file.record for one in item.removals if one.file.record is not None):
        record = group.records.get(ref)
        if ref == keeper or record is None or not _loses_all(record, removed):
            continue
        if keeper is None:
            notes.append(
                f"{_named(record)} leaves Stash with its metadata, since the file that is kept is not in Stash; "
                "an undo brings it back"
            )
        elif group.is_merging:
            merged.append(ref)
        elif _has_metadata(record):
            notes.append(f"the metadata of {_named(record)} is not merged; an undo brings it back")
    staying = {one.record for one in item.kept if one.record is not None}
    if keeper is not None and keeper not in staying:  # the better file moves into the better record
        merged += [ref for ref in dict.fromkeys(one.record for one in item.kept) if ref is not None]
    return replace(item, record_keeper=keeper, merged=tuple(merged), notes=tuple(notes))


def _record_keeper(item: PlannedGroup) -> RecordRef | None:
    """The record that survives: the first kept file's; where scenes are merged, the one the group chose."""
    refs = [file.record for file in item.kept if file.record is not None]
    chosen = item.group.record_keeper
    if item.group.is_merging and item.group.media is Media.VIDEO and chosen is not None and refs:
        return chosen
    return refs[0] if refs else None


def _loses_all(record: LibraryRecord, removed: set[int | None]) -> bool:
    return all(file.id in removed for file in record.files)


def _has_metadata(record: LibraryRecord) -> bool:
    counted = record.marker_count or record.play_count or record.o_count or record.rating100 or record.is_organized
    listed = record.tags or record.performers or record.stash_ids or record.groups or record.gallery_ids
    return bool(counted or listed or record.details or record.studio)


def _named(record: LibraryRecord) -> str:
    kind = "scene" if record.media.value == "video" else "image"
    return f"{kind} {record.id}" + (f" ({record.title})" if record.title else "")
