"""A file that is still coming: a dot-file of its own, what is known of its source beside it, a name at the end.

Synchronous. Every method raises OSError as the system does; the words for it stand in `disk_words`. What is written
survives the death of the process, and what is settled the failure of the machine.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.media.moving import move_new

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_NAMES: Final = 10_000


class Source(msgspec.Struct, frozen=True):
    """What a part is a part of: a digest of the address, and what tells that the file there is still the same.

    `etag` and `modified` as the server wrote them; `total` in bytes, None where it did not say.
    """

    address: str
    etag: str = ""
    modified: str = ""
    total: int | None = None


class PartFile:
    """`.winnow-<token>.part` in a folder, held by one process at a time. `size` is how many bytes it has."""

    def __init__(self, folder: Path, token: str, descriptor: int) -> None:
        self.folder = folder
        self.path = part_path(folder, token)
        self.size = os.fstat(descriptor).st_size
        self.source = _known(self._memory)
        self._descriptor = descriptor
        os.lseek(descriptor, 0, os.SEEK_END)

    @property
    def _memory(self) -> Path:
        return self.path.with_suffix(".source")

    @classmethod
    def open(cls, folder: Path, token: str) -> PartFile:
        """The part, with what an earlier run left of it. BlockingIOError when another process or task holds it.

        Raises ValueError for a token that is not 1 to 64 letters, digits, dashes and underscores.
        """
        path = part_path(folder, token)
        while True:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o666)  # a file like any other: the user's mask decides
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_there(path, descriptor):
                    return cls(folder, token, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # between opening and locking it got its name, or went

    def remember(self, source: Source) -> None:
        """Write down what the part belongs to, so that a later run can go on with it."""
        if source != self.source:
            self._memory.write_bytes(msgspec.json.encode(source))
            self.source = source

    def write(self, data: bytes | memoryview) -> None:
        """Add to its end. When the disk takes only some, `size` says how much."""
        left = memoryview(data)
        while left:
            done = os.write(self._descriptor, left)
            self.size += done
            left = left[done:]

    def restart(self) -> None:
        """Empty it; what was known of its source is forgotten."""
        self._memory.unlink(missing_ok=True)
        self.source = None
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.size = 0

    def settle(self, name: str, numbered: Callable[[str, int], str]) -> Path:
        """Flush it and give it its name in the folder, or the first free one of `numbered(name, 2)` and on.

        The name lasts when `moving.sync_folder` was called for the folder; one call does for many.
        """
        os.fsync(self._descriptor)
        for number in range(1, _MOST_NAMES):
            goal = self.folder / (name if number == 1 else numbered(name, number))
            try:
                move_new(self.path, goal)
            except FileExistsError:
                continue
            if self.source is not None:
                self._memory.unlink(missing_ok=True)
            self._close()
            return goal
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.folder / name))

    def leave(self, *, keep: bool) -> None:
        """Let go of it. It stays for a later run with `keep`, else nothing stays. Harmless after `settle`."""
        if self._descriptor < 0:
            return
        try:
            if not keep:
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
                with suppress(OSError):
                    self._memory.unlink(missing_ok=True)
        finally:
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def part_path(folder: Path, token: str) -> Path:
    """Where the part of a token lies."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("a token has 1 to 64 letters, digits, dashes and underscores")
    return folder / f".winnow-{token}.part"


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)


def _known(path: Path) -> Source | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Source)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
