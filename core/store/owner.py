"""Which process a running job or an open effect belongs to, and whether that process still lives.

Each process holds an advisory lock on a file of its own for as long as it lives; the kernel lets go of it however
the process ends, `kill -9` included. A lock that can be had belongs to nobody any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from core.errors import StoreError

NOBODY = ""
"""The owner of work that no process looks after: whoever starts next settles it."""


class Owner:
    """This process's name in the database. Make it with `Owner.hold`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name

    @staticmethod
    @contextmanager
    def hold(folder: Path) -> Iterator[Owner]:
        """Hold a lock under a new name until the block ends. Raises StoreError when the folder cannot be used."""
        name = uuid.uuid4().hex
        path = folder / f"{name}.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{folder}: the data folder cannot be written ({error.strerror}). Give another one with --data-dir, "
                "or correct its owner and mode."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Owner(folder, name)
        finally:
            with suppress(OSError):
                path.unlink()
            os.close(descriptor)

    def is_alive(self, name: str) -> bool:
        """Whether the process of that name still lives. A dead one's lock file is cleared away."""
        if name == self.name:
            return True
        if name == NOBODY:
            return False
        path = self._folder / f"{name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # cannot be asked: leave its work alone
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            with suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(descriptor)


@asynccontextmanager
async def exclusive(folder: Path, name: str) -> AsyncIterator[None]:
    """One at a time over all processes that use this folder; cancelling ends the wait at once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / f"{name}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
