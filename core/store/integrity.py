"""Looks at a database file without changing it: whose it is, how old, whether it is whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from core.store import migrations
from core.store.failures import translated
from core.store.migrations import judge

_MOST_FINDINGS = 5


def examine(path: Path) -> list[str]:
    """What SQLite's quick check finds wrong in the file, in its own words; empty: it is whole.

    Blocks for as long as it takes to read the file. Raises StoreVersionError for a file of a newer Winnow or of another
    program, StoreError when it cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            judge(migrations.Identity(version, application, tables), path)
            found = connection.execute(f"PRAGMA quick_check({_MOST_FINDINGS})").fetchall()
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return [str(row[0]) for row in found if row[0] != "ok"]
