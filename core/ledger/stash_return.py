"""Brings a scene or an image back into Stash when its file is back in its place.

Stash knows no way to bring a record back, so it is made anew: Stash scans the file, and what was recorded is written to
the scene or image that holds it then. A file whose content another record holds too is put into that one by the scan; a
scene can be parted from it, an image cannot. Everything here can be done again after having been cut short.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from core.errors import GraphQLError, LedgerError, UndoRefusedError
from core.ledger.stash_records import Locate, Snapshot, Turn, as_times, moments, said
from core.model.library_records import LibraryRecord, Marker, Media, RecordRef, StashFile
from core.model.record_changes import RecordChanges, comparable, held_by, lacking
from core.model.scenes import StashId
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashJob, StashRemoval

RESCAN_SECONDS: Final = 60.0
"""How long an undo waits for Stash to scan a file that is back; other jobs of Stash may come before."""


@dataclass(frozen=True, slots=True)
class _Holders:
    """Who holds the files that are back: records of nothing else, and strangers (with which of the files)."""

    own: list[LibraryRecord]
    strangers: list[tuple[LibraryRecord, StashFile]]


class StashReturn:
    """Brings records back. `rescan_seconds` bounds the wait for Stash's scan."""

    def __init__(
        self, removal: StashRemoval, turn: Turn, locate: Locate, *, rescan_seconds: float = RESCAN_SECONDS
    ) -> None:
        self._removal = removal
        self._library: StashLibrary = removal.library
        self._turn = turn
        self._locate = locate
        self._rescan_seconds = rescan_seconds

    async def bring_back(self, wanted: Snapshot, *, merged_into: RecordRef | None = None) -> RecordRef:
        """The scene or image that holds the recorded files, and what was recorded of it.

        `merged_into`: the scene that its markers went to; without one they are made anew.

        Raises UndoRefusedError when the files are not back or cannot be parted from another image's.
        """
        media = wanted.record.media
        there = await self._in_place(wanted)
        holders = await self._holders(media, there)
        if not self._is_complete(holders, there):
            job = await self._scan(there)
            holders = await self._holders(media, there)
            if not holders.own and not holders.strangers:
                raise UndoRefusedError(_not_taken_up(there[0], job))
        async with self._turn():
            ref = await self._gather(wanted, holders)
            await self._write(ref, wanted)
            await self._bring_markers(ref, wanted, merged_into)
        return ref

    async def take_up(self, media: Media, path: str) -> list[LibraryRecord]:
        """Have Stash scan one file that is back, if nothing holds it; what holds it then.

        Raises UndoRefusedError when the file is not there, or Stash did not take it up in time.
        """
        if not (held := await self._library.records_at(media, path)):
            await self._must_be_there(path)
            job = await self._scan([path])
            if not (held := await self._library.records_at(media, path)):
                raise UndoRefusedError(_not_taken_up(path, job))
        return held

    async def join(self, ref: RecordRef, path: str, holder: LibraryRecord) -> None:
        """Give a scene a file that was its own and that another scene holds now."""
        [file] = [one for one in holder.files if one.path == path]
        if len(holder.files) == 1:
            await self._removal.merge_scenes([holder.id], ref.id, RecordChanges())
        else:
            _part_or_refuse(holder, file)
            await self._removal.assign_file(ref.id, file.id)

    async def _in_place(self, wanted: Snapshot) -> list[str]:
        """Of several files those that are back; at least one must be."""
        there = [path for path in wanted.paths if await self._is_there(path)]
        if not there:
            await self._must_be_there(wanted.paths[0] if wanted.paths else "")
        return there

    async def _is_there(self, path: str) -> bool:
        """Whether a file is in its place, or nobody here can see that: then Stash's scan shows it."""
        place = self._locate(path)
        return place is None or await asyncio.to_thread(os.path.lexists, place)

    async def _must_be_there(self, path: str) -> None:
        if not path:
            raise UndoRefusedError("it had no file in Stash, so Stash cannot bring it back")
        if not await self._is_there(path):
            raise UndoRefusedError(
                f"{self._locate(path)} is not back in its place: restore the file first, then undo this"
            )

    async def _scan(self, paths: Sequence[str]) -> StashJob | None:
        return await self._removal.wait_for_job(await self._removal.rescan(paths), seconds=self._rescan_seconds)

    async def _holders(self, media: Media, paths: Sequence[str]) -> _Holders:
        found: dict[int, LibraryRecord] = {}
        strangers: list[tuple[LibraryRecord, StashFile]] = []
        for path in paths:
            for record in await self._library.records_at(media, path):
                if all(file.path in paths for file in record.files):
                    found.setdefault(record.id, record)
                else:
                    strangers += [(record, file) for file in record.files if file.path == path]
        return _Holders(list(found.values()), strangers)

    @staticmethod
    def _is_complete(holders: _Holders, paths: Sequence[str]) -> bool:
        held = {file.path for record in holders.own for file in record.files}
        return held | {file.path for _, file in holders.strangers} >= set(paths)

    async def _gather(self, wanted: Snapshot, holders: _Holders) -> RecordRef:
        """One record that holds all the files, the primary one first."""
        media = wanted.record.media
        if media is Media.IMAGE:
            if not holders.own:
                other = holders.strangers[0][0]
                raise UndoRefusedError(
                    f"{holders.strangers[0][1].path} is back, but Stash puts it into {said(other)}, since the content "
                    "is the same, and has no way to part them: nothing was taken from that image"
                )
            return holders.own[0].ref
        if holders.own:
            scene_id = holders.own[0].id
            if others := [one.id for one in holders.own[1:]]:
                await self._removal.merge_scenes(others, scene_id, RecordChanges())
            for record, file in holders.strangers:
                _part_or_refuse(record, file)
                await self._removal.assign_file(scene_id, file.id)
        else:
            for record, file in holders.strangers:
                _part_or_refuse(record, file)
            scene_id = await self._removal.create_scene([file.id for _, file in holders.strangers])
        return RecordRef(media, scene_id)

    async def _write(self, ref: RecordRef, wanted: Snapshot) -> None:
        """Write what was recorded wherever the record holds nothing else already; lists are joined."""
        record = await self._removal.record(ref)
        if record is None:
            raise LedgerError(f"{said(ref)} vanished from Stash while it was brought back: undo it again")
        changes = restored_values(record, wanted.record)
        await self._update(ref, changes)
        await self.write_phashes(record, wanted)
        await self._write_counts(record, wanted)
        written = await self._removal.record(ref)
        missing = lacking(written, changes) if written is not None else changes
        if missing:
            raise LedgerError(
                f"Stash brought {said(wanted.record)} back as {said(ref)} but did not take {', '.join(missing.names)}"
            )

    async def _update(self, ref: RecordRef, changes: RecordChanges) -> None:
        """All at once, or what can be written where Stash refuses something: a tag may be gone from it by now."""
        with suppress(GraphQLError):
            await self._removal.update_record(ref, changes)
            return
        for name in changes.names:
            with suppress(GraphQLError):
                await self._removal.update_record(ref, RecordChanges(**{name: getattr(changes, name)}))

    async def write_phashes(self, record: LibraryRecord, wanted: Snapshot) -> None:
        """Give files that are back their PHASHes. The content is the same: Stash need not decode it again."""
        known = {(file.path, file.size): file.phash for file in wanted.record.files}
        for file in record.files:
            phash = known.get((file.path, file.size))
            if file.phash is None and phash is not None:
                await self._removal.set_fingerprints(file.id, {"phash": f"{phash:x}"})

    async def _write_counts(self, record: LibraryRecord, wanted: Snapshot) -> None:
        if record.media is Media.IMAGE:
            await self._removal.change_image_o(record.id, max(0, wanted.record.o_count - record.o_count))
            return
        held = await self._library.history(record.ref)
        if held is None:
            return
        await self._removal.add_plays(record.id, as_times(moments(wanted.plays) - moments(held.plays)))
        await self._removal.add_os(record.id, as_times(moments(wanted.o_dates) - moments(held.o_dates)))
        if wanted.record.resume_time and not record.resume_time:
            await self._removal.set_resume_time(record.id, wanted.record.resume_time)

    async def _bring_markers(self, ref: RecordRef, wanted: Snapshot, merged_into: RecordRef | None) -> None:
        """Fetch the markers from where they went, or make them anew; one that a person took away there stays away."""
        if not wanted.markers:
            return
        here = await self._library.history(ref)
        there = None if merged_into is None else await self._library.history(merged_into)
        held = Counter(one.place for one in (() if here is None else here.markers))
        for marker in wanted.markers:
            if held[marker.place] > 0:
                held[marker.place] -= 1
            elif there is None:
                await self._create_marker(ref, marker)
            elif any(one.id == marker.id for one in there.markers):
                await self._removal.move_marker(marker.id, ref.id)

    async def _create_marker(self, ref: RecordRef, marker: Marker) -> None:
        """With what is left of its tags: one that is gone from Stash makes it refuse the whole marker."""
        for one in (marker, replace(marker, tag_ids=())):
            with suppress(GraphQLError):
                await self._removal.create_marker(ref.id, one)
                return
        raise LedgerError(
            f'Stash brought {said(ref)} back but did not take its marker "{marker.title}" at {marker.seconds:g} s: '
            "its tag may be gone"
        )


