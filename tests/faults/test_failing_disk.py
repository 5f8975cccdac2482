"""Disks that are full, or fail at any one write or read: nothing is lost or half done, and it goes on later."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import storm_victim
from checker import Checker
from failing_disk import NAMES, FailingDisk
from feed_cases import Feed
from file_systems import fill, other_file_system, small_file_system
from kill_cases import checker_of, made, take_everything_back
from soaking import is_soaking, more
from storm import note
from tally import Tally

from core.errors import WinnowError

SMALL = (10, 9000)
WORKS = ("take_in", "approve", "reject", "remove", "restore", "undo_newest")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    with other_file_system(tmp_path) as folder:
        yield folder


async def one_thing(place: Feed, name: str, seed: int) -> None:
    """Do it; a refusal in words is what may come of it, nothing else."""
    with suppress(WinnowError):
        async with place.open() as runtime:
            await getattr(storm_victim, name)(runtime, Random(seed))


async def looked_at(place: Feed, checker: Checker) -> None:
    """After the trouble, and again after a start without any."""
    checker.check_bytes()
    async with place.open():
        checker.check_settled()


def prepared(name: str) -> tuple[str, ...]:
    """What has to be done before, so that there is something to do."""
    before: dict[str, tuple[str, ...]] = {
        "approve": ("take_in",),
        "reject": ("take_in",),
        "restore": ("take_in", "reject", "remove"),
        "undo_newest": ("take_in", "approve"),
    }
    return before.get(name, ())


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.soak)], ids=NAMES.get)
@pytest.mark.parametrize("name", WORKS)
async def test_any_write_may_fail(tmp_path: Path, other: Path, tally: Tally, name: str, number: int) -> None:
    await every_call(made(tmp_path / "here", other, Random(5), sizes=SMALL), other, tally, name, number, "writing")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WORKS[:2], *(pytest.param(one, marks=pytest.mark.soak) for one in WORKS[2:])])
async def test_any_read_may_fail(tmp_path: Path, other: Path, tally: Tally, name: str) -> None:
    await every_call(made(tmp_path / "here", other, Random(6), sizes=SMALL), other, tally, name, errno.EIO, "reading")


async def every_call(place: Feed, other: Path, tally: Tally, name: str, number: int, way: str) -> None:
    """Let the first call fail, take everything back, let the second fail, and so on until none is left to fail; in the
    short form one call out of many.
    """
    checker = checker_of(place, other)
    checker.look()
    folders = [other, *(place.root / one for one in ("drop", "review", "temp", "trash"))]
    at, chance = 1, Random(name)
    try:
        while True:
            for one in prepared(name):
                await one_thing(place, one, 1)
            disk = FailingDisk(folders, at, number, is_lasting=chance.random() < 0.5)
            with getattr(disk, way)():
                await one_thing(place, name, 2)
            await looked_at(place, checker)
            async with place.open() as runtime:
                await take_everything_back(runtime)
            checker.check_settled()
            if not disk.refused:
                break
            tally.fault(f"{NAMES[number]} on {way}", disk.refused)
            at += 1 if is_soaking() else chance.randint(5, 25)
        assert at > 1 or way == "reading"
    finally:
        note(tally, checker)


@pytest.mark.slow
async def test_a_disk_that_fills_up_at_any_moment(tmp_path: Path, tally: Tally) -> None:
    """Also under the database."""
    chance = Random(11)
    with small_file_system(tmp_path / "disk", "16m") as disk:
        place = made(disk / "here", disk / "there", chance, sizes=SMALL)
        checker = checker_of(place, disk / "there")
        checker.look()
        try:
            async with place.open():
                pass
            for _ in range(more(4)):
                ballast = fill(disk, but=chance.randrange(60))
                for _ in range(3):
                    await one_thing(place, chance.choice(WORKS), chance.randrange(1000))
                ballast.unlink()
                tally.fault("a full disk")
                await looked_at(place, checker)
            async with place.open() as runtime:
                await take_everything_back(runtime)
            checker.check_settled()
        finally:
            note(tally, checker)
