"""How a file is carried into the trash and back: never over another one, and never a replaced one taken away."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from core.errors import EffectRefusedError, LedgerError
from core.ledger import carrying
from core.ledger.trash_checks import identity_at
from core.ledger.trash_place import trash_place
from core.media.disk_words import disk_words
from core.media.moving import copy_verified, move_new, places_of, sync_folder
from core.model.library_files import FileIdentity

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Work on the disk in a thread. Raises LedgerError for what the system says: a start must not break off at it."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise LedgerError(f"the disk does not answer as it should ({error})") from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other Winnows out of a folder, where its file system can. Raises OSError (EBUSY) when one is there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(errno.EBUSY, "another Winnow is just moving it", str(folder)) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)


def carry(source: Path, target: Path, token: str, identity: FileIdentity) -> None:
    """Rename, or across file systems copy beside the target, read back, flush, name, and take the original away.

    What an earlier try left under the token's name is made anew; nothing else is ever overwritten. Raises OSError,
    (EBUSY) when another file stands at the source by then: that one stays.
    """
    try:
        move_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        return
    unfinished = _unfinished(target, token)
    with suppress(FileNotFoundError):
        unfinished.unlink()
    copy_verified(source, unfinished)
    try:
        if identity_at(source) != identity:
            raise OSError(errno.EBUSY, "it was replaced while it was copied", str(source))
        move_new(unfinished, target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    if identity_at(source) != identity:
        raise OSError(errno.EBUSY, "it was replaced while it was copied", str(source))
    try:
        sync_folder(target.parent)
        source.unlink()
    except OSError:
        with suppress(OSError):
            target.unlink()  # the original stands
        raise


def carry_back(place: Path, path: Path, lying: FileIdentity) -> Path:
    """Out of the trash to its path, or beside it where that is taken; where it is now.

    Over to another file system a try that was cut short is finished, and not begun anew beside its own copy. Raises
    OSError, EffectRefusedError and LedgerError as `core.ledger.carrying` does.
    """
    target = free_place(path)
    try:
        move_new(place, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return carrying.carry(carrying.Going(place, lying), places_of(path))
    return target


def clear_away(place: Path, path: Path, identity: FileIdentity) -> None:
    """Take back what a move into the trash that was cut short left in the folder of this content.

    Only while the original stands; what cannot be cleared away stays for the next try.
    """
    with suppress(OSError), alone_in(place.parent):
        if identity_at(path) == identity:
            for one in (place, _unfinished(place, place.parent.name)):
                with suppress(FileNotFoundError):
                    one.unlink()
            place.parent.rmdir()


def _unfinished(target: Path, token: str) -> Path:
    return target.with_name(f".winnow-{token}.part")


def hidden_place(path: Path, identity: FileIdentity) -> Path:
    """The name that a file bears in its folder for the moment before it is deleted for good."""
    return path.with_name(f".winnow-{trash_place(path, identity, path.parent).parent.name}.going")


def free_place(path: Path) -> Path:
    """The path itself, or the first free one beside it. Raises OSError."""
    for one in places_of(path):
        try:
            one.lstat()
        except FileNotFoundError:
            return one
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def on_disk(work: Callable[[], object], path: Path) -> None:
    """Do it; what the system says becomes words. Raises EffectRefusedError; FileNotFoundError passes."""
    try:
        work()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise EffectRefusedError(disk_words(error, path)) from error
