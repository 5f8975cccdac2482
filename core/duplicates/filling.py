"""Fills in what no source tells of a file: hashes, the size of a picture, checksums of files of equal size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from core.clock import Clock
from core.duplicates.catalog import with_known
from core.hashing import HashReport, HashRequest, HashRun
from core.job import Job
from core.media.pool import MediaPool
from core.model.library_files import NO_FACTS, FileIdentity, LibraryFile
from core.model.library_records import Media
from core.store import hash_cache, library
from core.store.database import Database

_CHUNK: Final = 2000
_CACHE_DAYS: Final = 180
_DAY: Final = 86400.0
_TRUSTED_DISTANCE: Final = 4  # a nearer pair needs no second opinion


async def known_files(database: Database) -> AsyncIterator[list[LibraryFile]]:
    """All files that the last reading saw, some at a time."""
    after = 0
    while True:
        async with database.read() as reader:
            chunk = await library.files_after(reader, after, limit=_CHUNK)
        if not chunk:
            return
        yield chunk
        after = chunk[-1].id


class Filling:
    """Hashes what lacks a hash and brings what the cache knows to the files.

    `distance` in bits: from 5 on pictures get a second, independent hash. `is_fast`: JPEGs are decoded small.
    """

    def __init__(self, database: Database, pool: MediaPool, clock: Clock, *, distance: int, is_fast: bool) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._distance = distance
        self._is_fast = is_fast
        self.complete: list[LibraryFile] | None = None

    async def fill(self, media: Collection[Media], job: Job) -> HashReport:
        """Fill in all files of these media. Raises JobCancelledError; what was hashed so far is kept.

        Where nothing was lacking, `complete` holds the files afterwards: there is no need to read them again.
        """
        async with self._database.read() as reader:
            shared = await library.sizes_shared(reader)
        requests: list[HashRequest] = []
        places: list[int] = []
        complete: list[LibraryFile] = []
        async for chunk in known_files(self._database):
            for file in chunk:
                if file.media in media and (request := self._request(file, shared)) is not None:
                    requests.append(request)
                    places.append(file.id)
            if requests:
                complete.clear()
            else:
                complete += chunk
        self.complete = None if requests else complete
        report = HashReport()
        for one, message in ((Media.IMAGE, "hashing pictures"), (Media.VIDEO, "hashing videos")):
            run = HashRun(self._database, self._pool, self._clock, is_fast=self._is_fast)
            part = await run.run([request for request in requests if request.media is one], job, message=message)
            report.add(part)
        await self._take_over(places, job, report.unread)
        async with self._database.write() as tx:
            await hash_cache.prune(tx, before=self._clock.now() - _CACHE_DAYS * _DAY)
        return report

    def _request(self, file: LibraryFile, shared: set[tuple[str, int]]) -> HashRequest | None:
        """What has to be found out about a file, None where nothing is or it cannot be reached."""
        if file.path is None or file.identity is None or file.is_in_zip:
            return None
        is_picture = file.media is Media.IMAGE
        has_phash = file.hashes.phash is not None and (self._is_fast or file.hashes.phash_method == "exact")
        wants_second = is_picture and self._distance > _TRUSTED_DISTANCE and file.hashes.second is None
        wants_checksums = file.hashes.md5 is None and (file.media.value, file.size) in shared
        wants_facts = file.facts == NO_FACTS
        if has_phash and not (wants_second or wants_checksums or wants_facts):
            return None
        return HashRequest(
            file.path,
            file.identity,
            file.media,
            wants_phash=not has_phash,
            wants_second=wants_second,
            wants_checksums=wants_checksums,
            wants_facts=wants_facts,
            duration=file.facts.duration,
        )

    async def _take_over(self, ids: Sequence[int], job: Job, unread: Mapping[FileIdentity, str]) -> None:
        """Bring what the cache knows to these files, and why some could not be read."""
        for start in range(0, len(ids), _CHUNK):
            async with self._database.read() as reader:
                chunk = list((await library.files(reader, ids[start : start + _CHUNK])).values())
                known = await hash_cache.get(reader, [file.identity for file in chunk if file.identity is not None])
            changed: list[LibraryFile] = []
            for file in chunk:
                found = None if file.identity is None else known.get(file.identity)
                fresh = file if found is None else with_known(file, found)
                if file.identity is not None and file.identity in unread:
                    fresh = replace(fresh, problem=unread[file.identity])
                if fresh != file:
                    changed.append(fresh)
            if changed:
                async with self._database.write() as tx:
                    await library.put_files(tx, changed, scan=job.id)
