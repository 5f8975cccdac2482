"""Files that give trouble when they are hashed, good ones to stand among them, and a run over a folder."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy
import pytest
from media_clips import Clip, moving_frame, write_clip, write_sound
from PIL import Image

from core.clock import SystemClock
from core.duplicates.scan import DuplicatesReport, DuplicatesScan
from core.hashing import HashReport, HashRequest, HashRun
from core.job import Job
from core.jobs import Jobs
from core.media.file_at_path import look_at
from core.media.folders import media_of
from core.media.pool import MediaPool
from core.model.groups import Group, GroupFilter
from core.model.library_files import LibraryFile
from core.model.library_records import Media
from core.settings import Settings
from core.settings_duplicates import DuplicatesSettings
from core.store import groups, hash_cache, library
from core.store import jobs as job_table
from core.store.database import Database
from core.store.hash_cache import Known
from core.store.owner import Owner

NO_UTF8 = os.fsdecode(b"caf\xe9.jpg")
MARKED = 1_500_000_000_000_000_000  # the time of change of a file that is to change once while it is read

# What a worker imports at its start: a file is trouble by its name, whoever runs the test.
_HOOK = f"""
import os, signal, sys, time

opened = {{}}

def trouble(event, given):
    if event != "open" or not isinstance(given[0], (str, bytes, os.PathLike)):
        return
    path = os.fsdecode(given[0])
    name = os.path.basename(path)
    if name.startswith("deadly"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("leaving"):
        os._exit(3)
    if name.startswith("locked"):
        raise PermissionError(13, "Permission denied", path)
    if name.startswith("failing"):
        raise OSError(5, "Input/output error", path)
    if name.startswith("growing") and os.stat(path).st_mtime_ns == {MARKED}:
        os.truncate(path, os.stat(path).st_size + 1)
    if name.startswith("vanishing"):
        os.unlink(path)
    opened[path] = opened.get(path, 0) + 1
    if name.startswith("waiting") or (name.startswith("summed") and opened[path] > 1):
        time.sleep(1000)

sys.addaudithook(trouble)
"""


def trouble_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers die over files named `deadly`, be refused `locked` ones and so on; see `_HOOK`."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_HOOK)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def picture(seed: int = 1, width: int = 160, height: int = 120) -> Any:
    """Smooth waves in colour: content that hashes alike whatever it is encoded with."""
    rows, columns = numpy.mgrid[:height, :width]
    planes = [numpy.sin(columns / (5 + seed) + seed), numpy.cos(rows / (7 + seed)), numpy.sin((rows + columns) / 11)]
    return (127 + 60 * numpy.stack(planes, axis=2) + 60 * planes[0][:, :, None]).clip(0, 255).astype(numpy.uint8)


def write_bomb(path: Path) -> Path:
    """A PNG of some bytes that states 1.6 thousand million pixels."""
    Image.new("L", (8, 8)).save(path, "PNG")
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    return path


def write_frameless(path: Path) -> Path:
    """A container with a video track of 0 seconds: no frame in it."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    return path


def write_good(root: Path) -> frozenset[str]:
    """Files that hash, however odd they are; their names. `upright` and `turned` hold the same pixels."""
    root.mkdir(exist_ok=True)
    Image.fromarray(picture(1)).save(root / "plain.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    Image.fromarray(picture(2)).save(root / "upright.jpg", quality=95)
    Image.fromarray(picture(2)).save(root / "turned.jpg", quality=95, exif=exif)
    Image.fromarray(picture(3)).convert("CMYK").save(root / "print.jpg", quality=95)
    Image.fromarray(deep(picture(4)[:, :, 0])).save(root / "deep.png")
    frames = [Image.fromarray(picture(seed)[:, :, 0]) for seed in (5, 6, 7)]
    frames[0].save(root / "moving.gif", save_all=True, append_images=frames[1:])
    frames[1].save(root / "still.gif")
    write_clip(root / "clip.mp4", Clip(width=96, height=64, frames=50), moving_frame)
    return frozenset(path.name for path in root.iterdir())


def deep(grey: Any) -> Any:
    """A grey picture at 16 bits."""
    return grey.astype(numpy.uint16) * 257


def write_bad(root: Path) -> dict[str, str]:
    """Files that cannot be hashed; a pattern for the reason of each, by its name."""
    root.mkdir(exist_ok=True)
    Image.fromarray(picture(8)).save(root / "whole.jpg", quality=95)
    data = (root / "whole.jpg").read_bytes()
    (root / "whole.jpg").unlink()
    (root / "cut.jpg").write_bytes(data[: len(data) // 2])
    write_bomb(root / "bomb.png")
    (root / "empty.jpg").write_bytes(b"")
    (root / "text.jpg").write_text("not a picture")
    (root / NO_UTF8).write_text("no picture, and no name")
    (root / "empty.mp4").write_bytes(b"")
    write_frameless(root / "frameless.mp4")
    write_sound(root / "song.m4a").rename(root / "song.mp4")
    (root / "deadly.mp4").write_bytes(b"deadly")
    (root / "leaving.jpg").write_bytes(b"leaves")
    return {
        "cut.jpg": r"is broken \(.*truncated",
        "bomb.png": "states more than 178 million pixels",
        "empty.jpg": "is no image that can be decoded",
        "text.jpg": "is no image that can be decoded",
        NO_UTF8: "is no image that can be decoded",
        "empty.mp4": "cannot be decoded",
        "frameless.mp4": "holds no video that can be decoded",
        "song.mp4": "holds no video .* sound only",
        "deadly.mp4": r"ended the process that read it \(SIGSEGV\)",
        "leaving.jpg": r"ended the process that read it \(exit status 3\)",
    }


@dataclass(slots=True)
class Bench:
    """A database, jobs and workers to hash with, without any server."""

    database: Database
    jobs: Jobs
    pool: MediaPool

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, workers: int = 2) -> AsyncIterator[Bench]:
        """The same folder has the same database."""
        with Owner.hold(folder / "locks") as owner:
            async with Database.open(folder / "winnow.db") as database, MediaPool(workers=workers) as pool:
                jobs = Jobs(database, owner, SystemClock())
                yield cls(database, jobs, pool)
                await jobs.close()

    async def scan(self, root: Path, **given: Any) -> DuplicatesReport:
        """A whole scan over a folder."""
        settings = Settings(duplicates=DuplicatesSettings(folders=(str(root),), **given))
        scan = DuplicatesScan(self.database, self.pool, SystemClock(), settings, ())
        await self.jobs.run("scan", "scan", scan.run)
        return scan.report

    async def hash(
        self, wanted: list[HashRequest], *, on_job: Callable[[Job], None] = lambda _: None, **given: Any
    ) -> HashReport:
        """One run over these files, as a job; `on_job` is given the job before it begins."""
        run = HashRun(self.database, self.pool, SystemClock(), **given)

        async def work(job: Job) -> dict[str, Any]:
            on_job(job)
            await run.run(wanted, job)
            return {}

        await self.jobs.run("hash", "hash", work)
        return run.report

    async def files(self) -> dict[str, LibraryFile]:
        """What the last scan wrote down, by name."""
        async with self.database.read() as reader:
            return {one.name: one for one in await library.files_after(reader, 0)}

    async def known(self, *paths: Path) -> dict[str, Known]:
        """What the cache holds of these files as they are now, by name."""
        identities = {path.name: look_at(str(path)).identity for path in paths}
        async with self.database.read() as reader:
            found = await hash_cache.get(reader, [one for one in identities.values() if one is not None])
        return {name: found[one] for name, one in identities.items() if one in found}

    async def groups(self) -> list[Group]:
        """The groups that wait."""
        async with self.database.read() as reader:
            return await groups.fetch(reader, list(await groups.ids(reader, GroupFilter())))

    async def logged(self) -> str:
        """What the last job said."""
        async with self.database.read() as reader:
            (last,) = await job_table.newest(reader, limit=1)
            return "\n".join(line.text for line in await job_table.log_lines(reader, last.id))


def request(path: Path, **given: Any) -> HashRequest:
    """A file as it is now."""
    identity = look_at(str(path)).identity
    assert identity is not None
    return HashRequest(str(path), identity, media_of(path.name) or Media.IMAGE, **given)
