"""One SQLite file, one writer, several read-only readers.

Invariants: every write happens inside one `BEGIN IMMEDIATE` transaction that is rolled back on any exception and on
cancellation; a reader sees one consistent state from its first to its last query and never waits for a writer.
Several processes may have the same file open: SQLite's own lock serialises their writes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiosqlite

from core.errors import StoreError, StoreVersionError
from core.finishing import to_its_end
from core.store import failures, migrations
from core.store.failures import patiently, translated, unusable

Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]

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
        cursor = await self._run(sql, parameters)
        count = cursor.rowcount
        await cursor.close()
        return count

    async def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; the id of the new row."""
        cursor = await self._run(sql, parameters)
        row_id = cursor.lastrowid
        await cursor.close()
        if row_id is None:
            raise StoreError(f"{self._path}: the insert gave no row id")
        return row_id

    async def many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for every row."""
        self._check()
        try:
            cursor = await self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        await cursor.close()

    async def _run(self, sql: str, parameters: Parameters) -> aiosqlite.Cursor:
        self._check()
        try:
            return await self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error

    def _check(self) -> None:
        """After a full disk SQLite may have rolled everything back by itself: nothing may be written outside."""
        if not self._connection.in_transaction:
            raise StoreError(f"{self._path}: an earlier step of this transaction failed; nothing of it was kept")


class Database:
    """The open database. Make it with `Database.open`, which also closes it."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self.path = path
        self._identity = _identity_of(path)
        self._writer = writer
        self._write_turn = asyncio.Lock()
        self._version = len(migrations.MIGRATIONS)
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
        opening = asyncio.ensure_future(_open_all(path))
        try:
            writer, *readers = await asyncio.shield(opening)
            yield Database(path, writer, readers)
        finally:
            await to_its_end(_close_all(opening))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A read-only snapshot. Raises StoreError, also where what is stored cannot be read."""
        connection = await self._readers.get()
        try:
            await connection.execute("BEGIN")
            yield Reader(connection, self.path)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except failures.UNREADABLE as error:
            raise failures.unreadable(error, self.path) from error
        finally:
            try:
                await to_its_end(_rollback(connection))
            finally:
                self._readers.put_nowait(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction. Writers inside this process take turns; other processes are waited for.

        Raises StoreBusyError when another process holds the lock for longer than failures.PATIENCE_SECONDS. A
        cancellation that arrives while the end is being written is delivered after it: what was done is kept then.
        """
        async with self._write_turn:
            await self._begin()
            try:
                yield Transaction(self._writer, self.path)
            except BaseException as error:
                await to_its_end(_rollback(self._writer))
                if isinstance(error, failures.UNREADABLE):
                    raise failures.unreadable(error, self.path) from error
                raise
            await to_its_end(self._commit())

    async def _begin(self) -> None:
        try:
            await patiently(lambda: self._writer.execute("BEGIN IMMEDIATE"), seconds=failures.PATIENCE_SECONDS)
        except asyncio.CancelledError:
            # The statement may still run in the connection's thread after the wait for it was cancelled.
            await to_its_end(_rollback(self._writer))
            raise
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        await self._check_version()

    async def _check_version(self) -> None:
        """A newer Winnow may have changed the schema since this one, perhaps days ago, opened the file."""
        try:
            (found,) = await self._writer.execute_fetchall("PRAGMA user_version")
        except BaseException as error:
            await to_its_end(_rollback(self._writer))
            if isinstance(error, sqlite3.Error):
                raise translated(error, self.path) from error
            raise
        if found[0] != self._version:
            await to_its_end(_rollback(self._writer))
            raise StoreVersionError(
                f"{self.path}: a newer Winnow changed this database while this one was running. Start this one anew."
            )

    async def _commit(self) -> None:
        """Commit whole or not at all."""
        if not self._writer.in_transaction:
            raise StoreError(f"{self.path}: a step of this transaction failed; nothing of it was kept")
        if _identity_of(self.path) != self._identity:
            await _rollback(self._writer)
            raise StoreError(
                f"{self.path}: the database was moved, replaced or deleted while Winnow was at work; nothing more is "
                "written. Put it back, or start again"
            )
        try:
            await self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            await _rollback(self._writer)
            raise translated(error, self.path) from error


def _identity_of(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path, None where there is none: SQLite goes on writing into one that was deleted."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _create(path: Path) -> None:
    """Make the file, for its owner's eyes alone: SQLite gives the files beside it the same mode.

    One that is there is not touched: closing it would take away the locks of every connection this process has to it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path)) from None


async def _open_all(path: Path) -> list[aiosqlite.Connection]:
    """The writer, then the readers; all are closed again if one fails."""
    opened: list[aiosqlite.Connection] = []
    try:
        _create(path)
        opened.append(await _connect(path, read_only=False))
        await migrations.recognise(opened[0], path)
        with suppress(PermissionError):  # some network file systems know no modes
            path.chmod(0o600)
        await _enter_wal(opened[0], path)
        await migrations.migrate(opened[0], path)
        for _ in range(_READERS):
            opened.append(await _connect(path, read_only=True))  # noqa: PERF401  all are closed if one fails
    except BaseException as error:
        await _close(opened)
        if isinstance(error, sqlite3.Error):
            raise translated(error, path) from error
        if isinstance(error, OSError):
            raise unusable(path.parent, error) from error
        raise
    return opened


async def _close_all(opening: asyncio.Future[list[aiosqlite.Connection]]) -> None:
    """Wait for the opening, which a cancelled wait for it does not stop, and close what it opened."""
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await _close(opening.result())


async def _close(connections: Sequence[aiosqlite.Connection]) -> None:
    """The writer last: only it can fold the log back into the file and clear it away."""
    for connection in reversed(connections):
        with suppress(sqlite3.Error):
            await connection.close()


async def _connect(path: Path, *, read_only: bool) -> aiosqlite.Connection:
    mode = "ro" if read_only else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = await aiosqlite.connect(uri, uri=True, isolation_level=None, cached_statements=256)
    try:
        await connection.execute(f"PRAGMA busy_timeout = {_BUSY_STEP_MILLISECONDS}")
        if read_only:
            await connection.execute("PRAGMA query_only = 1")
        else:
            await connection.execute("PRAGMA synchronous = FULL")
            await connection.execute("PRAGMA foreign_keys = 1")
    except BaseException:
        await to_its_end(connection.close())
        raise
    return connection


async def _enter_wal(connection: aiosqlite.Connection, path: Path) -> None:
    """Switch to write-ahead logging; another process may be doing the same at this moment."""
    rows = list(await patiently(lambda: connection.execute_fetchall("PRAGMA journal_mode = WAL")))
    if str(rows[0][0]).lower() != "wal":
        raise StoreError(
            f"{path}: this file system cannot hold a database that several programs use at once (a network share?). "
            "Give a folder on a local disk with --data-dir."
        )
    await connection.execute(f"PRAGMA journal_size_limit = {32 << 20}")


async def _rollback(connection: aiosqlite.Connection) -> None:
    """Runs behind whatever is still queued in the connection's thread; harmless where nothing was begun."""
    with suppress(sqlite3.Error):
        await connection.execute("ROLLBACK")
