"""A disk that fails: the n-th call below some folders that would change it, or read from it, is refused."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.media import moving

_CHANGING = ("write", "fsync", "mkdir", "link", "rename", "utime")
_TAKING_AWAY = ("unlink", "rmdir")
_WRITING = os.O_CREAT | os.O_WRONLY | os.O_RDWR


class FailingDisk:
    """Counts the calls that it watches; refuses the `at`-th with an error of this number, and with `is_lasting` all
    that follow, but for those that take something away: what can never be taken away stays. SQLite is not watched.
    """

    def __init__(self, folders: list[Path], at: int, number: int, *, is_lasting: bool = False) -> None:
        self.folders, self.at, self.number, self.is_lasting = (
            [os.fspath(one) for one in folders],
            at,
            number,
            is_lasting,
        )
        self.seen = self.refused = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Refuse what changes the disk: writing, flushing, making and naming files and folders, taking them away."""
        with pytest.MonkeyPatch.context() as patch:
            for name in (*_CHANGING, *(() if self.is_lasting else _TAKING_AWAY)):
                patch.setattr(os, name, self._wrapped(getattr(os, name)))
            patch.setattr(os, "open", self._wrapped(os.open, lambda _, flags=0, *__, **___: flags & _WRITING))
            patch.setattr(io, "open", self._wrapped(io.open, lambda _, mode="r", *__, **___: "r" not in mode))
            real = moving._rename_noreplace
            patch.setattr(moving, "_rename_noreplace", lambda one, other: self._number(other) or real(one, other))
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Refuse what reads contents."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "read", self._wrapped(os.read))
            patch.setattr(io, "open", self._wrapped(io.open, lambda _, mode="r", *__, **___: "r" in mode))
            yield

    def _wrapped(self, real: Callable[..., Any], counts: Callable[..., Any] = lambda *_, **__: True) -> Any:
        def call(where: Any, *args: Any, **more: Any) -> Any:
            if counts(where, *args, **more) and (number := self._number(where)):
                raise OSError(number, os.strerror(number), os.fspath(where) if not isinstance(where, int) else None)
            return real(where, *args, **more)

        return call

    def _number(self, where: Any) -> int:
        """The error for a call on a path or an open file, 0 for none."""
        try:
            path = str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else os.fsdecode(where)
        except OSError:
            return 0
        if not any(path.startswith(folder + os.sep) for folder in self.folders):
            return 0
        self.seen += 1
        if self.seen != self.at and not (self.is_lasting and self.seen > self.at):
            return 0
        self.refused += 1
        return self.number


NAMES = {errno.ENOSPC: "ENOSPC", errno.EIO: "EIO", errno.EROFS: "EROFS", errno.EACCES: "EACCES"}
