"""The disk under the database: full, read-only, taken by something that is no folder."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from file_systems import fill, small_file_system

from core.errors import StoreError, StoreFullError
from core.store import facts
from core.store.database import Database
from core.store.integrity import examine


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    with small_file_system(tmp_path / "disk", "1m") as folder:
        yield folder


def remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)


async def kept(database: Database) -> list[str]:
    async with database.read() as reader:
        return [row[0] for row in await reader.rows("SELECT name FROM facts ORDER BY name")]


async def test_a_full_disk_loses_nothing_and_is_over_once_there_is_room(small_disk: Path) -> None:
    path = small_disk / "data" / "winnow.db"
    async with Database.open(path) as database:
        async with database.write() as tx:
            await facts.put(tx, "first", "1")
        ballast = fill(small_disk)
        for _ in range(3):
            with pytest.raises(StoreFullError, match=r"winnow\.db: the disk is full; nothing of this step was kept"):
                async with database.write() as tx:
                    for number in range(200):
                        await facts.put(tx, f"lost {number}", "x" * 2000)
        assert await kept(database) == ["first"]
        ballast.unlink()
        async with database.write() as tx:
            await facts.put(tx, "second", "2")
        assert await kept(database) == ["first", "second"]
    assert examine(path) == []
    async with Database.open(path) as database:
        assert await kept(database) == ["first", "second"]


async def test_a_disk_that_fills_up_write_by_write(small_disk: Path) -> None:
    """Every write that was said to be kept is there, whatever the last one before the end did."""
    path = small_disk / "winnow.db"
    said: list[str] = []
    async with Database.open(path) as database:
        with pytest.raises(StoreFullError):
            for number in range(2000):
                async with database.write() as tx:
                    await facts.put(tx, f"{number:05}", "x" * 3000)
                said.append(f"{number:05}")
        assert said
        assert await kept(database) == said
    async with Database.open(path) as database:
        assert await kept(database) == said


async def test_a_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    ballast = fill(small_disk)
    path = small_disk / "data" / "winnow.db"
    with pytest.raises(StoreFullError, match="the disk is full"):
        async with Database.open(path):
            pass
    ballast.unlink()
    async with Database.open(path) as database:
        assert await kept(database) == []


async def test_no_room_for_the_backup_leaves_the_old_version(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.store import migrations

    path = small_disk / "winnow.db"
    async with Database.open(path) as database, database.write() as tx:
        await facts.put(tx, "a", "x" * 100_000)
    ballast = fill(small_disk)
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, "CREATE TABLE more (id INTEGER);"))
        with pytest.raises(StoreFullError):
            async with Database.open(path):
                pass
    assert not list(small_disk.glob("*backup*"))
    ballast.unlink()
    async with Database.open(path) as database:
        assert await kept(database) == ["a"]


async def test_a_disk_mounted_read_only(small_disk: Path) -> None:
    path = small_disk / "winnow.db"
    async with Database.open(path) as database, database.write() as tx:
        await facts.put(tx, "a", "1")
    remount(small_disk, "ro")
    try:
        for one in (path, small_disk / "new" / "winnow.db"):
            with pytest.raises(StoreError, match=r"(cannot be used|cannot be opened for writing).*--data-dir"):
                async with Database.open(one):
                    pass
    finally:
        remount(small_disk, "rw")


@pytest.mark.parametrize(("has_database", "words"), [(False, "cannot be used"), (True, "cannot be opened for writing")])
async def test_a_folder_that_may_not_be_written(tmp_path: Path, has_database: bool, words: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; see the read-only disk")
    folder = tmp_path / "data"
    folder.mkdir()
    if has_database:
        async with Database.open(folder / "winnow.db"):
            pass
        (folder / "winnow.db").chmod(0o400)
    folder.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=rf"{words}.*--data-dir"):
            async with Database.open(folder / "winnow.db"):
                pass
    finally:
        folder.chmod(0o700)


async def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match=r"data: the data folder cannot be used.*--data-dir"):
        async with Database.open(tmp_path / "data" / "winnow.db"):
            pass


async def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "winnow.db").mkdir()
    with pytest.raises(StoreError, match=r"cannot be used"):
        async with Database.open(tmp_path / "winnow.db"):
            pass


def _open_as_nobody(path: Path, words: Any) -> None:
    os.setuid(65534)

    async def run() -> str:
        try:
            async with Database.open(path):
                return "opened"
        except StoreError as error:
            return str(error)

    words.put(asyncio.run(run()))


def test_another_users_folder() -> None:
    """What a user of the NAS meets who runs Winnow over somebody else's data folder."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        words = context.Queue()
        process = context.Process(target=_open_as_nobody, args=(Path(name) / "winnow.db", words))
        process.start()
        said = words.get(timeout=20)
        process.join(20)
    assert said == (
        f"{name}: the data folder cannot be used (Permission denied). Give another one with --data-dir, or correct "
        "its owner and mode."
    )
