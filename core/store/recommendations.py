"""Recommendations: one row a candidate of a scene at an endpoint, with its evidence as JSON beside it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from core.model.recommendations import (
    SCENE_FINGERPRINT_MATCH,
    Evidence,
    Reason,
    Recommendation,
    RecommendationFilter,
    Sort,
    Status,
)
from core.model.stash_boxes import Candidate
from core.store.database import Reader, Row, Transaction

_CHUNK: Final = 500  # values in one IN (...) list
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Detail:
    """What is stored as JSON. It holds all that a decision and a recomputation need to see."""

    candidate: Candidate
    evidence: Evidence
    reasons: tuple[Reason, ...]
    local_path: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A recommendation as a scan computes it. `id` None makes a new row."""

    id: int | None
    status: Status
    scene_id: int
    detail: Detail
    score: float
    group_score: float
    is_high_confidence: bool
    is_ambiguous: bool
    is_offered: bool
    local_title: str
    decided_at: float | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A row with its JSON still undecoded, for comparison with a draft."""

    id: int
    status: Status
    scene_id: int
    candidate_id: str
    score: float
    group_score: float
    is_high_confidence: bool
    is_ambiguous: bool
    is_offered: bool
    local_title: str
    decided_at: float | None
    detail: bytes


_decoder = msgspec.json.Decoder(Detail)
_encoder = msgspec.json.Encoder()

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


def encode(detail: Detail) -> bytes:
    """The JSON of a detail; equal details give equal bytes."""
    return _encoder.encode(detail)


def decode(raw: bytes) -> Detail:
    """The detail behind its JSON."""
    return _decoder.decode(raw)


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
        pattern = "%" + wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("local_title", "match_title", "studio", "performers")
        clauses.append("(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) + ")")
        values.extend([pattern] * len(columns))
    return " AND ".join(clauses), values


def _order(sort: Sort, *, is_reversed: bool) -> str:
    terms = _ORDERS[sort]
    if is_reversed:
        flip = {"ASC": "DESC", "DESC": "ASC"}
        head, direction = terms[0].rsplit(" ", 1)
        terms = (f"{head} {flip[direction]}", *terms[1:])
    return ", ".join(terms)


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
    sql = f"SELECT id FROM recommendations WHERE {where} ORDER BY {_order(sort, is_reversed=is_reversed)}"
    if limit is not None:
        sql += " LIMIT ?"
        values.append(limit)
    return array("q", (row[0] for row in await reader.rows(sql, values)))


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


async def of_scenes(reader: Reader, endpoint: str, scene_ids: Sequence[int]) -> dict[int, list[Stored]]:
    """All rows of these scenes at one endpoint, whatever their status, by scene."""
    found: dict[int, list[Stored]] = {}
    for chunk in chunks(scene_ids):
        sql = (
            "SELECT r.id, r.status, r.scene_id, r.candidate_id, r.score, r.group_score, r.is_high_confidence, "
            "r.is_ambiguous, r.is_offered, r.local_title, r.decided_at, d.detail "
            "FROM recommendations r JOIN recommendation_details d ON d.id = r.id "
            f"WHERE r.type = ? AND r.endpoint = ? AND r.scene_id IN ({', '.join('?' * len(chunk))}) ORDER BY r.id"
        )
        for row in await reader.rows(sql, [SCENE_FINGERPRINT_MATCH, endpoint, *chunk]):
            stored = Stored(
                row[0],
                Status(row[1]),
                row[2],
                row[3],
                row[4],
                row[5],
                bool(row[6]),
                bool(row[7]),
                bool(row[8]),
                row[9],
                row[10],
                bytes(row[11]),
            )
            found.setdefault(stored.scene_id, []).append(stored)
    return found


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


async def put(tx: Transaction, drafts: Sequence[Draft], *, now: float) -> None:
    """Write drafts: new rows for those without an id, else the row with that id is replaced."""
    fresh = [draft for draft in drafts if draft.id is None]
    known = [draft for draft in drafts if draft.id is not None]
    first = 1 + int(await tx.value("SELECT coalesce(max(id), 0) FROM recommendations"))
    await tx.many(
        "INSERT INTO recommendations (id, type, endpoint, scene_id, candidate_id, status, score, group_score, "
        "is_high_confidence, is_ambiguous, is_offered, local_title, match_title, studio, performers, date, "
        "created_at, updated_at, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row_id,
                SCENE_FINGERPRINT_MATCH,
                draft.detail.candidate.endpoint,
                draft.scene_id,
                draft.detail.candidate.id,
                *_values(draft),
                now,
                now,
                draft.decided_at,
            )
            for row_id, draft in enumerate(fresh, first)
        ],
    )
    await tx.many(
        "INSERT INTO recommendation_details (id, detail) VALUES (?, ?)",
        [(row_id, encode(draft.detail)) for row_id, draft in enumerate(fresh, first)],
    )
    await tx.many(
        "UPDATE recommendations SET status = ?, score = ?, group_score = ?, is_high_confidence = ?, "
        "is_ambiguous = ?, is_offered = ?, local_title = ?, match_title = ?, studio = ?, performers = ?, date = ?, "
        "updated_at = ?, decided_at = ? WHERE id = ?",
        [(*_values(draft), now, draft.decided_at, draft.id) for draft in known],
    )
    await tx.many(
        "UPDATE recommendation_details SET detail = ? WHERE id = ?",
        [(encode(draft.detail), draft.id) for draft in known],
    )


def _values(draft: Draft) -> tuple[object, ...]:
    candidate = draft.detail.candidate
    return (
        draft.status,
        draft.score,
        draft.group_score,
        draft.is_high_confidence,
        draft.is_ambiguous,
        draft.is_offered,
        draft.local_title,
        candidate.title,
        candidate.studio.name if candidate.studio else "",
        ", ".join(performer.name for performer in candidate.performers),
        candidate.date,
    )


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


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices short enough for one IN (...) list."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


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
