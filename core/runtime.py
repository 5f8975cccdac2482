"""Opens everything in one `async with`; the only place that knows all parts.

It also names the types of lower layers that screens and commands show, so that these import nothing from below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from core.clock import Clock, SystemClock
from core.duplicates.applying import APPLY
from core.duplicates.desk import SCAN as DUPLICATES_SCAN
from core.duplicates.desk import DuplicatesDesk
from core.duplicates.fingerprinting import HASH
from core.effect_table import effect_handlers, effect_witnesses
from core.errors import ConfigError, ServerError, UsageError
from core.intake.confidence import confidence_provider
from core.intake.desk import RUN as INTAKE_RUN
from core.intake.desk import WATCH as INTAKE_WATCH
from core.intake.desk import IntakeDesk
from core.job import Job, Progress
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.books import Step
from core.ledger.immich_face import IMMICH_FACE_FOR_GOOD
from core.ledger.report import BatchReport, Outcome, notes_of
from core.ledger.stash_delete_file import STASH_DELETE_FILE
from core.ledger.trash_deletion import FILE_DELETE, TRASH_DELETE
from core.matching.accept import ACCEPT, AcceptPlan, PlannedAccept
from core.matching.boxes import BoxClients
from core.matching.desk import SCAN, MatchingDesk, MatchingSummary
from core.matching.scan import ScanOptions, ScanReport
from core.matching.submit import SUBMIT
from core.media.pool import MediaPool
from core.model.library_records import Media
from core.notify import Notifier
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.servers.stash import StashClient
from core.settings import Settings
from core.store import journal
from core.store.database import Database
from core.store.groups import GroupLine, GroupTotals
from core.store.intake_statistics import Statistics
from core.store.jobs import JobRecord, JobState, LogLine
from core.store.journal_records import BatchRecord, BatchState, EffectRecord, EffectState
from core.store.kept_contents import KeptContents
from core.store.library_sources import SourceState
from core.store.owner import Owner, exclusive
from core.store.review_queue import ReviewAction, ReviewFilter, ReviewLine, ReviewSort

__all__ = [
    "ACCEPT",
    "APPLY",
    "DUPLICATES_SCAN",
    "INTAKE_RUN",
    "INTAKE_WATCH",
    "SCAN",
    "AcceptPlan",
    "BatchRecord",
    "BatchReport",
    "BatchState",
    "EffectRecord",
    "EffectState",
    "GroupLine",
    "GroupTotals",
    "History",
    "Job",
    "JobRecord",
    "JobState",
    "KeptContents",
    "LogLine",
    "MatchingSummary",
    "Outcome",
    "PlannedAccept",
    "Progress",
    "ReviewAction",
    "ReviewFilter",
    "ReviewLine",
    "ReviewSort",
    "Runtime",
    "ScanOptions",
    "ScanReport",
    "ServerState",
    "SourceState",
    "Statistics",
    "open_runtime",
]

DATABASE_NAME: Final = "winnow.db"
_FOR_GOOD: Final = (SUBMIT, FILE_DELETE, TRASH_DELETE, STASH_DELETE_FILE, IMMICH_FACE_FOR_GOOD)


@dataclass(frozen=True, slots=True)
class ServerState:
    """Whether the Stash answers, and in words what it is or what is wrong."""

    is_ok: bool
    words: str


class History:
    """What was done to what, and the way back."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def batches(self, limit: int = 100) -> list[BatchRecord]:
        """The newest batches first."""
        async with self._database.read() as reader:
            return await journal.newest(reader, limit=limit)

    async def batch(self, batch_id: int) -> BatchRecord | None:
        """One batch."""
        async with self._database.read() as reader:
            return await journal.batch(reader, batch_id)

    async def effects(self, batch_id: int) -> list[EffectRecord]:
        """The actions of a batch, in order."""
        async with self._database.read() as reader:
            return await journal.of_batch(reader, batch_id)

    @staticmethod
    def notes(effect: EffectRecord) -> list[str]:
        """What is worth to be known of an action, in words, the most pressing first."""
        return notes_of(effect)

    async def last_undoable(self) -> BatchRecord | None:
        """The newest batch that still holds something that can be undone."""
        async with self._database.read() as reader:
            return await journal.last_undoable(reader, without=_FOR_GOOD)

    async def preview_undo(self, batch_id: int) -> BatchReport:
        """What an undo would do, newest first, with the reason for whatever would be refused."""
        return await self._ledger.preview_undo(batch_id)

    async def undo_batch(self, batch_id: int) -> BatchReport:
        """Take a batch back, newest action first. Raises UndoRefusedError when it holds nothing to undo."""
        return await self._ledger.undo_batch(batch_id)

    async def undo_effect(self, effect_id: int) -> BatchReport:
        """Take one action back. Raises UndoRefusedError when there is nothing to undo."""
        return await self._ledger.undo_effect(effect_id)


