"""The database: whole transactions or none, whoever is cancelled; snapshots; several processes on one file."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreBusyError, StoreError
from core.store import facts, failures
from core.store.database import Database, Reader, Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "winnow.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with Database.open(path) as database:
        yield database


async def value(database: Database, name: str) -> str | None:
    async with database.read() as reader:
        return await facts.get(reader, name)


async def put(database: Database, name: str, text: str) -> None:
    async with database.write() as tx:
        await facts.put(tx, name, text)


async def count(reader: Reader) -> int:
    return int(await reader.value("SELECT count(*) FROM facts"))


async def settle(task: asyncio.Task[Any]) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)


# -- transactions ---------------------------------------------------------------------------------------------------


async def test_a_transaction_is_kept_when_its_block_ends_well(database: Database) -> None:
    await put(database, "a", "1")
    assert await value(database, "a") == "1"


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), asyncio.CancelledError(), StoreError("x")])
async def test_a_transaction_is_rolled_back_on_any_exception(database: Database, error: BaseException) -> None:
    with pytest.raises(type(error)):
        async with database.write() as tx:
            await facts.put(tx, "a", "1")
            raise error
    assert await value(database, "a") is None
    await put(database, "b", "2")


async def test_sqlite_errors_come_in_our_words_and_undo_the_transaction(database: Database) -> None:
    with pytest.raises(StoreError, match=r"winnow\.db: .*no such table"):
        async with database.write() as tx:
            await facts.put(tx, "a", "1")
            await tx.execute("INSERT INTO unheard_of VALUES (1)")
    with pytest.raises(StoreError, match="UNIQUE"):
        async with database.write() as tx:
            await tx.many("INSERT INTO facts (name, value) VALUES (?, ?)", [("a", "1"), ("a", "2")])
    assert await value(database, "a") is None


async def test_a_transaction_takes_the_write_lock_at_once(database: Database, path: Path) -> None:
    async with database.write():
        with (
            closing(sqlite3.connect(path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")


async def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        async with database.write() as tx:
            await tx.execute("INSERT INTO job_log (job_id, at, level, text) VALUES (7, 1.0, 'info', 'x')")


async def test_nothing_is_written_outside_a_transaction_that_sqlite_gave_up(database: Database) -> None:
    with pytest.raises(StoreError, match="nothing of it was kept"):
        async with database.write() as tx:
            await facts.put(tx, "a", "1")
            await tx._connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
            await facts.put(tx, "b", "2")
    with pytest.raises(StoreError, match="nothing of it was kept"):
        async with database.write() as tx:
            await facts.put(tx, "a", "1")
            await tx._connection.execute("ROLLBACK")
    assert await value(database, "a") is None
    assert await value(database, "b") is None


async def test_writers_of_one_process_take_turns(database: Database) -> None:
    async def add(tx: Transaction) -> None:
        before = int(await facts.get(tx, "n") or 0)
        await asyncio.sleep(0)
        await facts.put(tx, "n", str(before + 1))

    async def once() -> None:
        async with database.write() as tx:
            await add(tx)

    await asyncio.gather(*(once() for _ in range(40)))
    assert await value(database, "n") == "40"


# -- cancellation ---------------------------------------------------------------------------------------------------


async def _cancelled_after(steps: int, database: Database, name: str) -> bool:
    """Cancel a write after so many turns of the event loop; whether it was kept."""

    async def write() -> None:
        async with database.write() as tx:
            await facts.put(tx, name, "1")
            await facts.put(tx, f"{name}+", "1")

    task = asyncio.create_task(write())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await settle(task)
    held = [await value(database, name), await value(database, f"{name}+")]
    assert held in ([None, None], ["1", "1"])
    await put(database, f"{name} after", "1")  # the writer is free, and outside any transaction
    return held[0] is not None


async def test_cancelling_at_any_moment_leaves_all_or_nothing(database: Database) -> None:
    kept: set[bool] = set()
    for number, steps in enumerate([*range(60), 100, 200, 400, 800, 1600, 3200, 6400]):
        kept.add(await _cancelled_after(steps, database, f"n{number}"))
    assert False in kept


async def test_cancelling_twice_at_any_moment_leaves_all_or_nothing(database: Database) -> None:
    """The second cancellation meets the rollback, or the commit, under way."""
    for number, steps in enumerate([*range(40), 80, 160, 320]):
        for again in (0, 1, 2):

            async def write(name: str) -> None:
                async with database.write() as tx:
                    await facts.put(tx, name, "1")
                    await facts.put(tx, f"{name}+", "1")

            name = f"n{number}.{again}"
            task = asyncio.create_task(write(name))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            for _ in range(again):
                await asyncio.sleep(0)
            task.cancel()
            await settle(task)
            assert [await value(database, name), await value(database, f"{name}+")] in ([None, None], ["1", "1"])
            await put(database, f"{name} after", "1")


class _Slow:
    """Holds the writer's thread inside COMMIT until it is let go."""

    def __init__(self, database: Database, statement: str, *, fails: bool = False) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        original = database._writer.execute

        def execute(sql: str, parameters: Any = None) -> Any:
            if sql != statement or self.reached.is_set():
                return original(sql, parameters)

            def hold() -> Any:
                self.reached.set()
                assert self.go_on.wait(10)
                if fails:
                    raise sqlite3.OperationalError("database or disk is full")
                return database._writer._conn.execute(sql)

            return database._writer._execute(hold)  # type: ignore[no-untyped-call]  # a test looks behind the scenes

        database._writer.execute = execute  # type: ignore[method-assign]

    async def wait(self) -> None:
        await asyncio.to_thread(self.reached.wait, 10)


