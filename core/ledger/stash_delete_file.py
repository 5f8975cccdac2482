"""The effect that has Stash delete a file for good, where Winnow cannot reach it. It cannot be undone."""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import EffectConflictError, EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_places import GoingFile, Held, is_gone, look, refuse_missing, refuse_other
from core.ledger.stash_records import FileName, Locate, Turn, said
from core.model.library_records import RecordRef
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_DELETE_FILE: Final = "stash.delete-file"


class DeletePayload(GoingFile, frozen=True, kw_only=True):
    """A file that is deleted, and the file that stays in its stead. `size` as Stash knows it, 0 where it does not."""

    keeper_id: int
    keeper_file: FileName
    size: int = 0


def delete_file_effect(given: DeletePayload, *, part: str = "", subject: int | None = None) -> NewEffect:
    """The planned effect; its title says that there is no way back."""
    title = f"delete {given.file.path.rsplit('/', 1)[-1]} through Stash, for good"
    return NewEffect(STASH_DELETE_FILE, title, msgspec.to_builtins(given), subject=subject, part=part)


class StashDeleteFile:
    """Deletes."""

    def __init__(self, removal: StashRemoval, turn: Turn, locate: Locate = lambda _: None) -> None:
        self._removal = removal
        self._turn = turn
        self._locate = locate

    async def inspect(self, payload: Payload) -> Image:
        """How Stash holds the file. Refused when it is gone, or the file that was to stay is."""
        given = parsed(payload, DeletePayload)
        return {"held": (await self._look(given)).value}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Delete it with its record if it is all that has, else alone, and read back that Stash holds it no longer."""
        given = parsed(payload, DeletePayload)
        async with self._turn():
            held = await self._look(given)
            if held.value != before["held"]:
                raise EffectConflictError(f"somebody else changed what Stash holds of {given.file.path} at this moment")
            if held is Held.RECORD:
                await self._removal.delete_record_with_files(given.record)
            else:
                await self._removal.delete_file(given.file.id)
            if not await is_gone(self._removal.library, given):
                raise LedgerError(
                    f"Stash says that {given.file.path} was deleted, but still holds it: look into Stash's log"
                )
        return {"held": Held.GONE.value}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Whether Stash holds nothing of the file any more."""
        given = parsed(payload, DeletePayload)
        return {"held": Held.GONE.value} if await is_gone(self._removal.library, given) else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        given = parsed(payload, DeletePayload)
        raise UndoRefusedError(f"{given.file.path} was deleted for good: only a backup can bring it back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        await self.may_revert(payload, before, after)

    async def _look(self, given: DeletePayload) -> Held:
        ref = RecordRef(given.media, given.keeper_id)
        keeper = await self._removal.record(ref)
        stays = keeper is not None and any(
            file.id == given.keeper_file.id and file.path == given.keeper_file.path for file in keeper.files
        )
        if not stays or given.keeper_file.id == given.file.id:
            raise EffectRefusedError(
                f"{given.keeper_file.path}, which was to stay, is no longer in {said(ref)}: nothing was deleted"
            )
        await refuse_missing(self._locate, given.keeper_file.path)
        if given.size:
            await refuse_other(self._locate, given.file.path, given.size)
        held = await look(self._removal.library, given)
        if held in (Held.GONE, Held.BARE):
            raise EffectRefusedError(f"{given.file.path} is no longer in Stash")
        return held
