"""Jobs that are paused, stopped, cancelled at any moment, or left behind by a process that died."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jobs_cases import Clock, Endless, done, hanging, state, until

from core.errors import JobCancelledError, JobError, StoreBusyError, UnreachableError
from core.job import Job, Progress
from core.jobs import Jobs
from core.store import jobs as table
from core.store.database import Database
from core.store.jobs import JobState
from core.store.owner import Owner

pytest_plugins = ["jobs_fixtures"]


# -- stopping and pausing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_other", [False, True])
@pytest.mark.parametrize("waits", [False, True])
async def test_a_job_is_cancelled_within_a_second(jobs: Jobs, others: Jobs, is_other: bool, waits: bool) -> None:
    work = Endless()
    task = await jobs.start("count", "count things", hanging if waits else work)
    if not waits:
        await work.started.wait()
    (record,) = await jobs.newest()
    async with asyncio.timeout(1):
        await (others if is_other else jobs).ask(record.id, "cancel")
        with pytest.raises(JobCancelledError, match=r"job 1 \(count things\) was stopped"):
            await task
    (record,) = await jobs.newest()
    assert (record.state, record.error, record.request) == (JobState.CANCELLED, "stopped on request", "")
    assert await jobs.resumable("count") == record


async def test_a_cancel_stands_whatever_is_asked_after_it(jobs: Jobs, others: Jobs) -> None:
    task = await jobs.start("count", "count", hanging)
    await others.ask(1, "cancel")
    await others.ask(1, "pause")
    async with asyncio.timeout(1):
        with pytest.raises(JobCancelledError):
            await task


async def stored_as(jobs: Jobs, wanted: JobState) -> None:
    """Wait until the database says so: it does a moment after the job itself."""
    async with asyncio.timeout(10):
        while await state(jobs, 1) is not wanted:  # noqa: ASYNC110  the database has no event
            await asyncio.sleep(0.002)


async def test_paused_work_stands_still_until_it_may_go_on(jobs: Jobs, others: Jobs) -> None:
    work = Endless()
    told: list[Progress] = []
    jobs.subscribe(told.append)
    task = await jobs.start("count", "count", work)
    await work.started.wait()
    await others.ask(1, "pause")
    await until(lambda: told[-1].state is JobState.PAUSED)
    await stored_as(others, JobState.PAUSED)
    steps = work.steps
    for _ in range(50):
        await asyncio.sleep(0)
    assert work.steps <= steps + 1
    await jobs.ask(1, "")
    await until(lambda: work.steps > steps + 3)
    await stored_as(others, JobState.RUNNING)
    await jobs.ask(1, "cancel")
    await asyncio.wait({task}, timeout=10)


async def test_paused_work_can_be_cancelled(jobs: Jobs) -> None:
    task = await jobs.start("count", "count", Endless())
    await jobs.ask(1, "pause")
    await stored_as(jobs, JobState.PAUSED)
    async with asyncio.timeout(1):
        await jobs.ask(1, "cancel")
        with pytest.raises(JobCancelledError):
            await task


async def test_asking_for_what_cannot_be_is_an_error_in_words(jobs: Jobs) -> None:
    with pytest.raises(JobError, match=r"there is no job 9; `winnow jobs` lists them"):
        await jobs.ask(9, "cancel")
    record = await jobs.run("count", "count things", done)
    with pytest.raises(JobError, match=r"job 1 \(count things\) is not running: it is done"):
        await jobs.ask(record.id, "cancel")
    with pytest.raises(JobError, match="there is no job 9"):
        await jobs.run("count", "count", done, resume=9)
    assert [job.id for job in await jobs.newest()] == [record.id]


async def test_who_waits_for_a_job_and_is_cancelled_interrupts_it(jobs: Jobs) -> None:
    work = Endless()
    waiting = asyncio.create_task(jobs.run("count", "count", work))
    await work.started.wait()
    waiting.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await state(jobs, 1) is JobState.INTERRUPTED


async def test_cancelled_at_any_moment_of_its_start_a_job_is_not_left_running(jobs: Jobs, others: Jobs) -> None:
    for steps in [*range(40), 60, 100, 200, 400]:
        starting = asyncio.create_task(jobs.start("count", "count", hanging))
        for _ in range(steps):
            await asyncio.sleep(0)
        starting.cancel()
        starting.cancel()
        await asyncio.wait({starting}, timeout=10)
        if not starting.cancelled():
            starting.result().cancel()
            await asyncio.wait({starting.result()}, timeout=10)
        assert {job.state for job in await jobs.newest()} <= {JobState.INTERRUPTED}
    assert (await others.run("count", "count", done)).state is JobState.DONE


async def test_cancelled_at_its_very_end_a_job_is_recorded_as_it_ended(jobs: Jobs) -> None:
    for steps in range(60):

        async def work(job: Job) -> dict[str, Any]:
            return {"is": "whole"}

        task = await jobs.start("count", "count", work)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        (record,) = await jobs.newest(limit=1)
        assert record.state is JobState.DONE
        assert record.result == {"is": "whole"}


async def test_closing_interrupts_every_job_whatever_comes(jobs: Jobs) -> None:
    first, second = Endless(), Endless()
    tasks = [await jobs.start("one", "one", first), await jobs.start("two", "two", second)]
    closing = asyncio.create_task(jobs.close())
    await asyncio.sleep(0)
    closing.cancel()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert all(task.done() for task in tasks)
    assert [job.state for job in await jobs.newest()] == [JobState.INTERRUPTED] * 2


# -- the dead -------------------------------------------------------------------------------------------------------


async def leave_behind(tmp_path: Path, database: Database, clock: Clock) -> int:
    """A job whose process is gone."""
    with Owner.hold(tmp_path / "locks") as owner:
        name = owner.name
    async with database.write() as tx:
        job_id = await table.add(tx, kind="count", title="count things", parameters={}, owner=name, now=clock.wall)
        await table.set_progress(tx, job_id, done=7, total=9, message="reading")
    return job_id


async def test_a_dead_process_leaves_an_interrupted_job(
    tmp_path: Path, jobs: Jobs, database: Database, clock: Clock
) -> None:
    job_id = await leave_behind(tmp_path, database, clock)
    assert await jobs.recover() == ["job 1 (count things) was cut short; `winnow jobs resume 1` goes on where it was"]
    assert await state(jobs, job_id) is JobState.INTERRUPTED
    assert await jobs.recover() == []


async def test_a_dead_process_does_not_stand_in_the_way(
    tmp_path: Path, jobs: Jobs, database: Database, clock: Clock
) -> None:
    job_id = await leave_behind(tmp_path, database, clock)
    assert (await jobs.run("count", "count", done)).state is JobState.DONE
    assert await state(jobs, job_id) is JobState.INTERRUPTED


async def test_asking_a_dead_process_marks_its_job(
    tmp_path: Path, jobs: Jobs, database: Database, clock: Clock
) -> None:
    job_id = await leave_behind(tmp_path, database, clock)
    assert (await jobs.ask(job_id, "cancel")).state is JobState.INTERRUPTED


async def test_the_living_are_left_alone(jobs: Jobs, others: Jobs) -> None:
    task = await jobs.start("count", "count", hanging)
    assert await others.recover() == []
    assert await state(others, 1) is JobState.RUNNING
    await jobs.ask(1, "cancel")
    await asyncio.wait({task}, timeout=10)


async def test_a_job_whose_end_could_not_be_written_is_not_in_the_way(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise StoreBusyError("locked")

    with monkeypatch.context() as locked:
        locked.setattr(table, "finish", full)
        with pytest.raises(StoreBusyError):
            await jobs.run("count", "count", done)
    assert await state(jobs, 1) is JobState.RUNNING
    assert (await jobs.run("count", "count", done)).id == 2
    assert await state(jobs, 1) is JobState.INTERRUPTED


async def test_a_job_goes_on_under_its_number(jobs: Jobs) -> None:
    async def fail(job: Job) -> dict[str, Any]:
        raise UnreachableError("no answer")

    with pytest.raises(UnreachableError):
        await jobs.run("count", "count", fail, parameters={"of": "all"})
    record = await jobs.run("count", "count", done, resume=1)
    assert (record.id, record.state, record.error, record.parameters) == (1, JobState.DONE, "", {"of": "all"})
    assert len(await jobs.newest()) == 1
