"""Single values that outlive a run, and the state of each stash-box as the last scan met it."""

from __future__ import annotations

from collections.abc import Iterable

from core.model.stash_boxes import EndpointState, StashBox
from core.store.database import Reader, Transaction


async def get(reader: Reader, name: str) -> str | None:
    """A remembered value."""
    value = await reader.value("SELECT value FROM facts WHERE name = ?", (name,))
    return None if value is None else str(value)


async def put(tx: Transaction, name: str, value: str) -> None:
    """Remember a value."""
    await tx.execute(
        "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


async def endpoints(reader: Reader) -> list[EndpointState]:
    """Every stash-box ever met, by URL."""
    rows = await reader.rows(
        "SELECT url, name, is_enabled, last_ok_at, last_error, last_error_at FROM endpoints ORDER BY url"
    )
    return [EndpointState(row[0], row[1], bool(row[2]), row[3], row[4] or "", row[5]) for row in rows]


async def set_endpoints(tx: Transaction, boxes: Iterable[StashBox], disabled: frozenset[str]) -> None:
    """Remember which stash-boxes Stash names now, and which of them are turned off; others are forgotten."""
    known = list(boxes)
    kept = [box.endpoint for box in known]
    marks = ", ".join("?" * len(kept))
    await tx.execute(f"DELETE FROM endpoints WHERE url NOT IN ({marks})", kept)
    await tx.many(
        "INSERT INTO endpoints (url, name, is_enabled) VALUES (?, ?, ?) "
        "ON CONFLICT (url) DO UPDATE SET name = excluded.name, is_enabled = excluded.is_enabled",
        [(box.endpoint, box.name, box.endpoint not in disabled) for box in known],
    )


async def endpoint_done(tx: Transaction, endpoint: str, *, error: str, now: float) -> None:
    """Remember how the last run at an endpoint ended; an empty error is a good run."""
    if error:
        await tx.execute("UPDATE endpoints SET last_error = ?, last_error_at = ? WHERE url = ?", (error, now, endpoint))
    else:
        await tx.execute("UPDATE endpoints SET last_error = NULL, last_ok_at = ? WHERE url = ?", (now, endpoint))
