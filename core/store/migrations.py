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
from core.store.failures import patiently

APPLICATION_ID: Final = 0x57494E4E  # "WINN": tells a Winnow database from any other SQLite file

_FIRST: Final = """
CREATE TABLE endpoints (
    url            TEXT PRIMARY KEY,
    name           TEXT NOT NULL DEFAULT '',
    is_enabled     INTEGER NOT NULL DEFAULT 1,
    last_ok_at     REAL,
    last_error     TEXT,
    last_error_at  REAL
) WITHOUT ROWID;

CREATE TABLE facts (            -- single values that outlive a run: watermarks, digests
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE scenes (           -- what the last crawl saw
    id          INTEGER PRIMARY KEY,
    updated_at  TEXT NOT NULL,
    digest      TEXT NOT NULL,  -- of the fingerprints of all files
    links       TEXT NOT NULL,  -- JSON array of the endpoints it holds an id for
    snapshot    BLOB            -- JSON of the scene, while some endpoint lacks an id
);

CREATE INDEX scenes_open ON scenes (id) WHERE snapshot IS NOT NULL;
CREATE INDEX scenes_unlinked ON scenes (id) WHERE links = '[]';

CREATE TABLE lookups (          -- what was asked where, and when
    scene_id      INTEGER NOT NULL,
    endpoint      TEXT NOT NULL,
    digest        TEXT NOT NULL,
    looked_up_at  REAL NOT NULL,
    matched       INTEGER NOT NULL,
    PRIMARY KEY (scene_id, endpoint)
) WITHOUT ROWID;

CREATE TABLE recommendations (
    id                  INTEGER PRIMARY KEY,
    type                TEXT NOT NULL,
    endpoint            TEXT NOT NULL,
    scene_id            INTEGER NOT NULL,
    candidate_id        TEXT NOT NULL,
    status              TEXT NOT NULL,
    score               REAL NOT NULL,
    group_score         REAL NOT NULL,     -- the best score among the rivals: keeps them together in a list
    is_high_confidence  INTEGER NOT NULL,
    is_ambiguous        INTEGER NOT NULL,
    is_offered          INTEGER NOT NULL,  -- the endpoint named it in the last look-up
    local_title         TEXT NOT NULL,
    match_title         TEXT NOT NULL,
    studio              TEXT NOT NULL,
    performers          TEXT NOT NULL,
    date                TEXT NOT NULL,
    created_at          REAL NOT NULL,
    updated_at          REAL NOT NULL,
    decided_at          REAL,
    UNIQUE (type, endpoint, scene_id, candidate_id)
);
CREATE INDEX recommendations_by_score
    ON recommendations (type, status, group_score DESC, scene_id, endpoint, score DESC, id);
CREATE INDEX recommendations_by_confidence ON recommendations (type, status, is_high_confidence, endpoint);
CREATE INDEX recommendations_by_scene ON recommendations (scene_id, endpoint);

CREATE TABLE recommendation_details (
    id      INTEGER PRIMARY KEY REFERENCES recommendations (id) ON DELETE CASCADE,
    detail  BLOB NOT NULL       -- JSON: candidate, evidence, reasons, path
);

CREATE TABLE dismissals (
    id               INTEGER PRIMARY KEY,
    scene_id         INTEGER NOT NULL,
    endpoint         TEXT NOT NULL,
    candidate_id     TEXT NOT NULL,
    reason           TEXT NOT NULL,
    until_next_scan  INTEGER NOT NULL,
    created_at       REAL NOT NULL,
    ended_at         REAL               -- withdrawn, or the next scan came
);
CREATE UNIQUE INDEX dismissals_in_force ON dismissals (scene_id, endpoint, candidate_id) WHERE ended_at IS NULL;

CREATE TABLE batches (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    state        TEXT NOT NULL,
    owner        TEXT NOT NULL,
    created_at   REAL NOT NULL,
    finished_at  REAL
);

CREATE TABLE effects (          -- the journal: written before an effect starts, and after it is done
    id          INTEGER PRIMARY KEY,
    batch_id    INTEGER NOT NULL REFERENCES batches (id),
    kind        TEXT NOT NULL,
    title       TEXT NOT NULL,
    subject     INTEGER,        -- the recommendation it decides, if any
    payload     BLOB NOT NULL,  -- JSON: what to do
    before      BLOB,           -- JSON: what was there, all that an undo needs
    after       BLOB,           -- JSON: what Winnow left there
    state       TEXT NOT NULL,
    words       TEXT NOT NULL DEFAULT '',
    owner       TEXT NOT NULL,
    started_at  REAL,
    ended_at    REAL,
    undone_at   REAL
);
CREATE INDEX effects_by_batch ON effects (batch_id, id);
CREATE INDEX effects_open ON effects (state) WHERE state IN ('started', 'undoing');
CREATE INDEX effects_by_subject ON effects (subject) WHERE subject IS NOT NULL;

CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    parameters   TEXT NOT NULL,
    state        TEXT NOT NULL,
    request      TEXT NOT NULL DEFAULT '',  -- cancel or pause, asked for by any process
    owner        TEXT NOT NULL,
    done         INTEGER NOT NULL DEFAULT 0,
    total        INTEGER,
    message      TEXT NOT NULL DEFAULT '',
    created_at   REAL NOT NULL,
    started_at   REAL,
    finished_at  REAL,
    result       TEXT,
    error        TEXT
);
CREATE INDEX jobs_by_kind ON jobs (kind, id);
CREATE INDEX jobs_open ON jobs (state) WHERE state IN ('running', 'paused');

CREATE TABLE job_log (
    id      INTEGER PRIMARY KEY,
    job_id  INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at      REAL NOT NULL,
    level   TEXT NOT NULL,
    text    TEXT NOT NULL
);
CREATE INDEX job_log_by_job ON job_log (job_id, id);
"""

MIGRATIONS: Final[tuple[str, ...]] = (_FIRST,)
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
