"""The pool: workers that die, hang or are left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy
import pytest
from media_clips import Clip, moving_frame, write_clip
from media_processes import children, is_running, until
from PIL import Image

from core.errors import ConfigError, DecodeError, JobCancelledError, UnreadableFileError, WinnowError
from core.media.checksums import checksums
from core.media.phash import image_phash
from core.media.pool import MediaPool
from core.media.video import probe, video_phash


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file that takes minutes to read: a terabyte of nothing."""
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", Clip(width=128, height=96), moving_frame)


@pytest.fixture
def mine() -> Callable[[], set[int]]:
    """Worker processes this test started and that still run."""
    before = children(os.getpid())
    return lambda: children(os.getpid()) - before


async def busy(mine: Callable[[], set[int]], count: int = 1) -> set[int]:
    """The workers, once that many have read for a while."""

    def reading(pid: int) -> bool:
        counters = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
        return int(counters["rchar"]) > 200_000_000

    await until(lambda: len(mine()) == count and all(reading(pid) for pid in mine()))
    return mine()


async def test_answers_are_those_of_the_functions(tmp_path: Path, clip: Path, mine: Callable[[], set[int]]) -> None:
    picture = tmp_path / "picture.png"
    Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (90, 70, 3), dtype=numpy.uint8)).save(picture)
    async with MediaPool(workers=2) as pool:
        assert not mine()
        results: tuple[object, ...] = tuple(
            await asyncio.gather(
                pool.checksums(clip),
                pool.image_phash(picture),
                pool.video_phash(clip),
                pool.video_phash(clip, 3.0),
                pool.probe(str(clip)),
            )
        )
        assert len(mine()) == 2
        assert all(os.getpriority(os.PRIO_PROCESS, pid) >= 10 for pid in mine())
    assert results == (checksums(clip), image_phash(picture), video_phash(clip), video_phash(clip, 3.0), probe(clip))
    assert not mine()


async def test_errors_arrive_as_they_were_raised(tmp_path: Path) -> None:
    text = tmp_path / "text \udcff.jpg"
    text.write_text("no picture")
    async with MediaPool(workers=1) as pool:
        with pytest.raises(UnreadableFileError, match=r"gone: is not there") as missing:
            await pool.checksums(tmp_path / "gone")
        assert missing.value.path == tmp_path / "gone"
        with pytest.raises(DecodeError, match=r"^\S*/text \udcff\.jpg: is no image") as broken:
            await pool.image_phash(text)
        assert str(broken.value).count(str(text)) == 1


async def test_a_wrong_ffmpeg_setting_is_told_as_one(clip: Path) -> None:
    async with MediaPool(workers=1, ffmpeg="/no/such/program") as pool:
        with pytest.raises(ConfigError, match="cannot be run"):
            await pool.video_phash(clip)


async def test_a_worker_that_dies_costs_its_file_alone(endless: Path, clip: Path, mine: Callable[[], set[int]]) -> None:
    async with MediaPool(workers=2) as pool:
        lost = asyncio.create_task(pool.checksums(endless))
        (victim,) = await busy(mine)
        other = asyncio.create_task(pool.checksums(endless))
        await busy(mine, 2)
        os.kill(victim, signal.SIGSEGV)
        with pytest.raises(DecodeError, match=r"endless: ended the process that read it \(SIGSEGV\)"):
            await lost
        assert await pool.video_phash(clip) == video_phash(clip)
        assert not other.done()
        other.cancel()


async def test_a_worker_that_died_idle_costs_nothing(clip: Path, mine: Callable[[], set[int]]) -> None:
    async with MediaPool(workers=1) as pool:
        await pool.probe(clip)
        (idle,) = mine()
        os.kill(idle, signal.SIGKILL)
        assert await pool.probe(clip) == probe(clip)
        assert mine() != {idle}


async def test_a_worker_that_hangs_is_ended_after_the_timeout(
    endless: Path, clip: Path, mine: Callable[[], set[int]]
) -> None:
    async with MediaPool(workers=1, timeout_seconds=1.5) as pool:
        task = asyncio.create_task(pool.checksums(endless))
        (hung,) = await busy(mine)
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(DecodeError, match=r"endless: took longer than 2 s and was given up"):
            await task
        assert await pool.probe(clip) == probe(clip)
        assert hung not in mine()


