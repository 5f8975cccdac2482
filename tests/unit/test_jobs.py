"""Jobs: persisted, with progress and a log; stopped, paused and resumed; one of a kind at a time; schedules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import JobCancelledError, JobError, JobRunningError, StoreBusyError, UnreachableError
from core.jobs import Job, Jobs, Progress
from core.store import jobs as table
from core.store.database import Database
from core.store.jobs import JobState
from core.store.owner import Owner

DAY = 86400.0


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.steady = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "winnow.db") as database:
        yield database


@pytest.fixture
async def jobs(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[Jobs]:
    with Owner.hold(tmp_path / "locks") as owner:
        jobs = Jobs(database, owner, clock)
        yield jobs
        await jobs.close()


@pytest.fixture
async def others(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[Jobs]:
    """The jobs of another Winnow over the same database."""
    with Owner.hold(tmp_path / "locks") as owner:
        jobs = Jobs(database, owner, clock)
        yield jobs
        await jobs.close()


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
