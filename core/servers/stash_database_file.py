"""Stash's SQLite file, opened so that Stash never notices: nothing is written, nothing is locked for long, and no file
is left beside it.

Stash writes to a log (`-wal`) with an index (`-shm`) that stand beside the file while it has it open. So there are
three cases:

- No log stands there: nobody has the file open. It is read as immutable, since any other way would make a log and an
  index of our own; whether it changed meanwhile is looked up afterwards, and what was read is then thrown away.
- A log with its index: the file is read through them, the index opened for reading alone. That sees Stash's last write.
- A log without an index: Stash was stopped in the middle, or the file was copied from a running one. Refused.

Every read is a connection and a transaction of its own, so the way is chosen anew each time, and Stash can always fold
its log back.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from core.errors import MalformedAnswerError, ServerError, UnreachableError
from core.finishing import to_its_end
from core.mounts import file_system, is_mounted_alone, is_remote

T = TypeVar("T")

PATIENCE_SECONDS: Final = 10.0
"""How long a lock of another program, or a file that keeps changing, is waited for."""
_ORPHAN_SECONDS: Final = 1.0  # Stash makes its log a moment before the log's index
_BUSY_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 0.05
_SERVER_INSTEAD: Final = "or give the address of the Stash server instead"


class _Way(StrEnum):
    """How the file is opened: parameters of the URI."""

    ALONE = "mode=ro&immutable=1"
    BESIDE_STASH = "mode=ro&readonly_shm=1"
    OLD_JOURNAL = "mode=ro"


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What changes when the file does."""

    device: int
    inode: int
    size: int
    mtime_ns: int


class _NotNowError(Exception):
    """It may work in a moment. `seconds` is how long to go on trying, the message what to say then."""

    def __init__(self, words: str, seconds: float | None = None) -> None:
        self.seconds = PATIENCE_SECONDS if seconds is None else seconds
        super().__init__(words)


class StashFile:
    """The file. Safe to use from several tasks; every read has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._real = Path(os.path.realpath(path))  # the log stands beside the file itself, not beside a link to it
        self.remote_kind = ""

    def look(self) -> None:
        """Find out where the file lies. Blocks. Raises UnreachableError when it cannot be read here at all."""
        self._stamp()
        kind = file_system(self._real)
        self.remote_kind = kind if is_remote(kind) else ""
        if is_mounted_alone(self._real):
            raise self._unreachable(
                "only the file itself is mounted here, so the log that Stash keeps beside it is out of sight. Mount "
                f"its folder (read-only), {_SERVER_INSTEAD}"
            )

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` reads in one transaction, in a thread; done again when the file changed or was locked meanwhile.

        Raises UnreachableError, MalformedAnswerError, or what `work` raises.
        """
        started = time.monotonic()
        while True:
            try:
                return await to_its_end(asyncio.to_thread(self._attempt, work))
            except _NotNowError as reason:
                if time.monotonic() - started >= reason.seconds:
                    raise self._unreachable(str(reason)) from reason.__cause__
            await asyncio.sleep(_PAUSE_SECONDS)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        stamp = self._stamp()
        way = self._way()
        changed = "it keeps changing while it is read: try again when Stash has less to do"
        try:
            result = self._read_once(way, work)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if self._way() is not way or (way is _Way.ALONE and self._stamp() != stamp):
                raise _NotNowError(changed) from error
            raise self._translated(error) from error
        if way is _Way.ALONE and self._stamp() != stamp:
            raise _NotNowError(changed)
        return result

    def _read_once(self, way: _Way, work: Callable[[sqlite3.Connection], T]) -> T:
        uri = f"{self._real.as_uri()}?{way.value}"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # Names in bytes that are no UTF-8 come as the server gives them: with replacement signs.
            connection.text_factory = _text
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            return work(connection)
        finally:
            connection.close()

    def _way(self) -> _Way:
        log = self._size_of("-wal")
        if self._size_of("-shm") is None:
            if log:
                raise _NotNowError(
                    "its log (-wal) stands without an index: Stash was stopped in the middle, or another program keeps "
                    "the file to itself, or it was copied from a running Stash. Start Stash once and stop it again, "
                    f"{_SERVER_INSTEAD}",
                    min(_ORPHAN_SECONDS, PATIENCE_SECONDS),
                )
            return _Way.OLD_JOURNAL if self._size_of("-journal") else _Way.ALONE
        if log is None:
            return _Way.ALONE
        if self.remote_kind:
            raise self._unreachable(
                f"Stash has it open, and it lies on a network file system ({self.remote_kind}), where its latest "
                f"changes cannot be seen. Stop Stash meanwhile, read a backup of it, {_SERVER_INSTEAD}"
            )
        return _Way.BESIDE_STASH

    def _size_of(self, suffix: str) -> int | None:
        """Bytes of a file beside it, None where there is none."""
        try:
            return self._real.with_name(self._real.name + suffix).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreachable(f"what stands beside it cannot be seen ({error.strerror})") from error

    def _stamp(self) -> _Stamp:
        try:
            found = self._real.stat()
        except FileNotFoundError:
            raise self._unreachable("there is no such file (any more): is the path right, is the disk there?") from None
        except OSError as error:
            raise self._unreachable(f"it cannot be read ({error.strerror}): correct its owner and mode") from error
        if not stat.S_ISREG(found.st_mode):
            raise self._unreachable("this is not a file: give the path of Stash's database, stash-go.sqlite")
        return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

    def _translated(self, error: sqlite3.Error | UnicodeDecodeError) -> ServerError | _NotNowError:
        """What SQLite reports, in words that say what to do; over a damaged schema it may be bytes that are no text."""
        code = str(getattr(error, "sqlite_errorname", None) or "")
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return _NotNowError(
                "another program keeps it locked: wait until Stash has finished its migration, clean-up or backup, "
                "then try again"
            )
        if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or isinstance(error, UnicodeDecodeError):
            return MalformedAnswerError(
                f"this file is damaged or is no SQLite database ({error}). Is the path right? Otherwise put back a "
                "backup that Stash made",
                server=str(self.path),
            )
        if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            return self._unreachable(
                f"it cannot be opened for reading ({error}): correct the owner and mode of the file and what stands "
                f"beside it (-wal, -shm), {_SERVER_INSTEAD}"
            )
        if code.startswith("SQLITE_IOERR"):
            return self._unreachable(f"the disk reports an error ({error}): is it still there?")
        return MalformedAnswerError(f"it cannot be read: {error}", server=str(self.path))

    def _unreachable(self, words: str) -> UnreachableError:
        return UnreachableError(words, server=str(self.path))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
