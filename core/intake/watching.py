"""Watches the drop folder: takes files over once they are whole, and has them worked on after a quiet moment.

The system tells of changes; what it does not tell (a network share, a full queue of events) is found by a look at the
whole folder at the start and every minute. A folder that is away is said and waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.clock import Clock
from core.errors import JobRunningError, UnreadableFileError, WinnowError
from core.finishing import to_its_end
from core.intake.adding import Adding, HowAdded
from core.intake.drop_folder import DROP, REST_SECONDS, listed, not_handed_over, why_away
from core.intake.run_report import IntakeReport
from core.job import Job
from core.media.folders import FoundFile
from core.model.library_files import FileIdentity
from core.path_text import shown
from core.settings_intake import IntakeSettings
from core.store import intake
from core.store.database import Database

if TYPE_CHECKING:
    from watchfiles import Change

FULL_LOOK_SECONDS: Final = 60.0
_SETTLING_SECONDS: Final = 1.0  # between two looks while files are still coming
_AWAY_SECONDS: Final = 2.0
_DEAF_SECONDS: Final = 5.0  # where the system tells nothing
_QUIET_SECONDS: Final = 2.0  # without a new file: then what came is worked on
_LONGEST_SECONDS: Final = 60.0  # however many are still coming

Tell = Callable[[str], None]
RunNow = Callable[[], Awaitable[IntakeReport]]


@dataclass(frozen=True, slots=True)
class _Sight:
    """A file as it was first seen like this, by the monotonic clock."""

    identity: FileIdentity
    since: float


class Watching:
    """One watch. `run_now` works on what came in; `tell` is given, in words, what is worth knowing."""

    def __init__(self, database: Database, clock: Clock, rules: IntakeSettings, *, run_now: RunNow, tell: Tell) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._folder = Path(rules.drop_folder)
        self._run_now = run_now
        self._tell = tell
        self._adding = Adding(database, clock, rules)
        self._sights: dict[str, _Sight] = {}
        self._refused: dict[str, FileIdentity] = {}
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None]
        self._is_deaf = False
        self._away = ""
        self._taken = 0
        self._first_at: float | None = None  # since when something waits to be worked on
        self._last_at = 0.0
        self._running: asyncio.Task[None] | None = None

    async def run(self, job: Job) -> dict[str, Any]:
        """Watch until cancelled."""
        self._listening = asyncio.create_task(self._listen())
        try:
            while True:
                is_settling = await self._look(job)
                await self._work_if_quiet()
                message = self._away or f"watching {shown(self._folder)}"
                await job.report(done=self._taken, total=None, message=message)
                await self._pause(is_settling=is_settling)
        finally:
            tasks = [one for one in (self._listening, self._running) if one is not None]
            for one in tasks:
                one.cancel()
            await to_its_end(_over(tasks))

    # -- looking -----------------------------------------------------------------------------------------------------

    async def _look(self, job: Job) -> bool:
        """Look at the whole folder and take over what is whole; whether files are still coming."""
        self._changed.clear()
        try:
            await why_away(self._database, self._folder)
            found = await asyncio.to_thread(listed, self._folder)
        except UnreadableFileError as error:
            self._say_away(str(error))
            return False
        self._say_away("")
        found = [one for one in found if self._refused.get(one.path) != one.identity]
        if whole := self._whole(await not_handed_over(self._database, found)):
            await self._take(whole, job)
        return bool(self._sights)

    def _whole(self, found: Sequence[FoundFile]) -> list[FoundFile]:
        """Those that nothing wrote to for a while; the others are remembered."""
        now = self._clock.monotonic()
        sights: dict[str, _Sight] = {}
        whole: list[FoundFile] = []
        for one in found:
            sight = self._sights.get(one.path)
            if sight is None or sight.identity != one.identity:
                sight = _Sight(one.identity, now)
            if now - sight.since >= REST_SECONDS:
                whole.append(one)
            sights[one.path] = sight
        for one in whole:
            del sights[one.path]
        self._sights = sights
        return whole

    async def _take(self, fresh: Sequence[FoundFile], job: Job) -> None:
        by_path = {shown(one.path): one for one in fresh}
        async with aclosing(self._adding.files([Path(one.path) for one in fresh], source=DROP)) as reports:
            async for one in reports:
                if one.how is HowAdded.REFUSED:
                    if (file := by_path.get(one.what)) is not None:
                        self._refused[file.path] = file.identity
                    self._tell(f"{one.what} {one.words}")
                    continue
                self._taken += one.how is not HowAdded.KNOWN
                self._last_at = self._clock.monotonic()
                self._first_at = self._first_at or self._last_at
                await job.report(done=self._taken, total=None, message="taking files over")

    def _say_away(self, words: str) -> None:
        if words and not self._away:
            self._tell(f"{words}. Waiting for it")
        elif self._away and not words:
            self._tell(f"{shown(self._folder)} is there again")
            self._listening.cancel()  # it listens to what was there before
            self._listening = asyncio.create_task(self._listen())
        self._away = words

    async def _pause(self, *, is_settling: bool) -> None:
        """Until there is something to look at again."""
        seconds = FULL_LOOK_SECONDS
        if is_settling or self._first_at is not None:
            seconds = _SETTLING_SECONDS
        elif self._away or self._is_deaf:
            seconds = _AWAY_SECONDS if self._away else _DEAF_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        if not is_settling:  # a moment for the others of the same batch
            await asyncio.sleep(min(_SETTLING_SECONDS, seconds) / 4)

    async def _listen(self) -> None:
        """Hear of changes from the system. Where it tells nothing, the folder is looked at more often."""
        from watchfiles import awatch

        logging.getLogger("watchfiles").setLevel(logging.ERROR)
        while True:
            try:
                async for _ in awatch(self._folder, watch_filter=_any, step=200, rust_timeout=200):
                    self._is_deaf = False
                    self._changed.set()
            except (OSError, RuntimeError):  # it is away, or the system can watch no more folders
                self._is_deaf = True
                await asyncio.sleep(FULL_LOOK_SECONDS)

    # -- working -----------------------------------------------------------------------------------------------------

    async def _work_if_quiet(self) -> None:
        if self._running is not None:
            if not self._running.done():
                return
            running, self._running = self._running, None
            running.result()
        now = self._clock.monotonic()
        is_quiet = not self._sights and now - self._last_at >= _QUIET_SECONDS
        has_come = self._first_at is not None and (is_quiet or now - self._first_at >= _LONGEST_SECONDS)
        if has_come or (self._first_at is None and await self._is_due()):
            self._first_at = None
            self._running = asyncio.create_task(self._work())

    async def _is_due(self) -> bool:
        async with self._database.read() as reader:
            moment = await intake.next_moment(reader)
        return moment is not None and moment <= self._clock.now()

    async def _work(self) -> None:
        """One run. One that cannot be done now is done later: what came in is recorded."""
        try:
            report = await self._run_now()
        except JobRunningError:
            await asyncio.sleep(_QUIET_SECONDS)
            self._first_at = self._clock.monotonic()
        except WinnowError as error:
            self._tell(str(error))
            await asyncio.sleep(FULL_LOOK_SECONDS)
        else:
            for line in told(report):
                self._tell(line)


def nobody(_words: str) -> None:
    """Nobody wants to know."""


def told(report: IntakeReport) -> list[str]:
    """What a run came to, in a few lines; none where nothing was to be done."""
    lines: list[str] = []
    if report.processed:
        review = sum(report.review.values())
        parts = [
            (report.sorted, "sorted"),
            (review, "to review"),
            (report.trashed, "to the trash"),
            (report.failed, "failed"),
        ]
        lines.append(", ".join(f"{number} {words}" for number, words in parts if number))
    return lines + [f"{one.source}: {one.error}" for one in report.errors]


def _any(_change: Change, _path: str) -> bool:
    return True


async def _over(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)
    for one in tasks:
        if not one.cancelled():
            one.exception()