class Runtime:
    """Everything, open. Made by `open_runtime`."""

    def __init__(
        self,
        settings: Settings,
        data_dir: Path,
        jobs: Jobs,
        matching: MatchingDesk,
        duplicates: DuplicatesDesk,
        intake: IntakeDesk,
        history: History,
        *,
        stash: StashClient | None,
        recovered: tuple[str, ...],
    ) -> None:
        self.settings = settings
        self.data_dir = data_dir
        self.jobs = jobs
        self.matching = matching
        self.duplicates = duplicates
        self.intake = intake
        self.history = history
        self.recovered = recovered
        self._stash = stash

    async def server_state(self) -> ServerState:
        """Ask the Stash how it is. Never raises."""
        if self._stash is None:
            return ServerState(is_ok=False, words="no Stash is configured: run `winnow init`")
        try:
            status = await self._stash.status()
        except (ServerError, ConfigError) as error:
            return ServerState(is_ok=False, words=str(error))
        if not status.is_ready:
            return ServerState(is_ok=False, words=f"{self._stash.url}: Stash is not ready ({status.state})")
        return ServerState(is_ok=True, words=f"Stash {status.version} at {self._stash.url}")

    async def resume_job(self, job_id: int) -> JobRecord:
        """Go on with a job that was stopped, cut short or failed, and wait for its end; the job that then ran.

        A scan that is too old to go on with, or that another one followed, is begun anew.

        Raises UsageError when there is no such job, or it is not one that can go on.
        """
        record = await self.jobs.get(job_id)
        if record is None:
            raise UsageError(f"there is no job {job_id}; `winnow jobs` lists them")
        if record.state not in (JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED):
            raise UsageError(f"job {job_id} ({record.title}) is {record.state}: there is nothing to go on with")
        if record.kind == SCAN:
            options = ScanOptions(tuple(record.parameters["endpoints"]), is_full=record.parameters["is_full"])
            await self.matching.scan(options)
            return (await self.jobs.newest(kind=SCAN, limit=1))[0]
        if record.kind == DUPLICATES_SCAN:
            await self.duplicates.scan()
            return (await self.jobs.newest(kind=DUPLICATES_SCAN, limit=1))[0]
        if record.kind == HASH:
            await self.duplicates.hash([Media(one) for one in record.parameters["media"]])
            return (await self.jobs.newest(kind=HASH, limit=1))[0]
        if record.kind == INTAKE_RUN:
            await self.intake.run()
            return (await self.jobs.newest(kind=INTAKE_RUN, limit=1))[0]
        if record.kind == INTAKE_WATCH:
            await self.intake.watch()
            return (await self.jobs.newest(kind=INTAKE_WATCH, limit=1))[0]
        if record.kind == ACCEPT:
            await self.matching.resume_accept(record)
        elif record.kind == APPLY:
            await self.duplicates.resume_apply(record)
        else:
            raise UsageError(f"this Winnow does not know jobs of kind {record.kind!r}; a newer one started it")
        ended = await self.jobs.get(job_id)
        return ended or record


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, data_dir: Path, clock: Clock | None = None, on_step: Step | None = None
) -> AsyncIterator[Runtime]:
    """Open the database, the servers' clients and the desks, settle what a sudden end left open, and close all.

    Raises StoreError when the data folder or the database cannot be used, ConfigError for an address that is none.
    A server that cannot be reached is no error here.
    """
    the_clock = clock or SystemClock()
    locks = data_dir / "locks"
    async with AsyncExitStack() as stack:
        owner = stack.enter_context(Owner.hold(locks))
        database = await stack.enter_async_context(Database.open(data_dir / DATABASE_NAME))
        http = await stack.enter_async_context(Http())
        pool = await stack.enter_async_context(MediaPool(workers=settings.media.workers, ffmpeg=settings.media.ffmpeg))
        stash = None
        if settings.stash.url:
            stash = StashClient(http, settings.stash.url, settings.stash.api_key.reveal())
        boxes = BoxClients(http, stash, settings.matching)
        immich = None
        if settings.intake.immich.url:
            immich = ImmichClient(http, settings.intake.immich.url, settings.intake.immich.api_key.reveal())
        confidence = confidence_provider(settings.intake)
        if confidence is not None:
            stack.push_async_callback(confidence.close)
        turn = partial(exclusive, locks, "stash")
        handlers = effect_handlers(settings, database, the_clock, stash=stash, immich=immich, boxes=boxes, turn=turn)
        witnesses = effect_witnesses(settings, the_clock)
        ledger = Ledger(database, owner, the_clock, handlers=handlers, witnesses=witnesses, on_step=on_step)
        notifier = Notifier(settings.notify, http)
        jobs = Jobs(database, owner, the_clock, end_listener=notifier)
        recovered = [*await ledger.recover(), *await jobs.recover()]
        stack.push_async_callback(notifier.close)
        stack.push_async_callback(jobs.close)
        yield Runtime(
            settings,
            data_dir,
            jobs,
            MatchingDesk(database, jobs, ledger, the_clock, settings.matching, http=http, stash=stash, boxes=boxes),
            DuplicatesDesk(database, jobs, ledger, the_clock, settings, pool=pool, stash=stash),
            IntakeDesk(
                database,
                jobs,
                ledger,
                the_clock,
                settings,
                pool=pool,
                http=http,
                immich=immich,
                confidence=confidence,
            ),
            History(database, ledger),
            stash=stash,
            recovered=tuple(recovered),
        )
