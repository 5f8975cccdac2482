"""The effect that merges the record of a file that goes into the one that stays, and parts them again.

Stash merges scenes in one transaction, but keeps of the one that goes only what it is told to. Images it cannot merge:
there the keeper gets what the other holds, and the other image goes with its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.errors import EffectConflictError, EffectRefusedError, LedgerError, ServerError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_records import (
    FileName,
    Merge,
    Snapshot,
    Turn,
    as_json,
    as_times,
    cannot_come_back,
    changes_json,
    changes_of,
    file_names,
    moments,
    said,
    snapshot,
    snapshot_of,
    steady,
)
from core.ledger.stash_return import StashReturn
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.model.record_changes import RecordChanges, lacking, taken_back
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_MERGE: Final = "stash.merge"


class MergePayload(msgspec.Struct, frozen=True):
    """Which record goes into which, and the files the one that goes held when this was planned."""

    media: Media
    keeper_id: int
    loser_id: int
    files: tuple[FileName, ...]

    @property
    def keeper(self) -> RecordRef:
        """What stays."""
        return RecordRef(self.media, self.keeper_id)

    @property
    def loser(self) -> RecordRef:
        """What goes."""
        return RecordRef(self.media, self.loser_id)


def merge_effect(
    keeper: LibraryRecord, loser: LibraryRecord, *, part: str = "", subject: int | None = None
) -> NewEffect:
    """The planned effect; its title says what it does."""
    files = tuple(FileName(file.id, file.path) for file in loser.files)
    payload = msgspec.to_builtins(MergePayload(loser.media, keeper.id, loser.id, files))
    title = f"merge {said(loser)} into {said(keeper)}"
    return NewEffect(STASH_MERGE, title, payload, subject=subject, part=part)


class StashMerge:
    """Merges, and takes it back. `merge` works out what the keeper lacks at that moment."""

    def __init__(self, removal: StashRemoval, turn: Turn, merge: Merge, back: StashReturn) -> None:
        self._removal = removal
        self._library = removal.library
        self._turn = turn
        self._merge = merge
        self._back = back

    async def inspect(self, payload: Payload) -> Image:
        """Both records whole. Refused when one is gone, or the one that goes holds other files than planned."""
        given = parsed(payload, MergePayload)
        if given.keeper_id == given.loser_id:
            raise EffectRefusedError(f"{said(given.keeper)} cannot be merged into itself")
        keeper, loser = await self._look(given.keeper), await self._look(given.loser)
        if keeper is None:
            raise EffectRefusedError(f"{said(given.keeper)}, which was to stay, is no longer in Stash")
        if loser is None:
            raise EffectRefusedError(f"{said(given.loser)} is no longer in Stash")
        if file_names(loser.record) != set(given.files):
            raise EffectRefusedError(
                f"{said(given.loser)} holds other files than when this was planned: scan and decide again"
            )
        merged = self._merge(keeper.record, [loser.record])
        return {
            "keeper": as_json(keeper),
            "loser": as_json(loser),
            "changes": changes_json(merged.changes),
            "conflicts": list(merged.conflicts),
            "cannot_come_back": cannot_come_back(loser.record, is_merge=True),
        }

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Merge, if both are still as they were, and read the keeper back."""
        given = parsed(payload, MergePayload)
        keeper, loser = snapshot_of(before, "keeper"), snapshot_of(before, "loser")
        changes = changes_of(before["changes"])
        async with self._turn():
            for ref, known in ((given.keeper, keeper), (given.loser, loser)):
                record = await self._removal.record(ref)
                if record is None or steady(record) != steady(known.record):
                    raise EffectConflictError(
                        f"somebody else changed {said(ref)} at this moment; nothing was written. Try again"
                    )
            if given.media is Media.IMAGE:
                return await self._merge_images(given, keeper, loser, changes)
            await self._removal.merge_scenes([given.loser_id], given.keeper_id, changes)
            found, words = await self._read_back(given, keeper, loser, changes)
            if words:
                found, words = await self._write_again(given, keeper, loser, changes)
        if words:
            await self._part_again(given, keeper, loser, changes, words)
        return found

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """What the keeper holds, if the other scene is gone and its files are the keeper's (images: if it has all)."""
        given = parsed(payload, MergePayload)
        keeper, loser = snapshot_of(before, "keeper"), snapshot_of(before, "loser")
        changes = changes_of(before["changes"])
        record = await self._removal.record(given.keeper)
        if record is None:
            return None
        if given.media is Media.IMAGE:
            is_done = not lacking(record, changes) and (bool(changes) or record.o_count > keeper.record.o_count)
        else:
            is_done = set(given.files) <= file_names(record) and await self._removal.record(given.loser) is None
        if not is_done:
            return None
        found, words = await self._read_back(given, keeper, loser, changes)
        if given.media is Media.IMAGE and record.o_count < keeper.record.o_count + loser.record.o_count:
            words.append("O's")
        return found | {"not_taken": words}

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Always: a keeper that is gone is only not given its old fields back. Whether the file is back shows later."""
        parsed(payload, MergePayload)
        await self._removal.record(snapshot_of(before, "keeper").record.ref)  # Stash must be there

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Bring the record back that was merged, then take from the keeper what came from it."""
        given = parsed(payload, MergePayload)
        keeper, loser = snapshot_of(before, "keeper"), snapshot_of(before, "loser")
        if await self._removal.record(given.loser) is None:
            await self._back.bring_back(loser, merged_into=given.keeper)
        async with self._turn():
            await self._give_back(given, keeper, loser, changes_of(before["changes"]))

    # -- scenes ------------------------------------------------------------------------------------------------------

    async def _read_back(
        self, given: MergePayload, keeper: Snapshot, loser: Snapshot, changes: RecordChanges
    ) -> tuple[Image, list[str]]:
        """The keeper as it is now, and what it does not hold, in words."""
        found = await self._look(given.keeper)
        if found is None:
            raise LedgerError(f"{said(given.keeper)} vanished from Stash during the merge")
        words = list(lacking(found.record, changes).names)
        if given.media is Media.VIDEO:
            if not set(given.files) <= file_names(found.record):
                words.append("files")
            words += ["plays"] if _missing(found.plays, keeper.plays, loser.plays) else []
            words += ["O's"] if _missing(found.o_dates, keeper.o_dates, loser.o_dates) else []
        return {"keeper": as_json(found)}, words

    async def _write_again(
        self, given: MergePayload, keeper: Snapshot, loser: Snapshot, changes: RecordChanges
    ) -> tuple[Image, list[str]]:
        """Write what did not arrive by itself, once."""
        found = await self._look(given.keeper)
        if found is not None and await self._removal.record(given.loser) is None:
            await self._removal.update_record(given.keeper, lacking(found.record, changes))
            plays = _missing(found.plays, keeper.plays, loser.plays)
            await self._removal.add_plays(given.keeper_id, plays)
            await self._removal.add_os(given.keeper_id, _missing(found.o_dates, keeper.o_dates, loser.o_dates))
        return await self._read_back(given, keeper, loser, changes)

    async def _part_again(
        self, given: MergePayload, keeper: Snapshot, loser: Snapshot, changes: RecordChanges, words: Sequence[str]
    ) -> None:
        """What was not taken would be lost with the file: take it all back. Raises LedgerError in any case."""
        lost = ", ".join(words)
        if await self._removal.record(given.loser) is not None:
            raise LedgerError(
                f"Stash took the merge of {said(given.loser)} into {said(given.keeper)} but did not carry it out "
                f"({lost}): look into its log. Nothing was removed"
            )
        why = ""
        try:
            back = await self._back.bring_back(loser, merged_into=given.keeper)
        except (LedgerError, ServerError) as error:
            why = str(error)
        if why:
            raise LedgerError(
                f"Stash merged {said(given.loser)} but did not take {lost}, and parting them failed: {why}"
            )
        async with self._turn():
            await self._give_back(given, keeper, loser, changes)
        raise LedgerError(
            f"Stash merged {said(given.loser)} into {said(given.keeper)} but did not take {lost}: look for a plugin "
            f"that changes scenes. The merge was taken back; {said(given.loser)} is {said(back)} now"
        )

    async def _give_back(self, given: MergePayload, keeper: Snapshot, loser: Snapshot, changes: RecordChanges) -> None:
        """Take from the keeper what came from the other, whatever else was done to it since."""
        now = await self._look(given.keeper)
        if now is None:
            return
        undo = taken_back(now.record, keeper.record, changes)
        await self._removal.update_record(given.keeper, undo)
        if given.media is Media.IMAGE:
            surplus = now.record.o_count - keeper.record.o_count
            await self._removal.change_image_o(given.keeper_id, -max(0, min(loser.record.o_count, surplus)))
            return
        await self._removal.delete_plays(given.keeper_id, _moved(now.plays, keeper.plays, loser.plays))
        await self._removal.delete_os(given.keeper_id, _moved(now.o_dates, keeper.o_dates, loser.o_dates))
        written = await self._removal.record(given.keeper)
        if written is not None and (left := lacking(written, undo)):
            raise LedgerError(
                f"Stash took the undo of {said(given.keeper)} but holds something else in {', '.join(left.names)}"
            )

    # -- images ------------------------------------------------------------------------------------------------------

    async def _merge_images(
        self, given: MergePayload, keeper: Snapshot, loser: Snapshot, changes: RecordChanges
    ) -> Image:
        """The fields first, read back; then the O's, one request each."""
        await self._removal.update_record(given.keeper, changes)
        found, words = await self._read_back(given, keeper, loser, changes)
        if words:
            now = snapshot_of(found, "keeper").record
            await self._removal.update_record(given.keeper, taken_back(now, keeper.record, changes))
            raise LedgerError(
                f"Stash took the merge of {said(given.loser)} into {said(given.keeper)} but did not take "
                f"{', '.join(words)}: look for a plugin that changes images. It was taken back"
            )
        if loser.record.o_count:
            await self._removal.change_image_o(given.keeper_id, loser.record.o_count)
            found, _ = await self._read_back(given, keeper, loser, changes)
        return found

    async def _look(self, ref: RecordRef) -> Snapshot | None:
        record = await self._removal.record(ref)
        if record is None:
            return None
        history = await self._library.history(ref)
        return None if history is None else snapshot(record, history)


def _missing(now: Sequence[str], own: Sequence[str], others: Sequence[str]) -> list[str]:
    """The dates of both that are not there now."""
    return as_times((moments(own) + moments(others)) - moments(now))


def _moved(now: Sequence[str], own: Sequence[str], others: Sequence[str]) -> list[str]:
    """The dates of the other that are there now beside the keeper's own."""
    return as_times((moments(now) - moments(own)) & moments(others))


def conflicts_of(before: dict[str, Any] | None) -> list[str]:
    """What could not be kept beside the keeper's own, in words, from a journaled merge."""
    return list((before or {}).get("conflicts", ()))
