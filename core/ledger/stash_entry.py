"""The effect that writes down what Stash holds of a file that goes, so that its undo can bring it back.

Nothing is done; `stash.remove-entry` does it, at the end of the same part.
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import EffectRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_records import FileName, Snapshot, Turn, as_json, cannot_come_back, said, snapshot, snapshot_of
from core.ledger.stash_return import StashReturn
from core.model.library_records import LibraryRecord, Media, RecordRef, StashFile
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_ENTRY: Final = "stash.entry"


class EntryPayload(msgspec.Struct, frozen=True):
    """A file that goes, and the scene or image that holds it."""

    media: Media
    record_id: int
    file: FileName

    @property
    def record(self) -> RecordRef:
        """What holds it."""
        return RecordRef(self.media, self.record_id)


def entry_effect(record: LibraryRecord, file: StashFile, *, part: str = "", subject: int | None = None) -> NewEffect:
    """The planned effect."""
    payload = msgspec.to_builtins(EntryPayload(record.media, record.id, FileName(file.id, file.path)))
    return NewEffect(STASH_ENTRY, f"write down {said(record)}", payload, subject=subject, part=part)


class StashEntry:
    """Writes down, and brings back."""

    def __init__(self, removal: StashRemoval, turn: Turn, back: StashReturn) -> None:
        self._removal = removal
        self._turn = turn
        self._back = back

    async def inspect(self, payload: Payload) -> Image:
        """The whole record. Refused when it is gone or holds the file no longer."""
        given = parsed(payload, EntryPayload)
        record = await self._removal.record(given.record)
        history = None if record is None else await self._removal.library.history(given.record)
        if record is None or history is None:
            raise EffectRefusedError(f"{said(given.record)} is no longer in Stash")
        if not any(file.id == given.file.id and file.path == given.file.path for file in record.files):
            raise EffectRefusedError(f"{said(given.record)} no longer holds {given.file.path}: scan and decide again")
        is_last = len(record.files) == 1
        words = cannot_come_back(record, is_merge=False) if is_last else "an undo brings the file back into its place"
        return {"record": as_json(snapshot(record, history)), "cannot_come_back": words}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Nothing: it is written down."""
        return {}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """It was written down with its beginning."""
        return {}

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Whether the file is back shows only later."""
        parsed(payload, EntryPayload)
        snapshot_of(before, "record")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Bring the record back when it is gone, else give it its file back."""
        given = parsed(payload, EntryPayload)
        wanted = snapshot_of(before, "record")
        record = await self._removal.record(given.record)
        if record is None:
            await self._back.bring_back(wanted)
        elif all(file.path != given.file.path for file in record.files):
            await self._give_file_back(given, wanted)

    async def _give_file_back(self, given: EntryPayload, wanted: Snapshot) -> None:
        """An image cannot be given another file: there the file comes back as an image of its own."""
        held = await self._back.take_up(given.media, given.file.path)
        ref = held[0].ref if given.media is Media.IMAGE else given.record
        async with self._turn():
            if all(one.ref != ref for one in held):
                await self._back.join(ref, given.file.path, held[0])
            record = await self._removal.record(ref)
            if record is not None:
                await self._back.write_phashes(record, wanted)
