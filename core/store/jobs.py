"""Jobs: what runs, what ran, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from core.path_text import shown
from core.store.database import Reader, Row, Transaction


class JobState(StrEnum):
    """Where a job stands. INTERRUPTED: its process ended before it did; it can be resumed."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


RESUMABLE = (JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job as stored. Times are Unix seconds; `result` is what it reported at its end."""

    id: int
    kind: str
    title: str
    parameters: dict[str, Any]
    state: JobState
    request: str
    owner: str
    done: int
    total: int | None
    message: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    result: dict[str, Any] | None
    error: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a job's log. `level`: info, warning or error."""

    at: float
    level: str
    text: str


_COLUMNS = (
    "id, kind, title, parameters, state, request, owner, done, total, message, created_at, started_at, finished_at, "
    "result, error"
)


_decoder = msgspec.json.Decoder(dict[str, Any])


def _record(row: Row) -> JobRecord:
    return JobRecord(
        row[0], row[1], row[2], _decoder.decode(row[3]), JobState(row[4]), row[5], row[6], row[7], row[8], row[9],
        row[10], row[11], row[12], None if row[13] is None else _decoder.decode(row[13]), row[14] or "",
    )  # fmt: skip


async def get(reader: Reader, job_id: int) -> JobRecord | None:
    """One job."""
    row = await reader.one(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,))
    return None if row is None else _record(row)


async def newest(reader: Reader, *, kind: str | None = None, limit: int = 100) -> list[JobRecord]:
    """The newest jobs first."""
    rows = await reader.rows(
        f"SELECT {_COLUMNS} FROM jobs WHERE :kind IS NULL OR kind = :kind ORDER BY id DESC LIMIT :limit",
        {"kind": kind, "limit": limit},
    )
    return [_record(row) for row in rows]


async def last_finished(reader: Reader, kind: str) -> JobRecord | None:
    """The last job of a kind that came to its end."""
    row = await reader.one(
        f"SELECT {_COLUMNS} FROM jobs WHERE kind = ? AND state = ? ORDER BY id DESC LIMIT 1",
        (kind, JobState.DONE),
    )
    return None if row is None else _record(row)


async def open_jobs(reader: Reader) -> list[JobRecord]:
    """Jobs said to be running or paused, oldest first."""
    rows = await reader.rows(f"SELECT {_COLUMNS} FROM jobs WHERE state IN ('running', 'paused') ORDER BY id")
    return [_record(row) for row in rows]


async def add(tx: Transaction, *, kind: str, title: str, parameters: dict[str, Any], owner: str, now: float) -> int:
    """A new running job; its id."""
    return await tx.insert(
        "INSERT INTO jobs (kind, title, parameters, state, owner, created_at, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, title, msgspec.json.encode(parameters).decode(), JobState.RUNNING, owner, now, now),
    )


async def restart(tx: Transaction, job_id: int, *, owner: str) -> None:
    """Set an ended job running again, for this owner."""
    await tx.execute(
        "UPDATE jobs SET state = ?, request = '', owner = ?, finished_at = NULL, result = NULL, error = NULL "
        "WHERE id = ?",
        (JobState.RUNNING, owner, job_id),
    )


async def set_progress(tx: Transaction, job_id: int, *, done: int, total: int | None, message: str) -> None:
    """Remember how far a job is."""
    await tx.execute(
        "UPDATE jobs SET done = ?, total = ?, message = ? WHERE id = ?", (done, total, shown(message), job_id)
    )


async def set_state(tx: Transaction, job_id: int, state: JobState) -> None:
    """Move an open job between running and paused, or mark it interrupted; one that ended meanwhile stays ended."""
    await tx.execute("UPDATE jobs SET state = ? WHERE id = ? AND state IN ('running', 'paused')", (state, job_id))


async def finish(
    tx: Transaction, job_id: int, state: JobState, *, result: dict[str, Any] | None, error: str, now: float
) -> None:
    """Record the end of a job."""
    await tx.execute(
        "UPDATE jobs SET state = ?, request = '', finished_at = ?, result = ?, error = ? WHERE id = ?",
        (state, now, None if result is None else msgspec.json.encode(result).decode(), shown(error) or None, job_id),
    )


async def ask(tx: Transaction, job_id: int, request: str) -> bool:
    """Ask a running job to cancel, pause or go on ("cancel", "pause", ""); False when it does not run.

    A cancel stands, whatever is asked after it.
    """
    changed = await tx.execute(
        "UPDATE jobs SET request = CASE request WHEN 'cancel' THEN request ELSE ? END "
        "WHERE id = ? AND state IN ('running', 'paused')",
        (request, job_id),
    )
    return changed > 0


async def requested(reader: Reader, job_id: int) -> str:
    """What somebody asked of this job."""
    return str(await reader.value("SELECT request FROM jobs WHERE id = ?", (job_id,)) or "")


async def log(tx: Transaction, job_id: int, *, level: str, text: str, now: float) -> None:
    """Add a line to a job's log."""
    await tx.execute(
        "INSERT INTO job_log (job_id, at, level, text) VALUES (?, ?, ?, ?)", (job_id, now, level, shown(text))
    )


async def log_lines(reader: Reader, job_id: int, *, limit: int = 1000) -> list[LogLine]:
    """The last lines of a job's log, oldest first."""
    rows = await reader.rows(
        "SELECT at, level, text FROM job_log WHERE job_id = ? ORDER BY id DESC LIMIT ?", (job_id, limit)
    )
    return [LogLine(*row) for row in reversed(rows)]
