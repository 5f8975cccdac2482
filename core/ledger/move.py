"""The effect that moves a file into a folder below a base, under the first free name, and back to its place.

Nothing is overwritten. A base whose disk or share is not mounted is never taken for an empty one: the mount point that
it lay under is part of the plan.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from core.errors import EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.carrying import Going, carry, carrying_words, clear_away, find, find_alike, forget_marks, sha256_of
from core.ledger.effects import Image, Payload, parsed
from core.ledger.move_checks import check_base, check_source, places_for, wanted_name
from core.ledger.move_plan import MovePayload
from core.ledger.trash_checks import identity_at
from core.media.moving import IsStopped, places_of, sync_folder
from core.media.volumes import mount_of
from core.model.library_files import FileIdentity
from core.path_text import packed, shown, unpacked

T = TypeVar("T")

_CHEAP_BYTES: Final = 32 << 20  # up to here a whole file is read again


class _Before(msgspec.Struct, frozen=True):
    """The name it is to have, what tells its content, where it lay, and whether its folder is made for it."""

    name: str
    mount: str
    sha256: str | None
    is_folder_new: bool


class MovedImage(msgspec.Struct, frozen=True):
    """Where the file lies now, and as what."""

    place: str
    identity: FileIdentity


class MoveFile:
    """Moves below a base, and back to its place, or beside it where the place is taken."""

    async def inspect(self, payload: Payload) -> Image:
        """What it is to be called. Refused unless it is the file that was looked at and the base is mounted."""
        return await asyncio.to_thread(_inspected, parsed(payload, MovePayload))

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Move it, if it is still the file that was looked at a moment ago."""
        given, known = parsed(payload, MovePayload), parsed(before, _Before)
        return await _in_thread(lambda is_stopped: _moved(given, known, is_stopped))

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Where it lies, if it lies below the base and no longer in its place."""
        return await asyncio.to_thread(_settled, parsed(payload, MovePayload), parsed(before, _Before))

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused when what lies there is not what was moved there, or its old disk is not mounted."""
        given, known, image = parsed(payload, MovePayload), parsed(before, _Before), parsed(after, MovedImage)
        await asyncio.to_thread(_why_gone, given, image)
        await asyncio.to_thread(_check_old_place, given, known)

    async def revert(self, payload: Payload, before: Image, after: Image) -> str | None:
        """Put it back; a second time finds it back. Says where, when that is beside its place."""
        given, known, image = parsed(payload, MovePayload), parsed(before, _Before), parsed(after, MovedImage)
        return await _in_thread(lambda is_stopped: _back(given, known, image, is_stopped))


