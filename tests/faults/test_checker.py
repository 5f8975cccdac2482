"""The independent checker itself: it must notice every kind of loss that it is there for."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import storm_victim
from checker import Checker, LostError
from feed_cases import Feed
from kill_cases import checker_of, made
from storm import note
from tally import LOST, Tally

SIZES = (10, 9000)
Spoil = Callable[[Feed], object]


def trashed(place: Feed) -> Path:
    return sorted((place.root / "trash").rglob("*.jpg.trashed"))[0]


def moved(place: Feed) -> Path:
    return sorted(place.review.rglob("*.jpg"))[0]


def said(place: Feed, sql: str) -> None:
    with closing(sqlite3.connect(place.data / "winnow.db")) as database, database:
        database.execute(sql)


def replace_one(place: Feed) -> None:
    """Two files change places: every byte is still there."""
    one, other = sorted(place.review.rglob("*.jpg"))[:2]
    one.rename(place.root / "aside")
    other.rename(one)
    (place.root / "aside").rename(other)


SPOILT: dict[str, Spoil] = {
    "a file out of the trash is gone": lambda place: trashed(place).unlink(),
    "a file that was moved is gone": lambda place: moved(place).unlink(),
    "a byte is another one": lambda place: moved(place).write_bytes(b"x" + moved(place).read_bytes()[1:]),
}
UNTIDY: dict[str, Spoil] = {
    "a file is there twice": lambda place: shutil.copy(moved(place), place.root / "again.jpg"),
    "a file lies elsewhere": lambda place: moved(place).rename(place.root / "elsewhere.jpg"),
    "a file in the trash lies elsewhere": lambda place: trashed(place).rename(place.root / "elsewhere.jpg"),
    "two files changed places": replace_one,
    "half a copy": lambda place: (place.root / ".winnow-0123.part").touch(),
    "an effect is open": lambda place: said(place, "UPDATE effects SET state = 'started' WHERE id = 1"),
    "an effect was forgotten": lambda place: said(
        place, "UPDATE effects SET state = 'undone' WHERE kind = 'file.trash'"
    ),
    "the trash was forgotten": lambda place: said(place, "UPDATE trash SET ended_at = 1, ended_how = 'restored'"),
    "the review was forgotten": lambda place: said(place, "UPDATE review_queue SET action = 'pending'"),
}


async def story(root: Path) -> tuple[Feed, Checker]:
    """Files are taken in, some are rejected, copies are removed."""
    place = made(root / "here", root / "there", Random(20), sizes=SIZES)
    checker = checker_of(place, root / "there")
    checker.look()
    async with place.open() as runtime:
        for work in (storm_victim.take_in, storm_victim.reject, storm_victim.remove):
            await work(runtime, Random(1))
    checker.check_settled()
    return place, checker


def each_in_turn(root: Path, spoils: dict[str, Spoil], place: Feed) -> Iterator[str]:
    """Spoil it in one way after the other, from the same start."""
    shutil.copytree(root / "here", root / "kept")
    for what, spoil in spoils.items():
        spoil(place)
        yield what
        shutil.rmtree(root / "here")
        shutil.copytree(root / "kept", root / "here")


async def test_lost_bytes_are_noticed_and_counted(tmp_path: Path) -> None:
    place, checker = await story(tmp_path)
    for what in each_in_turn(tmp_path, SPOILT, place):
        with pytest.raises(LostError, match="lost: 1 x"):
            checker.check_bytes()
        tally = Tally()
        note(tally, checker)
        assert tally.counts[LOST] > 100, what


async def test_what_does_not_agree_is_noticed(tmp_path: Path) -> None:
    place, checker = await story(tmp_path)
    for what in each_in_turn(tmp_path, UNTIDY, place):
        checker.check_bytes()
        try:
            checker.check_settled()
        except AssertionError:
            continue
        raise RuntimeError(f"not noticed: {what}")
    checker.check_settled()


async def test_what_was_deleted_out_of_the_trash_on_purpose_is_no_loss(tmp_path: Path) -> None:
    place, checker = await story(tmp_path)
    async with place.open() as runtime:
        bin_ = runtime.duplicates.trash
        await bin_.empty((await bin_.held())[:1])
    checker.check_settled()
    trashed(place).unlink()
    with pytest.raises(LostError):
        checker.check_bytes()
