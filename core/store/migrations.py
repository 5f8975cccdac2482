"""The schema, as numbered steps. Each runs in a transaction of its own; a backup is made before the first."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiosqlite

from core.errors import StoreVersionError
from core.finishing import to_its_end
from core.store import schema, schema_intake
from core.store.failures import patiently

APPLICATION_ID: Final = 0x57494E4E  # "WINN": tells a Winnow database from any other SQLite file

MIGRATIONS: Final[tuple[str, ...]] = (schema.FIRST, schema.SECOND, schema_intake.THIRD, schema_intake.FOURTH)
"""Step n (from 1) brings a database of version n-1 to version n."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells whose file it is: SQLite's two numbers in the header, and how many tables it holds."""

    version: int
    application: int
    tables: int


def judge(identity: Identity, path: Path) -> None:
    """Raises StoreVersionError for a file of a newer Winnow, or of another program."""
    if identity.application not in (0, APPLICATION_ID) or (identity.application == 0 and identity.tables):
        raise StoreVersionError(f"{path}: this SQLite file belongs to another program. Give another --data-dir.")
    if identity.version > len(MIGRATIONS):
        raise StoreVersionError(
            f"{path}: a newer Winnow wrote this database (version {identity.version}, this one knows "
            f"{len(MIGRATIONS)}). Update Winnow, or put back a backup (winnow.db.backup-*) that stands beside it."
        )


async def recognise(connection: aiosqlite.Connection, path: Path) -> Identity:
    """Whose file it is, before anything in it is changed. Raises StoreVersionError unless it is ours, or empty."""
    identity = await patiently(lambda: _identity(connection))
    judge(identity, path)
    return identity


async def migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """Bring the schema to the newest version; other processes may be doing the same at this moment.

    Raises StoreVersionError for a file of a newer Winnow, or of another program.
    """
    identity = await recognise(connection, path)
    has_backup = identity.version == 0  # nothing to lose
    for number in range(identity.version + 1, len(MIGRATIONS) + 1):
        has_backup = await _step(connection, path, number, has_backup=has_backup)


async def _identity(connection: aiosqlite.Connection) -> Identity:
    """In one snapshot: another process may be making the tables."""
    await connection.execute("BEGIN")
    try:
        tables = await _number(connection, "SELECT count(*) FROM sqlite_master")
        version = await _number(connection, "PRAGMA user_version")
        application = await _number(connection, "PRAGMA application_id")
    finally:
        await to_its_end(_rollback(connection))
    return Identity(version, application, tables)


async def _number(connection: aiosqlite.Connection, sql: str) -> int:
    rows = list(await connection.execute_fetchall(sql))
    return int(rows[0][0])


async def _step(connection: aiosqlite.Connection, path: Path, number: int, *, has_backup: bool) -> bool:
    """Take one step, unless another process took it while we waited for the lock; whether there is a backup now.

    The backup is made under the same lock: it holds exactly what this step starts from.
    """
    await patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
    try:
        if await _number(connection, "PRAGMA user_version") < number:
            if not has_backup:
                await _back_up(path, number - 1)
                has_backup = True
            for statement in _statements(MIGRATIONS[number - 1]):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            await connection.execute(f"PRAGMA user_version = {number}")
        await connection.execute("COMMIT")
    except BaseException:
        await to_its_end(_rollback(connection))
        raise
    return has_backup


async def _back_up(path: Path, version: int) -> None:
    """Copy the database beside itself; the copy has its name only once it is whole."""
    target = path.with_name(f"{path.name}.backup-{version}-{time.strftime('%Y%m%d-%H%M%S')}")
    unfinished = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        async with (
            aiosqlite.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as source,
            aiosqlite.connect(unfinished) as copy,
        ):
            await source.backup(copy)
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


async def _rollback(connection: aiosqlite.Connection) -> None:
    with suppress(sqlite3.Error):
        await connection.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` would commit the transaction first."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
