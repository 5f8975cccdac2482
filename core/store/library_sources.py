"""How each source of files fared when it was read last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.store.database import Reader, Transaction
from core.store.statements import storable


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source of files as the last scan met it. Times are Unix seconds; `last_error` is empty after a good run."""

    source: str
    files: int
    last_ok_at: float | None
    last_error: str
    last_error_at: float | None


async def source_done(tx: Transaction, source: str, *, files_seen: int, error: str, now: float) -> None:
    """Note how a source fared."""
    await tx.execute(
        "INSERT INTO source_states (source, files, last_ok_at, last_error, last_error_at) VALUES (?1, ?2, ?3, ?4, ?5) "
        "ON CONFLICT (source) DO UPDATE SET files = CASE ?4 WHEN '' THEN ?2 ELSE files END, "
        "last_ok_at = coalesce(?3, last_ok_at), last_error = ?4, last_error_at = coalesce(?5, last_error_at)",
        (storable(source), files_seen, None if error else now, storable(error), now if error else None),
    )


async def keep_sources(tx: Transaction, names: Sequence[str]) -> None:
    """Forget the states of sources that are no longer configured."""
    marks = ", ".join("?" * len(names))
    await tx.execute(f"DELETE FROM source_states WHERE source NOT IN ({marks})", [storable(one) for one in names])


async def source_states(reader: Reader) -> list[SourceState]:
    """Every source as the last scan met it."""
    rows = await reader.rows(
        "SELECT source, files, last_ok_at, last_error, last_error_at FROM source_states ORDER BY source"
    )
    return [SourceState(*row) for row in rows]
