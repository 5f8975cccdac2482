"""Fixtures that many tests share: small worlds of real servers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.demo.world import DemoWorld, empty

# A suite started by nohup or in the background of a script hands ignored signals down to every process it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[DemoWorld]:
    """A Stash and two stash-boxes that hold nothing; a test fills them through their `library`."""
    async with DemoWorld.open(tmp_path / "world", library=empty) as world:
        yield world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DemoWorld]:
    """The case world (see `core.demo.cases.Case`) with invented hashes: nothing is drawn, so it opens at once."""
    async with DemoWorld.open(tmp_path / "world", media=False) as world:
        yield world


@pytest.fixture(scope="session")
def drawn_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed world whose media were drawn; a test works on a copy of it."""

    async def draw(place: Path) -> None:
        async with DemoWorld.open(place):
            pass

    place = tmp_path_factory.mktemp("drawn")
    asyncio.run(draw(place))
    return place