async def test_cancelled_in_commit_is_told_after_the_commit(database: Database) -> None:
    slow = _Slow(database, "COMMIT")
    task = asyncio.create_task(put(database, "a", "1"))
    await slow.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await value(database, "a") == "1"
    await put(database, "b", "2")


async def test_cancelled_twice_in_a_commit_that_fails_leaves_the_writer_usable(database: Database) -> None:
    slow = _Slow(database, "COMMIT", fails=True)
    task = asyncio.create_task(put(database, "a", "1"))
    await slow.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await value(database, "a") is None
    await put(database, "b", "2")
    assert await value(database, "b") == "2"


async def test_cancelled_while_begin_runs_leaves_no_transaction_behind(database: Database) -> None:
    slow = _Slow(database, "BEGIN IMMEDIATE")
    task = asyncio.create_task(put(database, "a", "1"))
    await slow.wait()
    task.cancel()
    await asyncio.sleep(0)
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await value(database, "a") is None
    await put(database, "b", "2")


async def test_cancelled_while_another_process_holds_the_lock(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(put(database, "a", "1"))
        while not database._write_turn.locked():  # noqa: ASYNC110  the next step is to ask for the lock, and to wait
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait({task})
        assert task.cancelled()
        other.execute("ROLLBACK")
    await put(database, "a", "2")


async def test_a_cancelled_read_gives_its_connection_back(database: Database) -> None:
    async def read() -> None:
        async with database.read() as reader:
            await reader.rows("SELECT * FROM facts")
            await asyncio.Event().wait()

    for _ in range(3):
        tasks = [asyncio.create_task(read()) for _ in range(5)]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=10)
    async with asyncio.timeout(5):
        await asyncio.gather(*(value(database, "a") for _ in range(12)))


# -- readers --------------------------------------------------------------------------------------------------------


async def test_a_reader_sees_one_state_and_never_waits_for_a_writer(database: Database) -> None:
    await put(database, "a", "1")
    async with database.read() as reader:
        assert await count(reader) == 1
        async with asyncio.timeout(5), database.write() as tx:
            await facts.put(tx, "b", "2")
            assert await count(reader) == 1
            assert await value(database, "b") is None  # another reader neither waits nor sees it
        assert await count(reader) == 1
    assert await value(database, "b") == "2"


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match=r"readonly|cannot be opened for writing"):
        async with database.read() as reader:
            await reader.rows("INSERT INTO facts VALUES ('a', 'b')")


