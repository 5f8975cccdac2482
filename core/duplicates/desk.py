"""The duplicates desk as a screen or a command sees it: list, compare, mark, plan, apply, scan."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.clock import Clock
from core.duplicates.applying import Applying
from core.duplicates.fingerprinting import HASH, Fingerprinting, HashOutcome
from core.duplicates.frames import FrameCheck, check_frames
from core.duplicates.plan import RemovalPlan
from core.duplicates.planning import PLAN, Planning
from core.duplicates.reading import OpenSource, at_hand
from core.duplicates.reviewing import Reviewing
from core.duplicates.scan import DuplicatesReport, DuplicatesScan
from core.errors import ConfigError
from core.job import Job
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.ledger.trash_bin import TrashBin
from core.media.pool import MediaPool
from core.model.groups import Group, GroupFilter, GroupKind, GroupSort
from core.model.library_files import LibraryFile
from core.model.library_records import Media
from core.servers.stash import StashClient
from core.servers.stash_database import StashDatabase
from core.servers.stash_library import StashLibrary
from core.settings import Settings
from core.store import groups, library, library_sources
from core.store.database import Database
from core.store.groups import GroupLine, GroupTotals
from core.store.jobs import JobRecord
from core.store.library_sources import SourceState

SCAN: Final = "duplicates.scan"
_TITLE: Final = "scan for duplicates"


@dataclass(frozen=True, slots=True)
class DuplicatesSummary:
    """The desk at a glance. Bytes; `next_scan_at` in Unix seconds, None when the schedule is off.

    `weak` pairs are counted apart from the groups. `is_configured`: there is a source to search.
    """

    totals: GroupTotals
    kinds: dict[GroupKind, int]
    decidable: int
    gated: int
    weak: int
    files: int
    last_scan: JobRecord | None
    next_scan_at: float | None
    sources: tuple[SourceState, ...]
    is_configured: bool


class DuplicatesDesk(Reviewing):
    """Everything the duplicates desk offers. Made by the runtime."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        ledger: Ledger,
        clock: Clock,
        settings: Settings,
        *,
        pool: MediaPool,
        stash: StashClient | None,
    ) -> None:
        super().__init__(database, ledger)
        self._jobs = jobs
        self._clock = clock
        self._settings = settings
        self._pool = pool
        self._stash = stash
        self._applying = Applying(database, jobs, ledger, has_stash=stash is not None)
        self.trash = TrashBin(database, ledger, clock)
        self.hashes = Fingerprinting(
            database,
            jobs,
            pool,
            clock,
            settings,
            ways=self._ways,
            applying=self._applying,
            has_stash=stash is not None,
            excludes=(SCAN,),
        )
        self._planning = Planning(database, jobs, pool, clock, settings.duplicates, has_stash=stash is not None)

    # -- reading -----------------------------------------------------------------------------------------------------

    async def ids(
        self,
        wanted: GroupFilter,
        *,
        sort: GroupSort = GroupSort.RECLAIMABLE,
        is_reversed: bool = False,
        limit: int | None = None,
    ) -> array[int]:
        """The ids of all matching groups in order: 8 bytes a row."""
        async with self._database.read() as reader:
            return await groups.ids(reader, wanted, sort=sort, is_reversed=is_reversed, limit=limit)

    async def lines(self, ids: Sequence[int]) -> list[GroupLine]:
        """These groups as a list shows them, in this order; unknown ids are left out."""
        async with self._database.read() as reader:
            return await groups.lines(reader, ids)

    async def totals(self, wanted: GroupFilter) -> GroupTotals:
        """Sums over all matching groups."""
        async with self._database.read() as reader:
            return await groups.totals(reader, wanted)

    async def get(self, group_id: int) -> Group | None:
        """One group with its members, their files and records."""
        async with self._database.read() as reader:
            found = await groups.fetch(reader, [group_id])
        return found[0] if found else None

    async def summary(self) -> DuplicatesSummary:
        """The desk at a glance."""
        async with self._database.read() as reader:
            totals = await groups.totals(reader, GroupFilter())
            kinds = await groups.kind_counts(reader, GroupFilter())
            decidable = await groups.totals(reader, GroupFilter(is_decidable=True, has_gate=False))
            gated = await groups.totals(reader, GroupFilter(has_gate=True))
            weak = await groups.totals(reader, GroupFilter(is_weak=True))
            files = await library.count_files(reader)
            sources = await library_sources.source_states(reader)
        return DuplicatesSummary(
            totals=totals,
            kinds=kinds,
            decidable=decidable.groups,
            gated=gated.groups,
            weak=weak.groups,
            files=files,
            last_scan=await self._jobs.last_finished(SCAN),
            next_scan_at=await self.next_scan_at(),
            sources=tuple(sources),
            is_configured=self.is_configured,
        )

    async def chance_words(self) -> str:
        """How many pairs unrelated files of a library of this size give by chance at each distance, in words.

        An empty library is taken for one of 100,000 files.
        """
        from core.media.hamming import chance_words

        async with self._database.read() as reader:
            return chance_words(await library.count_files(reader) or 100_000)

    @property
    def is_configured(self) -> bool:
        """Whether there is a source to search."""
        settings = self._settings
        return bool(settings.stash.url or settings.stash.database or settings.duplicates.folders)

    async def next_scan_at(self) -> float | None:
        """When a scan is due (Unix seconds); None when the schedule is off, or there is nothing to search."""
        if not self.is_configured:
            return None
        return await self._jobs.next_run(SCAN, self._settings.duplicates.interval_hours)

    # -- scanning ----------------------------------------------------------------------------------------------------

    async def scan(self) -> DuplicatesReport:
        """Scan as a job and wait for its end; one source's failure is in the report.

        Raises JobRunningError when one is under way, ConfigError when there is nothing to search.
        """
        scan = self._scan()
        resume = await self._jobs.resumable_id(SCAN)
        await self._jobs.run(SCAN, _TITLE, scan.run, parameters=scan.parameters, resume=resume, excludes=(HASH,))
        return scan.report

    async def start_scan(self) -> asyncio.Task[JobRecord]:
        """Scan as a job in the background, whatever becomes of the caller. Raises as `scan`."""
        scan = self._scan()
        resume = await self._jobs.resumable_id(SCAN)
        return await self._jobs.start(
            SCAN, _TITLE, scan.run, parameters=scan.parameters, resume=resume, excludes=(HASH,)
        )

    async def hash(self, media: Collection[Media], *, again: bool = False) -> HashOutcome:
        """Hash all files of these media that have no PHASH, as a job; what was found out serves every desk.

        `again`: also those that could not be decoded before, when memory or time may have run short.
        Raises JobRunningError while a scan or another one is under way, ConfigError when there is nothing to hash.
        """
        self._need_sources()
        return await self.hashes.run(media, again=again)

    def _need_sources(self) -> None:
        if not self.is_configured:
            raise ConfigError(
                "there is nothing to search: set [stash] url or [duplicates] folders, or run `winnow init`"
            )

    def _scan(self) -> DuplicatesScan:
        self._need_sources()
        return DuplicatesScan(self._database, self._pool, self._clock, self._settings, self._ways())

    def _ways(self) -> list[tuple[str, OpenSource]]:
        """The ways to the Stash's library: its database file, where one is named, before its server."""
        sources: list[tuple[str, OpenSource]] = []
        if self._settings.stash.database:
            place = Path(self._settings.stash.database)
            sources.append((str(place), lambda: StashDatabase.open(place)))
        if self._stash is not None:
            found = StashLibrary(self._stash)
            sources.append((found.name, lambda: at_hand(found)))
        return sources

    # -- planning ----------------------------------------------------------------------------------------------------

    async def plan_marked(self, group_ids: Sequence[int] | None = None, *, is_permanent: bool = False) -> RemovalPlan:
        """What the marks of these groups (None: of all decided ones) come to. Raises UsageError for an unknown id."""
        return await self._planning.marked(group_ids, is_permanent=is_permanent)

    async def plan_by_rule(
        self,
        rule: str = "",
        *,
        wanted: GroupFilter | None = None,
        is_verifying: bool = True,
        is_permanent: bool = False,
    ) -> RemovalPlan:
        """What the rules decide in the groups of a filter, as a job, since frames are compared.

        `rule`: put this one first. Raises UsageError for an unknown one, JobRunningError, JobCancelledError.
        """
        made: list[RemovalPlan] = []

        async def work(job: Job) -> dict[str, Any]:
            plan = await self._planning.by_rule(
                job, rule, wanted or GroupFilter(), is_verifying=is_verifying, is_permanent=is_permanent
            )
            made.append(plan)
            return {"groups": len(plan.accepted), "files": plan.files, "bytes": plan.freed_bytes}

        await self._jobs.run(PLAN, "plan of what the rules decide", work, parameters={"rule": rule})
        return made[0]

    async def store_plan(self, plan: RemovalPlan) -> RemovalPlan:
        """Write a plan down, to be applied later by its id."""
        return await self._planning.store(plan)

    async def load_plan(self, plan_id: int, *, is_permanent: bool = False) -> RemovalPlan:
        """A stored plan as it stands now. Raises UsageError when there is none, or it was applied."""
        return await self._planning.load(plan_id, is_permanent=is_permanent)

    async def apply(self, plan: RemovalPlan) -> BatchReport:
        """Carry a plan out as one undoable batch and one job; every effect checks everything again.

        Raises JobRunningError when another one is being carried out, JobCancelledError when it was stopped.
        """
        return await self._applying.apply(plan)

    async def resume_apply(self, job: JobRecord) -> BatchReport:
        """Go on with a batch that was cut short."""
        return await self._applying.resume(job)

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def picture(self, file: LibraryFile, at: float | None) -> bytes | None:
        """A small JPEG of a file: of a video the frame at a time in seconds. What only Stash reaches is asked there."""
        if file.path is not None:
            return await self._pool.thumbnail(file.path, at)
        if self._stash is None or file.record is None or file.media is not Media.VIDEO:
            return None
        return await self._stash.screenshot(file.record.id)

    async def difference(
        self, one: LibraryFile, other: LibraryFile, one_at: float | None, other_at: float | None
    ) -> bytes | None:
        """A picture of what differs between two files, at a time in seconds each; None where one shows nothing."""
        from core.media.thumbnail import difference

        here, there = await self.picture(one, one_at), await self.picture(other, other_at)
        return None if not here or not there else await asyncio.to_thread(difference, here, there)

    async def compare_frames(self, group_id: int) -> list[FrameCheck]:
        """How the frames of each member differ from those of the first. Raises UsageError for an unknown group."""
        return await check_frames(self._pool, await self.group(group_id), self._settings.duplicates.max_frame_mse)
