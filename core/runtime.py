"""Opens everything in one `async with`; the only place that knows all parts.

It also names the types of lower layers that screens and commands show, so that these import nothing from below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.clock import Clock, SystemClock
from core.duplicates.applying import APPLY
from core.duplicates.decide import (
    KEEP_ALL,
    MARK,
    WITHDRAW_KEPT,
    KeepAll,
    MarkMembers,
    RemovalWitness,
    WithdrawKept,
)
from core.duplicates.desk import SCAN as DUPLICATES_SCAN
from core.duplicates.desk import DuplicatesDesk
from core.duplicates.fingerprinting import HASH
from core.duplicates.merged import merged_values
from core.errors import ConfigError, ServerError, UsageError
from core.jobs import Job, Jobs, Progress
from core.ledger.apply import BatchReport, Ledger, Outcome, Step
from core.ledger.effects import LocalEffect, OuterEffect, Witness
from core.ledger.report import notes_of
from core.ledger.stash_delete_file import STASH_DELETE_FILE, StashDeleteFile
from core.ledger.stash_entry import STASH_ENTRY, StashEntry
from core.ledger.stash_fingerprints import STASH_FINGERPRINTS, StashFingerprints
from core.ledger.stash_link import STASH_LINK, StashLink, Turn
from core.ledger.stash_merge import STASH_MERGE, StashMerge
from core.ledger.stash_metadata import STASH_METADATA, StashMetadata
from core.ledger.stash_primary import STASH_PRIMARY, StashPrimary
from core.ledger.stash_remove_entry import STASH_REMOVE_ENTRY, StashRemoveEntry
from core.ledger.stash_return import StashReturn
from core.ledger.trash import FILE_DELETE, FILE_TRASH, TRASH_DELETE, DeleteFile, EmptyTrashed, TrashFile
from core.ledger.trash_bin import EmptyWitness, TrashWitness, Witnesses
from core.library import Media
from core.matching.accept import ACCEPT, AcceptPlan, PlannedAccept
from core.matching.boxes import BoxClients
from core.matching.checked_link import CheckedLink
from core.matching.decide import DISMISS, WITHDRAW, Dismiss, LinkWitness, Withdraw
from core.matching.desk import SCAN, MatchingDesk, MatchingSummary
from core.matching.pull import MetadataPull
from core.matching.scan import ScanOptions, ScanReport
from core.matching.submit import SUBMIT, Submit
from core.media.pool import MediaPool
from core.notify import Notifier
from core.path_map import local_path
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval
from core.settings import Settings
from core.store import journal
from core.store.database import Database
from core.store.groups import GroupLine, GroupTotals
from core.store.jobs import JobRecord, JobState, LogLine
from core.store.journal import BatchRecord, BatchState, EffectRecord, EffectState
from core.store.kept import KeptContents
from core.store.library import SourceState
from core.store.owner import Owner, exclusive

__all__ = [
    "ACCEPT",
    "APPLY",
    "DUPLICATES_SCAN",
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
    "Runtime",
    "ScanOptions",
    "ScanReport",
    "ServerState",
    "SourceState",
    "open_runtime",
]

DATABASE_NAME: Final = "winnow.db"


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
            return await journal.last_undoable(reader, without=(SUBMIT, FILE_DELETE, TRASH_DELETE, STASH_DELETE_FILE))

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
        handlers: dict[str, OuterEffect | LocalEffect] = {
            DISMISS: Dismiss(settings.matching, the_clock),
            WITHDRAW: Withdraw(settings.matching, the_clock),
            MARK: MarkMembers(the_clock),
            KEEP_ALL: KeepAll(the_clock),
            WITHDRAW_KEPT: WithdrawKept(the_clock),
        }
        if stash is not None:
            handlers[STASH_LINK] = CheckedLink(database, StashLink(stash, lambda: exclusive(locks, "stash")))
            handlers[STASH_METADATA] = StashMetadata(
                stash, lambda: exclusive(locks, "stash"), MetadataPull(database, stash, settings.matching).compute
            )
            handlers[SUBMIT] = Submit(boxes.client)
            handlers |= _stash_removal_handlers(stash, settings, lambda: exclusive(locks, "stash"))
        handlers |= {
            FILE_TRASH: TrashFile(settings.trash),
            FILE_DELETE: DeleteFile(),
            TRASH_DELETE: EmptyTrashed(),
        }
        removal = RemovalWitness(the_clock)
        witnesses: dict[str, Witness] = {
            STASH_LINK: LinkWitness(settings.matching, the_clock),
            FILE_TRASH: Witnesses(TrashWitness(the_clock), removal),
            FILE_DELETE: removal,
            TRASH_DELETE: EmptyWitness(the_clock),
        }
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
            History(database, ledger),
            stash=stash,
            recovered=tuple(recovered),
        )


def _stash_removal_handlers(stash: StashClient, settings: Settings, turn: Turn) -> dict[str, OuterEffect | LocalEffect]:
    """The effects that remove records of files from a Stash, and bring them back."""

    def locate(path: str) -> Path | None:
        return local_path(path, settings.stash.path_map)

    removal = StashRemoval(stash, StashLibrary(stash))
    back = StashReturn(removal, turn, locate)
    return {
        STASH_MERGE: StashMerge(removal, turn, merged_values, back),
        STASH_ENTRY: StashEntry(removal, turn, back),
        STASH_PRIMARY: StashPrimary(removal, turn),
        STASH_REMOVE_ENTRY: StashRemoveEntry(removal, turn, locate),
        STASH_DELETE_FILE: StashDeleteFile(removal, turn, locate),
        STASH_FINGERPRINTS: StashFingerprints(removal, turn),
    }
