"""The queues of a demo Immich: one job of each runs at a time, and a job may put others in line before it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Name -> the version that brought it.
QUEUE_NAMES = {
    "thumbnailGeneration": (1, 0),
    "metadataExtraction": (1, 0),
    "videoConversion": (1, 0),
    "faceDetection": (1, 0),
    "facialRecognition": (1, 0),
    "smartSearch": (1, 0),
    "duplicateDetection": (1, 0),
    "backgroundTask": (1, 0),
    "storageTemplateMigration": (1, 0),
    "migration": (1, 0),
    "search": (1, 0),
    "sidecar": (1, 0),
    "library": (1, 0),
    "notifications": (1, 0),
    "backupDatabase": (1, 121),
    "ocr": (2, 2),
    "workflow": (2, 4),
    "editor": (2, 5),
    "integrityCheck": (3, 0),
}


class DemoJobError(Exception):
    """The job breaks off and stands among the failed ones."""


@dataclass(frozen=True, slots=True)
class DemoImmichJob:
    """One job; `data` is what the server shows of it."""

    id: str
    name: str
    data: dict[str, Any]
    work: Callable[[], None]


@dataclass(slots=True)
class DemoQueue:
    """One queue. A paused one begins no job; a stuck one never ends the job it began."""

    name: str
    is_paused: bool = False
    is_stuck: bool = False
    waiting: deque[DemoImmichJob] = field(default_factory=deque)
    active: list[DemoImmichJob] = field(default_factory=list)
    failed: list[DemoImmichJob] = field(default_factory=list)

    def jobs(self, status: str) -> list[DemoImmichJob]:
        """The jobs in that state; what waits in a paused queue counts as paused."""
        match status:
            case "active":
                return self.active
            case "failed":
                return self.failed
            case "paused" if self.is_paused:
                return list(self.waiting)
            case "waiting" if not self.is_paused:
                return list(self.waiting)
        return []

    @property
    def counts(self) -> dict[str, int]:
        """As Immich counts: what is completed is removed at once."""
        states = ("active", "failed", "waiting", "paused")
        return {"completed": 0, "delayed": 0} | {state: len(self.jobs(state)) for state in states}


class DemoQueues:
    """All queues. `seconds` is how long each job takes."""

    def __init__(self, version: tuple[int, ...], seconds: float) -> None:
        self.seconds = seconds
        self.all = {name: DemoQueue(name) for name, since in QUEUE_NAMES.items() if version >= since}
        self._last_id = 0
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._unstuck = asyncio.Event()
        self._added = asyncio.Event()

    def add(self, queue: str, name: str, data: dict[str, Any], work: Callable[[], None]) -> None:
        """Put a job in line."""
        self._last_id += 1
        self.all[queue].waiting.append(DemoImmichJob(str(self._last_id), name, data, work))
        self._added.set()
        self._go_on(self.all[queue])

    def pause(self, *names: str) -> None:
        """Begin no job of these queues any more."""
        for name in names:
            self.all[name].is_paused = True

    def stick(self, *names: str) -> None:
        """Let the next job of these queues never end."""
        self._unstuck.clear()
        for name in names:
            self.all[name].is_stuck = True

    def resume(self) -> None:
        """Every queue works again."""
        for queue in self.all.values():
            queue.is_paused = queue.is_stuck = False
        self._unstuck.set()
        for queue in self.all.values():
            self._go_on(queue)

    async def settled(self) -> None:
        """Until no job runs or could begin; those of stuck queues are waited for."""
        while self._workers:
            await asyncio.gather(*self._workers.values())

    async def reached(self, name: str) -> None:
        """Until a job stands in that queue, waiting or running."""
        while not (self.all[name].waiting or self.all[name].active):
            self._added.clear()
            await self._added.wait()

    async def stop(self) -> None:
        """Break off everything."""
        tasks = list(self._workers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _go_on(self, queue: DemoQueue) -> None:
        if queue.name not in self._workers and queue.waiting and not queue.is_paused:
            self._workers[queue.name] = asyncio.get_running_loop().create_task(self._work(queue))

    async def _work(self, queue: DemoQueue) -> None:
        try:
            while queue.waiting and not queue.is_paused:
                job = queue.waiting.popleft()
                queue.active.append(job)
                await asyncio.sleep(self.seconds)
                while queue.is_stuck:
                    await self._unstuck.wait()
                try:
                    job.work()
                except DemoJobError:
                    queue.failed.append(job)
                queue.active.remove(job)
        finally:
            del self._workers[queue.name]
