"""Carries a plan out: as one undoable batch and one job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from core.duplicates.plan import RemovalPlan
from core.duplicates.removal import effects_of
from core.errors import JobError, JobRunningError, UsageError
from core.job import Job
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.store import plans
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.journal_records import NewEffect
from core.words import count

APPLY: Final = "duplicates.apply"


class _StoppedError(JobError):
    """The batch was stopped by a server that is away: the job failed, and can go on later."""


class Applying:
    """Carries plans out."""

    def __init__(self, database: Database, jobs: Jobs, ledger: Ledger, *, has_stash: bool) -> None:
        self._database = database
        self._jobs = jobs
        self._ledger = ledger
        self._has_stash = has_stash

    async def apply(self, plan: RemovalPlan) -> BatchReport:
        """Do it. Raises JobRunningError when another plan is being carried out, JobCancelledError when stopped,
        UsageError when the stored plan was applied meanwhile.
        """
        effects = await asyncio.to_thread(effects_of, plan, has_stash=self._has_stash)
        verb = "delete" if plan.is_final else "trash"
        title = f"{verb} {count(plan.files, 'file')} of {count(len(plan.accepted), 'group')}"
        return await self.carry_out(effects, title, plan_id=plan.id)

    async def carry_out(
        self, effects: Sequence[NewEffect], title: str, *, plan_id: int = 0, message: str = "moving files"
    ) -> BatchReport:
        """Any effects of this desk, as one batch and one job. Raises as `apply`."""
        if not effects:
            return BatchReport(0)
        batch_id = await self._ledger.submit("duplicates", title, effects)
        try:
            if plan_id:
                await self._note(plan_id, batch_id)
            return await self._apply(batch_id, title, message)
        except (JobRunningError, UsageError):
            await self._ledger.give_up(batch_id, "it was not begun")
            raise

    async def _note(self, plan_id: int, batch_id: int) -> None:
        async with self._database.write() as tx:
            if not await plans.set_batch(tx, plan_id, batch_id):
                raise UsageError(f"plan {plan_id} was applied already")

    async def resume(self, job: JobRecord) -> BatchReport:
        """Go on with a batch that was cut short; everything is checked again."""
        message = str(job.parameters.get("message", "moving files"))
        return await self._apply(int(job.parameters["batch_id"]), job.title, message, resume=job.id)

    async def _apply(self, batch_id: int, title: str, message: str, *, resume: int | None = None) -> BatchReport:
        reports: list[BatchReport] = []

        async def work(job: Job) -> dict[str, Any]:
            async def tell(done: int, total: int) -> None:
                await job.report(done=done, total=total, message=message)

            report = await self._ledger.apply(batch_id, on_progress=tell)
            reports.append(report)
            for outcome in report.not_done:
                await job.log(f"{outcome.title}: {outcome.words}", level="warning")
            if report.stopped_by:
                raise _StoppedError(f"{report.stopped_by}; what was not done is done by `winnow jobs resume {job.id}`")
            return {"batch_id": batch_id, "done": len(report.done), "refused": len(report.not_done)}

        with suppress(_StoppedError):  # the report says so, too
            await self._jobs.run(
                APPLY, title, work, parameters={"batch_id": batch_id, "message": message}, resume=resume
            )
        return reports[0]
