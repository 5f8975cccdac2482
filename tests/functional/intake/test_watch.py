"""The watched drop folder: what is put there is filed by itself, once it is whole."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cli_runner import environment
from feed_cases import Feed, jpeg

from core.errors import JobCancelledError, JobRunningError
from core.intake import watching
from core.runtime import Runtime


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times between looks are not what is tested."""
    for name in ("REST_SECONDS", "_SETTLING_SECONDS", "_AWAY_SECONDS", "_QUIET_SECONDS"):
        monkeypatch.setattr(watching, name, 0.1)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  what is waited for happens on the disk
            await asyncio.sleep(0.02)


@asynccontextmanager
async def watched(place: Feed) -> AsyncIterator[tuple[Runtime, list[str]]]:
    told: list[str] = []
    async with place.open() as runtime:
        task = asyncio.create_task(runtime.intake.watch(told.append))
        try:
            yield runtime, told
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, JobCancelledError):
                await task


async def test_what_is_put_there_is_filed(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    place.put("before.jpg", jpeg(1))
    async with watched(place):
        await until(lambda: place.tree() == ["review/unidentified/unknown_before.jpg"])
        place.put("deep/later.jpg", jpeg(2))
        await until(lambda: len(place.tree()) == 2)
    assert place.tree(place.drop) == []


async def test_a_file_that_is_still_written_to_is_left_alone(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    content = jpeg(3)
    async with watched(place):
        with (place.drop / "growing.jpg").open("wb") as growing:
            for start in range(0, len(content), 64):
                growing.write(content[start : start + 64])
                growing.flush()
                await asyncio.sleep(0.03)
                assert place.tree() == []
        (place.drop / "other.jpg.part").write_bytes(jpeg(4))
        await until(place.tree)
    (filed,) = place.review.rglob("*.jpg")
    assert filed.read_bytes() == content
    assert place.tree(place.drop) == ["drop/other.jpg.part"]


async def test_a_folder_that_goes_is_waited_for(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    async with watched(place) as (_, told):
        shutil.rmtree(place.drop)
        await until(lambda: any(str(place.drop) in words for words in told))
        place.drop.mkdir()
        place.put("one.jpg", jpeg(5))
        await until(place.tree)
    assert place.tree() == ["review/unidentified/unknown_one.jpg"]


async def test_a_second_watch_is_told_of_the_first(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    async with watched(place) as (runtime, _):
        place.put("one.jpg", jpeg(6))
        await until(place.tree)
        with pytest.raises(JobRunningError, match="under way"):
            await runtime.intake.watch()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_the_command_within_a_second(tmp_path: Path, number: signal.Signals) -> None:
    place = Feed(tmp_path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "intake", "watch", "--config", str(place.config), "--data-dir", str(place.data)),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            assert b"Watching" in await process.stderr.readline()
        await asyncio.sleep(0.3)
        process.send_signal(number)
        async with asyncio.timeout(1.5):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode in (0, 130, 128 + number, -number), os.fsdecode(await process.stderr.read())
