"""One SQLite file, one writer, several read-only readers.

Invariants: every write happens inside one `BEGIN IMMEDIATE` transaction that is rolled back on any exception and on
cancellation; a reader sees one consistent state from its first to its last query and never waits for a writer.
Several processes may have the same file open: SQLite's own lock serialises their writes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiosqlite

from core.errors import StoreBusyError, StoreError, StoreFullError, StoreVersionError
from core.store import migrations

Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]

WRITE_PATIENCE_SECONDS: Final = 30.0
"""How long a write waits for another process's transaction before it gives up."""
_BUSY_STEP_MILLISECONDS: Final = 200
_READERS: Final = 3


class Reader:
    """Queries inside one consistent snapshot. Raises StoreError for everything SQLite reports."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        try:
            return list(await self._connection.execute_fetchall(sql, parameters))  # type: ignore[arg-type]
        except sqlite3.Error as error:
            raise translated(error, self._path) from error

    async def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, or None."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        found = await self.one(sql, parameters)
        return None if found is None else found[0]


class Transaction(Reader):
    """A write transaction: what it did is kept when the block ends well, and gone otherwise."""

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; the number of rows it changed."""
        try:
            cursor = await self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        count = cursor.rowcount
        await cursor.close()
        return count

    async def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; the id of the new row."""
        try:
            cursor = await self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        row_id = cursor.lastrowid
        await cursor.close()
        if row_id is None:
            raise StoreError(f"{self._path}: the insert gave no row id")
        return row_id

    async def many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for every row."""
        try:
            cursor = await self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        await cursor.close()


class Database:
    """The open database. Make it with `Database.open`, which also closes it."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self.path = path
        self._writer = writer
        self._write_turn = asyncio.Lock()
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._readers.put_nowait(reader)

    @staticmethod
    @asynccontextmanager
    async def open(path: Path) -> AsyncIterator[Database]:
        """Open the file, bring its schema up to date (with a backup first), and close it at the end.

        Raises StoreVersionError when a newer Winnow wrote the file or it is not one of ours, StoreFullError, and
        StoreError when the folder or the file cannot be written.
        """
        opened: list[aiosqlite.Connection] = []
        try:
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                writer = await _connect(path, read_only=False)
                opened.append(writer)
                await migrations.migrate(writer, path)
                for _ in range(_READERS):
                    opened.append(await _connect(path, read_only=True))  # noqa: PERF401  all are closed if one fails
            except sqlite3.Error as error:
                raise translated(error, path) from error
            except OSError as error:
                raise StoreError(
                    f"{path.parent}: the data folder cannot be used ({error.strerror}). "
                    "Give another one with --data-dir, or correct its owner and mode."
                ) from error
            yield Database(path, writer, opened[1:])
        finally:
            for connection in opened:
                with suppress(sqlite3.Error):
                    await asyncio.shield(connection.close())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A read-only snapshot."""
        connection = await self._readers.get()
        try:
            await connection.execute("BEGIN")
            yield Reader(connection, self.path)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            try:
                await asyncio.shield(_rollback(connection))
            finally:
                self._readers.put_nowait(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction. Writers inside this process take turns; other processes are waited for.

        Raises StoreBusyError when another process holds the lock for longer than WRITE_PATIENCE_SECONDS.
        """
        async with self._write_turn:
            await self._begin()
            try:
                yield Transaction(self._writer, self.path)
            except BaseException:
                await asyncio.shield(_rollback(self._writer))
                raise
            await self._commit()

    async def _begin(self) -> None:
        deadline = time.monotonic() + WRITE_PATIENCE_SECONDS
        while True:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                return
            except asyncio.CancelledError:
                # The statement may still run in the connection's thread after the wait for it was cancelled.
                await asyncio.shield(_rollback(self._writer))
                raise
            except sqlite3.Error as error:
                failure = translated(error, self.path)
                if not isinstance(failure, StoreBusyError) or time.monotonic() >= deadline:
                    raise failure from error

    async def _commit(self) -> None:
        """Commit whole or not at all: a cancellation that arrives meanwhile is delivered after it."""
        commit = asyncio.ensure_future(self._writer.execute("COMMIT"))
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            try:
                await commit
            except sqlite3.Error:
                await _rollback(self._writer)
            raise
        except sqlite3.Error as error:
            await asyncio.shield(_rollback(self._writer))
            raise translated(error, self.path) from error


async def _connect(path: Path, *, read_only: bool) -> aiosqlite.Connection:
    mode = "ro" if read_only else "rwc"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = await aiosqlite.connect(uri, uri=True, isolation_level=None, cached_statements=256)
    try:
        await connection.execute(f"PRAGMA busy_timeout = {_BUSY_STEP_MILLISECONDS}")
        if read_only:
            await connection.execute("PRAGMA query_only = 1")
        else:
            await _enter_wal(connection)
            await connection.execute("PRAGMA synchronous = FULL")
            await connection.execute("PRAGMA foreign_keys = 1")
            await connection.execute(f"PRAGMA journal_size_limit = {32 << 20}")
            path.chmod(0o600)
    except BaseException:
        await asyncio.shield(connection.close())
        raise
    return connection


async def _enter_wal(connection: aiosqlite.Connection) -> None:
    """Switch to write-ahead logging; another process may be doing the same at this moment."""
    deadline = time.monotonic() + WRITE_PATIENCE_SECONDS
    while True:
        try:
            await connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in ("SQLITE_BUSY", "SQLITE_LOCKED") or time.monotonic() >= deadline:
                raise
            await asyncio.sleep(0.05)


async def _rollback(connection: aiosqlite.Connection) -> None:
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            await connection.execute("ROLLBACK")
        return
    # A BEGIN whose wait was cancelled may still be queued in the thread: ask the thread itself, in order.
    with suppress(sqlite3.OperationalError):
        await connection.execute("ROLLBACK")


def _code(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", None) or "")


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """The error of our tree for what SQLite reports, in words that say what to do."""
    code = _code(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(
            f"{path}: another process keeps the database locked. If no Winnow is working, look for a backup or "
            "a file sync that holds the file open, then try again."
        )
    if code in ("SQLITE_FULL", "SQLITE_IOERR_WRITE") or "disk is full" in str(error):
        return StoreFullError(
            f"{path}: the disk is full; nothing of this step was kept. Free some space and run it again."
        )
    if code in ("SQLITE_NOTADB", "SQLITE_CORRUPT") or code.startswith("SQLITE_CORRUPT"):
        return StoreVersionError(
            f"{path}: this file is damaged or is not a Winnow database ({error}). Move it away, or put back a "
            "backup (winnow.db.backup-*) that stands beside it."
        )
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(
            f"{path}: the database cannot be opened for writing ({error}). Correct the owner and mode of the "
            "folder and the file, or give another folder with --data-dir."
        )
    return StoreError(f"{path}: {error}")
