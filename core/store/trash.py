"""What lies in the trash: kept in step with the effects that put it there, took it out, or deleted it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import msgspec

from core.model.library_files import FileIdentity
from core.store.database import Reader, Row, Transaction

_LOOKED_AT = 20  # of the newest batches
_SELECT = "SELECT id, effect_id, path, place, size, detail, trashed_at, ended_at, ended_how FROM trash "


@dataclass(frozen=True, slots=True)
class Trashed:
    """A file in the trash. `path` is where it was, `place` where it is; times are Unix seconds.

    `ended_how`: "restored" or "emptied", empty while it lies there. `is_system`: in the system's own trash.
    """

    id: int
    effect_id: int
    path: str
    place: str
    size: int
    identity: FileIdentity
    is_system: bool
    trashed_at: float
    ended_at: float | None
    ended_how: str


@dataclass(frozen=True, slots=True)
class _Detail:
    identity: FileIdentity
    is_system: bool


def _trashed(row: Row) -> Trashed:
    detail = msgspec.json.decode(row[5], type=_Detail)
    return Trashed(
        row[0], row[1], os.fsdecode(row[2]), os.fsdecode(row[3]), row[4], detail.identity, detail.is_system, *row[6:]
    )


async def held(reader: Reader, *, before: float | None = None) -> list[Trashed]:
    """What lies there, newest first; or only what was put there before a moment."""
    rows = await reader.rows(
        _SELECT + "WHERE ended_at IS NULL AND (?1 IS NULL OR trashed_at < ?1) ORDER BY id DESC", (before,)
    )
    return [_trashed(row) for row in rows]


async def get(reader: Reader, trash_id: int) -> Trashed | None:
    """One file, also one that no longer lies there."""
    row = await reader.one(_SELECT + "WHERE id = ?", (trash_id,))
    return None if row is None else _trashed(row)


async def add(
    tx: Transaction,
    *,
    effect_id: int,
    path: str,
    place: str,
    identity: FileIdentity,
    is_system: bool,
    now: float,
) -> None:
    """Note a file that was put there.

    It is never dated before what was written down earlier: a clock that is behind for a while, as on a board without a
    battery, must not make it look old enough to be deleted.
    """
    known = await tx.value(
        "SELECT max(at) FROM (SELECT trashed_at AS at FROM (SELECT trashed_at FROM trash ORDER BY id DESC LIMIT 1) "
        f"UNION ALL SELECT created_at FROM (SELECT created_at FROM batches ORDER BY id DESC LIMIT {_LOOKED_AT}))"
    )
    await tx.execute(
        "INSERT INTO trash (effect_id, path, place, size, detail, trashed_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (effect_id) DO UPDATE SET place = excluded.place, ended_at = NULL, ended_how = ''",
        (
            effect_id,
            os.fsencode(path),
            os.fsencode(place),
            identity.size,
            msgspec.json.encode(_Detail(identity, is_system)),
            max(now, known or now),
        ),
    )


async def end(
    tx: Transaction, *, effect_id: int | None = None, trash_id: int | None = None, how: str, now: float
) -> None:
    """Note that a file no longer lies there."""
    await tx.execute(
        "UPDATE trash SET ended_at = ?, ended_how = ? WHERE (effect_id = ? OR id = ?) AND ended_at IS NULL",
        (now, how, effect_id, trash_id),
    )
