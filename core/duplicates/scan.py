"""A scan of the duplicates desk: read every source, hash what has no hash, group, and write down what waits.

It changes nothing outside Winnow's own database. One source's failure stops only that source.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from core.clock import Clock
from core.duplicates.assemble import Assembled, Assembling
from core.duplicates.catalog import Catalog
from core.duplicates.folder_source import read_folder
from core.duplicates.hashing import HashReport, HashRequest, HashRun
from core.duplicates.mapping import unverified
from core.duplicates.reconcile import Counts, FoundGroup, reconcile
from core.errors import MediaError, ServerError
from core.jobs import Job
from core.library import FileFacts, FileIdentity, GroupFilter, GroupKind, LibraryFile, LibraryRecord, Media, RecordRef
from core.media.pool import MediaPool
from core.path_map import mapping_of
from core.servers.library_source import LibrarySource
from core.settings import PathMapping, Settings
from core.store import groups, hash_cache, library
from core.store.database import Database

_CHUNK: Final = 2000
_CACHE_DAYS: Final = 180
_DAY: Final = 86400.0
_TRUSTED_DISTANCE: Final = 4

OpenSource = Callable[[], AbstractAsyncContextManager[LibrarySource]]
"""Opens one way to a Stash's library."""


@dataclass(slots=True)
class SourceRun:
    """How one source fared; `error` is empty after a good run."""

    source: str
    files: int = 0
    error: str = ""


