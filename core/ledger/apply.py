"""Carries plans out and takes them back, one effect at a time, so that a `kill -9` at any instant loses nothing.

    plan written -> (inspect -> "started" written -> perform -> "done" written) per effect -> batch closed

An effect found "started" or "undoing" by the next start is settled by looking at what is really there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from core.clock import Clock
from core.errors import (
    AuthenticationError,
    EffectRefusedError,
    LedgerError,
    UndoRefusedError,
    UnreachableError,
    WinnowError,
)
from core.ledger.effects import Image, LocalEffect, OuterEffect, Witness
from core.store import journal
from core.store.database import Database, Transaction
from core.store.journal import BatchState, EffectRecord, EffectState, NewEffect
from core.store.owner import NOBODY, Owner

T = TypeVar("T")
OnProgress = Callable[[int, int], Awaitable[None]]
"""Told how many effects of how many are through; the next effect waits for it."""

Step = Callable[[str, EffectRecord], None]
"""Told of every recorded step of an effect, right after it: used for progress, and by the tests of a sudden end."""

CANCEL_GRACE_SECONDS: Final = 0.7
"""How long a cancelled batch waits for the effect that is just under way."""
_LOCAL_CHUNK: Final = 100  # local effects in one transaction


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one effect ended, and why it was not done where it was not."""

    effect_id: int
    subject: int | None
    title: str
    is_done: bool
    words: str = ""


