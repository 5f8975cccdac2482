"""The effect that removes from Stash the entry of a file that is in the trash, and its scene or image with it.

Stash never deletes a file here: its own deletion is asked for only of entries whose file was seen to be gone.
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import EffectConflictError, EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_places import GoingFile, Held, is_gone, look, must_be_absent
from core.ledger.stash_records import Locate, Turn, said
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_REMOVE_ENTRY: Final = "stash.remove-entry"


def remove_entry_effect(given: GoingFile, *, part: str = "", subject: int | None = None) -> NewEffect:
    """The planned effect."""
    title = f"remove {given.file.path.rsplit('/', 1)[-1]} from Stash"
    return NewEffect(STASH_REMOVE_ENTRY, title, msgspec.to_builtins(given), subject=subject, part=part)


class StashRemoveEntry:
    """Removes an entry. What brings it back is the undo of the effect before it that wrote it down."""

    def __init__(self, removal: StashRemoval, turn: Turn, locate: Locate) -> None:
        self._removal = removal
        self._turn = turn
        self._locate = locate

    async def inspect(self, payload: Payload) -> Image:
        """How Stash holds the file. Refused while it is on disk, or when Stash holds it in another way than planned."""
        given = parsed(payload, GoingFile)
        await must_be_absent(self._locate, given.file.path)
        return {"held": (await look(self._removal.library, given)).value}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Remove the record if this is all it has, then the entry, and read back that both are gone."""
        given = parsed(payload, GoingFile)
        path = given.file.path
        async with self._turn():
            await must_be_absent(self._locate, path)
            held = await look(self._removal.library, given)
            if held.value != before["held"]:
                raise EffectConflictError(f"somebody else changed what Stash holds of {path} at this moment")
            if held in (Held.RECORD, Held.BARE):
                await self._removal.destroy_record(given.record)
                if await self._removal.record(given.record) is not None:
                    raise LedgerError(_not_gone(said(given.record)))
            if held in (Held.RECORD, Held.FILE, Held.LOOSE):
                await self._forget(given, held)
        return {"held": Held.GONE.value}

    async def _forget(self, given: GoingFile, held: Held) -> None:
        """The entry, of which a look a moment ago says that it still stands for this path, and the disk that it is
        empty: a Stash before 0.31 deletes what it finds there.
        """
        wanted = Held.LOOSE if held is Held.RECORD else held
        try:
            await must_be_absent(self._locate, given.file.path)
            found = await look(self._removal.library, given)
        except EffectRefusedError as refusal:
            if held is Held.RECORD:  # it is no refusal any more
                raise LedgerError(f"{said(given.record)} was removed from Stash, but not its file: {refusal}") from None
            raise
        if found is Held.GONE:
            return
        if found is not wanted:
            raise LedgerError(f"somebody else gave {given.file.path} to another scene or image at this moment")
        await self._removal.forget_files([given.file.id])
        if not await is_gone(self._removal.library, given):
            raise LedgerError(_not_gone(given.file.path))

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Whether Stash holds nothing of the file any more."""
        given = parsed(payload, GoingFile)
        return {"held": Held.GONE.value} if await is_gone(self._removal.library, given) else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused where nothing was written down that could bring the entry back."""
        given = parsed(payload, GoingFile)
        if not given.is_recorded:
            raise UndoRefusedError(
                f"{given.file.path} was removed from Stash and nothing of it was written down: restore the file and "
                "have Stash scan it"
            )

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Nothing yet: the undo of what was written down before brings it back, when the file is in its place."""


def _not_gone(what: str) -> str:
    return (
        f"Stash says that {what} was removed, but it is still there: look into Stash's log, then remove it in "
        "Stash, or take this back"
    )
