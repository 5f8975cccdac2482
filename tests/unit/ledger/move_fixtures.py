"""Fixtures of the tests of moves: a base on this file system or another one, an inbox, a ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from file_systems import other_file_system
from move_cases import Bench, bench_over


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Path]:
    """A base on another file system than the inbox."""
    with other_file_system(tmp_path) as outer:
        (outer / "faces").mkdir()
        yield outer / "faces"


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
