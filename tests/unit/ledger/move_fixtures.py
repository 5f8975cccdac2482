"""Fixtures of the tests of moves: a base on this file system or another one, an inbox, a ledger."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from move_cases import SHARED_MEMORY, Bench, bench_over


def has_other_file_system(folder: Path) -> bool:
    return SHARED_MEMORY.is_dir() and SHARED_MEMORY.stat().st_dev != folder.stat().st_dev


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Path]:
    """A base on another file system than the inbox."""
    if not has_other_file_system(tmp_path):
        pytest.skip("there is no second file system at /dev/shm")
    outer = Path(tempfile.mkdtemp(dir=SHARED_MEMORY, prefix="winnow-test-"))
    (outer / "faces").mkdir()
    yield outer / "faces"
    shutil.rmtree(outer)


@pytest.fixture(params=["within a file system", "over file systems"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "over file systems":
        return Path(request.getfixturevalue("over"))
    folder = tmp_path / "faces"
    folder.mkdir()
    return folder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_over(tmp_path / "data") as found:
        yield found
