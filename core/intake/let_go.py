"""A picture of the review whose file somebody moved or deleted by hand: its line is closed, and an undo opens it."""

from __future__ import annotations

from typing import Final

import msgspec

from core.clock import Clock
from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.model.incoming import ItemState
from core.path_text import packed, shown, unpacked
from core.store import intake, review_queue
from core.store.database import Transaction
from core.store.journal_records import NewEffect
from core.store.review_queue import ReviewAction

LET_GO: Final = "review.let-go"


class _LetGoPayload(msgspec.Struct, frozen=True):
    """Which line of the review, where its file lay, and who says so."""

    review_id: int
    item_id: int
    path: str
    by: str


def let_go_effect(*, review_id: int, item_id: int, path: str, by: str, part: str) -> NewEffect:
    """The planned end of a line whose file is gone; to the rules its content is one that was rejected."""
    payload = msgspec.to_builtins(_LetGoPayload(review_id, item_id, packed(path), by))
    return NewEffect(LET_GO, f"let go {shown(path).rsplit('/', 1)[-1]}, whose file is gone", payload, part=part)


class LetGo:
    """Closes the line."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """Close it as rejected. Refused when it was decided meanwhile."""
        given, now = parsed(payload, _LetGoPayload), self._clock.now()
        if not await review_queue.decide(tx, given.review_id, ReviewAction.REJECTED, by=given.by, now=now):
            raise EffectRefusedError(f"{shown(unpacked(given.path))} was decided already")
        await intake.set_finished(tx, given.item_id, ItemState.REJECTED, now=now)
        return {}, {}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Let it wait again, where its file lay."""
        given, now = parsed(payload, _LetGoPayload), self._clock.now()
        lines = await review_queue.lines(tx, [given.review_id])
        if not lines or lines[0].action is not ReviewAction.REJECTED:
            raise UndoRefusedError(f"{shown(unpacked(given.path))} is no longer rejected")
        await review_queue.reopen(tx, given.review_id, path=unpacked(given.path))
        await intake.set_finished(tx, given.item_id, ItemState.REVIEW, now=now)
