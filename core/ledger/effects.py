"""What a kind of effect must be able to do, so that the ledger can carry it out, settle it after a crash and undo it.

Two kinds of kinds. An *outer* effect changes a server or a disk: the journal is written before and after it, and a
crash between the two is settled by looking. A *local* effect changes Winnow's own database alone: it happens inside
the journal's own transaction and is therefore never half done.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from core.errors import LedgerError
from core.store.database import Transaction
from core.store.journal_records import EffectRecord

Payload = dict[str, Any]
"""What to do, as JSON."""
Image = dict[str, Any]
"""What was there before, or what Winnow left there, as JSON."""

T = TypeVar("T")


def parsed(value: Payload | Image, shape: type[T]) -> T:
    """A payload or an image in its agreed shape. Raises LedgerError for another one."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise LedgerError(
            f"this action was written down in another shape ({error}): did a newer Winnow do it?"
        ) from error


@runtime_checkable
class OuterEffect(Protocol):
    """An effect on a server or a disk. Its methods raise ServerError and MediaError where the outside fails."""

    async def inspect(self, payload: Payload) -> Image:
        """Check that the effect may be done now, and give all that its undo needs. Changes nothing.

        Raises EffectRefusedError with the reason when it may not.
        """
        ...

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Do it, read it back, and give what is there now.

        Raises EffectRefusedError only while nothing has been changed (EffectConflictError when another look could
        help), UncertainWriteError when nobody can know.
        """
        ...

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """After a crash: what is there now if the effect was done, None if it was not.

        Changes nothing but to clear away what was half done.
        """
        ...

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Check that an undo would find what Winnow left there. Raises UndoRefusedError with the reason.

        A preview asks this while later effects of the same part still stand: look at nothing that those changed.
        """
        ...

    async def revert(self, payload: Payload, before: Image, after: Image) -> str | None:
        """Put back what was there before; words where it is back in another way. Doing it twice is the same as once.

        Raises UndoRefusedError when what is there is not what Winnow left there; nothing is changed then.
        """
        ...


@runtime_checkable
class LocalEffect(Protocol):
    """An effect on Winnow's own database."""

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """Do it; what was there before and what is there now. Raises EffectRefusedError with the reason."""
        ...

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Put it back. Raises UndoRefusedError with the reason."""
        ...


class Witness(Protocol):
    """Whoever keeps its own records in step with an effect, inside the journal's transaction."""

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """The effect was carried out."""
        ...

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """The effect was taken back."""
        ...
