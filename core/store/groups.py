"""Groups of duplicates as they are listed and shown, and where each stands."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.model.groups import Gate, GateCode, Group, GroupFilter, GroupKind, GroupMember, GroupSort, GroupStatus, Mark
from core.model.library_records import Media, RecordRef
from core.store import library
from core.store.database import Reader, Row, Transaction
from core.store.statements import chunks, containing, ids_in_order, storable, turned


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group as a list shows it: no members. `path` is the first member's."""

    id: int
    kind: GroupKind
    media: Media
    status: GroupStatus
    is_weak: bool
    keeper_id: int | None
    reason: str
    gate: str
    gate_words: str
    is_merging: bool
    files: int
    bytes: int
    reclaimable_bytes: int
    marked_bytes: int
    distance: int
    path: str


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """Sums over the groups of a filter. Bytes."""

    groups: int
    files: int
    reclaimable_bytes: int
    decided: int
    marked_bytes: int


_LINE: Final = (
    "id, kind, media, status, is_weak, keeper_id, reason, gate, gate_words, is_merging, files, bytes, "
    "reclaimable_bytes, marked_bytes, distance, path"
)
_ORDERS: Final[dict[GroupSort, tuple[str, ...]]] = {
    GroupSort.RECLAIMABLE: ("reclaimable_bytes DESC", "id ASC"),
    GroupSort.SIZE: ("bytes DESC", "id ASC"),
    GroupSort.FILES: ("files DESC", "reclaimable_bytes DESC", "id ASC"),
    GroupSort.KIND: ("kind ASC", "reclaimable_bytes DESC", "id ASC"),
    GroupSort.DISTANCE: ("distance ASC", "reclaimable_bytes DESC", "id ASC"),
    GroupSort.PATH: ("path COLLATE NOCASE ASC", "id ASC"),
    GroupSort.NEWEST: ("created_at DESC", "id DESC"),
}


def _line(row: Row) -> GroupLine:
    return GroupLine(
        row[0],
        GroupKind(row[1]),
        Media(row[2]),
        GroupStatus(row[3]),
        bool(row[4]),
        row[5],
        row[6],
        row[7],
        row[8],
        bool(row[9]),
        *row[10:],
    )


def _where(wanted: GroupFilter) -> tuple[str, list[object]]:
    clauses: list[str] = []
    values: list[object] = []

    def among(column: str, choices: Sequence[str]) -> None:
        clauses.append(f"{column} IN ({', '.join('?' * len(choices))})")
        values.extend(choices)

    if wanted.statuses:
        among("status", wanted.statuses)
    if wanted.kinds is not None:
        among("kind", wanted.kinds)
    for column, value in (("media", wanted.media), ("is_weak", wanted.is_weak)):
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if wanted.has_gate is not None:
        clauses.append("gate <> ''" if wanted.has_gate else "gate = ''")
    if wanted.is_decidable is not None:
        clauses.append("keeper_id IS NOT NULL" if wanted.is_decidable else "keeper_id IS NULL")
    if wanted.min_reclaimable_bytes:
        clauses.append("reclaimable_bytes >= ?")
        values.append(wanted.min_reclaimable_bytes)
    if wanted.text:
        clauses.append("searched LIKE ? ESCAPE '\\'")
        values.append(containing(storable(wanted.text).casefold()))
    return " AND ".join(clauses) or "1", values


async def ids(
    reader: Reader,
    wanted: GroupFilter,
    *,
    sort: GroupSort = GroupSort.RECLAIMABLE,
    is_reversed: bool = False,
    limit: int | None = None,
) -> array[int]:
    """The ids of all matching groups in order: 8 bytes a row."""
    where, values = _where(wanted)
    terms = turned(_ORDERS[sort]) if is_reversed else _ORDERS[sort]
    return await ids_in_order(reader, "duplicate_groups", where, values, terms, limit=limit)


async def totals(reader: Reader, wanted: GroupFilter) -> GroupTotals:
    """Sums over all matching groups."""
    where, values = _where(wanted)
    row = await reader.one(
        "SELECT count(*), coalesce(sum(files), 0), coalesce(sum(reclaimable_bytes), 0), "
        "coalesce(sum(status = 'decided'), 0), coalesce(sum(marked_bytes), 0) "
        f"FROM duplicate_groups WHERE {where}",
        values,
    )
    assert row is not None
    return GroupTotals(*row)


