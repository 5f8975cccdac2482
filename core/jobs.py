"""Long work: persisted, with progress and a log, pausable, cancellable within a second, resumable after a kill.

A job runs as a task of the process that started it. Any process may ask it to stop or pause by writing the request
into the database: the job's watcher reads it several times a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from core.clock import Clock
from core.errors import JobCancelledError, JobError, JobRunningError, StoreError, WinnowError
from core.finishing import ended, to_its_end
from core.job import EndListener, Job, Listener, Progress, Work
from core.job_history import JobHistory
from core.store import jobs as table
from core.store.database import Database
from core.store.jobs import JobRecord, JobState
from core.store.owner import Owner

_WATCH_SECONDS: Final = 0.2

_log = logging.getLogger(__name__)


class Jobs(JobHistory):
    """Starts, stops and remembers jobs. One instance a process."""

    def __init__(
        self, database: Database, owner: Owner, clock: Clock, *, end_listener: EndListener | None = None
    ) -> None:
        super().__init__(database, clock)
        self._owner = owner
        self._end_listener = end_listener
        self._listeners: list[Listener] = []
        self._tasks: dict[int, asyncio.Task[JobRecord]] = {}
        self._running: dict[int, Job] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every progress of every job of this process; the result ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    def tell(self, progress: Progress) -> None:
        """Pass a progress on to whoever listens."""
        for listener in tuple(self._listeners):
            try:
                listener(progress)
            except Exception:  # noqa: BLE001  whoever only looks on must not end the work
                _log.exception("a listener of job %s failed", progress.job_id)

    async def run(
        self,
        kind: str,
        title: str,
        work: Work,
        *,
        parameters: dict[str, Any] | None = None,
        resume: int | None = None,
        excludes: Sequence[str] = (),
    ) -> JobRecord:
        """Run work as a job and wait for its end; its record then says how it ended.

        Raises JobRunningError when a job of this kind, or of one in `excludes`, is under way in any process. A job that
        fails or is cancelled raises what ended it, after its end was recorded.
        """
        task = await self.start(kind, title, work, parameters=parameters, resume=resume, excludes=excludes)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            await to_its_end(ended(task))
            raise

    async def start(
        self,
        kind: str,
        title: str,
        work: Work,
        *,
        parameters: dict[str, Any] | None = None,
        resume: int | None = None,
        excludes: Sequence[str] = (),
    ) -> asyncio.Task[JobRecord]:
        """Run work as a job in the background, whatever becomes of the caller.

        Raises JobRunningError when a job of this kind, or of one in `excludes`, is already under way, JobError when
        there is no such job to resume.
        """
        starting = asyncio.ensure_future(self._start(kind, title, work, parameters or {}, resume, (kind, *excludes)))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # Written down or not, nobody is told which job it is: it must not go on unseen.
            await to_its_end(ended(starting))
            if not starting.cancelled() and starting.exception() is None:
                starting.result().cancel()
                await to_its_end(ended(starting.result()))
            raise

    async def _start(
        self,
        kind: str,
        title: str,
        work: Work,
        parameters: dict[str, Any],
        resume: int | None,
        alone_among: Sequence[str],
    ) -> asyncio.Task[JobRecord]:
        async with self.database.write() as tx:
            for other in await table.open_jobs(tx):
                if not self._is_carried(other):
                    await table.set_state(tx, other.id, JobState.INTERRUPTED)
                elif other.kind in alone_among:
                    raise JobRunningError(
                        f"job {other.id} ({other.title}) is already under way. Wait for it, or stop it with "
                        f"`winnow jobs cancel {other.id}`."
                    )
            if resume is None:
                job_id = await table.add(
                    tx, kind=kind, title=title, parameters=parameters, owner=self._owner.name, now=self.clock.now()
                )
            else:
                job_id = resume
                await table.restart(tx, job_id, owner=self._owner.name)
            record = await table.get(tx, job_id)
        if record is None:
            raise JobError(f"there is no job {job_id}; `winnow jobs` lists them")
        job = Job(record, self.database, self.clock, tell=self.tell)
        task = asyncio.create_task(self._carry(job, work), name=f"job-{record.id}")
        self._tasks[record.id] = task
        self._running[record.id] = job
        task.add_done_callback(lambda over: self._forget(record.id, over))
        await asyncio.sleep(0)  # under way now: cancelled before its first step, it would leave no record of its end
        return task

    def _is_carried(self, record: JobRecord) -> bool:
        """Whether somebody works on a job that is said to run."""
        if record.owner == self._owner.name:
            return record.id in self._tasks  # not when its end could not be written down
        return self._owner.is_alive(record.owner)

    def _forget(self, job_id: int, task: asyncio.Task[JobRecord]) -> None:
        self._tasks.pop(job_id, None)
        self._running.pop(job_id, None)
        if not task.cancelled():
            task.exception()  # recorded already: nobody has to ask for it

    async def _carry(self, job: Job, work: Work) -> JobRecord:
        """Run the work under its watcher and record its end."""
        running = asyncio.ensure_future(work(job))
        watcher = asyncio.create_task(self._watch(job, running))
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError:
            running.cancel()
            await to_its_end(self._conclude(job, running, watcher))
            raise
        return await to_its_end(self._conclude(job, running, watcher))

    async def _conclude(
        self, job: Job, running: asyncio.Future[dict[str, Any]], watcher: asyncio.Task[None]
    ) -> JobRecord:
        """Wait for the end of the work and record it. Raises what ended the work."""
        await ended(running)
        watcher.cancel()
        await ended(watcher)
        if running.cancelled():
            if job.is_to_stop:
                await self._end(job, JobState.CANCELLED, error="stopped on request")
                raise JobCancelledError(f"job {job.id} ({job.title}) was stopped; its state is saved")
            await self._end(job, JobState.INTERRUPTED)
            raise asyncio.CancelledError
        error = running.exception()
        if error is None:
            return await self._end(job, JobState.DONE, result=running.result())
        words = str(error)
        if not isinstance(error, WinnowError):  # a bug ends as a failed job, not as a dead app
            _log.error("job %s failed", job.id, exc_info=error)
            words = f"{type(error).__name__}: {error}"
        await self._end(job, JobState.FAILED, error=words)
        raise error

    async def _watch(self, job: Job, running: asyncio.Future[Any]) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_WATCH_SECONDS):
                    await job.was_asked.wait()
            job.was_asked.clear()
            try:
                async with self.database.read() as reader:
                    request = await table.requested(reader, job.id)
                await job.obey(request)
                if job.is_to_stop:
                    running.cancel()
                    return
            except StoreError as error:  # a locked database must not end the watch
                _log.warning("job %s: %s", job.id, error)

    async def _end(
        self, job: Job, state: JobState, *, result: dict[str, Any] | None = None, error: str = ""
    ) -> JobRecord:
        progress = job.progress
        async with self.database.write() as tx:
            await table.set_progress(tx, job.id, done=progress.done, total=progress.total, message=progress.message)
            if error:
                await table.log(tx, job.id, level="error", text=error, now=self.clock.now())
            await table.finish(tx, job.id, state, result=result, error=error, now=self.clock.now())
            record = await table.get(tx, job.id)
        assert record is not None
        self.tell(replace(progress, state=state, rate=None, seconds_left=None))
        if self._end_listener is not None:
            self._end_listener.job_ended(record, job.log)
        return record

    async def ask(self, job_id: int, request: str) -> JobRecord:
        """Ask a job, of whatever process, to "cancel", "pause" or go on ("").

        Raises JobError when there is no such job or it does not run. A job whose process is gone is marked
        interrupted instead.
        """
        async with self.database.write() as tx:
            record = await table.get(tx, job_id)
            if record is None:
                raise JobError(f"there is no job {job_id}; `winnow jobs` lists them")
            if record.state in (JobState.RUNNING, JobState.PAUSED) and not self._is_carried(record):
                await table.set_state(tx, job_id, JobState.INTERRUPTED)
                record = await table.get(tx, job_id)
                assert record is not None
                return record
            if not await table.ask(tx, job_id, request):
                raise JobError(f"job {job_id} ({record.title}) is not running: it is {record.state}")
        if (job := self._running.get(job_id)) is not None:
            job.was_asked.set()
        return record

    async def recover(self) -> list[str]:
        """Mark jobs whose process is gone as interrupted; what was found, in words."""
        async with self.database.read() as reader:
            if all(self._is_carried(job) for job in await table.open_jobs(reader)):
                return []
        async with self.database.write() as tx:  # asked again: another process may have taken one up meanwhile
            gone = [job for job in await table.open_jobs(tx) if not self._is_carried(job)]
            for job in gone:
                await table.set_state(tx, job.id, JobState.INTERRUPTED)
        how = "job {0} ({1}) was cut short; `winnow jobs resume {0}` goes on where it was"
        return [how.format(job.id, job.title) for job in gone]

    async def close(self) -> None:
        """Stop every job of this process; each is recorded as interrupted and can be resumed."""
        for task in (tasks := list(self._tasks.values())):
            task.cancel()
        await to_its_end(ended(*tasks))