async def test_a_hanging_ffmpeg_is_ended_with_its_worker(tmp_path: Path, clip: Path) -> None:
    note = tmp_path / "pid"
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho $$ > {note}.new; mv {note}.new {note}; exec sleep 1000\n")
    program.chmod(0o755)
    async with MediaPool(workers=1, ffmpeg=str(program), timeout_seconds=1.0) as pool:
        with pytest.raises(DecodeError, match=r"clip\.mp4: took longer than 1 s"):
            await pool.video_phash(clip)
        await until(lambda: not is_running(int(note.read_text())))


async def test_cancelling_at_any_moment_leaves_a_pool_that_works(clip: Path, mine: Callable[[], set[int]]) -> None:
    random = Random(7)
    async with MediaPool(workers=2) as pool:
        for _ in range(10):
            tasks = [asyncio.create_task(pool.video_phash(clip)) for _ in range(4)]
            for _ in range(random.randrange(40)):
                await asyncio.sleep(0.001)
            tasks[random.randrange(4)].cancel()
        done = await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        assert {value for value in done if isinstance(value, int)} == {video_phash(clip)}
        assert len(mine()) <= 2
    assert not mine()


async def test_a_long_read_that_goes_on_is_not_timed_out(endless: Path) -> None:
    seen: list[int] = []
    async with MediaPool(workers=1, timeout_seconds=2.0) as pool:
        task = asyncio.create_task(pool.checksums(endless, on_read=seen.append))
        await until(lambda: len(seen) == 3)
        assert not task.done()
        assert seen == sorted(seen)
        task.cancel()


async def test_cancelling_frees_the_place_within_a_second(
    endless: Path, clip: Path, mine: Callable[[], set[int]]
) -> None:
    async with MediaPool(workers=1) as pool:
        task = asyncio.create_task(pool.checksums(endless))
        (worker,) = await busy(mine)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: worker not in mine(), seconds=1.0)
        assert await pool.probe(clip) == probe(clip)


async def test_a_request_cancelled_in_the_queue_leaves_the_others_alone(clip: Path) -> None:
    async with MediaPool(workers=1) as pool:
        tasks = [asyncio.create_task(pool.probe(clip)) for _ in range(6)]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[::2] == [probe(clip)] * 3
    assert all(isinstance(result, asyncio.CancelledError) for result in results[1::2])


async def test_closing_stops_what_is_under_way_and_says_so(endless: Path, mine: Callable[[], set[int]]) -> None:
    async with MediaPool(workers=1) as pool:
        tasks = [asyncio.create_task(pool.checksums(endless)) for _ in range(2)]
        await busy(mine)
    assert not mine()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, JobCancelledError)
    with pytest.raises(RuntimeError, match="closed"):
        await pool.checksums(endless)


async def test_workers_are_replaced_after_many_files(
    clip: Path, mine: Callable[[], set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.worker_seats.FILES_A_WORKER", 2)
    async with MediaPool(workers=1) as pool:
        seen = []
        for _ in range(4):
            await pool.checksums(clip)
            seen.append(frozenset(mine()))
        await pool.checksums(clip)
        assert not mine() & seen[0]


async def test_a_worker_that_cannot_start_is_told_with_its_last_words(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'ImportError: half an installation' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    async with MediaPool(workers=1) as pool:
        with pytest.raises(
            WinnowError, match=r"cannot run \(ImportError: half an installation\); install Winnow again"
        ):
            await pool.probe(clip)


async def test_nothing_is_left_when_the_parent_is_killed(endless: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from core.media.pool import MediaPool\n"
        "async def main():\n"
        "    async with MediaPool(workers=2) as pool:\n"
        "        await asyncio.gather(*(pool.checksums(sys.argv[1]) for _ in range(2)))\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(endless))
    try:
        workers = await busy(lambda: children(parent.pid), 2)
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not any(is_running(pid) for pid in workers), seconds=10.0)