def restored_values(record: LibraryRecord, wanted: LibraryRecord) -> RecordChanges:
    """What a record brought back lacks of what was recorded; nothing somebody put there since is overwritten."""
    now, then = held_by(record), held_by(wanted)
    changes: dict[str, object] = {}
    for name in then.names:
        held, recorded = getattr(now, name), getattr(then, name)
        if name == "primary_file_id":
            recorded = next((file.id for file in record.files if file.path == wanted.files[0].path), held)
        elif isinstance(recorded, tuple):
            recorded = (*held, *(one for one in recorded if _place(one) not in {_place(other) for other in held}))
        elif name == "play_duration":
            recorded = max(held, recorded)
        elif held:
            recorded = held
        if comparable(recorded) != comparable(held):
            changes[name] = recorded
    return RecordChanges(**changes)  # type: ignore[arg-type]  # each value has the type of its field


def _place(one: object) -> object:
    return one.endpoint if isinstance(one, StashId) else getattr(one, "group_id", one)


def _part_or_refuse(record: LibraryRecord, file: StashFile) -> None:
    if record.files[0].id == file.id:
        raise UndoRefusedError(
            f"{file.path} is now the primary file of {said(record)}: give that scene another primary file in Stash, "
            "then undo this again"
        )


def _not_taken_up(path: str, job: StashJob | None) -> str:
    if job is None or job.has_ended:
        why = f" ({job.error})" if job is not None and job.error else ""
        return f"Stash scanned {path} but did not take it up{why}: look into Stash's log, then undo this again"
    return f"Stash has not scanned {path} yet, its other jobs come first: undo this again when they are through"
