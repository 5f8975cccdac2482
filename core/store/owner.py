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

from core.store.failures import unusable

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
        unlocked = folder / f"{name}.new"
        try:
            _make_private(folder)
            descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(folder.parent, error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                unlocked.rename(path)  # under its name it is never seen without its lock
            except OSError as error:
                raise unusable(folder.parent, error) from error
            owner = Owner(folder, name)
            owner._clear_away_the_dead()
            yield owner
        finally:
            for one in (path, unlocked):
                with suppress(OSError):
                    one.unlink()
            os.close(descriptor)

    def _clear_away_the_dead(self) -> None:
        for path in self._folder.glob("*.lock"):
            self.is_alive(path.stem)

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
            # Shared, so that two who ask at once do not take each other for the one they ask about.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
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
    """One at a time over all processes that use this folder; cancelling ends the wait at once.

    Raises StoreError when the folder cannot be used.
    """
    try:
        _make_private(folder)
        descriptor = os.open(folder / f"{name}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(folder.parent, error) from error
    try:
        while not _is_taken(descriptor, folder):  # noqa: ASYNC110  the kernel tells nobody when a lock is free
            await asyncio.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int, folder: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise unusable(folder.parent, error) from error
    return True


def _make_private(folder: Path) -> None:
    """A folder for its owner's eyes alone, and so the one around it, which is Winnow's own, too. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
