"""A batch of effects carried out as a job: it shows how far it is, can be stopped, and goes on where it was."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from core.errors import JobError
from core.job import Job
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.store.jobs import JobRecord


class _StoppedError(JobError):
    """The batch was stopped by a server that is away: the job failed, and can go on later."""


async def run_batch(
    jobs: Jobs, ledger: Ledger, kind: str, title: str, batch_id: int, *, message: str, resume: JobRecord | None = None
) -> BatchReport:
    """Carry a batch out and wait for its end. `message`: what is being done, in words; `resume`: the job to go on with.

    Raises JobRunningError when another job of the kind is under way, JobCancelledError when it was stopped.
    """
    reports: list[BatchReport] = []

    async def work(job: Job) -> dict[str, Any]:
        async def tell(done: int, total: int) -> None:
            await job.report(done=done, total=total, message=message)

        report = await ledger.apply(batch_id, on_progress=tell)
        reports.append(report)
        for outcome in report.not_done:
            await job.log(f"{outcome.title}: {outcome.words}", level="warning")
        if report.stopped_by:
            raise _StoppedError(f"{report.stopped_by}; what was not done is done by `winnow jobs resume {job.id}`")
        return {"batch_id": batch_id, "done": len(report.done), "refused": len(report.not_done)}

    parameters = {"batch_id": batch_id, "message": message}
    with suppress(_StoppedError):  # the report says so, too
        await jobs.run(kind, title, work, parameters=parameters, resume=None if resume is None else resume.id)
    return reports[0]
