"""Hashing that is stopped or killed: what was written down stays, and the next run does the rest."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_files import Bench, picture, request, trouble_by_name
from PIL import Image

from core.errors import JobCancelledError
from core.job import Progress
from core.jobs import Jobs
from core.media.phash import image_phash
from core.store.jobs import JobState

FILES = 9

_VICTIM = """
import asyncio, sys
from pathlib import Path
from bad_files import Bench, request
from core import hashing

hashing._SAVE_FILES, hashing._SAVE_SECONDS = int(sys.argv[2]), 1e9

async def main():
    paths = [Path(one) for one in sys.argv[3:]]
    async with Bench.open(Path(sys.argv[1]), workers=1) as bench:
        bench.jobs.subscribe(lambda told: print(told.done, flush=True))
        await bench.hash([request(path) for path in paths])

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hook"
    trouble_by_name(folder, monkeypatch)
    return folder


def pictures(root: Path, stuck: int, name: str = "waiting.png") -> list[Path]:
    """Pictures in their order; the worker does not come back from the one at the place `stuck`."""
    root.mkdir()
    paths = [root / (name if number == stuck else f"{number}.png") for number in range(FILES)]
    for number, path in enumerate(paths):
        Image.fromarray(picture(number)).save(path)
    return paths


def freed(paths: list[Path], stuck: int) -> list[Path]:
    """The same files, the stuck one under a name that lets it pass: it stays the same content."""
    paths[stuck] = paths[stuck].rename(paths[stuck].with_name("free.png"))
    return paths


def stopper(jobs: Jobs, at: int) -> tuple[Callable[[Progress], None], list[asyncio.Task[object]]]:
    """A listener that asks the job to stop once so many files are done."""
    asked: list[asyncio.Task[object]] = []

    def listen(told: Progress) -> None:
        if told.done == at and told.total is not None and not asked:
            asked.append(asyncio.create_task(jobs.ask(told.job_id, "cancel")))

    return listen, asked


async def ensure_whole(bench: Bench, paths: list[Path]) -> None:
    known = await bench.known(*paths)
    assert {name: one.hashes.phash for name, one in known.items()} == {path.name: image_phash(path) for path in paths}


@pytest.mark.parametrize("stuck", [0, 1, 6])
async def test_a_run_that_is_stopped_keeps_all_that_was_done_and_the_next_goes_on(tmp_path: Path, stuck: int) -> None:
    paths = pictures(tmp_path / "media", stuck)
    async with Bench.open(tmp_path / "data", workers=1) as bench:
        listen, asked = stopper(bench.jobs, stuck)
        bench.jobs.subscribe(listen)
        with pytest.raises(JobCancelledError):
            async with asyncio.timeout(30):
                await bench.hash([request(path) for path in paths])
        assert len(asked) == 1
        assert set(await bench.known(*paths)) == {path.name for path in paths[:stuck]}
        paths = freed(paths, stuck)
        report = await bench.hash([request(path) for path in paths])  # by the same pool: its worker is a fresh one
        assert (report.from_cache, report.hashed, report.problems) == (stuck, FILES - stuck, [])
        await ensure_whole(bench, paths)
        again = await bench.hash([request(path) for path in paths])
        assert (again.from_cache, again.hashed, again.bytes) == (FILES, 0, 0)


async def test_a_stopped_scan_goes_on_with_the_next_scan(tmp_path: Path) -> None:
    paths = pictures(tmp_path / "media", 4)
    (tmp_path / "media" / "folder").mkdir()  # what lies in it comes last
    paths[4] = paths[4].rename(tmp_path / "media" / "folder" / "waiting.png")
    async with Bench.open(tmp_path / "data", workers=1) as bench:
        listen, asked = stopper(bench.jobs, FILES - 1)
        bench.jobs.subscribe(lambda told: listen(told) if told.message.startswith("hashing") else None)
        with pytest.raises(JobCancelledError):
            async with asyncio.timeout(30):
                await bench.scan(tmp_path / "media")
        assert len(asked) == 1
        freed(paths, 4)
        report = await bench.scan(tmp_path / "media")
        assert (report.files, report.hashed, report.problems) == (FILES, 1, 0)
        assert all(one.hashes.phash is not None for one in (await bench.files()).values())


async def test_checksums_are_kept_when_the_run_is_stopped_over_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = pictures(tmp_path / "media", 2, "summed.png")
    async with Bench.open(tmp_path / "data", workers=1) as bench:
        listen, _ = stopper(bench.jobs, 2)
        bench.jobs.subscribe(listen)
        sums = bench.pool.checksums
        summed = asyncio.Event()

        async def noted(path: Path | str, **more: Any) -> object:
            found = await sums(path, **more)
            if str(path).endswith("summed.png"):
                summed.set()
            return found

        async def held(job_id: int, wanted: str) -> object:
            await summed.wait()
            return await ask(job_id, wanted)

        ask = bench.jobs.ask
        monkeypatch.setattr(bench.pool, "checksums", noted)
        monkeypatch.setattr(bench.jobs, "ask", held)
        with pytest.raises(JobCancelledError):
            async with asyncio.timeout(30):
                await bench.hash([request(path, wants_checksums=True) for path in paths])
        known = (await bench.known(paths[2]))["summed.png"]
        assert (known.hashes.sha256 is None, known.hashes.phash, known.problem) == (False, None, "")
        paths = freed(paths, 2)
        summed.clear()
        report = await bench.hash([request(path, wants_checksums=True) for path in paths])
        assert report.from_cache + report.hashed == FILES
        assert report.from_cache in (2, 3, 4)  # beside the stuck one others may have come to their end
        assert (await bench.known(paths[2]))["free.png"].hashes.sha256 == known.hashes.sha256
        await ensure_whole(bench, paths)


@pytest.mark.parametrize(("save_every", "stuck", "saved"), [(3, 7, 6), (1, 5, 5), (100, 8, 0)])
async def test_a_run_that_is_killed_loses_what_was_not_saved_and_no_more(
    tmp_path: Path, hook: Path, save_every: int, stuck: int, saved: int
) -> None:
    paths = pictures(tmp_path / "media", stuck)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _VICTIM, str(tmp_path / "data"), str(save_every), *map(str, paths)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(hook), *sys.path])},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while (line := await process.stdout.readline()).strip() != str(stuck).encode():
                assert line, "the victim ended too early"
            await asyncio.sleep(0.2)  # the save that may be due after the last file
    finally:
        process.kill()
        await process.wait()
    async with Bench.open(tmp_path / "data", workers=1) as bench:
        assert set(await bench.known(*paths)) == {path.name for path in paths[:saved]}
        paths = freed(paths, stuck)
        report = await bench.hash([request(path) for path in paths])
        assert (report.from_cache, report.hashed, report.problems) == (saved, FILES - saved, [])
        await ensure_whole(bench, paths)
        first = await bench.jobs.get(1)
        assert first is not None
        assert first.state is JobState.INTERRUPTED
