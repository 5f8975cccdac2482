"""The journal: batches of effects, each written down before it starts and after it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.store.database import Reader, Row, Transaction
from core.store.journal_records import BatchRecord, BatchState, EffectRecord, EffectState, NewEffect

_EFFECT = (
    "id, batch_id, kind, title, subject, payload, before, after, state, words, owner, started_at, ended_at, undone_at, "
    "part"
)


_decoder = msgspec.json.Decoder(dict[str, Any])


def _json(value: dict[str, Any] | None) -> bytes | None:
    return None if value is None else msgspec.json.encode(value)


def _effect(row: Row) -> EffectRecord:
    return EffectRecord(
        id=row[0],
        batch_id=row[1],
        kind=row[2],
        title=row[3],
        subject=row[4],
        payload=_decoder.decode(row[5]),
        before=None if row[6] is None else _decoder.decode(row[6]),
        after=None if row[7] is None else _decoder.decode(row[7]),
        state=EffectState(row[8]),
        words=row[9],
        owner=row[10],
        started_at=row[11],
        ended_at=row[12],
        undone_at=row[13],
        part=row[14],
    )


async def add_batch(
    tx: Transaction, *, kind: str, title: str, effects: Sequence[NewEffect], owner: str, now: float
) -> int:
    """Write a whole plan down as one open batch of planned effects; its id."""
    batch_id = await tx.insert(
        "INSERT INTO batches (kind, title, state, owner, created_at) VALUES (?, ?, ?, ?, ?)",
        (kind, title, BatchState.OPEN, owner, now),
    )
    await tx.many(
        "INSERT INTO effects (batch_id, kind, title, subject, payload, state, owner, part) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (batch_id, one.kind, one.title, one.subject, _json(one.payload), EffectState.PLANNED, owner, one.part)
            for one in effects
        ],
    )
    return batch_id


async def start(tx: Transaction, effect_id: int, *, before: dict[str, Any], owner: str, now: float) -> bool:
    """The write-ahead record: all that an undo needs, before anything is done; False when it is no longer planned."""
    changed = await tx.execute(
        "UPDATE effects SET state = ?, before = ?, owner = ?, started_at = ? WHERE id = ? AND state = ?",
        (EffectState.STARTED, _json(before), owner, now, effect_id, EffectState.PLANNED),
    )
    return changed > 0


async def end(
    tx: Transaction,
    effect_id: int,
    state: EffectState,
    *,
    after: dict[str, Any] | None = None,
    words: str = "",
    now: float,
) -> bool:
    """Record how an effect ended: done, refused, failed or dropped; False when its end was recorded before."""
    changed = await tx.execute(
        "UPDATE effects SET state = ?, after = ?, words = ?, ended_at = ? "
        "WHERE id = ? AND state IN ('planned', 'started')",
        (state, _json(after), words, now, effect_id),
    )
    return changed > 0


async def start_undo(tx: Transaction, effect_id: int, *, owner: str) -> bool:
    """Write down that an effect is about to be taken back; False when it is not (or no longer) done."""
    changed = await tx.execute(
        "UPDATE effects SET state = ?, owner = ?, words = '' WHERE id = ? AND state = ?",
        (EffectState.UNDOING, owner, effect_id, EffectState.DONE),
    )
    return changed > 0


async def take_over(tx: Transaction, effect: EffectRecord, *, owner: str) -> bool:
    """Become the owner of an open effect; False when another process did, or settled it, meanwhile."""
    changed = await tx.execute(
        "UPDATE effects SET owner = ? WHERE id = ? AND state = ? AND owner = ?",
        (owner, effect.id, effect.state, effect.owner),
    )
    return changed > 0


async def set_owner(tx: Transaction, effect_id: int, owner: str) -> None:
    """Hand an open effect over, or let go of it."""
    await tx.execute("UPDATE effects SET owner = ? WHERE id = ?", (owner, effect_id))


async def plan_again(tx: Transaction, effect_id: int) -> None:
    """Put an effect that was started, but not done, back to planned."""
    await tx.execute(
        "UPDATE effects SET state = ?, before = NULL, started_at = NULL WHERE id = ? AND state = ?",
        (EffectState.PLANNED, effect_id, EffectState.STARTED),
    )


async def drop_planned(tx: Transaction, batch_id: int, *, words: str, now: float) -> int:
    """Give up what a batch has not started; how many effects that were."""
    return await tx.execute(
        "UPDATE effects SET state = ?, words = ?, ended_at = ? WHERE batch_id = ? AND state = ?",
        (EffectState.DROPPED, words, now, batch_id, EffectState.PLANNED),
    )


async def drop_planned_elsewhere(tx: Transaction, batch_id: int, subjects: Sequence[int], *, now: float) -> None:
    """Let interrupted plans for these subjects give way to a newer batch.

    With the effect that decides a subject go those that only follow from it, whose payload names it.
    """
    if not subjects:
        return
    rows = await tx.rows(
        "SELECT e.id, e.subject, e.payload FROM effects e JOIN batches b ON b.id = e.batch_id "
        "WHERE b.state = ? AND b.id <> ? AND e.state = ?",
        (BatchState.INTERRUPTED, batch_id, EffectState.PLANNED),
    )
    wanted = set(subjects)
    words = f"planned again in batch {batch_id}"
    await tx.many(
        "UPDATE effects SET state = ?, words = ?, ended_at = ? WHERE id = ?",
        [
            (EffectState.DROPPED, words, now, row[0])
            for row in rows
            if row[1] in wanted or _decoder.decode(row[2]).get("recommendation_id") in wanted
        ],
    )


async def end_undo(tx: Transaction, effect_id: int, *, is_undone: bool, words: str, now: float) -> bool:
    """Record that an effect was taken back, or that it still stands; False when that was recorded before."""
    changed = await tx.execute(
        "UPDATE effects SET state = ?, words = ?, undone_at = ? WHERE id = ? AND state = ?",
        (
            EffectState.UNDONE if is_undone else EffectState.DONE,
            words,
            now if is_undone else None,
            effect_id,
            EffectState.UNDOING,
        ),
    )
    return changed > 0


async def set_batch(tx: Transaction, batch_id: int, state: BatchState, *, now: float | None) -> None:
    """Move a batch to a state; `now` is when it came to an end."""
    await tx.execute(
        "UPDATE batches SET state = ?, finished_at = coalesce(?, finished_at) WHERE id = ?", (state, now, batch_id)
    )


async def own_batch(tx: Transaction, batch_id: int, *, owner: str) -> None:
    """Take a batch over, to carry it out."""
    await tx.execute("UPDATE batches SET state = ?, owner = ? WHERE id = ?", (BatchState.OPEN, owner, batch_id))


async def close_batch(tx: Transaction, batch_id: int, *, owner: str, now: float) -> BatchState | None:
    """Close an open batch of that owner: interrupted where something in it is left to do, else done.

    None when it is not open, or somebody else took it over.
    """
    left = await of_batch(tx, batch_id, states=(EffectState.PLANNED, EffectState.STARTED))
    state = BatchState.INTERRUPTED if left else BatchState.DONE
    changed = await tx.execute(
        "UPDATE batches SET state = ?, finished_at = ? WHERE id = ? AND owner = ? AND state = ?",
        (state, now, batch_id, owner, BatchState.OPEN),
    )
    return state if changed else None


async def settle_batch(tx: Transaction, batch_id: int, *, now: float) -> None:
    """An interrupted batch in which nothing is left to do is done."""
    if not await of_batch(tx, batch_id, states=(EffectState.PLANNED, EffectState.STARTED)):
        await tx.execute(
            "UPDATE batches SET state = ?, finished_at = ? WHERE id = ? AND state = ?",
            (BatchState.DONE, now, batch_id, BatchState.INTERRUPTED),
        )


async def get(reader: Reader, effect_id: int) -> EffectRecord | None:
    """One effect."""
    row = await reader.one(f"SELECT {_EFFECT} FROM effects WHERE id = ?", (effect_id,))
    return None if row is None else _effect(row)


async def of_batch(
    reader: Reader, batch_id: int, *, states: Sequence[EffectState] = tuple(EffectState)
) -> list[EffectRecord]:
    """The effects of a batch in these states, in order."""
    marks = ", ".join("?" * len(states))
    rows = await reader.rows(
        f"SELECT {_EFFECT} FROM effects WHERE batch_id = ? AND state IN ({marks}) ORDER BY id",
        [batch_id, *states],
    )
    return [_effect(row) for row in rows]


async def of_part(reader: Reader, batch_id: int, part: str) -> list[EffectRecord]:
    """The effects of one part of a batch, in order."""
    rows = await reader.rows(
        f"SELECT {_EFFECT} FROM effects WHERE batch_id = ? AND part = ? ORDER BY id", (batch_id, part)
    )
    return [_effect(row) for row in rows]


async def unsettled(reader: Reader) -> list[EffectRecord]:
    """Every effect that was started, or whose undo was, and that nobody recorded the end of."""
    rows = await reader.rows(f"SELECT {_EFFECT} FROM effects WHERE state IN ('started', 'undoing') ORDER BY id")
    return [_effect(row) for row in rows]


async def open_batches(reader: Reader) -> list[BatchRecord]:
    """Batches whose end was not recorded, oldest first."""
    return await _batches(reader, "WHERE state = 'open' ORDER BY id", ())


async def interrupted(reader: Reader, kind: str) -> list[BatchRecord]:
    """Batches of this kind that were cut short, oldest first."""
    return await _batches(reader, "WHERE state = 'interrupted' AND kind = ? ORDER BY id", (kind,))


async def batch(reader: Reader, batch_id: int) -> BatchRecord | None:
    """One batch."""
    found = await _batches(reader, "WHERE id = ?", (batch_id,))
    return found[0] if found else None


async def newest(reader: Reader, *, limit: int = 100) -> list[BatchRecord]:
    """The newest batches first."""
    return await _batches(reader, "ORDER BY id DESC LIMIT ?", (limit,))


_EMPTIED: Final = "SELECT effect_id FROM trash WHERE ended_how = 'emptied'"


async def last_undoable(reader: Reader, *, without: Sequence[str] = ()) -> BatchRecord | None:
    """The newest batch that still holds a done effect, of another kind than those that cannot be taken back.

    What went with a file whose bytes were emptied out of the trash since cannot be taken back either.
    """
    marks = ", ".join("?" * len(without))
    found = await _batches(
        reader,
        "WHERE id = (SELECT batch_id FROM effects "
        f"WHERE state = 'done' AND kind NOT IN ({marks}) AND id NOT IN ({_EMPTIED}) AND (batch_id, part) NOT IN "
        f"(SELECT batch_id, part FROM effects WHERE part <> '' AND id IN ({_EMPTIED})) "
        "ORDER BY batch_id DESC LIMIT 1)",
        tuple(without),
    )
    return found[0] if found else None


async def _batches(reader: Reader, rest: str, parameters: tuple[Any, ...]) -> list[BatchRecord]:
    rows = await reader.rows(
        f"SELECT id, kind, title, state, owner, created_at, finished_at FROM batches {rest}",
        parameters,
    )
    found: list[BatchRecord] = []
    for row in rows:
        counts = await reader.rows("SELECT state, count(*) FROM effects WHERE batch_id = ? GROUP BY state", (row[0],))
        found.append(
            BatchRecord(
                row[0],
                row[1],
                row[2],
                BatchState(row[3]),
                row[4],
                row[5],
                row[6],
                {EffectState(state): number for state, number in counts},
            )
        )
    return found
