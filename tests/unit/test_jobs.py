"""Jobs: persisted, with progress and a log; one of a kind at a time; schedules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jobs_cases import Clock, done, hanging

from core.errors import JobRunningError, StoreBusyError, UnreachableError
from core.job import Job, Progress
from core.jobs import Jobs
from core.store import jobs as table
from core.store.jobs import JobState

pytest_plugins = ["jobs_fixtures"]


DAY = 86400.0


# -- what is kept ---------------------------------------------------------------------------------------------------


async def test_a_job_is_kept_with_its_result_and_progress(jobs: Jobs, clock: Clock) -> None:
    record = await jobs.run("count", "count things", done, parameters={"of": "all"})
    assert record == await jobs.get(record.id)
    assert (record.kind, record.title, record.state) == ("count", "count things", JobState.DONE)
    assert (record.parameters, record.result) == ({"of": "all"}, {"counted": 3})
    assert (record.done, record.total, record.message) == (3, 3, "counting")
    assert (record.created_at, record.finished_at, record.error) == (clock.wall, clock.wall, "")
    assert await jobs.newest() == [record]
    assert await jobs.last_finished("count") == record
    assert await jobs.resumable("count") is None


async def test_a_failing_job_is_kept_with_its_reason_and_can_go_on(jobs: Jobs) -> None:
    async def fail(job: Job) -> dict[str, Any]:
        await job.report(done=2, total=5)
        raise UnreachableError("no answer", server="http://nas:9999")

    with pytest.raises(UnreachableError):
        await jobs.run("count", "count things", fail)
    (record,) = await jobs.newest()
    assert (record.state, record.done, record.error) == (JobState.FAILED, 2, "http://nas:9999: no answer")
    assert [line.text for line in await jobs.log_lines(record.id)] == ["http://nas:9999: no answer"]
    assert await jobs.resumable("count") == record


async def test_a_bug_ends_as_a_failed_job(jobs: Jobs) -> None:
    async def fail(job: Job) -> dict[str, Any]:
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError):
        await jobs.run("count", "count things", fail)
    (record,) = await jobs.newest()
    assert (record.state, record.error) == (JobState.FAILED, "ZeroDivisionError: by zero")
    assert (await jobs.run("count", "again", done)).state is JobState.DONE


async def test_a_background_job_that_fails_disturbs_nobody(jobs: Jobs) -> None:
    async def fail(job: Job) -> dict[str, Any]:
        raise UnreachableError("no answer")

    task = await jobs.start("count", "count things", fail)
    await asyncio.wait({task}, timeout=10)
    (record,) = await jobs.newest()
    assert record.state is JobState.FAILED


async def test_the_log_keeps_order_and_level(jobs: Jobs, clock: Clock) -> None:
    async def talk(job: Job) -> dict[str, Any]:
        for number in range(5):
            await job.log(f"line {number}", level="warning" if number == 3 else "info")
        return {}

    record = await jobs.run("talk", "talk", talk)
    lines = await jobs.log_lines(record.id)
    assert [(line.text, line.level) for line in lines] == [
        ("line 0", "info"), ("line 1", "info"), ("line 2", "info"), ("line 3", "warning"), ("line 4", "info"),
    ]  # fmt: skip
    assert {line.at for line in lines} == {clock.wall}
    assert [line.text for line in await jobs.log_lines(record.id, limit=2)] == ["line 3", "line 4"]


# -- progress -------------------------------------------------------------------------------------------------------


async def test_progress_tells_rate_and_time_left(jobs: Jobs, clock: Clock) -> None:
    told: list[Progress] = []
    jobs.subscribe(told.append)

    async def work(job: Job) -> dict[str, Any]:
        for step in range(5):
            await job.report(done=step * 10, total=100, message="reading")
            clock.steady += 2.0
        await job.report(done=0, total=None, message="another phase")
        return {}

    await jobs.run("count", "count", work)
    assert (told[0].rate, told[0].seconds_left) == (None, None)
    assert (told[4].rate, told[4].seconds_left) == (5.0, 12.0)
    assert (told[4].done, told[4].total, told[4].message) == (40, 100, "reading")
    assert (told[5].rate, told[5].seconds_left) == (None, None)  # another phase has another pace
    assert told[-1].state is JobState.DONE


async def test_slow_work_has_a_rate_too(jobs: Jobs, clock: Clock) -> None:
    told: list[Progress] = []
    jobs.subscribe(told.append)

    async def work(job: Job) -> dict[str, Any]:
        for step in range(4):
            await job.report(done=step, total=4, message="hashing")
            clock.steady += 50.0
        return {}

    await jobs.run("hash", "hash", work)
    assert told[3].rate == pytest.approx(0.02)
    assert told[3].seconds_left == pytest.approx(50.0)


async def test_the_rate_is_of_late_not_of_long_ago(jobs: Jobs, clock: Clock) -> None:
    told: list[Progress] = []
    jobs.subscribe(told.append)

    async def work(job: Job) -> dict[str, Any]:
        count = 0
        for step in range(120):
            count += 10 if step < 60 else 1
            await job.report(done=count, total=1000, message="reading")
            clock.steady += 1.0
        return {}

    await jobs.run("count", "count", work)
    assert told[119].rate == pytest.approx(1.0)


async def test_progress_is_saved_for_other_processes(jobs: Jobs, others: Jobs, clock: Clock) -> None:
    go_on = asyncio.Event()
    reported = asyncio.Event()

    async def work(job: Job) -> dict[str, Any]:
        await job.report(done=1, total=9, message="reading")
        clock.steady += 5
        await job.report(done=7, total=9, message="reading")
        reported.set()
        await go_on.wait()
        return {}

    task = await jobs.start("count", "count", work)
    await reported.wait()
    (record,) = await others.newest()
    assert (record.done, record.total, record.message) == (7, 9, "reading")
    go_on.set()
    await task


async def test_a_listener_that_fails_does_not_end_the_work(jobs: Jobs) -> None:
    told: list[Progress] = []

    def broken(progress: Progress) -> None:
        raise RuntimeError("the screen is gone")

    jobs.subscribe(broken)
    end = jobs.subscribe(told.append)
    assert (await jobs.run("count", "count", done)).state is JobState.DONE
    assert told
    end()
    end()
    told.clear()
    await jobs.run("count", "count", done)
    assert told == []


async def test_progress_that_cannot_be_saved_now_does_not_end_the_work(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: Any, **__: Any) -> None:
        raise StoreBusyError("locked")

    async def work(job: Job) -> dict[str, Any]:
        with monkeypatch.context() as locked:
            locked.setattr(table, "set_progress", busy)
            await job.report(done=1, total=2)
        return {}

    assert (await jobs.run("count", "count", work)).state is JobState.DONE


# -- one of a kind --------------------------------------------------------------------------------------------------


async def test_two_of_a_kind_at_once_are_refused_in_any_process(jobs: Jobs, others: Jobs) -> None:
    task = await jobs.start("count", "count things", hanging)
    for asked in (jobs, others):
        with pytest.raises(JobRunningError, match=r"job 1 \(count things\) is already under way.*jobs cancel 1"):
            await asked.start("count", "count again", done)
    assert (await others.run("another", "another kind", done)).state is JobState.DONE
    await jobs.ask(1, "cancel")
    await asyncio.wait({task}, timeout=10)
    assert (await others.run("count", "count again", done)).state is JobState.DONE


async def test_of_many_started_at_once_one_runs(jobs: Jobs, others: Jobs) -> None:
    started = await asyncio.gather(
        *(one.start("count", "count", hanging) for one in (jobs, others) * 4), return_exceptions=True
    )
    assert sum(isinstance(one, asyncio.Task) for one in started) == 1
    assert sum(isinstance(one, JobRunningError) for one in started) == 7


# -- schedules ------------------------------------------------------------------------------------------------------


async def test_when_a_job_is_due(jobs: Jobs, clock: Clock) -> None:
    assert await jobs.next_run("count", 0) is None
    assert await jobs.next_run("count", 168) == clock.wall  # it never ran
    await jobs.run("count", "count", done)
    for hours in (24, 72, 168, 336):
        assert await jobs.next_run("count", hours) == clock.wall + hours * 3600
    assert await jobs.next_run("count", 0) is None
    assert await jobs.next_run("another", 24) == clock.wall


async def test_a_failed_or_stopped_run_does_not_count(jobs: Jobs, clock: Clock) -> None:
    async def fail(job: Job) -> dict[str, Any]:
        raise UnreachableError("no answer")

    with pytest.raises(UnreachableError):
        await jobs.run("count", "count", fail)
    assert await jobs.next_run("count", 24) == clock.wall


async def test_a_clock_set_back_does_not_put_the_next_run_off(jobs: Jobs, clock: Clock) -> None:
    await jobs.run("count", "count", done)
    clock.wall -= 400 * DAY
    assert await jobs.next_run("count", 24) == clock.wall
    await jobs.run("count", "count", done)
    assert await jobs.next_run("count", 24) == clock.wall + DAY
    record = await jobs.get(2)
    assert record is not None
    assert record.finished_at == clock.wall
