"""Plans: what was worked out to be removed. Nothing of a plan is done until it is applied, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from core.store.database import Reader, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredPlan(Generic[T]):
    """A plan as it was written down. `batch_id` is the batch that carried it out, None while nobody did."""

    id: int
    kind: str
    title: str
    created_at: float
    batch_id: int | None
    detail: T


async def add(tx: Transaction, *, kind: str, title: str, detail: object, now: float) -> int:
    """Write a plan down; its id."""
    return await tx.insert(
        "INSERT INTO plans (kind, title, created_at, detail) VALUES (?, ?, ?, ?)",
        (kind, title, now, msgspec.json.encode(detail)),
    )


async def get(reader: Reader, plan_id: int, shape: type[T]) -> StoredPlan[T] | None:
    """One plan, None when there is none."""
    row = await reader.one("SELECT id, kind, title, created_at, batch_id, detail FROM plans WHERE id = ?", (plan_id,))
    if row is None:
        return None
    return StoredPlan(row[0], row[1], row[2], row[3], row[4], msgspec.json.decode(row[5], type=shape))


async def set_batch(tx: Transaction, plan_id: int, batch_id: int) -> bool:
    """Note the batch that carries a plan out; False when another one does already."""
    changed = await tx.execute("UPDATE plans SET batch_id = ? WHERE id = ? AND batch_id IS NULL", (batch_id, plan_id))
    return changed > 0


async def forget_older(tx: Transaction, *, than: float) -> None:
    """Drop plans that were made before a moment (Unix seconds) and that nobody applied."""
    await tx.execute("DELETE FROM plans WHERE created_at < ? AND batch_id IS NULL", (than,))
