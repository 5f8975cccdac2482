"""Jobs over several processes: killed, stopped from outside, one at a time; and how a whole Winnow ends."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from ledger_cases import agree
from matching_desk import add_entry, add_scene, desk_of, everything

from core.clock import SystemClock
from core.config import load_settings
from core.demo.world import DemoWorld
from core.errors import JobRunningError, StoreError
from core.job import Job
from core.jobs import Jobs
from core.model.recommendations import Status
from core.runtime import open_runtime
from core.store.database import Database
from core.store.jobs import JobState
from core.store.owner import Owner

RUNNER = """
import asyncio, sys
from pathlib import Path
from core.clock import SystemClock
from core.errors import JobCancelledError, JobRunningError
from core.jobs import Jobs
from core.store.database import Database
from core.store.jobs import JobState
from core.store.owner import Owner

async def work(job):
    for step in range(100_000):
        await job.report(done=step, total=100_000, message="counting")
        if step == 3:
            print("started", flush=True)
        await asyncio.sleep(0.001)
    return {}

async def run():
    folder = Path(sys.argv[1])
    with Owner.hold(folder / "locks") as owner:
        async with Database.open(folder / "winnow.db") as database:
            try:
                await Jobs(database, owner, SystemClock()).run("count", "count things", work)
            except (JobCancelledError, JobRunningError) as error:
                print(type(error).__name__, flush=True)

asyncio.run(run())
"""

WINNOW = """
import asyncio, signal, sys
from pathlib import Path
from core.config import load_settings
from core.runtime import open_runtime

async def run():
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    settings = load_settings(Path(sys.argv[1]), env={})
    async with open_runtime(settings, data_dir=Path(sys.argv[2])) as runtime:
        scan = await runtime.matching.start_scan()
        print("scanning", flush=True)
        await asyncio.Event().wait()

try:
    asyncio.run(run())
except asyncio.CancelledError:
    print("cancelled", flush=True)
"""


@asynccontextmanager
async def running(code: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def says(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@asynccontextmanager
async def jobs_in(folder: Path) -> AsyncIterator[Jobs]:
    with Owner.hold(folder / "locks") as owner:
        async with Database.open(folder / "winnow.db") as database:
            jobs = Jobs(database, owner, SystemClock())
            yield jobs
            await jobs.close()


async def count(job: Job) -> dict[str, int]:
    return {"counted": 1}


async def test_a_killed_process_leaves_a_job_that_can_go_on(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs, running(RUNNER, str(tmp_path)) as process:
        assert await says(process) == "started"
        assert await jobs.recover() == []  # it lives
        process.kill()
        await process.wait()
        assert await jobs.recover() == [
            "job 1 (count things) was cut short; `winnow jobs resume 1` goes on where it was"
        ]
        record = await jobs.resumable("count")
        assert record is not None
        assert (record.state, record.total, record.message) == (JobState.INTERRUPTED, 100_000, "counting")
        assert (await jobs.run("count", "count things", count, resume=record.id)).state is JobState.DONE
    assert not list((tmp_path / "locks").glob("*.lock"))


async def test_another_process_is_stopped_within_a_second(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs, running(RUNNER, str(tmp_path)) as process:
        assert await says(process) == "started"
        async with asyncio.timeout(1):
            await jobs.ask(1, "cancel")
            assert await says(process) == "JobCancelledError"
        record = await jobs.get(1)
        assert record is not None
        assert record.state is JobState.CANCELLED


async def test_of_two_processes_one_runs(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs, running(RUNNER, str(tmp_path)) as process:
        assert await says(process) == "started"
        with pytest.raises(JobRunningError, match=r"job 1 \(count things\) is already under way"):
            await jobs.run("count", "count", count)
        async with running(RUNNER, str(tmp_path)) as another:
            assert await says(another) == "JobRunningError"


# -- a whole Winnow -------------------------------------------------------------------------------------------------


def locks(folder: Path) -> list[Path]:
    return [*(folder / "locks").glob("*.lock"), *(folder / "locks").glob("*.new")]


async def test_a_terminated_winnow_is_gone_at_once_and_leaves_nothing_behind(empty_world: DemoWorld) -> None:
    """While a scan waits for a server that never answers."""
    add_scene(empty_world, 1)
    silent = empty_world.stash.faults.add("silent", times=None)
    data = empty_world.directory.parent / "data"
    async with running(WINNOW, str(empty_world.config_path), str(data)) as process:
        assert await says(process) == "scanning"
        while not silent.hits:  # noqa: ASYNC110  a server has no event for it
            await asyncio.sleep(0.002)
        async with asyncio.timeout(3):
            process.send_signal(signal.SIGTERM)
            assert await says(process) == "cancelled"
            assert await process.wait() == 0
    assert locks(data) == []
    assert sorted(one.name for one in data.iterdir()) == ["locks", "winnow.db"]
    empty_world.stash.faults.clear()
    async with desk_of(empty_world) as runtime:
        assert runtime.recovered == ()
        (job,) = await runtime.jobs.newest()
        assert job.state is JobState.INTERRUPTED
        assert (await runtime.resume_job(job.id)).state is JobState.DONE


async def test_cancelled_at_any_moment_a_runtime_leaves_nothing_behind(empty_world: DemoWorld) -> None:
    settings = load_settings(empty_world.config_path, env={})
    data = empty_world.directory.parent / "data"
    before = threading.active_count()

    async def use() -> None:
        async with open_runtime(settings, data_dir=data) as runtime:
            await runtime.matching.start_scan()
            await runtime.matching.summary()

    for steps in [*range(0, 60, 5), 90, 130, 200, 400]:
        task = asyncio.create_task(use())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        assert task.done()
        assert locks(data) == []
        async with asyncio.timeout(5):
            while threading.active_count() > before:  # noqa: ASYNC110  a thread has no event for its end
                await asyncio.sleep(0.001)
    async with desk_of(empty_world) as runtime:
        assert runtime.recovered == ()
        assert {job.state for job in await runtime.jobs.newest()} <= {JobState.INTERRUPTED, JobState.DONE}


async def test_a_runtime_that_ends_in_the_middle_of_an_accept(empty_world: DemoWorld) -> None:
    """The program ends in order, but at once: the write under way is settled by the next start."""
    for number in (1, 2):
        add_scene(empty_world, number)
        add_entry(empty_world, number)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        silent = empty_world.stash.faults.add("silent", only="sceneUpdate")
        plan = await runtime.matching.plan_accept([one.id for one in await everything(runtime)])
        accepting = asyncio.create_task(runtime.matching.accept(plan))
        while not silent.hits:  # noqa: ASYNC110  a server has no event for it
            await asyncio.sleep(0.002)
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(accepting, 5)
    empty_world.stash.faults.clear()
    async with desk_of(empty_world) as runtime:
        assert "link scene 1 (Film 1)" in runtime.recovered[0]
        await agree(runtime, empty_world, 1)
        (job, _) = await runtime.jobs.newest()
        assert job.state is JobState.INTERRUPTED
        assert (await runtime.resume_job(job.id)).state is JobState.DONE
        assert {one.status for one in await everything(runtime)} == {Status.ACCEPTED}


async def test_a_runtime_over_a_folder_that_cannot_be_used(empty_world: DemoWorld, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = threading.active_count()
    with pytest.raises(StoreError, match="cannot be used"):
        async with open_runtime(load_settings(empty_world.config_path, env={}), data_dir=tmp_path / "file"):
            pass
    assert threading.active_count() == before
