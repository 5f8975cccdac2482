"""Groups as a scan found them, brought together with those that stand: proposals are disposable, decisions are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.model.groups import Gate, GroupKind, GroupStatus, group_identity
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.store import group_drafts, kept_contents
from core.store.database import Database
from core.store.group_drafts import GroupDraft, MemberDraft
from core.store.kept_contents import KeptIndex

_GROUPS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Files that belong together. `files` has the keeper, or else the best, first; `distances` as `GroupMember` has."""

    kind: GroupKind
    media: Media
    files: tuple[LibraryFile, ...]
    distances: tuple[int | None, ...]
    keeper_id: int | None
    reason: str
    record_keeper: RecordRef | None = None
    is_weak: bool = False
    gate: Gate | None = None
    protected: Mapping[int, str] = field(default_factory=dict)
    reclaimable_bytes: int = 0

    @property
    def contents(self) -> tuple[str, ...]:
        """The content keys of its members."""
        return tuple(file.content_key for file in self.files)


@dataclass(slots=True)
class Counts:
    """What a scan changed in the list of groups."""

    new: int = 0
    updated: int = 0
    withdrawn: int = 0


async def reconcile(
    database: Database,
    found: Sequence[FoundGroup],
    records: Callable[[FoundGroup], Iterable[LibraryRecord]],
    *,
    scan: int,
    now: float,
) -> Counts:
    """Write what was found beside what stands. Marks stay with their members; what is gone is withdrawn.

    A group whose contents somebody said are no duplicates stays closed, also under another kind or another name; a
    further member opens it. A resolved group that is found again (its files came back) waits for a decision anew.
    """
    counts = Counts()
    async with database.read() as reader:
        standing = await group_drafts.standing(reader)
        kept_sets = KeptIndex(await kept_contents.in_force(reader))
    for start in range(0, len(found), _GROUPS_A_TRANSACTION):
        async with database.write() as tx:
            for one in found[start : start + _GROUPS_A_TRANSACTION]:
                identity = group_identity(one.kind, one.contents)
                known = standing.get(identity)
                status = _status(one, known, kept_sets)
                draft = _draft(one, identity, status, records(one))
                known_id = None if known is None else known[0]
                group_id = await group_drafts.put(tx, draft, scan=scan, now=now, known_id=known_id)
                standing[identity] = (group_id, status)
                if status in (GroupStatus.PENDING, GroupStatus.DECIDED):
                    is_new = known is None or known[1] not in (GroupStatus.PENDING, GroupStatus.DECIDED)
                    counts.new += is_new
                    counts.updated += not is_new
    async with database.write() as tx:
        counts.withdrawn = await group_drafts.withdraw_unseen(tx, scan=scan, now=now)
    return counts


def _status(found: FoundGroup, known: tuple[int, GroupStatus] | None, kept_sets: KeptIndex) -> GroupStatus:
    if kept_sets.covering(found.contents) is not None:
        return GroupStatus.KEPT
    if known is not None and known[1] is GroupStatus.DECIDED:
        return GroupStatus.DECIDED
    return GroupStatus.PENDING


def _draft(found: FoundGroup, identity: str, status: GroupStatus, records: Iterable[LibraryRecord]) -> GroupDraft:
    titles = [record.title for record in records if record.title]
    paths = [path for file in found.files for path in {file.shown_path, file.stash_path} if path]
    return GroupDraft(
        identity=identity,
        kind=found.kind,
        media=found.media,
        status=status,
        members=tuple(
            MemberDraft(file.id, distance, found.protected.get(file.id, ""))
            for file, distance in zip(found.files, found.distances, strict=True)
        ),
        keeper_id=found.keeper_id,
        record_keeper_id=None if found.record_keeper is None else found.record_keeper.id,
        reason=found.reason,
        gate=found.gate,
        is_weak=found.is_weak,
        bytes=sum(file.size for file in found.files),
        reclaimable_bytes=found.reclaimable_bytes,
        path=found.files[0].shown_path,
        searched="\n".join([*paths, *titles]),
    )
