"""The jobs of the demo Stash: one runs at a time, and only the last ten finished ones are remembered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.errors import WinnowError

REMEMBERED = 10


@dataclass(slots=True)
class DemoJob:
    """One job, as findJob answers it. `progress` from 0 to 1."""

    id: int
    description: str
    addTime: str  # noqa: N815  the names Stash gives them
    status: str = "READY"
    progress: float | None = None
    subTasks: list[str] | None = None  # noqa: N815
    startTime: str | None = None  # noqa: N815
    endTime: str | None = None  # noqa: N815
    error: str | None = None


Work = Callable[[DemoJob], Awaitable[None]]


class DemoJobs:
    """The queue. `now` gives the time as Stash writes it. `fail_with`: the next job ends as FAILED with these words."""

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self.fail_with = ""
        self.waiting: dict[int, DemoJob] = {}
        self.finished: deque[DemoJob] = deque(maxlen=REMEMBERED)
        self._last_id = 0
        self._turn = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        """From now on a job that begins stays at its beginning, as behind a long one, until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Let the jobs go on."""
        self._open.set()

    def add(self, description: str, work: Work) -> DemoJob:
        """Queue a job."""
        self._last_id += 1
        job = DemoJob(self._last_id, description, self._now())
        self.waiting[job.id] = job
        task = asyncio.get_running_loop().create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, job_id: int) -> DemoJob | None:
        """A job that waits, runs or ended not long ago."""
        return self.waiting.get(job_id) or next((job for job in self.finished if job.id == job_id), None)

    async def settled(self) -> None:
        """Until no job waits or runs."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Break off everything."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: DemoJob, work: Work) -> None:
        async with self._turn:
            job.status, job.startTime, job.progress = "RUNNING", self._now(), 0.0
            try:
                await self._open.wait()
                if self.fail_with:
                    words, self.fail_with = self.fail_with, ""
                    job.status, job.error = "FAILED", words
                else:
                    await work(job)
                    job.status, job.progress = "FINISHED", 1.0
            except asyncio.CancelledError:
                job.status = "CANCELLED"
                raise
            except (OSError, WinnowError) as error:
                job.status, job.error = "FAILED", str(error)
            finally:
                job.endTime = self._now()
                del self.waiting[job.id]
                self.finished.append(job)
