"""What was decided in a group of duplicates: the marks of its members, and the status that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.groups import GroupStatus, Mark
from core.store.database import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Marks:
    """What is decided in a group: the mark of each marked member, and whether metadata is merged."""

    marks: Mapping[int, Mark]
    is_merging: bool


async def marks_of(reader: Reader, group_id: int) -> tuple[GroupStatus, Marks] | None:
    """What is decided in a group now; None when there is no such group."""
    head = await reader.one("SELECT status, is_merging FROM duplicate_groups WHERE id = ?", (group_id,))
    if head is None:
        return None
    rows = await reader.rows(
        "SELECT file_id, mark FROM duplicate_members WHERE group_id = ? AND mark <> ''", (group_id,)
    )
    return GroupStatus(head[0]), Marks({row[0]: Mark(row[1]) for row in rows}, bool(head[1]))


async def set_marks(tx: Transaction, group_id: int, marks: Marks, *, now: float) -> None:
    """Write what is decided in a group; a group without a mark is pending again, one with none left to go resolved."""
    await tx.execute("UPDATE duplicate_members SET mark = '' WHERE group_id = ?", (group_id,))
    await tx.many(
        "UPDATE duplicate_members SET mark = ? WHERE group_id = ? AND file_id = ?",
        [(mark, group_id, file_id) for file_id, mark in marks.marks.items() if mark is not Mark.NONE],
    )
    found = set(marks.marks.values()) - {Mark.NONE}
    status = GroupStatus.DECIDED if found else GroupStatus.PENDING
    if Mark.GONE in found and Mark.TRASH not in found:
        status = GroupStatus.RESOLVED
    await tx.execute(
        "UPDATE duplicate_groups SET status = ?1, is_merging = ?2, updated_at = ?3, "
        "decided_at = CASE ?1 WHEN 'pending' THEN NULL ELSE ?3 END, marked_bytes = (SELECT coalesce(sum(f.size), 0) "
        "FROM duplicate_members m JOIN library_files f ON f.id = m.file_id WHERE m.group_id = ?4 AND m.mark = 'trash') "
        "WHERE id = ?4",
        (status, marks.is_merging, now, group_id),
    )


async def set_mark(tx: Transaction, group_id: int, file_id: int, mark: Mark, *, now: float) -> None:
    """Change the mark of one member, as when it was removed or came back. Unknown groups are passed over."""
    found = await marks_of(tx, group_id)
    if found is not None:
        await set_marks(tx, group_id, Marks({**found[1].marks, file_id: mark}, found[1].is_merging), now=now)
