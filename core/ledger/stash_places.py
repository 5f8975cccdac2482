"""What Stash holds of one file that goes, looked at anew before anything is removed."""

from __future__ import annotations

import asyncio
import os
from enum import StrEnum

import msgspec

from core.errors import EffectRefusedError
from core.ledger.stash_records import FileName, Locate, said
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.servers.stash_library import StashLibrary


class Held(StrEnum):
    """How Stash holds a file."""

    RECORD = "record"  # it is all that a scene or image has, and that one goes with it
    FILE = "file"  # the scene or image has other files and stays
    LOOSE = "loose"  # an entry that belongs to nothing
    BARE = "bare"  # the entry is gone, its scene or image stands without files
    GONE = "gone"


class GoingFile(msgspec.Struct, frozen=True):
    """A file that goes. `record_id`: what holds it when its turn comes; after a merge that is the keeper.

    `is_record_going`: the scene or image may go with its last file. `is_recorded`: an effect before it in its part
    wrote down what Stash held, so that it can come back.
    """

    media: Media
    record_id: int
    file: FileName
    is_record_going: bool = False
    is_recorded: bool = True

    @property
    def record(self) -> RecordRef:
        """What holds it."""
        return RecordRef(self.media, self.record_id)


async def look(library: StashLibrary, given: GoingFile) -> Held:
    """How Stash holds the file now. Raises EffectRefusedError when that is not as it was when this was planned."""
    path = given.file.path
    holders = [
        one
        for one in await library.records_at(given.media, path)
        if any(file.id == given.file.id for file in one.files)
    ]
    if len(holders) > 1:
        raise EffectRefusedError(f"{path} belongs to {' and '.join(said(one) for one in holders)}: part them in Stash")
    if holders:
        return _held_by(given, holders[0])
    entries = await library.file_ids_at(path)
    if given.file.id in entries:
        return Held.LOOSE
    if entries:
        raise EffectRefusedError(f"Stash knows another file at {path} by now: scan and decide again")
    record = await library.record(given.record)
    moved = None if record is None else next((one for one in record.files if one.id == given.file.id), None)
    if moved is not None:
        raise EffectRefusedError(
            f"Stash knows {path} as {moved.path} now; nothing was removed, since that would delete the file there. "
            "Keep the folder of the trash out of Stash's library"
        )
    return Held.BARE if record is not None and not record.files and given.is_record_going else Held.GONE


async def is_gone(library: StashLibrary, given: GoingFile) -> bool:
    """Whether Stash holds nothing of the file any more, nor an empty record that was to go with it."""
    record = await library.record(given.record)
    if record is not None:
        if any(one.id == given.file.id for one in record.files):
            return False
        if not record.files and given.is_record_going:
            return False
    return given.file.id not in await library.file_ids_at(given.file.path)


def _held_by(given: GoingFile, record: LibraryRecord) -> Held:
    if len(record.files) > 1:
        if record.files[0].id == given.file.id:
            raise EffectRefusedError(
                f"{given.file.path} is the primary file of {said(record)}, which has other files: give it another "
                "primary file in Stash"
            )
        return Held.FILE
    if record.ref != given.record or not given.is_record_going:
        raise EffectRefusedError(
            f"{given.file.path} is the only file of {said(record)} by now, and that one is to stay: nothing was removed"
        )
    return Held.RECORD


async def refuse_missing(locate: Locate, path: str) -> None:
    """Raises EffectRefusedError when a file that is to stay is seen to be missing from a folder that is there."""
    place = locate(path)

    def is_missing() -> bool:
        return place is not None and place.parent.is_dir() and not os.path.lexists(place)

    if await asyncio.to_thread(is_missing):
        raise EffectRefusedError(f"{path}, which was to stay, is missing from {place and place.parent}")


async def refuse_other(locate: Locate, path: str, size: int) -> None:
    """Raises EffectRefusedError when what stands at a path has not the size that Stash knows: it was replaced."""
    place = locate(path)

    def is_other() -> bool:
        try:
            return place is not None and os.lstat(place).st_size != size
        except OSError:
            return False  # nobody here can see it

    if await asyncio.to_thread(is_other):
        raise EffectRefusedError(
            f"{place} is not the file that Stash means: it has another size. Scan it in Stash first"
        )


async def must_be_absent(locate: Locate, path: str) -> None:
    """Raises EffectRefusedError unless the file is seen to be gone from a folder that is there."""
    place = locate(path)
    if place is None:
        raise EffectRefusedError(f"no local path is known for {path}, so nobody can see that the file is gone")

    def why_not() -> str:
        try:
            os.lstat(place)
        except FileNotFoundError:
            return "" if place.parent.is_dir() else f"the folder {place.parent} is not there: is the disk mounted?"
        except OSError as error:
            return f"nobody can see whether {place} is gone ({error.strerror})"
        return f"the file is still there: {place}"

    if words := await asyncio.to_thread(why_not):
        raise EffectRefusedError(f"{words}. Its entry in Stash was left alone")
