"""The schema in numbered steps: a backup first, whole steps, other processes, files that are not ours."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreError, StoreVersionError
from core.store import facts, migrations
from core.store.database import Database
from core.store.integrity import examine
from core.store.migrations import APPLICATION_ID, MIGRATIONS

SECOND = "ALTER TABLE facts ADD COLUMN noted TEXT NOT NULL DEFAULT 'then';\nCREATE TABLE more (id INTEGER);"
BROKEN = "CREATE TABLE more (id INTEGER);\nINSERT INTO facts (name) VALUES (NULL);"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "winnow.db"


async def make(path: Path) -> None:
    async with Database.open(path) as database, database.write() as tx:
        await facts.put(tx, "kept", "yes")


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("winnow.db.backup-*"))


def query(path: Path, sql: str) -> Any:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_step(monkeypatch: pytest.MonkeyPatch, *steps: str) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, *steps))


async def test_a_new_database_is_marked_as_ours_and_needs_no_backup(path: Path) -> None:
    await make(path)
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert backups(path) == []
    assert examine(path) == []


async def test_a_backup_is_made_before_a_step(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(path)
    add_step(monkeypatch, SECOND, "CREATE TABLE third (id INTEGER);")
    async with Database.open(path) as database, database.read() as reader:
        assert await reader.rows("SELECT name, value, noted FROM facts") == [("kept", "yes", "then")]
        assert await reader.value("PRAGMA user_version") == len(MIGRATIONS) + 2
    (backup,) = backups(path)
    assert backup.name.startswith(f"winnow.db.backup-{len(MIGRATIONS)}-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert query(backup, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert query(backup, "SELECT * FROM facts") == [("kept", "yes")]
    for leftover in path.parent.glob("*backup*-wal"):
        leftover.unlink()  # made by our own look at it
    assert list(path.parent.glob(".*")) == []


async def test_a_backup_can_be_put_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(path)
    with monkeypatch.context() as newer:
        add_step(newer, SECOND)
        async with Database.open(path):
            pass
    with pytest.raises(StoreVersionError, match="newer Winnow"):
        async with Database.open(path):
            pass
    backups(path)[0].replace(path)
    async with Database.open(path) as database, database.read() as reader:
        assert await facts.get(reader, "kept") == "yes"


async def test_a_step_that_fails_leaves_everything_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(path)
    with monkeypatch.context() as broken:
        add_step(broken, BROKEN)
        with pytest.raises(StoreError, match="NOT NULL"):
            async with Database.open(path):
                pass
    assert len(backups(path)) == 1
    async with Database.open(path) as database, database.read() as reader:
        assert await facts.get(reader, "kept") == "yes"
        assert await reader.value("SELECT count(*) FROM sqlite_master WHERE name = 'more'") == 0


async def test_a_first_start_that_was_killed_is_begun_anew(path: Path) -> None:
    path.touch(mode=0o644)
    await make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert examine(path) == []


def _migrate(path: Path, ready: Any) -> None:
    migrations.MIGRATIONS = (*MIGRATIONS, SECOND, "CREATE TABLE third (id INTEGER);")  # type: ignore[misc]

    async def run() -> None:
        ready.wait(30)
        async with Database.open(path) as database, database.read() as reader:
            assert await reader.value("PRAGMA user_version") == len(MIGRATIONS) + 2
            assert await facts.get(reader, "kept") == "yes"

    asyncio.run(run())


async def test_processes_that_migrate_at_once_take_each_step_once(path: Path) -> None:
    await make(path)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    processes = [context.Process(target=_migrate, args=(path, ready)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 30)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    made = backups(path)
    found = {query(one, "PRAGMA user_version")[0][0]: one for one in made}
    assert len(found) == len(made), "each step is taken once; who takes one first of his makes a backup"
    assert query(found[len(MIGRATIONS)], "SELECT * FROM facts") == [("kept", "yes")]


async def test_an_older_winnow_that_is_still_open_writes_nothing_any_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database.open(path) as older:
        add_step(monkeypatch, SECOND)
        async with Database.open(path) as newer, newer.write() as tx:
            await facts.put(tx, "kept", "newer")
        for _ in range(2):
            with pytest.raises(StoreVersionError, match=r"a newer Winnow changed this database.*Start this one anew"):
                async with older.write() as tx:
                    await facts.put(tx, "kept", "older")
        async with older.read() as reader:
            assert await facts.get(reader, "kept") == "newer"


# -- files that are not ours ----------------------------------------------------------------------------------------


def foreign(path: Path, *, application: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE scenes (id INTEGER)")
        connection.execute(f"PRAGMA application_id = {application}")
        connection.commit()
    path.chmod(0o644)


@pytest.mark.parametrize("application", [0, 0x12345678])
async def test_the_file_of_another_program_is_refused_and_left_as_it_is(path: Path, application: int) -> None:
    foreign(path, application=application)
    before = digest(path)
    with pytest.raises(StoreVersionError, match=r"winnow\.db: this SQLite file belongs to another program.*--data-dir"):
        async with Database.open(path):
            pass
    assert digest(path) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["winnow.db"]
    with pytest.raises(StoreVersionError, match="another program"):
        examine(path)


async def test_a_newer_database_is_refused_and_left_as_it_is(path: Path) -> None:
    await make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = digest(path)
    with pytest.raises(StoreVersionError, match=r"version 99.*Update Winnow.*backup"):
        async with Database.open(path):
            pass
    assert digest(path) == before
    with pytest.raises(StoreVersionError, match="newer"):
        examine(path)


@pytest.mark.parametrize("content", [b"this is no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"winnow\.db: .*(damaged or is not a Winnow database|cannot)"):
        async with Database.open(path):
            pass
    assert path.read_bytes() == content


async def test_a_damaged_page_is_named_when_it_is_read(path: Path) -> None:
    async with Database.open(path) as database, database.write() as tx:
        await tx.many("INSERT INTO facts (name, value) VALUES (?, ?)", [(f"n{n:05}", "x" * 500) for n in range(2000)])
    content = bytearray(path.read_bytes())
    start = content.rindex(b"n01000")
    page = start - start % 4096
    content[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreVersionError, match=r"winnow\.db: this file is damaged.*backup"):
        examine(path)
    with pytest.raises(StoreVersionError, match=r"winnow\.db: this file is damaged.*backup"):
        async with Database.open(path) as database, database.read() as reader:
            await reader.rows("SELECT name, value FROM facts")
