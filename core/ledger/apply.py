"""Carries plans out and takes them back, one effect at a time, so that a `kill -9` at any instant loses nothing.

    plan written -> (inspect -> "started" written -> perform -> "done" written) per effect -> batch closed

An effect found "started" or "undoing" by the next start is settled by looking at what is really there. Several
Winnows, and several batches in one, may be at work at once: every step in the journal is taken by one of them only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.clock import Clock
from core.errors import LedgerError, UndoRefusedError
from core.finishing import to_its_end
from core.ledger.books import Books, Step
from core.ledger.effects import LocalEffect, OuterEffect, Witness
from core.ledger.perform import Performing
from core.ledger.report import BatchReport, OnProgress, failed, nobody, succeeded
from core.ledger.settle import Settling
from core.ledger.undo import Undoing
from core.store import journal
from core.store.database import Database
from core.store.journal_records import BatchRecord, BatchState, EffectRecord, EffectState, NewEffect
from core.store.owner import Owner

CANCEL_GRACE_SECONDS: Final = 0.4
"""How long a cancelled batch waits for the effect that is just under way: a job must stop within a second."""
_LOCAL_CHUNK: Final = 100  # local effects in one transaction


class Ledger:
    """Applies and undoes. `handlers` by kind of effect; `witnesses` likewise, where somebody keeps own records."""

    def __init__(
        self,
        database: Database,
        owner: Owner,
        clock: Clock,
        *,
        handlers: Mapping[str, OuterEffect | LocalEffect],
        witnesses: Mapping[str, Witness],
        on_step: Step | None = None,
    ) -> None:
        self._database = database
        self._owner = owner
        self._clock = clock
        self._books = Books(database, owner, clock, handlers=handlers, witnesses=witnesses, on_step=on_step)
        self._performing = Performing(self._books)
        self._settling = Settling(self._books)
        self._undoing = Undoing(self._books, self._settling, grace=CANCEL_GRACE_SECONDS)
        self._applying: set[int] = set()

    async def submit(self, kind: str, title: str, effects: Sequence[NewEffect]) -> int:
        """Write a plan down as a batch; nothing is done yet. Gives the batch's id.

        An older plan for the same subjects that was cut short before their turn gives way to this one.
        """
        for one in effects:
            self._books.handler(one.kind)
        now = self._clock.now()
        async with self._database.write() as tx:
            batch_id = await journal.add_batch(
                tx, kind=kind, title=title, effects=effects, owner=self._owner.name, now=now
            )
            subjects = [one.subject for one in effects if one.subject is not None]
            await journal.drop_planned_elsewhere(tx, batch_id, subjects, now=now)
        return batch_id

    async def give_up(self, batch_id: int, why: str) -> None:
        """Drop what a batch of this process has not started."""
        now = self._clock.now()
        async with self._database.write() as tx:
            await journal.drop_planned(tx, batch_id, words=why, now=now)
            await journal.close_batch(tx, batch_id, owner=self._owner.name, now=now)

    async def give_up_interrupted(self, kind: str, why: str) -> None:
        """Drop what batches of this kind that were cut short have not started: it is planned anew."""
        now = self._clock.now()
        async with self._database.write() as tx:
            for one in await journal.interrupted(tx, kind):
                await journal.drop_planned(tx, one.id, words=why, now=now)
                await journal.settle_batch(tx, one.id, now=now)

    # -- carrying out ------------------------------------------------------------------------------------------------

    async def apply(self, batch_id: int, *, on_progress: OnProgress | None = None) -> BatchReport:
        """Carry out what is still planned in a batch, in order; a refused or failed effect does not stop the rest.

        A server that cannot be reached, or refuses the key, does stop it: what was not started stays planned and
        the batch is interrupted. The same happens on cancellation, after the effect under way came to its end or
        CANCEL_GRACE_SECONDS passed. What an earlier run of the batch left open is settled first.

        Raises LedgerError when there is no such batch, it is being carried out at this moment, or it holds effects
        of a kind that is not known here; nothing is done then.
        """
        report = BatchReport(batch_id)
        await self._settle_first(batch_id, report)
        async with self._database.read() as reader:
            for one in await journal.of_batch(reader, batch_id, states=(EffectState.PLANNED,)):
                self._books.handler(one.kind)
        if batch_id in self._applying:
            raise LedgerError(f"batch {batch_id} is being carried out at this moment")
        self._applying.add(batch_id)
        try:
            planned = await self._take(batch_id)
            await self._apply_all(planned, report, on_progress or nobody)
        finally:
            self._applying.discard(batch_id)
            await to_its_end(self._close(batch_id))
        return report

    async def _settle_first(self, batch_id: int, report: BatchReport) -> None:
        for one in await self._settling.settle(batch_id):
            if one.state is None:
                report.outcomes.append(failed(one.effect, one.words))
                report.stopped_by = one.words
            elif one.state is EffectState.DONE and one.effect.state is EffectState.STARTED:
                report.outcomes.append(succeeded(one.effect))

    async def _take(self, batch_id: int) -> list[EffectRecord]:
        """Become the owner of a batch; what is planned in it."""
        async with self._database.write() as tx:
            batch = await journal.batch(tx, batch_id)
            if batch is None:
                raise LedgerError(f"there is no batch {batch_id}; `winnow history` lists them")
            if self._is_under_way(batch, in_other=True):
                raise LedgerError(f"batch {batch_id} ({batch.title}) is being carried out by another Winnow")
            await journal.own_batch(tx, batch_id, owner=self._owner.name)
            return await journal.of_batch(tx, batch_id, states=(EffectState.PLANNED,))

    def _is_under_way(self, batch: BatchRecord, *, in_other: bool = False) -> bool:
        if batch.state is not BatchState.OPEN:
            return False
        if batch.owner == self._owner.name:
            return not in_other and batch.id in self._applying
        return self._owner.is_alive(batch.owner)

    async def _close(self, batch_id: int) -> None:
        async with self._database.write() as tx:
            await journal.close_batch(tx, batch_id, owner=self._owner.name, now=self._clock.now())

    async def _apply_all(self, planned: list[EffectRecord], report: BatchReport, on_progress: OnProgress) -> None:
        position = 0
        while position < len(planned):
            effect = planned[position]
            if isinstance(self._books.handler(effect.kind), LocalEffect):
                run = planned[position : position + _LOCAL_CHUNK]
                run = run[: next((n for n, one in enumerate(run) if one.kind != effect.kind), len(run))]
                report.outcomes += await self._performing.locally(run)
                position += len(run)
            else:
                outcome, stop = await to_its_end(self._performing.outer(effect), grace=CANCEL_GRACE_SECONDS)
                report.outcomes.append(outcome)
                position += 1
                if stop:
                    report.stopped_by = outcome.words
                    return
            await on_progress(position, len(planned))

    # -- taking back -------------------------------------------------------------------------------------------------

    async def undo_batch(self, batch_id: int, *, on_progress: OnProgress | None = None) -> BatchReport:
        """Take every done effect of a batch back, newest first; one that is refused does not stop the rest.

        What was not started yet is given up with it. Raises UndoRefusedError when nothing in the batch can be taken
        back, or it is still under way.
        """
        async with self._database.read() as reader:
            batch = await journal.batch(reader, batch_id)
        if batch is not None and self._is_under_way(batch):
            raise UndoRefusedError(
                f"batch {batch_id} ({batch.title}) is still under way: wait for its end, or stop it first with "
                "`winnow jobs cancel`"
            )
        settled = await self._settling.settle(batch_id)
        async with self._database.read() as reader:
            effects = await journal.of_batch(reader, batch_id, states=(EffectState.DONE,))
        finished = [succeeded(one.effect) for one in settled if one.state is EffectState.UNDONE]
        blind = [failed(one.effect, one.words) for one in settled if one.state is None]
        if not effects and not finished and not blind:
            raise UndoRefusedError(
                f"batch {batch_id} holds nothing that could be undone; `winnow history` lists what can"
            )
        if blind:
            return BatchReport(batch_id, [*finished, *blind], stopped_by=blind[0].words)
        report = await self._undoing.run(batch_id, effects[::-1], on_progress or nobody)
        report.outcomes[:0] = finished
        await self._undoing.give_up_the_rest(batch_id)
        return report

    async def undo_effect(self, effect_id: int) -> BatchReport:
        """Take one effect back, and with it the others of its part.

        Raises UndoRefusedError when there is no such effect or it was not done.
        """
        async with self._database.read() as reader:
            effect = await journal.get(reader, effect_id)
        if effect is not None and effect.state is EffectState.UNDOING:
            for one in await self._settling.settle(effect.batch_id):
                if one.effect.id == effect_id and one.state is EffectState.UNDONE:
                    return BatchReport(effect.batch_id, [succeeded(effect)])
            async with self._database.read() as reader:
                effect = await journal.get(reader, effect_id)
        if effect is None or effect.state is not EffectState.DONE:
            state = "does not exist" if effect is None else f"is {effect.state}"
            raise UndoRefusedError(f"action {effect_id} {state}: there is nothing to undo")
        effects = [effect]
        if effect.part:
            async with self._database.read() as reader:
                whole = await journal.of_part(reader, effect.batch_id, effect.part)
            effects = [one for one in reversed(whole) if one.state is EffectState.DONE]
        return await self._undoing.run(effect.batch_id, effects, nobody)

    async def preview_undo(self, batch_id: int) -> BatchReport:
        """What an undo of a batch would do, newest first, with the reason for whatever would be refused."""
        return await self._undoing.preview(batch_id)

    async def recover(self) -> list[str]:
        """Settle what a sudden end left open, looking at what is really there; what was found, in words.

        What cannot be seen now (the server is away) stays open for the next start.
        """
        words = [one.words for one in await self._settling.settle()]
        return words + await self._settling.close_batches_of_the_dead()
