"""The intake desk as a screen or a command sees it: feed, review, approve, reject, statistics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.errors import ConfigError
from core.intake.adding import Adding, AddReport
from core.intake.people import ConfidenceProvider
from core.intake.reading import day_range
from core.intake.reviewing import Reviewing
from core.intake.run import IntakeRun
from core.intake.run_report import IntakeReport
from core.intake.watching import Tell, Watching, nobody
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.media.pool import MediaPool
from core.model.incoming import TO_DO, Category, ItemState
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.settings import Settings
from core.store import intake, review_queue
from core.store.database import Database
from core.store.intake_statistics import Statistics, statistics
from core.store.jobs import JobRecord

RUN: Final = "intake.run"
WATCH: Final = "intake.watch"
_TITLE: Final = "sort what came in"
_WATCH_TITLE: Final = "watch the drop folder"


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
        http: Http,
        immich: ImmichClient | None,
        confidence: ConfidenceProvider | None = None,
    ) -> None:
        super().__init__(database, ledger, clock, settings, pool=pool, immich=immich)
        self._jobs = jobs
        self._http = http
        self._confidence = confidence

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

    # -- feeding -----------------------------------------------------------------------------------------------------

    async def add(self, inputs: Sequence[str], *, source: str = "") -> list[AddReport]:
        """Write down what is handed over: addresses, files, folders; what became of each. Nothing is moved yet.

        Raises ConfigError while the desk is not set up.
        """
        return await Adding(self._database, self._clock, self._settings.intake.ready()).add(inputs, source=source)

    async def run(self, *, is_due_only: bool = False) -> IntakeReport:
        """Work on everything that came in, as a job, and wait for its end; what failed is in the report.

        `is_due_only`: leave alone what is to wait for longer. Raises JobRunningError when a run is under way,
        ConfigError while the desk is not set up, JobCancelledError.
        """
        run = self._run(is_due_only=is_due_only)
        await self._jobs.run(RUN, _TITLE, run.run, resume=await self._jobs.resumable_id(RUN))
        return run.report

    async def start_run(self) -> asyncio.Task[JobRecord]:
        """As `run`, in the background, whatever becomes of the caller."""
        run = self._run()
        return await self._jobs.start(RUN, _TITLE, run.run, resume=await self._jobs.resumable_id(RUN))

    async def watch(self, tell: Tell = nobody) -> None:
        """Watch the drop folder, as a job, until cancelled; `tell` is given what is worth knowing, in words.

        Raises JobRunningError when one watches already, ConfigError while there is no drop folder, JobCancelledError.
        """
        rules = self._settings.intake.ready(path=self._settings.path)
        if not rules.drop_folder:
            raise ConfigError("[intake] drop_folder is not set: name the folder to watch", path=self._settings.path)
        watching = Watching(self._database, self._clock, rules, run_now=lambda: self.run(is_due_only=True), tell=tell)
        await self._jobs.run(WATCH, _WATCH_TITLE, watching.run, resume=await self._jobs.resumable_id(WATCH))

    def _run(self, *, is_due_only: bool = False) -> IntakeRun:
        self._settings.intake.ready(path=self._settings.path)
        return IntakeRun(
            self._database,
            self._ledger,
            self._clock,
            self._settings,
            self._folders,
            pool=self._pool,
            http=self._http,
            immich=self._immich,
            confidence=self._confidence,
            is_due_only=is_due_only,
        )
