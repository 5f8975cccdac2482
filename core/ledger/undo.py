"""Takes effects back, newest first, each only where what is there is still what Winnow left there."""

from __future__ import annotations

from core.errors import LedgerError, UndoRefusedError, WinnowError
from core.finishing import to_its_end
from core.ledger.books import AWAY, Books
from core.ledger.effects import LocalEffect, OuterEffect
from core.ledger.report import BatchReport, OnProgress, Outcome, failed, succeeded
from core.ledger.settle import Settling
from core.store import journal
from core.store.journal_records import BatchState, EffectRecord, EffectState


class Undoing:
    """Undoes effects that are done."""

    def __init__(self, books: Books, settling: Settling, *, grace: float) -> None:
        self._books = books
        self._settling = settling
        self._grace = grace

    async def preview(self, batch_id: int) -> BatchReport:
        """What an undo of a batch would do, newest first, with the reason for whatever would be refused."""
        async with self._books.database.read() as reader:
            effects = await journal.of_batch(reader, batch_id, states=(EffectState.DONE,))
        report = BatchReport(batch_id)
        for effect in reversed(effects):
            try:
                handler = self._books.handler(effect.kind)
                if isinstance(handler, OuterEffect):
                    await handler.may_revert(effect.payload, effect.before or {}, effect.after or {})
            except AWAY as error:
                report.outcomes.append(failed(effect, str(error)))
                report.stopped_by = str(error)
                break
            except WinnowError as refusal:
                report.outcomes.append(failed(effect, str(refusal)))
            else:
                report.outcomes.append(succeeded(effect))
        return report

    async def run(self, batch_id: int, effects: list[EffectRecord], on_progress: OnProgress) -> BatchReport:
        """Take these effects of a batch back, in this order; a refused one does not stop the rest."""
        report = BatchReport(batch_id)
        try:
            for number, effect in enumerate(effects, 1):
                outcome, stop = await to_its_end(self._undo_one(effect), grace=self._grace)
                report.outcomes.append(outcome)
                await on_progress(number, len(effects))
                if stop:
                    report.stopped_by = outcome.words
                    break
        finally:
            await to_its_end(self._close(batch_id))
        return report

    async def _close(self, batch_id: int) -> None:
        """A batch of which nothing stands any more, and nothing is left to do, is undone."""
        standing = (EffectState.DONE, EffectState.UNDOING, EffectState.STARTED, EffectState.PLANNED)
        async with self._books.database.write() as tx:
            if not await journal.of_batch(tx, batch_id, states=standing):
                await journal.set_batch(tx, batch_id, BatchState.UNDONE, now=self._books.clock.now())

    async def give_up_the_rest(self, batch_id: int) -> None:
        """Of a batch that was taken back as a whole nothing is to be carried out any more."""
        async with self._books.database.write() as tx:
            if not await journal.of_batch(tx, batch_id, states=(EffectState.DONE, EffectState.UNDOING)):
                await journal.drop_planned(tx, batch_id, words="the batch was taken back", now=self._books.clock.now())
        await self._close(batch_id)

    async def _undo_one(self, effect: EffectRecord) -> tuple[Outcome, bool]:
        """One effect; whether the rest must stop here."""
        with self._books.in_hand(effect) as is_mine:
            if not is_mine:
                return failed(effect, "it is just being taken back"), False
            try:
                handler = self._books.handler(effect.kind)
            except LedgerError as error:
                return failed(effect, str(error)), False
            if isinstance(handler, LocalEffect):
                return await self._undo_local(effect, handler), False
            return await self._undo_outer(effect, handler)

    async def _undo_local(self, effect: EffectRecord, handler: LocalEffect) -> Outcome:
        try:
            async with self._books.database.write() as tx:
                if not await journal.start_undo(tx, effect.id, owner=self._books.owner.name):
                    return failed(effect, "it was taken back already")
                await self._books.refuse_undo_within_its_part(tx, effect)
                await handler.revert_local(tx, effect.payload, effect.before or {}, effect.after or {})
                await journal.end_undo(tx, effect.id, is_undone=True, words="", now=self._books.clock.now())
                await self._books.witness_undone(tx, effect.id)
        except UndoRefusedError as refusal:
            return failed(effect, str(refusal))
        return succeeded(effect)

    async def _undo_outer(self, effect: EffectRecord, handler: OuterEffect) -> tuple[Outcome, bool]:
        before, after = effect.before or {}, effect.after or {}
        try:
            async with self._books.database.read() as reader:
                await self._books.refuse_undo_within_its_part(reader, effect)
            await handler.may_revert(effect.payload, before, after)
        except WinnowError as error:
            return failed(effect, str(error)), isinstance(error, AWAY)
        async with self._books.database.write() as tx:
            if not await journal.start_undo(tx, effect.id, owner=self._books.owner.name):
                return failed(effect, "it was taken back already, or another Winnow is just doing so"), False
        self._books.step("undoing", effect)
        try:
            words = await handler.revert(effect.payload, before, after)
        except UndoRefusedError as refusal:
            return await self._books.not_undone(effect, str(refusal)), False
        except WinnowError as error:
            return await self._after_failure(effect, handler, error)
        except BaseException:  # cancelled: whoever comes next finishes it
            await self._books.release(effect)
            raise
        self._books.step("reverted", effect)
        return await self._books.undone(effect, words or ""), False

    async def _after_failure(
        self, effect: EffectRecord, handler: OuterEffect, error: WinnowError
    ) -> tuple[Outcome, bool]:
        try:
            words = await self._settling.why_undo_failed(effect, handler, error)
        except WinnowError as blind:
            await self._books.release(effect)
            words = f"{error}. Whether it was taken back cannot be seen now ({blind}); the next start finishes it."
            return failed(effect, words), True
        except BaseException:  # cancelled: whoever comes next finishes it
            await self._books.release(effect)
            raise
        if words:
            return await self._books.not_undone(effect, words), isinstance(error, AWAY)
        return await self._books.undone(effect), False
