"""Carries a plan out: as one undoable batch and one job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from core.batch_job import run_batch
from core.duplicates.plan import RemovalPlan
from core.duplicates.removal import effects_of
from core.errors import JobRunningError, UsageError
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.store import plans
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.journal_records import NewEffect
from core.words import count

APPLY: Final = "duplicates.apply"
_MESSAGE: Final = "moving files"


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
        self, effects: Sequence[NewEffect], title: str, *, plan_id: int = 0, message: str = _MESSAGE
    ) -> BatchReport:
        """Any effects of this desk, as one batch and one job. Raises as `apply`."""
        if not effects:
            return BatchReport(0)
        batch_id = await self._ledger.submit("duplicates", title, effects)
        try:
            if plan_id:
                await self._note(plan_id, batch_id)
            return await run_batch(self._jobs, self._ledger, APPLY, title, batch_id, message=message)
        except (JobRunningError, UsageError):
            await self._ledger.give_up(batch_id, "it was not begun")
            raise

    async def _note(self, plan_id: int, batch_id: int) -> None:
        async with self._database.write() as tx:
            if not await plans.set_batch(tx, plan_id, batch_id):
                raise UsageError(f"plan {plan_id} was applied already")

    async def resume(self, job: JobRecord) -> BatchReport:
        """Go on with a batch that was cut short; everything is checked again."""
        message = str(job.parameters.get("message", _MESSAGE))
        batch_id = int(job.parameters["batch_id"])
        return await run_batch(self._jobs, self._ledger, APPLY, job.title, batch_id, message=message, resume=job)