@dataclass(slots=True)
class DuplicatesReport:
    """What a scan found. Bytes; `groups` by kind, of those that wait."""

    files: int = 0
    hashed: int = 0
    counts: Counts = field(default_factory=Counts)
    groups: dict[GroupKind, int] = field(default_factory=dict)
    weak: int = 0
    reclaimable_bytes: int = 0
    sources: list[SourceRun] = field(default_factory=list)
    problems: int = 0
    suspicious: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether every source was read to its end."""
        return all(not run.error for run in self.sources)

    def as_result(self) -> dict[str, Any]:
        """The part of the scan document that concerns duplicates (product description, section 8)."""
        return {
            "files": self.files,
            "hashed": self.hashed,
            "groups": {kind.value: self.groups.get(kind, 0) for kind in _ORDER},
            "weak": self.weak,
            "reclaimable_bytes": self.reclaimable_bytes,
            "new": self.counts.new,
            "withdrawn": self.counts.withdrawn,
            "problems": self.problems,
            "suspicious": self.suspicious,
            "sources": [
                {"source": run.source, "ok": not run.error, "error": run.error or None, "files": run.files}
                for run in self.sources
            ],
        }


_ORDER: Final = (GroupKind.EXACT, GroupKind.SAME_PHASH, GroupKind.NEAR, GroupKind.SAME_STASH_ID, GroupKind.SAME_SCENE)


class DuplicatesScan:
    """One scan. `library_sources` are ways to the Stash, in order of preference: the next is tried when one fails."""

    def __init__(
        self,
        database: Database,
        pool: MediaPool,
        clock: Clock,
        settings: Settings,
        library_sources: Sequence[tuple[str, OpenSource]],
    ) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._wanted = settings.duplicates
        self._sources = library_sources
        self.report = DuplicatesReport()

    @property
    def parameters(self) -> dict[str, Any]:
        """What tells this scan from another, as a job keeps it."""
        return {}

    async def run(self, job: Job) -> dict[str, Any]:
        """Scan to the end. Raises JobCancelledError; what was hashed so far is kept."""
        catalog = Catalog(self._database, self._settings.stash.path_map, job.id)
        failed = await self._read(catalog, job)
        self.report.files = await catalog.conclude(failed)
        wrong = await unverified(catalog.samples)
        for words in wrong.values():
            await job.log(words, level="error")
        await self._hash(job)
        await self._group(job, wrong)
        await self._conclude(job)
        return self.report.as_result()

    # -- reading -----------------------------------------------------------------------------------------------------

    async def _read(self, catalog: Catalog, job: Job) -> frozenset[str]:
        """Read every source; the names of those that failed."""
        media = [one for one in Media if one.value in self._wanted.media]
        for name, opener in self._sources:
            if not await self._read_library(catalog, name, opener, media, job):
                break
        for folder in self._wanted.folders:
            run = SourceRun(folder)
            self.report.sources.append(run)
            try:
                run.files = await read_folder(catalog, Path(folder), self._wanted, job)
            except MediaError as error:
                run.error = str(error)
            await self._note_end(run, job)
        async with self._database.write() as tx:
            await library.keep_sources(tx, [run.source for run in self.report.sources])
        return frozenset(run.source for run in self.report.sources if run.error)

    async def _read_library(
        self, catalog: Catalog, name: str, opener: OpenSource, media: Sequence[Media], job: Job
    ) -> bool:
        """Read the Stash in one way; whether the next way is to be tried."""
        run = SourceRun(name)
        self.report.sources.append(run)
        try:
            async with opener() as source:
                for one in media:
                    run.files += await catalog.read_library(source, one, job, done=run.files)
                for words in source.oddities.words[:20]:
                    await job.log(f"{name}: {words}", level="warning")
            async with self._database.write() as tx:
                for one in media:
                    await library.forget_records(tx, one, scan=job.id)
        except ServerError as error:
            run.error = str(error)
        await self._note_end(run, job)
        return bool(run.error)

    async def _note_end(self, run: SourceRun, job: Job) -> None:
        async with self._database.write() as tx:
            await library.source_done(tx, run.source, files_seen=run.files, error=run.error, now=self._clock.now())
        if run.error:
            await job.log(f"{run.source}: {run.error}", level="error")
        else:
            await job.log(f"{run.source}: {run.files} files")

    # -- hashing -----------------------------------------------------------------------------------------------------

    async def _hash(self, job: Job) -> None:
        """Find out what no source tells: hashes, sizes of pictures; checksums of files whose size another file has."""
        async with self._database.read() as reader:
            shared = await library.sizes_shared(reader)
        requests = [
            request
            async for chunk in self._chunks()
            for file in chunk
            if (request := _request(file, shared, distance=self._wanted.distance)) is not None
        ]
        report = HashReport()
        for media, message in ((Media.IMAGE, "hashing pictures"), (Media.VIDEO, "hashing videos")):
            run = HashRun(self._database, self._pool, self._clock, is_fast=self._wanted.hash_quality == "fast")
            part = await run.run([one for one in requests if one.media is media], job, message=message)
            report.hashed += part.hashed
            report.problems += part.problems
            report.unread |= part.unread
        self.report.hashed, self.report.problems = report.hashed, len(report.problems)
        await self._take_over_hashes(job, report.unread)
        async with self._database.write() as tx:
            await hash_cache.prune(tx, before=self._clock.now() - _CACHE_DAYS * _DAY)

    async def _take_over_hashes(self, job: Job, unread: Mapping[FileIdentity, str]) -> None:
        """Bring what the cache knows to the files, and why some could not be read."""
        async for chunk in self._chunks():
            identities = [file.identity for file in chunk if file.identity is not None]
            async with self._database.read() as reader:
                known = await hash_cache.get(reader, identities)
            changed: list[LibraryFile] = []
            for file in chunk:
                found = None if file.identity is None else known.get(file.identity)
                fresh = file if found is None else _filled(file, found)
                if file.identity is not None and file.identity in unread:
                    fresh = replace(fresh, problem=unread[file.identity])
                if fresh != file:
                    changed.append(fresh)
            if changed:
                async with self._database.write() as tx:
                    await library.put_files(tx, changed, scan=job.id)

    async def _chunks(self) -> AsyncIterator[list[LibraryFile]]:
        after = 0
        while True:
            async with self._database.read() as reader:
                chunk = await library.files_after(reader, after, limit=_CHUNK)
            if not chunk:
                return
            yield chunk
            after = chunk[-1].id

    # -- grouping ----------------------------------------------------------------------------------------------------

    async def _group(self, job: Job, wrong: dict[PathMapping | None, str]) -> None:
        await job.report(done=0, total=None, message="grouping")
        files: dict[Media, list[LibraryFile]] = {media: [] for media in Media}
        async for chunk in self._chunks():
            for file in chunk:
                files[file.media].append(file)

        def distrust(file: LibraryFile) -> str:
            if not wrong or not file.stash_path or file.record is None:
                return ""
            return wrong.get(mapping_of(file.stash_path, self._settings.stash.path_map), "")

        found: list[FoundGroup] = []
        for media, some in files.items():
            if media.value not in self._wanted.media or not some:
                continue
            records = await self._records(media)
            assembling = Assembling(some, records, self._wanted, distrust)
            part: Assembled = await asyncio.to_thread(assembling.run, media)
            found += part.groups
            self.report.suspicious += len(part.suspicious)
            for value, number in part.suspicious[:20]:
                await job.log(f"{number} {media.value}s share the PHASH {value:016x}; it says nothing", level="warning")
        await job.report(done=0, total=len(found), message="writing down groups")
        records_of = await self._records_of(found)
        self.report.counts = await reconcile(self._database, found, records_of, scan=job.id, now=self._clock.now())

    async def _records(self, media: Media) -> dict[RecordRef, LibraryRecord]:
        found: dict[RecordRef, LibraryRecord] = {}
        after = 0
        while True:
            async with self._database.read() as reader:
                some = await library.records_after(reader, media, after, limit=_CHUNK)
            if not some:
                return found
            found.update((one.ref, one) for one in some)
            after = some[-1].id

    async def _records_of(self, found: Sequence[FoundGroup]) -> Callable[[FoundGroup], list[LibraryRecord]]:
        refs = {file.record for group in found for file in group.files if file.record is not None}
        async with self._database.read() as reader:
            known = await library.records(reader, refs)
        return lambda group: [known[file.record] for file in group.files if file.record in known]

    async def _conclude(self, job: Job) -> None:
        async with self._database.write() as tx:
            await groups.withdraw_lonely(tx, now=self._clock.now())
        async with self._database.read() as reader:
            self.report.groups = await groups.kind_counts(reader, GroupFilter())
            totals = await groups.totals(reader, GroupFilter())
            weak = await groups.totals(reader, GroupFilter(is_weak=True))
        self.report.reclaimable_bytes = totals.reclaimable_bytes
        self.report.weak = weak.groups
        counts = self.report.counts
        await job.log(
            f"{self.report.files} files, {self.report.hashed} hashed, {self.report.problems} with a problem; "
            f"{totals.groups} groups wait ({counts.new} new), {counts.withdrawn} withdrawn"
        )


def _request(file: LibraryFile, shared: set[tuple[str, int]], *, distance: int) -> HashRequest | None:
    """What has to be found out about a file, None where nothing is or it cannot be reached."""
    if file.path is None or file.identity is None or file.is_in_zip:
        return None
    is_picture = file.media is Media.IMAGE
    wanted = HashRequest(
        file.path,
        file.identity,
        file.media,
        wants_phash=file.hashes.phash is None,
        wants_second=is_picture and distance > _TRUSTED_DISTANCE,
        wants_checksums=(file.media.value, file.size) in shared and file.hashes.md5 is None,
        wants_facts=file.facts == FileFacts(),
        duration=file.facts.duration,
    )
    is_wanted = wanted.wants_phash or wanted.wants_second or wanted.wants_checksums or wanted.wants_facts
    return wanted if is_wanted else None


def _filled(file: LibraryFile, known: hash_cache.Known) -> LibraryFile:
    """A file with what the cache knows of its content; what Stash says of it stays."""
    mine, found = file.hashes, known.hashes
    hashes = replace(
        mine,
        phash=mine.phash if mine.phash is not None else found.phash,
        phash_method=mine.phash_method if mine.phash is not None else found.phash_method,
        second=found.second if found.second is not None else mine.second,
        oshash=mine.oshash if mine.oshash is not None else found.oshash,
        md5=mine.md5 if mine.md5 is not None else found.md5,
        sha1=found.sha1 if found.sha1 is not None else mine.sha1,
        sha256=found.sha256 if found.sha256 is not None else mine.sha256,
    )
    facts = file.facts
    if known.facts is not None and facts == FileFacts():
        facts = known.facts
    return replace(file, hashes=hashes, facts=facts, problem=file.problem or known.problem)


@asynccontextmanager
async def at_hand(source: LibrarySource) -> AsyncIterator[LibrarySource]:
    """A source that is open already."""
    yield source
