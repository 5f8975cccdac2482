"""What tests of jobs share: a clock that stands still, and work of several kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core.job import Job
from core.jobs import Jobs
from core.store.jobs import JobState


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.steady = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  not everything has an event
            await asyncio.sleep(0.002)


async def state(jobs: Jobs, job_id: int) -> JobState:
    record = await jobs.get(job_id)
    assert record is not None
    return record.state


async def done(job: Job) -> dict[str, Any]:
    await job.report(done=3, total=3, message="counting")
    return {"counted": 3}


class Endless:
    """Work that reports for ever; `steps` counts."""

    def __init__(self) -> None:
        self.steps = 0
        self.started = asyncio.Event()

    async def __call__(self, job: Job) -> dict[str, Any]:
        while True:
            self.steps += 1
            await job.report(done=self.steps, total=1000, message="going on")
            self.started.set()
            await asyncio.sleep(0.001)


async def hanging(job: Job) -> dict[str, Any]:
    """Waits for something that never answers."""
    await asyncio.Event().wait()
    return {}