@dataclass(slots=True)
class BatchReport:
    """What became of a batch. `stopped_by`: why the rest was not reached, empty when all was."""

    batch_id: int
    outcomes: list[Outcome] = field(default_factory=list)
    stopped_by: str = ""

    @property
    def done(self) -> list[Outcome]:
        """The effects that were carried out, or taken back."""
        return [one for one in self.outcomes if one.is_done]

    @property
    def not_done(self) -> list[Outcome]:
        """The effects that were not, each with its reason."""
        return [one for one in self.outcomes if not one.is_done]


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
        self._handlers = handlers
        self._witnesses = witnesses
        self._on_step = on_step
        self._turn = asyncio.Lock()

    async def submit(self, kind: str, title: str, effects: Sequence[NewEffect]) -> int:
        """Write a plan down as a batch; nothing is done yet. Gives the batch's id.

        An older plan for the same subjects that was cut short before their turn gives way to this one.
        """
        for one in effects:
            self._handler(one.kind)
        now = self._clock.now()
        async with self._database.write() as tx:
            batch_id = await journal.add_batch(
                tx, kind=kind, title=title, effects=effects, owner=self._owner.name, now=now
            )
            subjects = [one.subject for one in effects if one.subject is not None]
            await journal.drop_planned_elsewhere(tx, batch_id, subjects, now=now)
        return batch_id

    async def apply(self, batch_id: int, *, on_progress: OnProgress | None = None) -> BatchReport:
        """Carry out what is still planned in a batch, in order; a refused or failed effect does not stop the rest.

        A server that cannot be reached, or refuses the key, does stop it: what was not started stays planned and
        the batch is interrupted. The same happens on cancellation, after the effect under way came to its end or
        CANCEL_GRACE_SECONDS passed.
        """
        async with self._turn:
            report = BatchReport(batch_id)
            async with self._database.write() as tx:
                await journal.own_batch(tx, batch_id, owner=self._owner.name)
                planned = await journal.of_batch(tx, batch_id, states=(EffectState.PLANNED,))
            try:
                await self._apply_all(planned, report, on_progress or _ignore)
            except BaseException:
                await asyncio.shield(self._close(batch_id, BatchState.INTERRUPTED))
                raise
            await self._close(batch_id, BatchState.INTERRUPTED if report.stopped_by else BatchState.DONE)
            return report

    async def _apply_all(self, planned: list[EffectRecord], report: BatchReport, on_progress: OnProgress) -> None:
        position = 0
        while position < len(planned):
            effect = planned[position]
            if isinstance(self._handler(effect.kind), LocalEffect):
                run = planned[position : position + _LOCAL_CHUNK]
                run = run[: next((n for n, one in enumerate(run) if one.kind != effect.kind), len(run))]
                report.outcomes += await self._apply_local(run)
                position += len(run)
            else:
                outcome, stop = await _to_its_end(self._apply_outer(effect))
                report.outcomes.append(outcome)
                position += 1
                if stop:
                    report.stopped_by = outcome.words
                    return
            await on_progress(position, len(planned))

    async def _apply_local(self, effects: list[EffectRecord]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with self._database.write() as tx:
            now = self._clock.now()
            for effect in effects:
                handler = self._handler(effect.kind)
                assert isinstance(handler, LocalEffect)
                try:
                    before, after = await handler.perform_local(tx, effect.payload)
                except EffectRefusedError as refusal:
                    await journal.end(tx, effect.id, EffectState.REFUSED, words=str(refusal), now=now)
                    outcomes.append(_outcome(effect, str(refusal)))
                    continue
                await journal.start(tx, effect.id, before=before, owner=self._owner.name, now=now)
                await journal.end(tx, effect.id, EffectState.DONE, after=after, now=now)
                await self._witness_done(tx, effect.id)
                outcomes.append(_outcome(effect))
        return outcomes

    async def _apply_outer(self, effect: EffectRecord) -> tuple[Outcome, bool]:
        """One effect from planned to its end; whether the batch must stop here."""
        handler = self._handler(effect.kind)
        assert isinstance(handler, OuterEffect)
        try:
            before = await handler.inspect(effect.payload)
        except EffectRefusedError as refusal:
            return await self._end(effect, EffectState.REFUSED, str(refusal)), False
        except (UnreachableError, AuthenticationError) as error:
            return _outcome(effect, str(error)), True  # stays planned
        except WinnowError as error:
            return await self._end(effect, EffectState.FAILED, str(error)), False
        async with self._database.write() as tx:
            await journal.start(tx, effect.id, before=before, owner=self._owner.name, now=self._clock.now())
        self._step("started", effect)
        try:
            after = await handler.perform(effect.payload, before)
        except EffectRefusedError as refusal:
            return await self._end(effect, EffectState.REFUSED, str(refusal)), False
        except WinnowError as error:
            return await self._after_failure(effect, handler, before, error), isinstance(error, UnreachableError)
        except BaseException:  # cancelled: whoever comes next looks what became of it
            await asyncio.shield(self._release(effect.id))
            raise
        self._step("performed", effect)
        return await self._done(effect, after), False

    async def _after_failure(
        self, effect: EffectRecord, handler: OuterEffect, before: Image, error: WinnowError
    ) -> Outcome:
        """The write failed in some way: look what is really there before saying so."""
        try:
            after = await handler.settle(effect.payload, before)
        except WinnowError as blind:
            words = f"{error}. Whether it was done cannot be seen now ({blind}); the next start looks again."
            await self._release(effect.id)
            return _outcome(effect, words)
        if after is not None:
            return await self._done(effect, after)
        return await self._end(effect, EffectState.FAILED, str(error))

    async def _done(self, effect: EffectRecord, after: Image) -> Outcome:
        async with self._database.write() as tx:
            await journal.end(tx, effect.id, EffectState.DONE, after=after, now=self._clock.now())
            await self._witness_done(tx, effect.id)
        self._step("done", effect)
        return _outcome(effect)

    async def _end(self, effect: EffectRecord, state: EffectState, words: str) -> Outcome:
        async with self._database.write() as tx:
            await journal.end(tx, effect.id, state, words=words, now=self._clock.now())
        return _outcome(effect, words)

    async def undo_batch(self, batch_id: int, *, on_progress: OnProgress | None = None) -> BatchReport:
        """Take every done effect of a batch back, newest first; one that is refused does not stop the rest.

        Raises UndoRefusedError when nothing in the batch can be taken back.
        """
        async with self._database.read() as reader:
            effects = await journal.of_batch(reader, batch_id, states=(EffectState.DONE,))
        if not effects:
            raise UndoRefusedError(
                f"batch {batch_id} holds nothing that could be undone; `winnow history` lists what can"
            )
        return await self._undo_all(batch_id, effects[::-1], on_progress or _ignore)

    async def undo_effect(self, effect_id: int) -> BatchReport:
        """Take one effect back. Raises UndoRefusedError when there is no such effect or it was not done."""
        async with self._database.read() as reader:
            effect = await journal.get(reader, effect_id)
        if effect is None or effect.state is not EffectState.DONE:
            state = "does not exist" if effect is None else f"is {effect.state}"
            raise UndoRefusedError(f"action {effect_id} {state}: there is nothing to undo")
        return await self._undo_all(effect.batch_id, [effect], _ignore)

    async def preview_undo(self, batch_id: int) -> BatchReport:
        """What an undo of a batch would do, newest first, with the reason for whatever would be refused."""
        async with self._database.read() as reader:
            effects = await journal.of_batch(reader, batch_id, states=(EffectState.DONE,))
        report = BatchReport(batch_id)
        for effect in reversed(effects):
            handler = self._handler(effect.kind)
            words = ""
            if isinstance(handler, OuterEffect):
                try:
                    await handler.may_revert(effect.payload, effect.before or {}, effect.after or {})
                except WinnowError as refusal:
                    words = str(refusal)
            report.outcomes.append(_outcome(effect, words))
        return report

    async def _undo_all(self, batch_id: int, effects: list[EffectRecord], on_progress: OnProgress) -> BatchReport:
        async with self._turn:
            report = BatchReport(batch_id)
            for number, effect in enumerate(effects, 1):
                outcome, stop = await _to_its_end(self._undo_one(effect))
                report.outcomes.append(outcome)
                await on_progress(number, len(effects))
                if stop:
                    report.stopped_by = outcome.words
                    break
            async with self._database.write() as tx:
                if not await journal.of_batch(tx, batch_id, states=(EffectState.DONE, EffectState.UNDOING)):
                    await journal.set_batch(tx, batch_id, BatchState.UNDONE, now=self._clock.now())
            return report

    async def _undo_one(self, effect: EffectRecord) -> tuple[Outcome, bool]:
        handler = self._handler(effect.kind)
        before, after = effect.before or {}, effect.after or {}
        if isinstance(handler, LocalEffect):
            return await self._undo_local(effect, handler), False
        try:
            await handler.may_revert(effect.payload, before, after)
            async with self._database.write() as tx:
                if not await journal.start_undo(tx, effect.id, owner=self._owner.name):
                    return _outcome(effect, "another Winnow is just taking it back"), False
        except (UnreachableError, AuthenticationError) as error:
            return _outcome(effect, str(error)), True
        except WinnowError as refusal:
            return _outcome(effect, str(refusal)), False
        self._step("undoing", effect)
        try:
            await handler.revert(effect.payload, before, after)
        except UndoRefusedError as refusal:
            return await self._undo_ended(effect, is_undone=False, words=str(refusal)), False
        except WinnowError as error:
            await self._release(effect.id)
            words = f"{error}. Whether it was taken back cannot be seen now; the next start finishes it."
            return _outcome(effect, words), True
        except BaseException:  # cancelled: whoever comes next finishes it
            await asyncio.shield(self._release(effect.id))
            raise
        self._step("reverted", effect)
        return await self._undo_ended(effect, is_undone=True, words=""), False

    async def _undo_local(self, effect: EffectRecord, handler: LocalEffect) -> Outcome:
        try:
            async with self._database.write() as tx:
                if not await journal.start_undo(tx, effect.id, owner=self._owner.name):
                    return _outcome(effect, "it was taken back already")
                await handler.revert_local(tx, effect.payload, effect.before or {}, effect.after or {})
                await journal.end_undo(tx, effect.id, is_undone=True, words="", now=self._clock.now())
                await self._witness_undone(tx, effect.id)
        except UndoRefusedError as refusal:
            return _outcome(effect, str(refusal))
        return _outcome(effect)

    async def _undo_ended(self, effect: EffectRecord, *, is_undone: bool, words: str) -> Outcome:
        async with self._database.write() as tx:
            await journal.end_undo(tx, effect.id, is_undone=is_undone, words=words, now=self._clock.now())
            if is_undone:
                await self._witness_undone(tx, effect.id)
        if is_undone:
            self._step("undone", effect)
        return _outcome(effect, words)

    async def recover(self) -> list[str]:
        """Settle what a sudden end left open, looking at what is really there; what was found, in words.

        What cannot be seen now (the server is away) stays open for the next start.
        """
        words: list[str] = []
        async with self._database.read() as reader:
            unsettled = [one for one in await journal.unsettled(reader) if not self._owner.is_alive(one.owner)]
            batches = [one for one in await journal.open_batches(reader) if not self._owner.is_alive(one.owner)]
        for effect in unsettled:
            async with self._database.write() as tx:
                is_ours = await journal.take_over(tx, effect, owner=self._owner.name)
            if is_ours:
                words.append(await self._recover_one(effect))
        for batch in batches:
            left = batch.counts.get(EffectState.PLANNED, 0)
            await self._close(batch.id, BatchState.INTERRUPTED if left else BatchState.DONE)
            if left:
                words.append(
                    f"batch {batch.id} ({batch.title}) was cut short: {left} of {sum(batch.counts.values())} were not "
                    "started and wait as before"
                )
        return words

    async def _recover_one(self, effect: EffectRecord) -> str:
        handler = self._handler(effect.kind)
        assert isinstance(handler, OuterEffect)  # a local effect is never half done
        before, after = effect.before or {}, effect.after or {}
        try:
            if effect.state is EffectState.UNDOING:
                try:
                    await handler.revert(effect.payload, before, after)
                except UndoRefusedError as refusal:
                    await self._undo_ended(effect, is_undone=False, words=str(refusal))
                    return f"{effect.title}: the undo that was cut short cannot be finished ({refusal})"
                await self._undo_ended(effect, is_undone=True, words="")
                return f"{effect.title}: the undo that was cut short is finished"
            found = await handler.settle(effect.payload, before)
        except WinnowError as error:
            await self._release(effect.id)
            return f"{effect.title}: was cut short, and what became of it cannot be seen now ({error})"
        if found is not None:
            await self._done(effect, found)
            return f"{effect.title}: was cut short after it was done; it is recorded now"
        async with self._database.write() as tx:
            await journal.plan_again(tx, effect.id)
        return f"{effect.title}: was cut short before it was done; nothing was changed"

    def _handler(self, kind: str) -> OuterEffect | LocalEffect:
        try:
            return self._handlers[kind]
        except KeyError:
            raise LedgerError(f"this Winnow does not know effects of kind {kind!r}; a newer one wrote them") from None

    def _step(self, name: str, effect: EffectRecord) -> None:
        if self._on_step is not None:
            self._on_step(name, effect)

    async def _witness_done(self, tx: Transaction, effect_id: int) -> None:
        record = await journal.get(tx, effect_id)
        assert record is not None
        if (witness := self._witnesses.get(record.kind)) is not None:
            await witness.was_done(tx, record)

    async def _witness_undone(self, tx: Transaction, effect_id: int) -> None:
        record = await journal.get(tx, effect_id)
        assert record is not None
        if (witness := self._witnesses.get(record.kind)) is not None:
            await witness.was_undone(tx, record)

    async def _release(self, effect_id: int) -> None:
        async with self._database.write() as tx:
            await journal.set_owner(tx, effect_id, NOBODY)

    async def _close(self, batch_id: int, state: BatchState) -> None:
        async with self._database.write() as tx:
            await journal.set_batch(tx, batch_id, state, now=self._clock.now())


def _outcome(effect: EffectRecord, words: str = "") -> Outcome:
    return Outcome(effect.id, effect.subject, effect.title, not words, words)


async def _ignore(done: int, total: int) -> None:
    """Nobody asked for progress."""


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for an effect; when cancelled meanwhile, give it a moment to come to its end first."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=CANCEL_GRACE_SECONDS)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        with suppress(BaseException):
            task.result()
        raise
