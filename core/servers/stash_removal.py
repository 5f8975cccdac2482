"""A Stash whose records become one, go, and come back: the writes of the duplicates desk.

What deletes a file on disk is named so (`delete_...`); everything else leaves the disk alone, but for `forget_files` of
a Stash before 0.31, which has no such thing: there the file must be gone from its place before.

All writes raise GraphQLError when nothing was written and UncertainWriteError when that is not known, as with an answer
of another shape than agreed. That Stash says it did something is no proof: read it back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from core.errors import GraphQLError, LedgerError
from core.model.library_records import LibraryRecord, Marker, Media, RecordRef, StashFile
from core.model.record_changes import RecordChanges
from core.servers import stash_removal_documents as documents
from core.servers.documents import Document
from core.servers.numbers import Whole
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_library_documents import CAN_FIND_FILES
from core.servers.stash_library_records import files_of
from core.servers.stash_library_wire import Listed, One, WireLibraryFile
from core.servers.stash_record_inputs import record_input

T = TypeVar("T")

_UPDATES: Final = {Media.VIDEO: documents.UPDATE_SCENE_RECORD, Media.IMAGE: documents.UPDATE_IMAGE_RECORD}
_DESTROYS: Final = {Media.VIDEO: documents.DESTROY_SCENE, Media.IMAGE: documents.DESTROY_IMAGE}
_ENDED: Final = ("FINISHED", "CANCELLED", "FAILED")
_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 2.0


class _Done(msgspec.Struct, Generic[T]):
    done: T


class _WithId(msgspec.Struct):
    id: Whole


class _WithCount(msgspec.Struct):
    count: Whole


_ANSWER: Final = _Done[bool]
_RECORD: Final = _Done[_WithId]
_NUMBER: Final = _Done[Whole]
_COUNT: Final = _Done[_WithCount]


class _WireJob(msgspec.Struct):
    id: Whole
    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StashJob:
    """A job of Stash. `error` is empty unless it failed."""

    id: int
    status: str
    error: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it does nothing any more."""
        return self.status in _ENDED


