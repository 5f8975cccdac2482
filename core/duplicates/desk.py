"""The duplicates desk as a screen or a command sees it: list, compare, mark, plan, apply, scan."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.duplicates.reviewing import Reviewing
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.library import Group, GroupFilter, GroupKind, GroupSort, GroupStatus
from core.settings import Settings
from core.store import groups, library
from core.store.database import Database
from core.store.groups import GroupLine, GroupTotals
from core.store.jobs import JobRecord
from core.store.library import SourceState

SCAN: Final = "duplicates.scan"
_OPEN: Final = (GroupStatus.PENDING, GroupStatus.DECIDED)


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

    def __init__(self, database: Database, jobs: Jobs, ledger: Ledger, clock: Clock, settings: Settings) -> None:
        super().__init__(database, ledger)
        self._jobs = jobs
        self._clock = clock
        self._settings = settings

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
            sources = await library.source_states(reader)
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