# -- the files ------------------------------------------------------------------------------------------------------


async def test_write_ahead_logging_is_on_and_the_files_are_for_the_owner_alone(database: Database, path: Path) -> None:
    await put(database, "a", "1")
    async with database.read() as reader:
        assert await reader.value("PRAGMA journal_mode") == "wal"
    names = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert names == {"winnow.db": 0o600, "winnow.db-wal": 0o600, "winnow.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_after_closing_the_one_file_holds_everything(path: Path) -> None:
    async with Database.open(path) as database:
        await put(database, "a", "1")
        assert await asyncio.gather(*(value(database, "a") for _ in range(9))) == ["1"] * 9
    assert [one.name for one in path.parent.iterdir()] == ["winnow.db"]


async def threads_ended(before: int) -> None:
    async with asyncio.timeout(5):
        while threading.active_count() > before:  # noqa: ASYNC110  a thread has no event for its end
            await asyncio.sleep(0.001)


async def test_no_thread_is_left_behind(path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError):
        async with Database.open(path):
            assert threading.active_count() > before
            raise RuntimeError
    await threads_ended(before)


async def test_cancelled_while_opening_or_closing_leaves_no_thread_behind(path: Path) -> None:
    async def use() -> None:
        async with Database.open(path) as database:
            await put(database, "a", "1")

    before = threading.active_count()
    for steps in [*range(0, 40, 3), 60, 120, 250, 500, 1000]:
        task = asyncio.create_task(use())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await settle(task)
        await threads_ended(before)
    await asyncio.wait_for(use(), 10)


# -- several processes ----------------------------------------------------------------------------------------------


async def test_a_lock_held_too_long_is_an_error_that_says_so(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "PATIENCE_SECONDS", 0.3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match=r"winnow\.db: another process keeps the database locked"):
            await put(database, "a", "1")
        assert await value(database, "a") is None  # reading goes on meanwhile
        other.execute("ROLLBACK")
    await put(database, "a", "1")


def _count_up(path: Path, rounds: int, ready: Any) -> None:
    async def one() -> None:
        async with Database.open(path) as database:
            async with database.write() as tx:
                before = int(await facts.get(tx, "n") or 0)
                await facts.put(tx, "n", str(before + 1))
            assert await value(database, "n") is not None

    async def run() -> None:
        ready.wait(30)
        for _ in range(rounds):
            await one()

    asyncio.run(run())


def _together(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> list[int | None]:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(len(arguments))
    processes = [context.Process(target=target, args=(*one, ready)) for one in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        if process.is_alive():
            process.kill()
    return [process.exitcode for process in processes]


async def test_processes_that_open_write_and_close_at_once_lose_nothing(path: Path) -> None:
    """From the very first start on, where all of them make the tables; each closing folds the log back in."""
    codes = await asyncio.to_thread(_together, _count_up, [(path, 25)] * 3)
    assert codes == [0, 0, 0]
    async with Database.open(path) as database:
        assert await value(database, "n") == "75"


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_nothing_is_called_kept_once_the_file_is_gone(database: Database, path: Path, how: str) -> None:
    await put(database, "a", "1")
    path.rename(path.with_name("elsewhere"))
    if how == "replaced":
        path.touch()
    with pytest.raises(StoreError, match="moved, replaced or deleted"):
        await put(database, "b", "2")
    if how == "replaced":
        path.unlink()
    path.with_name("elsewhere").rename(path)
    await put(database, "c", "3")
    assert await value(database, "a") == "1"
    assert await value(database, "b") is None


async def test_opening_it_again_in_one_process_leaves_the_locks_of_the_first(database: Database, path: Path) -> None:
    """Without them another process takes itself for the last one, and clears the log away under our feet."""
    await put(database, "a", "1")
    async with Database.open(path):
        pass
    end_elsewhere = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM facts').fetchall()"
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", end_elsewhere, str(path))
    assert await done.wait() == 0
    assert path.with_name("winnow.db-wal").stat().st_size > 0
    await put(database, "b", "2")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert other.execute("SELECT count(*) FROM facts").fetchall() == [(2,)]