class StashRemoval:
    """The writes. Shares the client's connections; like the client it orders nothing, the ledger does that."""

    def __init__(self, client: StashClient, library: StashLibrary) -> None:
        self._client = client
        self.library = library

    # -- records -----------------------------------------------------------------------------------------------------

    async def merge_scenes(
        self, sources: Sequence[int], destination: int, changes: RecordChanges, *, keep_histories: bool = True
    ) -> None:
        """Files, markers and, if asked for, the dates of plays and O's move to the destination; the sources are gone.

        Nothing else of the sources is kept but what `changes` writes to the destination, in the same transaction.
        """
        values = record_input(RecordRef(Media.VIDEO, destination), changes, await self._client.features())
        given: dict[str, Any] = {
            "source": [str(one) for one in sources],
            "destination": str(destination),
            "play_history": keep_histories,
            "o_history": keep_histories,
        }
        await self._send(documents.MERGE_SCENES, {"input": given | ({"values": values} if changes else {})}, _RECORD)

    async def update_record(self, ref: RecordRef, changes: RecordChanges) -> None:
        """Write the fields present in `changes`, and nothing else."""
        if changes:
            given = record_input(ref, changes, await self._client.features())
            await self._send(_UPDATES[ref.media], {"input": given}, _RECORD)

    async def create_scene(self, file_ids: Sequence[int]) -> int:
        """A new scene of files that are primary nowhere, taken from the scenes that hold them; its id."""
        given = {"file_ids": [str(one) for one in file_ids]}
        return (await self._send(documents.CREATE_SCENE, {"input": given}, _RECORD)).id

    async def assign_file(self, scene_id: int, file_id: int) -> None:
        """Give a file that is primary nowhere to another scene."""
        await self._send(
            documents.ASSIGN_FILE, {"input": {"scene_id": str(scene_id), "file_id": str(file_id)}}, _ANSWER
        )

    async def destroy_record(self, ref: RecordRef) -> None:
        """Remove a scene or an image from Stash. Its files stay on disk, and their entries in Stash."""
        await self._send(_DESTROYS[ref.media], {"input": {"id": str(ref.id), "delete_file": False}}, _ANSWER)

    async def destroy_scene(self, scene_id: int) -> None:
        """See `destroy_record`."""
        await self.destroy_record(RecordRef(Media.VIDEO, scene_id))

    async def destroy_image(self, image_id: int) -> None:
        """See `destroy_record`."""
        await self.destroy_record(RecordRef(Media.IMAGE, image_id))

    async def forget_files(self, ids: Sequence[int]) -> None:
        """Remove the entries of files, primary ones refused. Before 0.31 Stash deletes the files too, if it finds them:
        whoever calls this saw that they are not there.
        """
        await self._send(documents.FORGET_FILES, {"ids": [str(one) for one in ids]}, _ANSWER)

    # -- for good, through Stash -------------------------------------------------------------------------------------

    async def delete_record_with_files(self, ref: RecordRef) -> None:
        """Remove a scene or an image and delete ALL its files from the disk, for good."""
        given = {"id": str(ref.id), "delete_file": True, "delete_generated": True}
        await self._send(_DESTROYS[ref.media], {"input": given}, _ANSWER)

    async def delete_scene_with_files(self, scene_id: int) -> None:
        """See `delete_record_with_files`."""
        await self.delete_record_with_files(RecordRef(Media.VIDEO, scene_id))

    async def delete_image_with_files(self, image_id: int) -> None:
        """See `delete_record_with_files`."""
        await self.delete_record_with_files(RecordRef(Media.IMAGE, image_id))

    async def delete_file(self, file_id: int) -> None:
        """Delete one file from the disk, for good, and its entry; a primary one is refused."""
        await self._send(documents.DELETE_FILES, {"ids": [str(file_id)]}, _ANSWER)

    # -- dates and counts --------------------------------------------------------------------------------------------

    async def add_plays(self, scene_id: int, times: Sequence[str]) -> None:
        """Add dates of plays. Without any nothing is sent: Stash would take that for now."""
        await self._times(documents.ADD_PLAYS, scene_id, times)

    async def add_os(self, scene_id: int, times: Sequence[str]) -> None:
        """Add dates of O's."""
        await self._times(documents.ADD_OS, scene_id, times)

    async def delete_plays(self, scene_id: int, times: Sequence[str]) -> None:
        """Take dates of plays away, one entry a date."""
        await self._times(documents.DELETE_PLAYS, scene_id, times)

    async def delete_os(self, scene_id: int, times: Sequence[str]) -> None:
        """Take dates of O's away, one entry a date."""
        await self._times(documents.DELETE_OS, scene_id, times)

    async def _times(self, document: Document, scene_id: int, times: Sequence[str]) -> None:
        if times:
            await self._send(document, {"id": str(scene_id), "times": list(times)}, _COUNT)

    async def change_image_o(self, image_id: int, by: int) -> None:
        """Count an image's O's up, or down, one request each."""
        document = documents.ADD_IMAGE_O if by > 0 else documents.TAKE_IMAGE_O
        for _ in range(abs(by)):
            await self._send(document, {"id": str(image_id)}, _NUMBER)

    async def set_resume_time(self, scene_id: int, seconds: float) -> None:
        """Where playing goes on."""
        await self._send(documents.SET_RESUME_TIME, {"id": str(scene_id), "time": seconds}, _ANSWER)

    # -- markers -----------------------------------------------------------------------------------------------------

    async def create_marker(self, scene_id: int, marker: Marker) -> None:
        """Make a marker anew, under another number."""
        given: dict[str, Any] = {
            "scene_id": str(scene_id),
            "title": marker.title,
            "seconds": marker.seconds,
            "primary_tag_id": str(marker.primary_tag_id),
            "tag_ids": [str(one) for one in marker.tag_ids],
        }
        if marker.end_seconds is not None:  # a Stash before 0.28 has none, and does not know the field
            given["end_seconds"] = marker.end_seconds
        await self._send(documents.CREATE_MARKER, {"input": given}, _RECORD)

    async def move_marker(self, marker_id: int, scene_id: int) -> None:
        """Give a marker to another scene."""
        given = {"id": str(marker_id), "scene_id": str(scene_id)}
        await self._send(documents.MOVE_MARKER, {"input": given}, _RECORD)

    # -- files -------------------------------------------------------------------------------------------------------

    async def set_fingerprints(self, file_id: int, values: Mapping[str, str | None]) -> None:
        """Set fingerprints of a file by type, None removes one. Stash takes "phash" and unknown types, no checksums."""
        prints = [{"type": kind} | ({} if value is None else {"value": value}) for kind, value in values.items()]
        await self._send(documents.SET_FINGERPRINTS, {"input": {"id": str(file_id), "fingerprints": prints}}, _ANSWER)

    async def files(self, ids: Sequence[int]) -> dict[int, StashFile]:
        """The files of these ids (path, size and hashes alone); those Stash does not know are left out.

        Raises LedgerError for a Stash before 0.29, which cannot look them up.
        """
        known = (await self._client.features()).known
        if CAN_FIND_FILES not in known:
            raise LedgerError("this Stash cannot look up files by their numbers: update it to 0.29 or newer")
        return {file.id: file for file in await self._files(list(dict.fromkeys(ids)), known)}

    async def _files(self, ids: list[int], known: frozenset[str]) -> list[StashFile]:
        if not ids:
            return []
        reply = await self._client.graphql.ask(documents.FILES_BY_ID, {"ids": [str(one) for one in ids]}, known=known)
        if not reply.problems:
            answer = reply.decode(Listed[WireLibraryFile])
            return files_of(answer.found.items, self._client.oddities)
        if not any("not found" in (problem.message or "").lower() for problem in reply.problems):
            raise reply.error()
        if len(ids) == 1:
            return []
        middle = len(ids) // 2
        return await self._files(ids[:middle], known) + await self._files(ids[middle:], known)

    # -- jobs --------------------------------------------------------------------------------------------------------

    async def rescan(self, paths: Sequence[str]) -> int:
        """Have Stash look at these paths, without generating anything; the job's id."""
        return await self._send(documents.RESCAN, {"input": {"paths": list(paths)}}, _NUMBER)

    async def job(self, job_id: int) -> StashJob | None:
        """A job that waits, runs or ended not long ago; None: what became of it is not known."""
        found = (await self._client.graphql.execute(documents.JOB, {"id": str(job_id)}, shape=One[_WireJob])).found
        return None if found is None else StashJob(found.id, found.status, found.error or "")

    async def wait_for_job(self, job_id: int, *, seconds: float) -> StashJob | None:
        """The job when it ended, or as it is when the time is over; None: it is gone, so look at the result."""
        until = time.monotonic() + seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            job = await self.job(job_id)
            left = until - time.monotonic()
            if job is None or job.has_ended or left <= 0:
                return job
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    # -- reading back ------------------------------------------------------------------------------------------------

    async def record(self, ref: RecordRef) -> LibraryRecord | None:
        """A scene or an image as it is now."""
        return await self.library.record(ref)

    async def _send(self, document: Document, variables: dict[str, Any], shape: type[_Done[T]]) -> T:
        """What the mutation answered.

        Raises GraphQLError when that is "no", UncertainWriteError when it is anything else than agreed.
        """
        known = (await self._client.features()).known
        done = (await self._client.graphql.execute(document, variables, shape=shape, known=known)).done
        if done is False:
            raise GraphQLError([f"it answered false to {document.name}"], server=self._client.url)
        return done
