"""The intake desk as a screen or a command sees it: feed, review, approve, reject, statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.errors import ConfigError
from core.intake.model import TO_DO, Category, ItemState
from core.intake.reading import day_range
from core.intake.reviewing import Reviewing
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.media.pool import MediaPool
from core.servers.immich import ImmichClient
from core.settings import Settings
from core.store import intake, review_queue
from core.store.database import Database
from core.store.intake_statistics import Statistics, statistics
from core.store.jobs import JobRecord

RUN: Final = "intake.run"


@dataclass(frozen=True, slots=True)
class IntakeSummary:
    """The desk at a glance. `queue` by category; `queue_age`: for how many seconds the oldest picture waits there.

    `pending` is what is still worked on, `today` the sums since midnight. `why_not`: why nothing can be taken in, in
    words, empty where it can; `next_run_at` in Unix seconds, None when the schedule is off.
    """

    queue: dict[Category, int]
    queue_age: float | None
    pending: int
    failed: int
    today: Statistics
    last_run: JobRecord | None
    next_run_at: float | None
    why_not: str

    @property
    def is_configured(self) -> bool:
        """Whether pictures can be taken in."""
        return not self.why_not


class IntakeDesk(Reviewing):
    """Everything the intake desk offers. Made by the runtime."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        ledger: Ledger,
        clock: Clock,
        settings: Settings,
        *,
        pool: MediaPool,
        immich: ImmichClient | None,
    ) -> None:
        super().__init__(database, ledger, clock, settings, pool=pool, immich=immich)
        self._jobs = jobs

    async def summary(self) -> IntakeSummary:
        """The desk at a glance."""
        now = self._clock.now()
        since, until = day_range(now, 1)
        async with self._database.read() as reader:
            queue = await review_queue.category_counts(reader)
            states = await intake.state_counts(reader)
            today = await statistics(reader, since=since, until=until)
        return IntakeSummary(
            queue=queue,
            queue_age=today.queue_age(now),
            pending=sum(states[one] for one in TO_DO),
            failed=states[ItemState.FAILED],
            today=today,
            last_run=await self._jobs.last_finished(RUN),
            next_run_at=await self.next_run_at(),
            why_not=self.why_not,
        )

    @property
    def why_not(self) -> str:
        """Why nothing can be taken in, in words; empty where it can."""
        try:
            self._settings.intake.ready()
        except ConfigError as error:
            return str(error)
        return ""

    async def next_run_at(self) -> float | None:
        """When a run is due (Unix seconds); None when the schedule is off, or the desk is not set up."""
        if self.why_not:
            return None
        return await self._jobs.next_run(RUN, self._settings.intake.interval_hours)
