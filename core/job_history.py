"""What is known of jobs, whichever process runs or ran them: what they said, how they ended, when the next is due."""

from __future__ import annotations

from core.clock import Clock
from core.store import jobs as table
from core.store.database import Database
from core.store.jobs import RESUMABLE, JobRecord


class JobHistory:
    """Reads what is written down of jobs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    async def get(self, job_id: int) -> JobRecord | None:
        """One job."""
        async with self.database.read() as reader:
            return await table.get(reader, job_id)

    async def newest(self, *, kind: str | None = None, limit: int = 100) -> list[JobRecord]:
        """The newest jobs first."""
        async with self.database.read() as reader:
            return await table.newest(reader, kind=kind, limit=limit)

    async def log_lines(self, job_id: int, *, limit: int = 1000) -> list[table.LogLine]:
        """The last lines of a job's log, oldest first."""
        async with self.database.read() as reader:
            return await table.log_lines(reader, job_id, limit=limit)

    async def resumable(self, kind: str) -> JobRecord | None:
        """The newest job of a kind, when it did not come to its end."""
        newest = await self.newest(kind=kind, limit=1)
        return newest[0] if newest and newest[0].state in RESUMABLE else None

    async def resumable_id(self, kind: str) -> int | None:
        """Its number."""
        found = await self.resumable(kind)
        return None if found is None else found.id

    async def last_finished(self, kind: str) -> JobRecord | None:
        """The last job of a kind that came to its end."""
        async with self.database.read() as reader:
            return await table.last_finished(reader, kind)

    async def next_run(self, kind: str, interval_hours: int) -> float | None:
        """When a job of this kind is due (Unix seconds): now when it never ran, None when the schedule is off.

        A last run that lies in the future (the clock was set back) counts as never.
        """
        if interval_hours <= 0:
            return None
        now = self.clock.now()
        last = await self.last_finished(kind)
        if last is None or last.finished_at is None or last.finished_at > now:
            return now
        return last.finished_at + interval_hours * 3600
