"""Where tests keep their files: in memory where there is room, and on a second file system where one is needed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
PREFIX = "winnow-test-"
_ROOM_BYTES = 2 << 30  # the most that a run was seen to hold is a fifth of that
_YOUNG_SECONDS = 60.0


@contextmanager
def memory() -> Iterator[Path | None]:
    """A folder of this run's own in memory, which spares the wait for the disk; None where that cannot be.

    It is gone at the end; one that a run left which was killed goes at the next start.
    """
    if not _is_fit(MEMORY):
        yield None
        return
    _sweep()
    folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix=PREFIX))
    with _held(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is made once a run, by whichever of its processes needs it first."""
    top = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent
    with (top / f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (top / name).exists():
            make(top / f"{name}.part")
            (top / f"{name}.part").rename(top / name)
    return top / name


@contextmanager
def other_file_system(than: Path) -> Iterator[Path]:
    """A folder on another file system, gone at the end; skips the test where there is none."""
    for place in (MEMORY, Path("/tmp"), Path("/var/tmp")):
        if place.is_dir() and os.access(place, os.W_OK) and place.stat().st_dev != than.stat().st_dev:
            with tempfile.TemporaryDirectory(dir=place, prefix=PREFIX) as folder:
                yield Path(folder)
            return
    pytest.skip(f"no other file system than that of {than} can be written to")


@contextmanager
def small_file_system(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own and of this size (as `mount` takes it); skips the test where none can be mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "winnow-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, *, but: int = 0) -> Path:
    """Fill a file system up, all but so many pages of 4 KiB; the file that does it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(max(0, file.tell() // 4096 - but) * 4096)
            return ballast


def _is_fit(place: Path) -> bool:
    """Whether there is room, and programs of tests can be run from there, which containers often forbid."""
    try:
        facts = os.statvfs(place)
    except OSError:
        return False
    has_room = facts.f_bavail * facts.f_frsize >= _ROOM_BYTES
    return has_room and os.access(place, os.W_OK) and not facts.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Marked as in use for as long as this process lives. Raises OSError when it is another's."""
    with ExitStack() as stack:
        descriptor = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _sweep() -> None:
    for folder in MEMORY.glob(f"{PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                continue
            with _held(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