async def kind_counts(reader: Reader, wanted: GroupFilter) -> dict[GroupKind, int]:
    """How many matching groups there are of each kind; kinds without any are left out."""
    where, values = _where(wanted)
    rows = await reader.rows(f"SELECT kind, count(*) FROM duplicate_groups WHERE {where} GROUP BY kind", values)
    return {GroupKind(kind): number for kind, number in rows}


async def lines(reader: Reader, wanted: Sequence[int]) -> list[GroupLine]:
    """These groups as a list shows them, in this order; unknown ids are left out."""
    found: dict[int, GroupLine] = {}
    for chunk in chunks(wanted):
        marks = ", ".join("?" * len(chunk))
        for row in await reader.rows(f"SELECT {_LINE} FROM duplicate_groups WHERE id IN ({marks})", list(chunk)):
            found[row[0]] = _line(row)
    return [found[one] for one in wanted if one in found]


async def fetch(reader: Reader, wanted: Sequence[int]) -> list[Group]:
    """These groups whole, with their members' files and records, in this order; unknown ids are left out."""
    found: list[Group] = []
    for chunk in chunks(list(wanted)):
        found += await _fetch(reader, chunk)
    return found


async def _fetch(reader: Reader, wanted: Sequence[int]) -> list[Group]:
    heads = {line.id: line for line in await lines(reader, wanted)}
    marks = ", ".join("?" * len(wanted))
    rest = {
        row[0]: row[1:]
        for row in await reader.rows(
            "SELECT id, record_keeper_id, created_at, updated_at, decided_at FROM duplicate_groups "
            f"WHERE id IN ({marks})",
            list(wanted),
        )
    }
    rows = await reader.rows(
        "SELECT group_id, file_id, distance, mark, protected FROM duplicate_members "
        f"WHERE group_id IN ({marks}) ORDER BY group_id, position",
        list(wanted),
    )
    files = await library.files(reader, [row[1] for row in rows])
    known = await library.records(reader, (one.record for one in files.values() if one.record is not None))
    members: dict[int, list[GroupMember]] = {}
    for group_id, file_id, distance, mark, protected in rows:
        if file_id in files:
            members.setdefault(group_id, []).append(GroupMember(files[file_id], distance, Mark(mark), protected))
    found: list[Group] = []
    for group_id in wanted:
        if (head := heads.get(group_id)) is None:
            continue
        record_keeper_id, created_at, updated_at, decided_at = rest[group_id]
        mine = tuple(members.get(group_id, ()))
        found.append(
            Group(
                id=head.id,
                kind=head.kind,
                media=head.media,
                status=head.status,
                members=mine,
                keeper_id=head.keeper_id,
                reason=head.reason,
                record_keeper=None if record_keeper_id is None else RecordRef(head.media, record_keeper_id),
                gate=Gate(GateCode(head.gate), head.gate_words) if head.gate else None,
                is_weak=head.is_weak,
                is_merging=head.is_merging,
                reclaimable_bytes=head.reclaimable_bytes,
                created_at=created_at,
                updated_at=updated_at,
                decided_at=decided_at,
                records={one.file.record: known[one.file.record] for one in mine if one.file.record in known},
            )
        )
    return found


async def status(reader: Reader, group_id: int) -> GroupStatus | None:
    """Where a group stands; None when there is none."""
    found = await reader.value("SELECT status FROM duplicate_groups WHERE id = ?", (group_id,))
    return None if found is None else GroupStatus(found)


async def set_status(tx: Transaction, group_id: int, status: GroupStatus, *, now: float) -> None:
    """Move a group to a status."""
    await tx.execute(
        "UPDATE duplicate_groups SET status = ?, updated_at = ?, decided_at = ? WHERE id = ?",
        (status, now, None if status is GroupStatus.PENDING else now, group_id),
    )


async def of_status(reader: Reader, status: GroupStatus) -> list[int]:
    """The groups of one status."""
    return [row[0] for row in await reader.rows("SELECT id FROM duplicate_groups WHERE status = ?", (status,))]


async def member_ids(reader: Reader, group_id: int) -> list[int]:
    """The files of a group, the keeper first."""
    rows = await reader.rows("SELECT file_id FROM duplicate_members WHERE group_id = ? ORDER BY position", (group_id,))
    return [row[0] for row in rows]


async def with_file(reader: Reader, file_ids: Iterable[int]) -> set[int]:
    """The groups that hold one of these files."""
    found: set[int] = set()
    for chunk in chunks(list(file_ids)):
        marks = ", ".join("?" * len(chunk))
        rows = await reader.rows(f"SELECT group_id FROM duplicate_members WHERE file_id IN ({marks})", list(chunk))
        found.update(row[0] for row in rows)
    return found
