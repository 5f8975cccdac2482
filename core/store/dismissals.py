"""Candidates that a person turned down, for good or until the next scan."""

from __future__ import annotations

from collections.abc import Sequence

from core.model.recommendations import SCENE_FINGERPRINT_MATCH, Dismissal
from core.store.database import Reader, Row, Transaction
from core.store.statements import chunks

_SELECT = (
    "SELECT x.id, x.scene_id, x.endpoint, x.candidate_id, x.reason, x.until_next_scan, x.created_at, x.ended_at, "
    "coalesce(r.local_title, ''), coalesce(r.match_title, '') FROM dismissals x LEFT JOIN recommendations r "
    f"ON r.type = '{SCENE_FINGERPRINT_MATCH}' AND r.endpoint = x.endpoint AND r.scene_id = x.scene_id "
    "AND r.candidate_id = x.candidate_id "
)


def _dismissal(row: Row) -> Dismissal:
    return Dismissal(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6], row[7], row[8], row[9])


async def in_force(reader: Reader) -> list[Dismissal]:
    """Every dismissal that still counts, newest first."""
    return [_dismissal(row) for row in await reader.rows(_SELECT + "WHERE x.ended_at IS NULL ORDER BY x.id DESC")]


async def get(reader: Reader, dismissal_id: int) -> Dismissal | None:
    """One dismissal, in force or ended."""
    row = await reader.one(_SELECT + "WHERE x.id = ?", (dismissal_id,))
    return None if row is None else _dismissal(row)


async def pairs(reader: Reader, endpoint: str, scene_ids: Sequence[int]) -> set[tuple[int, str]]:
    """The (scene, candidate) pairs turned down at an endpoint, of these scenes."""
    found: set[tuple[int, str]] = set()
    for chunk in chunks(scene_ids):
        marks = ", ".join("?" * len(chunk))
        sql = (
            "SELECT scene_id, candidate_id FROM dismissals "
            f"WHERE ended_at IS NULL AND endpoint = ? AND scene_id IN ({marks})"
        )
        found.update((row[0], row[1]) for row in await reader.rows(sql, [endpoint, *chunk]))
    return found


async def add(
    tx: Transaction,
    *,
    scene_id: int,
    endpoint: str,
    candidate_id: str,
    reason: str,
    is_until_next_scan: bool,
    now: float,
) -> int:
    """Turn a candidate down; the id of the dismissal. One in force for the same pair is ended first."""
    await tx.execute(
        "UPDATE dismissals SET ended_at = ? WHERE scene_id = ? AND endpoint = ? AND candidate_id = ? "
        "AND ended_at IS NULL",
        (now, scene_id, endpoint, candidate_id),
    )
    return await tx.insert(
        "INSERT INTO dismissals (scene_id, endpoint, candidate_id, reason, until_next_scan, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (scene_id, endpoint, candidate_id, reason, is_until_next_scan, now),
    )


async def end(tx: Transaction, dismissal_id: int, *, now: float) -> bool:
    """End a dismissal; False when it was not in force."""
    return (
        await tx.execute("UPDATE dismissals SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (now, dismissal_id))
        > 0
    )


async def reopen(tx: Transaction, dismissal_id: int) -> None:
    """Put an ended dismissal in force again."""
    await tx.execute("UPDATE dismissals SET ended_at = NULL WHERE id = ?", (dismissal_id,))


async def end_temporary(tx: Transaction, endpoint: str, *, now: float) -> list[int]:
    """End every "until the next scan" of an endpoint; the scenes that are open again."""
    rows = await tx.rows(
        "SELECT DISTINCT scene_id FROM dismissals WHERE ended_at IS NULL AND until_next_scan AND endpoint = ?",
        (endpoint,),
    )
    await tx.execute(
        "UPDATE dismissals SET ended_at = ? WHERE ended_at IS NULL AND until_next_scan AND endpoint = ?",
        (now, endpoint),
    )
    return [row[0] for row in rows]
