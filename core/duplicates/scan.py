"""A scan of the duplicates desk: read every source, hash what has no hash, group, and write down what waits.

It changes nothing outside Winnow's own database. One source's failure stops only that source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.clock import Clock
from core.duplicates.assemble import Assembled, Assembling
from core.duplicates.catalog import Catalog
from core.duplicates.filling import Filling, known_files
from core.duplicates.mapping import unverified
from core.duplicates.reading import OpenSource, SourceReading, SourceRun
from core.duplicates.reconcile import Counts, FoundGroup, reconcile
from core.job import Job
from core.media.pool import MediaPool
from core.model.groups import GroupFilter, GroupKind
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.path_map import mapping_of
from core.settings import PathMapping, Settings
from core.store import group_drafts, groups, library
from core.store.database import Database

_CHUNK: Final = 2000


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
    """One scan. `ways` lead to the Stash, in order of preference: the next is tried when one fails."""

    def __init__(
        self,
        database: Database,
        pool: MediaPool,
        clock: Clock,
        settings: Settings,
        ways: Sequence[tuple[str, OpenSource]],
    ) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._wanted = settings.duplicates
        self._ways = ways
        self.report = DuplicatesReport()

    @property
    def parameters(self) -> dict[str, Any]:
        """What tells this scan from another, as a job keeps it."""
        return {}

    async def run(self, job: Job) -> dict[str, Any]:
        """Scan to the end. Raises JobCancelledError; what was hashed so far is kept."""
        catalog = Catalog(self._database, self._settings.stash.path_map, job.id, self._clock)
        media = [one for one in Media if one.value in self._wanted.media]
        reading = SourceReading(self._database, self._clock, self._wanted, self._ways, media)
        self.report.sources = reading.runs
        self.report.files = await reading.read(catalog, job)
        wrong = await unverified(catalog.samples)
        for words in wrong.values():
            await job.log(words, level="error")
        is_fast = self._wanted.hash_quality == "fast"
        filling = Filling(self._database, self._pool, self._clock, distance=self._wanted.distance, is_fast=is_fast)
        hashed = await filling.fill(media, job)
        self.report.hashed, self.report.problems = hashed.hashed, len(hashed.problems)
        await self._group(job, wrong, filling.complete)
        await self._conclude(job)
        return self.report.as_result()

    # -- grouping ----------------------------------------------------------------------------------------------------

    async def _group(
        self, job: Job, wrong: dict[PathMapping | None, str], complete: Sequence[LibraryFile] | None
    ) -> None:
        await job.report(done=0, total=None, message="grouping")
        files: dict[Media, list[LibraryFile]] = {media: [] for media in Media}
        if complete is None:
            complete = [file async for chunk in known_files(self._database) for file in chunk]
        for file in complete:
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
                await job.log(
                    f"{number:,} {media.value}s share the PHASH {value:016x} or are near it: no group", level="warning"
                )
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
            await group_drafts.withdraw_lonely(tx, now=self._clock.now())
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
