"""Recommendations as a scan computes, compares and writes them: a row, with its evidence as JSON beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.model.recommendations import SCENE_FINGERPRINT_MATCH, Evidence, Reason, Status
from core.model.stash_boxes import Candidate
from core.store.database import Reader, Transaction
from core.store.statements import chunks


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


def encode(detail: Detail) -> bytes:
    """The JSON of a detail; equal details give equal bytes."""
    return _encoder.encode(detail)


def decode(raw: bytes) -> Detail:
    """The detail behind its JSON."""
    return _decoder.decode(raw)


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
