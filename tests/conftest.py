"""Fixtures that many tests share: small worlds of real servers."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from multiprocessing.util import get_temp_dir
from pathlib import Path

import pytest
import soaking  # noqa: F401  chooses how much is tried
from file_systems import made_once, memory
from tally import pytest_runtest_call, pytest_terminal_summary, tally  # noqa: F401  the fault campaign's counts

from core.demo.cases import CLIPS, IMAGES
from core.demo.duplicate_cases import PLANS
from core.demo.world import DemoWorld, empty
from core.store.database import Database

TERMINAL_TESTS = Path(__file__).parent / "functional" / "tui"

# A suite started by nohup or in the background of a script hands ignored signals down to every process it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before pytest asks where the folders of tests are to be
def pytest_configure(config: pytest.Config) -> None:
    """The folders of tests, and of programs they start, lie in memory, unless `--basetemp` says where."""
    if not config.option.basetemp:  # a worker is told by the process that started it
        get_temp_dir()  # what processes that are forked need outlives these folders
        stack = ExitStack()
        config.add_cleanup(stack.close)
        if folder := stack.enter_context(memory()):
            config.option.basetemp = str(folder / "t")
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("TMPDIR", str(folder))
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(tempfile, "tempdir", None)


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not walk through it, nor come by so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def quick_textual(request: pytest.FixtureRequest) -> Iterator[None]:
    """See `quick_textual`."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.is_relative_to(TERMINAL_TESTS):
            from quick_textual import make_quick

            make_quick(patch)
        yield


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    async with Database.open(tmp_path / "winnow.db") as database:
        yield database


@pytest.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[DemoWorld]:
    """A Stash and two stash-boxes that hold nothing and know no rate; a test fills them through their `library`."""
    async with DemoWorld.open(tmp_path / "world", library=empty) as world:
        world.set_rate(0)
        yield world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DemoWorld]:
    """The case world (see `core.demo.cases.Case`) with invented hashes: nothing is drawn, so it opens at once."""
    async with DemoWorld.open(tmp_path / "world", media=False) as world:
        world.set_rate(0)
        yield world


@pytest.fixture(scope="session")
def drawn_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed world whose media were drawn, duplicates too; a test works on a copy of it."""

    async def draw(place: Path) -> None:
        async with DemoWorld.open(place, duplicates=True):
            pass

    return made_once(tmp_path_factory, "drawn", lambda place: asyncio.run(draw(place)))


@pytest.fixture
def duplicates_copy(drawn_world: Path, tmp_path: Path) -> Path:
    """A folder to open such a world over with `DemoWorld.open(..., media=False, duplicates=True)`; links are links."""
    place = tmp_path / "world"
    shutil.copytree(drawn_world, place)
    for path in [*(clip.path for clip in CLIPS), *(image.path for image in IMAGES)]:
        (place / "library" / path).unlink()
    for plan in PLANS.copies:
        if plan.is_link:
            (place / plan.path).unlink()
            (place / plan.path).hardlink_to(place / plan.source)
    return place


@pytest.fixture
async def duplicates_world(duplicates_copy: Path) -> AsyncIterator[DemoWorld]:
    """The running world of the duplicates desk (see `core.demo.duplicate_cases`), its files to be changed at will."""
    async with DemoWorld.open(duplicates_copy, media=False, duplicates=True) as world:
        world.set_rate(0)
        yield world


@pytest.fixture(scope="session")
def drawn_twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the media of `twins`."""
    from stash_cases import media_in

    return made_once(tmp_path_factory, "twins", media_in)


@pytest.fixture
def twins(empty_world: DemoWorld, drawn_twins: Path) -> DemoWorld:
    """Pairs of scenes and images with real files to merge, remove and bring back; see `stash_cases.fill`."""
    from stash_cases import fill

    fill(empty_world, drawn_twins)
    return empty_world
