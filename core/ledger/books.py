"""What applying, undoing and settling share: the journal, the handlers, and which effects this process is at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from core.clock import Clock
from core.errors import (
    AuthenticationError,
    EffectRefusedError,
    LedgerError,
    RateLimitedError,
    UndoRefusedError,
    UnreachableError,
)
from core.finishing import to_its_end
from core.ledger.effects import Image, LocalEffect, OuterEffect, Witness
from core.ledger.report import Outcome, failed, succeeded
from core.store import journal
from core.store.database import Database, Reader, Transaction
from core.store.journal_records import EffectRecord, EffectState
from core.store.owner import NOBODY, Owner

Step = Callable[[str, EffectRecord], None]
"""Told of every recorded step of an effect, right after it: used for progress, and by the tests of a sudden end."""

AWAY: Final = (UnreachableError, AuthenticationError, RateLimitedError)
"""Errors of a server that the next effect would meet as well: they stop a batch."""


class Books:
    """One process's hand in the journal."""

    def __init__(
        self,
        database: Database,
        owner: Owner,
        clock: Clock,
        *,
        handlers: Mapping[str, OuterEffect | LocalEffect],
        witnesses: Mapping[str, Witness],
        on_step: Step | None,
    ) -> None:
        self.database = database
        self.owner = owner
        self.clock = clock
        self._handlers = handlers
        self._witnesses = witnesses
        self._on_step = on_step
        self._in_hand: set[int] = set()

    def handler(self, kind: str) -> OuterEffect | LocalEffect:
        """How a kind of effect is done. Raises LedgerError for one that is not known here."""
        try:
            return self._handlers[kind]
        except KeyError:
            raise LedgerError(
                f"actions of kind {kind!r} are not known here: a newer Winnow wrote them, or the server they need is "
                "not configured"
            ) from None

    def outer(self, kind: str) -> OuterEffect:
        """As `handler`, for effects that can be half done: local ones never are."""
        handler = self.handler(kind)
        if not isinstance(handler, OuterEffect):
            raise LedgerError(f"actions of kind {kind!r} are never half done, and yet one is")
        return handler

    def step(self, name: str, effect: EffectRecord) -> None:
        """Tell of a recorded step."""
        if self._on_step is not None:
            self._on_step(name, effect)

    # -- whose an effect is ------------------------------------------------------------------------------------------

    @contextmanager
    def in_hand(self, effect: EffectRecord) -> Iterator[bool]:
        """Work on an effect; False when this process is at it already."""
        if effect.id in self._in_hand:
            yield False
            return
        self._in_hand.add(effect.id)
        try:
            yield True
        finally:
            self._in_hand.discard(effect.id)

    def is_abandoned(self, effect: EffectRecord) -> bool:
        """Whether nobody is at work on an open effect any more."""
        if effect.owner == self.owner.name:
            return effect.id not in self._in_hand  # its end could not be written down, or its server went away
        return not self.owner.is_alive(effect.owner)

    async def release(self, effect: EffectRecord) -> None:
        """Let go of an open effect: whoever comes next looks what became of it. Goes to its end when cancelled."""
        await to_its_end(self._release(effect))

    async def _release(self, effect: EffectRecord) -> None:
        async with self.database.write() as tx:
            await journal.set_owner(tx, effect.id, NOBODY)

    # -- parts -------------------------------------------------------------------------------------------------------

    async def refuse_without_its_part(self, reader: Reader, effect: EffectRecord) -> None:
        """An effect follows from those before it in its part. Raises EffectRefusedError while one was not done."""
        for other in await self._part(reader, effect):
            if other.id < effect.id and other.state is not EffectState.DONE:
                why = f": {other.words}" if other.words else ""
                raise EffectRefusedError(f"what has to come before it was not done ({other.title}{why})")

    async def refuse_undo_within_its_part(self, reader: Reader, effect: EffectRecord) -> None:
        """Raises UndoRefusedError while something that followed from an effect in its part still stands."""
        for other in await self._part(reader, effect):
            if other.id > effect.id and other.state in (EffectState.DONE, EffectState.STARTED, EffectState.UNDOING):
                why = f": {other.words}" if other.words else ""
                raise UndoRefusedError(f"what followed from it still stands ({other.title}{why})")

    async def _part(self, reader: Reader, effect: EffectRecord) -> list[EffectRecord]:
        return await journal.of_part(reader, effect.batch_id, effect.part) if effect.part else []

    # -- the ends of effects -----------------------------------------------------------------------------------------

    async def done(self, effect: EffectRecord, after: Image) -> Outcome:
        """Record that an effect was carried out."""
        async with self.database.write() as tx:
            if await journal.end(tx, effect.id, EffectState.DONE, after=after, now=self.clock.now()):
                await self.witness_done(tx, effect.id)
        self.step("done", effect)
        return succeeded(effect)

    async def not_done(self, effect: EffectRecord, state: EffectState, words: str) -> Outcome:
        """Record that an effect was refused or failed: nothing of it was done."""
        async with self.database.write() as tx:
            await journal.end(tx, effect.id, state, words=words, now=self.clock.now())
        return failed(effect, words)

    async def undone(self, effect: EffectRecord, words: str = "") -> Outcome:
        """Record that an effect was taken back; `words` where something is not as it was before."""
        async with self.database.write() as tx:
            if await journal.end_undo(tx, effect.id, is_undone=True, words=words, now=self.clock.now()):
                await self.witness_undone(tx, effect.id)
        self.step("undone", effect)
        return succeeded(effect, words)

    async def not_undone(self, effect: EffectRecord, words: str) -> Outcome:
        """Record that an effect still stands, and why."""
        async with self.database.write() as tx:
            await journal.end_undo(tx, effect.id, is_undone=False, words=words, now=self.clock.now())
        return failed(effect, words)

    async def witness_done(self, tx: Transaction, effect_id: int) -> None:
        """Let whoever keeps own records follow."""
        record = await journal.get(tx, effect_id)
        assert record is not None
        if (witness := self._witnesses.get(record.kind)) is not None:
            await witness.was_done(tx, record)

    async def witness_undone(self, tx: Transaction, effect_id: int) -> None:
        """Let whoever keeps own records follow."""
        record = await journal.get(tx, effect_id)
        assert record is not None
        if (witness := self._witnesses.get(record.kind)) is not None:
            await witness.was_undone(tx, record)
