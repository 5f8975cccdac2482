"""Settles what a sudden end, or a server that went away, left open: by looking at what is really there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, TypeVar

from core.errors import UndoRefusedError, UnreachableError, WinnowError
from core.ledger.books import AWAY, Books
from core.ledger.effects import OuterEffect
from core.store import journal
from core.store.journal_records import BatchState, EffectRecord, EffectState

T = TypeVar("T")

LOOK_SECONDS: Final = 15.0
"""How long one look at a server may take: a start must not hang on a server that does not answer."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an open effect: the state it is in now, None where that cannot be seen; and in words."""

    effect: EffectRecord
    state: EffectState | None
    words: str


class Settling:
    """Settles open effects that nobody is at work on."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def settle(self, batch_id: int | None = None) -> list[Settled]:
        """Settle every abandoned effect, or those of one batch.

        What cannot be seen now stays open for the next time; a server that is away is asked once only.
        """
        async with self._books.database.read() as reader:
            found = [one for one in await journal.unsettled(reader) if batch_id in (None, one.batch_id)]
        settled: list[Settled] = []
        away: dict[str, WinnowError] = {}
        for effect in found:
            if not self._books.is_abandoned(effect):
                continue
            with self._books.in_hand(effect) as is_mine:
                if is_mine and await self._take_over(effect):
                    settled.append(await self._settle_one(effect, away))
        return settled

    async def _take_over(self, effect: EffectRecord) -> bool:
        async with self._books.database.write() as tx:
            return await journal.take_over(tx, effect, owner=self._books.owner.name)

    async def _settle_one(self, effect: EffectRecord, away: dict[str, WinnowError]) -> Settled:
        title = effect.title
        try:
            if effect.kind in away:
                raise away[effect.kind]
            handler = self._books.outer(effect.kind)
            if effect.state is EffectState.UNDOING:
                return await self._finish_undo(effect, handler)
            found = await _soon(handler.settle(effect.payload, effect.before or {}))
        except WinnowError as error:
            await self._books.release(effect)
            if isinstance(error, AWAY):
                away[effect.kind] = error
            return Settled(effect, None, f"{title}: was cut short, and what became of it cannot be seen now ({error})")
        except BaseException:  # cancelled: whoever comes next settles it
            await self._books.release(effect)
            raise
        if found is not None:
            await self._books.done(effect, found)
            words = f"{title}: was cut short after it was done; it is recorded now"
            await self._settle_batch(effect)
            return Settled(effect, EffectState.DONE, words)
        async with self._books.database.write() as tx:
            await journal.plan_again(tx, effect.id)
        words = f"{title}: was cut short before it was done; nothing was changed"
        return Settled(effect, EffectState.PLANNED, words)

    async def _settle_batch(self, effect: EffectRecord) -> None:
        async with self._books.database.write() as tx:
            await journal.settle_batch(tx, effect.batch_id, now=self._books.clock.now())

    async def _finish_undo(self, effect: EffectRecord, handler: OuterEffect) -> Settled:
        """Once begun, an undo is finished. Raises WinnowError when it cannot be seen whether it is."""
        note: str | None = ""
        try:
            note = await _soon(handler.revert(effect.payload, effect.before or {}, effect.after or {}))
        except UndoRefusedError as refusal:
            words = str(refusal)
        except AWAY:
            raise
        except WinnowError as error:
            words = await self.why_undo_failed(effect, handler, error)
        else:
            words = ""
        if words:
            await self._books.not_undone(effect, words)
            return Settled(
                effect, EffectState.DONE, f"{effect.title}: the undo that was cut short cannot be finished ({words})"
            )
        await self._books.undone(effect, note or "")
        how = f" ({note})" if note else ""
        return Settled(effect, EffectState.UNDONE, f"{effect.title}: the undo that was cut short is finished{how}")

    async def why_undo_failed(self, effect: EffectRecord, handler: OuterEffect, error: WinnowError) -> str:
        """After an error in the middle of an undo: look what is there. Why it still stands; empty: it is undone.

        Raises WinnowError when that cannot be seen.
        """
        before, after = effect.before or {}, effect.after or {}
        try:
            await _soon(handler.may_revert(effect.payload, before, after))
        except UndoRefusedError:
            pass  # what Winnow wrote is gone: by this undo, or by somebody else
        else:
            return str(error)
        try:
            await _soon(handler.revert(effect.payload, before, after))
        except UndoRefusedError as refusal:
            return str(refusal)
        return ""

    async def close_batches_of_the_dead(self) -> list[str]:
        """Close the batches whose process is gone; what is left to do in them, in words."""
        words: list[str] = []
        async with self._books.database.read() as reader:
            found = [one for one in await journal.open_batches(reader) if not self._books.owner.is_alive(one.owner)]
        for batch in found:
            async with self._books.database.write() as tx:
                state = await journal.close_batch(tx, batch.id, owner=batch.owner, now=self._books.clock.now())
                left = await journal.of_batch(tx, batch.id, states=(EffectState.PLANNED,))
            if state is BatchState.INTERRUPTED and left:
                words.append(
                    f"batch {batch.id} ({batch.title}) was cut short: {len(left)} of {sum(batch.counts.values())} "
                    "were not started and wait as before"
                )
        return words


async def _soon(look: Awaitable[T]) -> T:
    """Raises UnreachableError when a server takes longer than LOOK_SECONDS."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await look
    except TimeoutError:
        raise UnreachableError(f"no answer within {LOOK_SECONDS:.0f} seconds") from None
