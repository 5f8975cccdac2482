"""What running work holds: it reports its progress through it, and is stopped or paused at its checkpoints."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from core.clock import Clock
from core.errors import StoreBusyError
from core.store import jobs as table
from core.store.database import Database
from core.store.jobs import JobRecord, JobState
from core.store.statements import storable

_SAVE_SECONDS: Final = 0.5
_RATE_WINDOW_SECONDS: Final = 30.0

_log = logging.getLogger("core.jobs")  # one name for all that stands in a job's own log as well


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `rate` in steps a second, `seconds_left` None while unknown."""

    job_id: int
    kind: str
    title: str
    state: JobState
    done: int
    total: int | None
    message: str
    rate: float | None
    seconds_left: float | None


Listener = Callable[[Progress], None]


class Job:
    """One job under way: its numbers, its state, and whether it may go on. `tell` is called with every progress."""

    def __init__(self, record: JobRecord, database: Database, clock: Clock, *, tell: Listener) -> None:
        self.id = record.id
        self.kind = record.kind
        self.title = record.title
        self.parameters = record.parameters
        self.started_at = record.created_at
        self._database = database
        self._clock = clock
        self._tell = tell
        self._state = JobState.RUNNING
        self._done = 0
        self._total: int | None = None
        self._message = ""
        self._saved_at = -1e9
        self._marks: deque[tuple[float, int]] = deque()
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()
        self.was_asked = asyncio.Event()
        self.is_to_stop = False

    @property
    def progress(self) -> Progress:
        """How far the job is now."""
        rate = self._rate()
        left = None
        if rate and self._total is not None:
            left = max(0, self._total - self._done) / rate
        return Progress(self.id, self.kind, self.title, self._state, self._done, self._total, self._message, rate, left)

    def _rate(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (first_at, first), (last_at, last) = self._marks[0], self._marks[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at and last > first else None

    async def report(self, *, done: int, total: int | None = None, message: str | None = None) -> None:
        """Say how far the work is, and wait here while the job is paused."""
        now = self._clock.monotonic()
        if message is not None and message != self._message:
            self._marks.clear()  # another phase has another pace
        self._done = done
        self._total = total
        self._message = self._message if message is None else message
        self._marks.append((now, done))
        while len(self._marks) > 1 and self._marks[1][0] < now - _RATE_WINDOW_SECONDS:
            self._marks.popleft()  # one older mark stays: slow work has a rate, too
        self._tell(self.progress)
        if now - self._saved_at >= _SAVE_SECONDS:
            self._saved_at = now
            with suppress(StoreBusyError):  # the next one saves as much
                await self._save()
        await self._may_go_on.wait()

    async def _save(self) -> None:
        async with self._database.write() as tx:
            await table.set_progress(tx, self.id, done=self._done, total=self._total, message=self._message)

    async def log(self, text: str, *, level: str = "info") -> None:
        """Add a line to the job's log. `level`: info, warning or error."""
        text = storable(text)  # a path whose bytes are no UTF-8 fits into no log file, either
        _log.log(getattr(logging, level.upper()), "job %s: %s", self.id, text)
        async with self._database.write() as tx:
            await table.log(tx, self.id, level=level, text=text, now=self._clock.now())

    async def obey(self, request: str) -> None:
        """Act on what somebody asked; `is_to_stop` says that the job is to be cancelled."""
        if request == "cancel":
            self.is_to_stop = True
            return
        wanted = JobState.PAUSED if request == "pause" else JobState.RUNNING
        if wanted is self._state:
            return
        self._state = wanted
        self._marks.clear()
        if wanted is JobState.PAUSED:
            self._may_go_on.clear()
        else:
            self._may_go_on.set()
        async with self._database.write() as tx:
            await table.set_state(tx, self.id, wanted)
        self._tell(self.progress)


Work = Callable[[Job], Awaitable[dict[str, Any]]]


class JobLog(Protocol):
    """Adds a line to the log of one job, also after its end."""

    async def __call__(self, text: str, *, level: str = "info") -> None: ...


class EndListener(Protocol):
    """Whoever wants to know that a job has ended."""

    def job_ended(self, record: JobRecord, log: JobLog) -> None:
        """Take note of an end that is written down. Called in passing: it must return at once, and not raise."""
        ...
