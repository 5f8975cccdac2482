"""The effect that makes another file of a scene or an image its primary one: Stash lets go of no primary file."""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import EffectConflictError, EffectRefusedError, LedgerError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_records import FileName, Turn, said
from core.model.library_records import LibraryRecord, Media, RecordRef, StashFile
from core.model.record_changes import RecordChanges
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_PRIMARY: Final = "stash.primary"


class PrimaryPayload(msgspec.Struct, frozen=True):
    """Which file becomes the primary one of which record."""

    media: Media
    record_id: int
    file_id: int

    @property
    def record(self) -> RecordRef:
        """What holds it."""
        return RecordRef(self.media, self.record_id)


class _Primary(msgspec.Struct, frozen=True):
    primary: FileName


def primary_effect(record: LibraryRecord, file: StashFile, *, part: str = "", subject: int | None = None) -> NewEffect:
    """The planned effect."""
    payload = msgspec.to_builtins(PrimaryPayload(record.media, record.id, file.id))
    title = f"make {file.path.rsplit('/', 1)[-1]} the primary file of {said(record)}"
    return NewEffect(STASH_PRIMARY, title, payload, subject=subject, part=part)


class StashPrimary:
    """Changes the primary file, and changes it back where the old one is there."""

    def __init__(self, removal: StashRemoval, turn: Turn) -> None:
        self._removal = removal
        self._turn = turn

    async def inspect(self, payload: Payload) -> Image:
        """The primary file now. Refused when the record is gone, or does not hold the other file."""
        given = parsed(payload, PrimaryPayload)
        record = await self._removal.record(given.record)
        if record is None:
            raise EffectRefusedError(f"{said(given.record)} is no longer in Stash")
        if all(file.id != given.file_id for file in record.files):
            raise EffectRefusedError(f"{said(given.record)} no longer holds that file: scan and decide again")
        return _image(record)

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Write it, if the primary file is still the one that was looked at, and read it back."""
        given = parsed(payload, PrimaryPayload)
        async with self._turn():
            record = await self._removal.record(given.record)
            if record is None or not record.files or _image(record) != before:
                raise EffectConflictError(f"somebody else changed the files of {said(given.record)} at this moment")
            await self._removal.update_record(given.record, RecordChanges(primary_file_id=given.file_id))
            record = await self._removal.record(given.record)
        if record is None or not record.files or record.files[0].id != given.file_id:
            raise LedgerError(f"Stash took the other primary file of {said(given.record)} but does not hold it")
        return _image(record)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """The primary file, if it is the wanted one."""
        given = parsed(payload, PrimaryPayload)
        record = await self._removal.record(given.record)
        if record is None or not record.files or record.files[0].id != given.file_id:
            return None
        return _image(record)

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Always: where the old primary file is gone nothing is changed."""
        parsed(before, _Primary)

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """The old file, known by its path since it may have come back under another number, if it is there."""
        given = parsed(payload, PrimaryPayload)
        path = parsed(before, _Primary).primary.path
        async with self._turn():
            record = await self._removal.record(given.record)
            if record is None or not record.files or record.files[0].path == path:
                return
            if record.files[0].id != given.file_id:
                return  # somebody chose a third one since
            old = next((file for file in record.files if file.path == path), None)
            if old is not None:
                await self._removal.update_record(given.record, RecordChanges(primary_file_id=old.id))


def _image(record: LibraryRecord) -> Image:
    first = record.files[0]
    return {"primary": {"id": first.id, "path": first.path}}
