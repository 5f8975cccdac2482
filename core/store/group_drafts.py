"""Groups of duplicates as a scan computes and writes them."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.groups import Gate, GroupKind, GroupStatus
from core.model.library_records import Media
from core.store.database import Reader, Transaction
from core.store.statements import storable


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """A member as a scan computes it."""

    file_id: int
    distance: int | None
    protected: str = ""


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group as a scan computes it. `members` has the keeper, or the best, first."""

    identity: str
    kind: GroupKind
    media: Media
    status: GroupStatus
    members: tuple[MemberDraft, ...]
    keeper_id: int | None
    record_keeper_id: int | None
    reason: str
    gate: Gate | None
    is_weak: bool
    bytes: int
    reclaimable_bytes: int
    path: str
    searched: str


async def standing(reader: Reader) -> dict[str, tuple[int, GroupStatus]]:
    """Every group by its identity: its id and status."""
    rows = await reader.rows("SELECT identity, id, status FROM duplicate_groups")
    return {row[0]: (row[1], GroupStatus(row[2])) for row in rows}


async def put(tx: Transaction, draft: GroupDraft, *, scan: int, now: float, known_id: int | None) -> int:
    """Write a group down; its id. Marks of members that stay are kept, the status is the draft's."""
    gate = ("", "") if draft.gate is None else (draft.gate.code.value, storable(draft.gate.words))
    values = (
        draft.kind,
        draft.media,
        draft.status,
        draft.is_weak,
        draft.keeper_id,
        draft.record_keeper_id,
        storable(draft.reason),
        *gate,
        len(draft.members),
        draft.bytes,
        draft.reclaimable_bytes,
        max((one.distance or 0 for one in draft.members), default=0),
        storable(draft.path),
        storable(draft.searched).casefold(),
        scan,
        now,
    )
    columns = (
        "kind, media, status, is_weak, keeper_id, record_keeper_id, reason, gate, gate_words, files, bytes, "
        "reclaimable_bytes, distance, path, searched, scan, updated_at"
    )
    if known_id is None:
        marks = ", ".join("?" * (len(values) + 2))
        known_id = await tx.insert(
            f"INSERT INTO duplicate_groups ({columns}, identity, created_at) VALUES ({marks})",
            (*values, draft.identity, now),
        )
    else:
        sets = ", ".join(f"{name} = ?" for name in columns.split(", "))
        await tx.execute(f"UPDATE duplicate_groups SET {sets} WHERE id = ?", (*values, known_id))
        await _drop_members(tx, known_id, {one.file_id for one in draft.members})
        if draft.status is GroupStatus.PENDING:  # opened again: what was decided before no longer holds
            await tx.execute("UPDATE duplicate_members SET mark = '' WHERE group_id = ?", (known_id,))
            await tx.execute(
                "UPDATE duplicate_groups SET marked_bytes = 0, decided_at = NULL WHERE id = ?", (known_id,)
            )
    await tx.many(
        "INSERT INTO duplicate_members (group_id, file_id, position, distance, protected) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (group_id, file_id) DO UPDATE SET position = excluded.position, distance = excluded.distance, "
        "protected = excluded.protected",
        [
            (known_id, one.file_id, position, one.distance, storable(one.protected))
            for position, one in enumerate(draft.members)
        ],
    )
    return known_id


async def _drop_members(tx: Transaction, group_id: int, kept: set[int]) -> None:
    rows = await tx.rows("SELECT file_id FROM duplicate_members WHERE group_id = ?", (group_id,))
    await tx.many(
        "DELETE FROM duplicate_members WHERE group_id = ? AND file_id = ?",
        [(group_id, row[0]) for row in rows if row[0] not in kept],
    )


async def withdraw_unseen(tx: Transaction, *, scan: int, now: float) -> int:
    """Groups that wait for a decision and were not found by this scan any more; how many that were."""
    return await tx.execute(
        "UPDATE duplicate_groups SET status = 'withdrawn', updated_at = ? "
        "WHERE scan <> ? AND status IN ('pending', 'decided')",
        (now, scan),
    )


async def withdraw_lonely(tx: Transaction, *, now: float) -> int:
    """Groups that wait for a decision and of which fewer than two files are known any more."""
    return await tx.execute(
        "UPDATE duplicate_groups SET status = 'withdrawn', updated_at = ? WHERE status IN ('pending', 'decided') "
        "AND (SELECT count(*) FROM duplicate_members m JOIN library_files f ON f.id = m.file_id "
        "WHERE m.group_id = duplicate_groups.id) < 2",
        (now,),
    )