async def _in_thread(work: Callable[[IsStopped], T]) -> T:
    """Work on the disk that, when cancelled, is stopped and waited for: nobody else may begin meanwhile."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop.is_set))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen: nobody else will ask for it
        raise


def _inspected(given: MovePayload) -> Image:
    source = given.source
    if os.sep in given.folder + given.name or not {given.folder, given.name}.isdisjoint(("", ".", "..")):
        raise EffectRefusedError(f"{shown(given.folder)}/{shown(given.name)} is no place below a folder")
    check_source(given)
    check_base(given)
    try:
        sha256 = sha256_of(source) if given.identity.size <= _CHEAP_BYTES else given.sha256
        if given.sha256 is not None and sha256 != given.sha256:
            raise EffectRefusedError(f"{shown(source)} holds something else than when it was hashed; look again")
        is_new = not given.target.exists()
        if not is_new and given.target.samefile(source.parent):
            raise EffectRefusedError(f"{shown(source)} lies in the folder it is to go to already")
        mount = packed(mount_of(source.parent))
        name = wanted_name(given)
    except OSError as error:
        raise EffectRefusedError(f"{carrying_words(error, source)}; nothing was moved") from error
    return msgspec.to_builtins(_Before(name, mount, sha256, is_new))  # type: ignore[no-any-return]


def _moved(given: MovePayload, known: _Before, is_stopped: IsStopped) -> Image:
    check_source(given)
    check_base(given)
    target = given.target
    for folder in (target.parent, target):
        _make(folder)
    try:
        going = Going(given.source, given.identity, known.sha256)
        place = carry(going, places_for(given, known.name), is_stopped=is_stopped)
        found = identity_at(place)
    except OSError as error:
        raise _error(error, given.source, given.identity, EffectRefusedError) from error
    if found is None:
        raise LedgerError(f"{shown(given.source)} was moved to {shown(place)}, but is not there; look in that folder")
    return msgspec.to_builtins(MovedImage(packed(place), found))  # type: ignore[no-any-return]


def _make(folder: Path) -> None:
    """Raises EffectRefusedError."""
    if folder.is_dir():
        return
    try:
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise EffectRefusedError(f"the folder {carrying_words(error, folder)}; nothing was moved") from error


def _settled(given: MovePayload, known: _Before) -> Image | None:
    source, target = given.source, given.target
    try:
        if identity_at(source) == given.identity:
            with suppress(OSError):  # it stays for the next try then
                clear_away(Going(source, given.identity, known.sha256), target)
            return None
        if not source.parent.is_dir() or packed(mount_of(source.parent)) != known.mount:
            raise LedgerError(f"the folder of {shown(source)} is not there: is its disk or share mounted?")
        going = Going(source, given.identity, known.sha256)
        place = find(going, places_for(given, known.name))
        found = None if place is None else identity_at(place)
        if place is not None and found is not None:
            forget_marks(going, target)
            return msgspec.to_builtins(MovedImage(packed(place), found))  # type: ignore[no-any-return]
        check_base(given)
    except OSError as error:
        raise LedgerError(carrying_words(error, source)) from error
    except EffectRefusedError as error:
        raise LedgerError(str(error)) from error
    return None


def _why_gone(given: MovePayload, image: MovedImage) -> str:
    """Empty when it lies where it was moved to; for a sidecar, which may go its own ways, why it does not.

    Raises UndoRefusedError for a file that is gone, for one that changed, and where the folder cannot be seen.
    """
    place = Path(unpacked(image.place))
    try:
        found = identity_at(place)
        check_base(given)
    except OSError as error:
        raise UndoRefusedError(f"{shown(place)} cannot be looked at ({error.strerror})") from error
    except EffectRefusedError as error:
        raise UndoRefusedError(str(error)) from error
    if found is None:
        words = f"{shown(place)} is not there any more: somebody moved or deleted it"
        if given.companion is None:
            raise UndoRefusedError(words)
        return f"{words}; it does not come back"
    if (found.size, found.mtime_ns) != (image.identity.size, image.identity.mtime_ns):
        raise UndoRefusedError(f"{shown(place)} is not what was moved there; it was left alone")
    return ""


def _check_old_place(given: MovePayload, known: _Before) -> None:
    """Raises UndoRefusedError when the disk it came from is not mounted."""
    source = given.source
    try:
        found = packed(mount_of(source.parent))
    except OSError as error:
        raise UndoRefusedError(f"{shown(source.parent)} cannot be looked at ({error.strerror})") from error
    if found != known.mount:
        raise UndoRefusedError(
            f"{shown(source)} cannot come back: its disk or share is not mounted at {shown(unpacked(known.mount))}. "
            "It stays where it is"
        )


def _back(given: MovePayload, known: _Before, image: MovedImage, is_stopped: IsStopped) -> str:
    """Where it is when that is not its place, in words."""
    source, place = given.source, Path(unpacked(image.place))
    places = list(places_of(source))
    _check_old_place(given, known)
    try:
        check_base(given)
        lying = identity_at(place)  # on another inode than once, if it was carried to and fro since
        going = Going(place, lying or image.identity, known.sha256)
        # An undo that was cut short may have moved it already.
        target = find_alike(going, places) if lying is None else None
        if target is not None:
            forget_marks(going, target.parent)
        elif gone := _why_gone(given, image):
            return gone
        else:
            source.parent.mkdir(parents=True, exist_ok=True)
            target = carry(going, places, is_stopped=is_stopped)
    except OSError as error:
        raise _error(error, place, image.identity, UndoRefusedError) from error
    except EffectRefusedError as error:
        raise UndoRefusedError(str(error)) from error
    if known.is_folder_new:
        with suppress(OSError):  # others lie there by now
            place.parent.rmdir()
    return _beside_words(source, target)


def _error(error: OSError, path: Path, identity: FileIdentity, refusal: type[LedgerError]) -> LedgerError:
    """A refusal where the file stands where it stood; else it has to be looked at what became of it."""
    with suppress(OSError):
        if identity_at(path) == identity:
            return refusal(f"{carrying_words(error, path)}; it was not moved")
    return LedgerError(carrying_words(error, path))


def _beside_words(path: Path, target: Path) -> str:
    return "" if target == path else f"its place is taken: it lies beside it as {shown(target.name)}"
