"""Recommendations as they are listed, shown and decided: one row a candidate of a scene at an endpoint."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from core.model.recommendations import SCENE_FINGERPRINT_MATCH, Recommendation, RecommendationFilter, Sort, Status
from core.store.database import Reader, Row, Transaction
from core.store.recommendation_drafts import decode
from core.store.statements import chunks, containing, ids_in_order, turned

_COLUMNS: Final = (
    "r.id, r.status, r.scene_id, r.score, r.is_high_confidence, r.is_ambiguous, r.local_title, "
    "r.created_at, r.updated_at, r.decided_at, d.detail"
)

_ORDERS: Final[dict[Sort, tuple[str, ...]]] = {
    Sort.SCORE: ("group_score DESC", "scene_id ASC", "endpoint ASC", "score DESC", "id ASC"),
    Sort.TITLE: ("local_title COLLATE NOCASE ASC", "scene_id ASC", "endpoint ASC", "score DESC", "id ASC"),
    Sort.MATCH: ("match_title COLLATE NOCASE ASC", "id ASC"),
    Sort.STUDIO: ("studio COLLATE NOCASE ASC", "group_score DESC", "scene_id ASC", "id ASC"),
    Sort.DATE: ("date DESC", "id ASC"),
    Sort.ENDPOINT: ("endpoint ASC", "group_score DESC", "scene_id ASC", "score DESC", "id ASC"),
    Sort.NEWEST: ("created_at DESC", "id DESC"),
}


def _where(wanted: RecommendationFilter) -> tuple[str, list[object]]:
    clauses = ["type = ?"]
    values: list[object] = [SCENE_FINGERPRINT_MATCH]
    if wanted.statuses:
        clauses.append(f"status IN ({', '.join('?' * len(wanted.statuses))})")
        values.extend(wanted.statuses)
    for column, value in (
        ("endpoint", wanted.endpoint),
        ("is_high_confidence", wanted.is_high_confidence),
        ("is_ambiguous", wanted.is_ambiguous),
        ("scene_id", wanted.scene_id),
    ):
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if wanted.text:
        columns = ("local_title", "match_title", "studio", "performers")
        clauses.append("(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) + ")")
        values.extend([containing(wanted.text)] * len(columns))
    return " AND ".join(clauses), values


async def ids(
    reader: Reader,
    wanted: RecommendationFilter,
    *,
    sort: Sort = Sort.SCORE,
    is_reversed: bool = False,
    limit: int | None = None,
) -> array[int]:
    """The ids of all matching rows in order: 8 bytes a row."""
    where, values = _where(wanted)
    terms = turned(_ORDERS[sort]) if is_reversed else _ORDERS[sort]
    return await ids_in_order(reader, "recommendations", where, values, terms, limit=limit)


async def count(reader: Reader, wanted: RecommendationFilter) -> int:
    """How many rows match."""
    where, values = _where(wanted)
    return int(await reader.value(f"SELECT count(*) FROM recommendations WHERE {where}", values))


async def fetch(reader: Reader, wanted: Sequence[int]) -> list[Recommendation]:
    """The recommendations with these ids, in the order of the ids; unknown ids are left out."""
    found: dict[int, Recommendation] = {}
    for chunk in chunks(wanted):
        sql = (
            f"SELECT {_COLUMNS} FROM recommendations r JOIN recommendation_details d ON d.id = r.id "
            f"WHERE r.id IN ({', '.join('?' * len(chunk))})"
        )
        for row in await reader.rows(sql, list(chunk)):
            found[row[0]] = _recommendation(row)
    return [found[key] for key in wanted if key in found]


def _recommendation(row: Row) -> Recommendation:
    detail = decode(row[10])
    return Recommendation(
        id=row[0],
        status=Status(row[1]),
        scene_id=row[2],
        candidate=detail.candidate,
        evidence=detail.evidence,
        score=row[3],
        is_high_confidence=bool(row[4]),
        is_ambiguous=bool(row[5]),
        reasons=detail.reasons,
        local_title=row[6],
        local_path=detail.local_path,
        created_at=row[7],
        updated_at=row[8],
        decided_at=row[9],
    )


async def scenes_with_rows(
    reader: Reader, *, after: tuple[int, str] = (0, ""), limit: int = 500
) -> list[tuple[int, str]]:
    """Pairs (scene id, endpoint) that hold rows, in that order, after such a pair."""
    rows = await reader.rows(
        "SELECT DISTINCT scene_id, endpoint FROM recommendations INDEXED BY recommendations_by_scene "
        "WHERE (scene_id, endpoint) > (?, ?) AND type = ? ORDER BY scene_id, endpoint LIMIT ?",
        (*after, SCENE_FINGERPRINT_MATCH, limit),
    )
    return [(row[0], row[1]) for row in rows]


async def scenes_at(reader: Reader, endpoint: str, *, after: int = 0, limit: int = 500) -> list[int]:
    """Scenes that hold rows at an endpoint, by rising id, after a scene id."""
    rows = await reader.rows(
        "SELECT DISTINCT scene_id FROM recommendations WHERE type = ? AND endpoint = ? AND scene_id > ? "
        "ORDER BY scene_id LIMIT ?",
        (SCENE_FINGERPRINT_MATCH, endpoint, after, limit),
    )
    return [row[0] for row in rows]


async def scenes_among(reader: Reader, scene_ids: Sequence[int]) -> set[int]:
    """Which of these scenes hold rows at some endpoint."""
    found: set[int] = set()
    for chunk in chunks(scene_ids):
        sql = f"SELECT DISTINCT scene_id FROM recommendations WHERE scene_id IN ({', '.join('?' * len(chunk))})"
        found.update(row[0] for row in await reader.rows(sql, list(chunk)))
    return found


async def set_status(tx: Transaction, row_id: int, status: Status, *, now: float, decided_at: float | None) -> None:
    """Move one row to a status."""
    await tx.execute(
        "UPDATE recommendations SET status = ?, updated_at = ?, decided_at = ? WHERE id = ?",
        (status, now, decided_at, row_id),
    )


async def pending_counts(reader: Reader) -> tuple[int, int, int]:
    """How many are pending, of these high confidence, of these ambiguous."""
    row = await reader.one(
        "SELECT count(*), coalesce(sum(is_high_confidence), 0), coalesce(sum(is_ambiguous), 0) "
        "FROM recommendations WHERE type = ? AND status = ?",
        (SCENE_FINGERPRINT_MATCH, Status.PENDING),
    )
    return (0, 0, 0) if row is None else (row[0], row[1], row[2])


async def endpoints(reader: Reader) -> list[str]:
    """Every endpoint that has recommendations."""
    return [row[0] for row in await reader.rows("SELECT DISTINCT endpoint FROM recommendations ORDER BY endpoint")]


async def withdraw_all(tx: Transaction, endpoint: str, *, now: float) -> int:
    """Withdraw what is pending at an endpoint that is asked no more; how many that were.

    Nothing there counts as offered any longer, so that no later recomputation brings it back.
    """
    await tx.execute("UPDATE recommendations SET is_offered = 0 WHERE endpoint = ? AND is_offered", (endpoint,))
    return await tx.execute(
        "UPDATE recommendations SET status = ?, is_high_confidence = 0, is_ambiguous = 0, updated_at = ? "
        "WHERE endpoint = ? AND status = ?",
        (Status.WITHDRAWN, now, endpoint, Status.PENDING),
    )


async def decide_rivals(
    tx: Transaction, *, scene_id: int, endpoint: str, before: Status, after: Status, now: float
) -> None:
    """Move the other rows of a scene at an endpoint from one status to another."""
    await tx.execute(
        "UPDATE recommendations SET status = ?, is_high_confidence = 0, updated_at = ? "
        "WHERE scene_id = ? AND endpoint = ? AND status = ?",
        (after, now, scene_id, endpoint, before),
    )
