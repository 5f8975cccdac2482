"""What SQLite and the file system report, in our words, and how long a lock of another process is waited for."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from core.errors import StoreBusyError, StoreError, StoreFullError, StoreVersionError

T = TypeVar("T")

PATIENCE_SECONDS: Final = 30.0
"""How long another process's lock is waited for."""
_PAUSE_SECONDS: Final = 0.02
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)
"""What JSON that was stored raises when it is damaged."""
_FULL: Final = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds a lock."""
    return _code(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


async def patiently(attempt: Callable[[], Awaitable[T]], *, seconds: float | None = None) -> T:
    """What `attempt` gives, tried again while another process holds a lock, for PATIENCE_SECONDS unless told."""
    deadline = time.monotonic() + (PATIENCE_SECONDS if seconds is None else seconds)
    while True:
        try:
            return await attempt()
        except sqlite3.Error as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """The error of our tree for what SQLite reports, in words that say what to do."""
    code = _code(error)
    if is_busy(error):
        return StoreBusyError(
            f"{path}: another process keeps the database locked. If no Winnow is working, look for a backup or "
            "a file sync that holds the file open, then try again."
        )
    if code in _FULL or "disk is full" in str(error):
        return _full(path)
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


def unreadable(error: Exception, path: Path) -> StoreError:
    """What Winnow wrote into a row is there no more, or was written by another program."""
    return StoreError(
        f"{path}: what is stored there cannot be read ({error}): the database is damaged, or something else wrote "
        "to it. Put back a backup (winnow.db.backup-*) that stands beside it."
    )


def unusable(folder: Path, error: OSError) -> StoreError:
    """The error of our tree for a data folder that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    return StoreError(
        f"{folder}: the data folder cannot be used ({error.strerror}). Give another one with --data-dir, or correct "
        "its owner and mode."
    )


def _full(path: Path) -> StoreFullError:
    return StoreFullError(f"{path}: the disk is full; nothing of this step was kept. Free some space and run it again.")


def _code(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", None) or "")
