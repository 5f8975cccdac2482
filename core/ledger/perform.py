"""Does one planned effect, or a run of local ones: each step is written down before the next is taken."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from core.errors import EffectConflictError, EffectRefusedError, WinnowError
from core.ledger.books import AWAY, Books
from core.ledger.effects import Image, LocalEffect, OuterEffect
from core.ledger.report import Outcome, failed, succeeded
from core.store import journal
from core.store.database import Transaction
from core.store.journal_records import EffectRecord, EffectState

_LOOKS: Final = 3  # how often an effect is checked anew when somebody else is just writing, too
_GIVEN_UP: Final = "another Winnow took it up, or it was given up meanwhile"


class Performing:
    """Takes effects from planned to their end."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def locally(self, effects: list[EffectRecord]) -> list[Outcome]:
        """Local effects of one kind, all in one transaction."""
        async with self._books.database.write() as tx:
            now = self._books.clock.now()
            return [await self._one_local(tx, effect, now) for effect in effects]

    async def _one_local(self, tx: Transaction, effect: EffectRecord, now: float) -> Outcome:
        handler = self._books.handler(effect.kind)
        assert isinstance(handler, LocalEffect)
        current = await journal.get(tx, effect.id)
        if current is None or current.state is not EffectState.PLANNED:
            return failed(effect, _GIVEN_UP)
        try:
            await self._books.refuse_without_its_part(tx, effect)
            before, after = await handler.perform_local(tx, effect.payload)
        except EffectRefusedError as refusal:
            await journal.end(tx, effect.id, EffectState.REFUSED, words=str(refusal), now=now)
            return failed(effect, str(refusal))
        await journal.start(tx, effect.id, before=before, owner=self._books.owner.name, now=now)
        await journal.end(tx, effect.id, EffectState.DONE, after=after, now=now)
        await self._books.witness_done(tx, effect.id)
        return succeeded(effect)

    async def outer(self, effect: EffectRecord) -> tuple[Outcome, bool]:
        """One outer effect from planned to its end; whether the batch must stop here."""
        with self._books.in_hand(effect) as is_mine:
            if not is_mine:
                return failed(effect, _GIVEN_UP), False
            for _ in range(_LOOKS - 1):
                with suppress(EffectConflictError):
                    return await self._look_and_perform(effect)
                await self._plan_again(effect)
            try:
                return await self._look_and_perform(effect)
            except EffectConflictError as refusal:
                return await self._books.not_done(effect, EffectState.REFUSED, str(refusal)), False

    async def _look_and_perform(self, effect: EffectRecord) -> tuple[Outcome, bool]:
        """Raises EffectConflictError, and leaves the effect started, when somebody else was quicker."""
        handler = self._books.outer(effect.kind)
        try:
            async with self._books.database.read() as reader:
                await self._books.refuse_without_its_part(reader, effect)
            before = await handler.inspect(effect.payload)
        except EffectRefusedError as refusal:
            return await self._books.not_done(effect, EffectState.REFUSED, str(refusal)), False
        except AWAY as error:
            return failed(effect, str(error)), True  # stays planned
        except WinnowError as error:
            return await self._books.not_done(effect, EffectState.FAILED, str(error)), False
        async with self._books.database.write() as tx:
            if not await journal.start(
                tx, effect.id, before=before, owner=self._books.owner.name, now=self._books.clock.now()
            ):
                return failed(effect, _GIVEN_UP), False
        self._books.step("started", effect)
        return await self._perform(effect, handler, before)

    async def _perform(self, effect: EffectRecord, handler: OuterEffect, before: Image) -> tuple[Outcome, bool]:
        try:
            after = await handler.perform(effect.payload, before)
        except EffectConflictError:
            raise
        except EffectRefusedError as refusal:
            return await self._books.not_done(effect, EffectState.REFUSED, str(refusal)), False
        except WinnowError as error:
            return await self._after_failure(effect, handler, before, error)
        except BaseException:  # cancelled: whoever comes next looks what became of it
            await self._books.release(effect)
            raise
        self._books.step("performed", effect)
        return await self._books.done(effect, after), False

    async def _plan_again(self, effect: EffectRecord) -> None:
        async with self._books.database.write() as tx:
            await journal.plan_again(tx, effect.id)

    async def _after_failure(
        self, effect: EffectRecord, handler: OuterEffect, before: Image, error: WinnowError
    ) -> tuple[Outcome, bool]:
        """The write failed in some way: look what is really there before saying so."""
        try:
            after = await handler.settle(effect.payload, before)
        except WinnowError as blind:
            await self._books.release(effect)
            words = f"{error}. Whether it was done cannot be seen now ({blind}); the next start looks again."
            return failed(effect, words), True
        except BaseException:  # cancelled: whoever comes next looks what became of it
            await self._books.release(effect)
            raise
        if after is not None:
            return await self._books.done(effect, after), False
        if isinstance(error, AWAY):  # nothing was done, and the next one would fare no better
            await self._plan_again(effect)
            return failed(effect, str(error)), True
        return await self._books.not_done(effect, EffectState.FAILED, str(error)), False
