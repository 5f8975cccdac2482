"""The effect that moves one file into the trash and back. Sidecars are effects of their own.

Within a file system one rename does it; across file systems the file is copied, read back and flushed before the
original goes. Nothing is overwritten, and nothing falls back to deletion.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.errors import EffectRefusedError, LedgerError, UndoRefusedError, UnreadableFileError
from core.ledger import system_trash
from core.ledger.bases import base_of
from core.ledger.carrying import Going, forget_marks
from core.ledger.effects import Image, Payload, parsed
from core.ledger.trash_checks import (
    GoingPayload,
    check_going,
    identity_at,
    is_there,
    named,
    refuse_vanished,
    seen_at,
    standing,
)
from core.ledger.trash_moves import alone_in, carry, carry_back, clear_away, in_thread, on_disk
from core.ledger.trash_place import make_folder, trash_place, trash_root
from core.media.disk_words import disk_words
from core.media.moving import move_new, places_of, sync_folder
from core.media.volumes import existing, mount_of, why_missing
from core.model.library_files import FileIdentity
from core.path_text import packed, shown, unpacked
from core.settings_duplicates import TrashSettings
from core.store.database import Database
from core.store.journal_records import NewEffect

FILE_TRASH: Final = "file.trash"


class _Before(msgspec.Struct, frozen=True):
    """Where the file is to lie, and whether the system's own trash is to take it."""

    place: str
    is_system: bool = False


class TrashedImage(msgspec.Struct, frozen=True):
    """Where the file lies now, and as what."""

    place: str
    identity: FileIdentity
    is_system: bool = False


def trash_effect(given: GoingPayload, *, part: str = "") -> NewEffect:
    """The planned move into the trash."""
    what = "sidecar " if given.is_sidecar else ""
    return NewEffect(FILE_TRASH, f"trash {what}{named(given.place)}", msgspec.to_builtins(given), part=part)


class TrashFile:
    """Moves into the trash, and back to its place, or beside it where the place is taken."""

    def __init__(self, settings: TrashSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def inspect(self, payload: Payload) -> Image:
        """Where it is to lie. Refused unless it is the file that was looked at and another one stays."""
        given = parsed(payload, GoingPayload)
        if self._settings.directory and not self._settings.use_system_trash:
            await self._refuse_when_away(self._settings.directory)
        return await in_thread(self._inspected, given)

    async def _refuse_when_away(self, directory: str) -> None:
        """A trash of its own whose disk is not mounted is not made anew in the empty mount point."""
        try:
            base = await base_of(self._database, directory)
        except OSError as error:
            raise EffectRefusedError(f"the trash: {disk_words(error, Path(directory))}") from error
        if await in_thread(mount_of, base.path) != base.mount:
            raise EffectRefusedError(
                f"the trash {shown(base.path)} is not there: its disk is not mounted at {shown(base.mount)}; nothing "
                "was moved. Mount it, or set [trash] directory"
            )

    def _inspected(self, given: GoingPayload) -> Image:
        check_going(given)
        if self._settings.use_system_trash:
            return {"place": "", "is_system": True}
        place = trash_place(given.place, given.identity, trash_root(given.place, self._settings.directory))
        return {"place": packed(place), "is_system": False}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Move it, if it is still the file that was looked at a moment ago."""
        given, wanted = parsed(payload, GoingPayload), parsed(before, _Before)
        return await in_thread(_into_trash, given, wanted)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Where it lies, if it is in the trash and no longer in its place."""
        given, wanted = parsed(payload, GoingPayload), parsed(before, _Before)
        return await in_thread(_settled_after_all, given, wanted)

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused when what lies in the trash is not what was put there."""
        image = parsed(after, TrashedImage)
        await in_thread(_must_lie_there, image, parsed(payload, GoingPayload))

    async def revert(self, payload: Payload, before: Image, after: Image) -> str | None:
        """Put it back; a second time finds it back. Says where, when that is beside its place."""
        given = parsed(payload, GoingPayload)
        path = await in_thread(_back, given, parsed(after, TrashedImage))
        return "" if path == given.place else f"its place is taken: it lies beside it as {shown(path.name)}"


def _into_trash(given: GoingPayload, wanted: _Before) -> Image:
    check_going(given)
    path = given.place
    if wanted.is_system:
        place = system_trash.put(path, given.identity)
        return msgspec.to_builtins(TrashedImage(packed(place) if place else "", given.identity, is_system=True))  # type: ignore[no-any-return]
    place = Path(unpacked(wanted.place))

    others = standing(given)

    def move() -> None:
        make_folder(place)
        try:
            move_new(path, place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with alone_in(place.parent):
                check_going(given)  # another Winnow may have moved it since
                with suppress(FileNotFoundError):
                    place.unlink()  # a copy of an earlier try, in a folder of this content; the original still stands
                carry(path, place, place.parent.name, given.identity)
        sync_folder(place.parent)
        sync_folder(path.parent)

    try:
        on_disk(move, path)
    except (EffectRefusedError, FileNotFoundError) as error:
        if (image := _settled(given, wanted)) is not None:
            return image  # what was refused came after the move
        if isinstance(error, EffectRefusedError):
            raise
        raise EffectRefusedError(why_missing(path, given.identity.device)) from error
    found = seen_at(place)
    if found is None:
        raise LedgerError(f"{shown(path)} was moved to {shown(place)}, but is not there; look for it in that folder")
    try:
        refuse_vanished(given, others)
    except EffectRefusedError:
        on_disk(lambda: carry_back(place, path, found), path)
        with suppress(OSError):
            place.parent.rmdir()
        raise
    return msgspec.to_builtins(TrashedImage(packed(place), found))  # type: ignore[no-any-return]


def _settled_after_all(given: GoingPayload, wanted: _Before) -> Image | None:
    """As `_settled`; what a try that was cut short left in the trash goes where the file itself still stands."""
    image = _settled(given, wanted)
    if image is None and wanted.place:
        clear_away(Path(unpacked(wanted.place)), given.place, given.identity)
    return image


def _settled(given: GoingPayload, wanted: _Before) -> Image | None:
    path = given.place
    if wanted.is_system:
        if seen_at(path) is not None or not is_there(path.parent, given.identity.device):
            return None
        found = system_trash.find(path, given.identity)
        return msgspec.to_builtins(TrashedImage(packed(found) if found else "", given.identity, is_system=True))  # type: ignore[no-any-return]
    place = Path(unpacked(wanted.place))
    if seen_at(path) == given.identity:
        return None
    lying, root = seen_at(place), place.parent.parent
    if lying is None and not root.is_dir() and not is_there(root.parent, given.identity.device):
        raise UnreadableFileError(f"the trash {shown(root)} is not there: is its disk mounted?", path=shown(path))
    if lying is None or lying.size != given.identity.size:
        return None
    return msgspec.to_builtins(TrashedImage(wanted.place, lying))  # type: ignore[no-any-return]


def _must_lie_there(image: TrashedImage, given: GoingPayload) -> None:
    if not image.place:
        raise UndoRefusedError(
            f"{shown(given.place)} is in the system's trash; bring it back from there with the system's own tools"
        )
    place = Path(unpacked(image.place))
    try:
        found = identity_at(place)
    except OSError as error:
        raise UndoRefusedError(f"{shown(place)} cannot be looked at ({error.strerror})") from error
    if found is None:
        if not place.parent.parent.is_dir():
            raise UndoRefusedError(f"the trash {shown(place.parent.parent)} is not there: is its disk mounted?")
        raise UndoRefusedError(f"{shown(given.place)} is no longer in the trash ({shown(place)})")
    if (found.size, found.mtime_ns) != (image.identity.size, image.identity.mtime_ns):
        raise UndoRefusedError(f"{shown(place)} is not what was put there; it was left alone")


def _back(given: GoingPayload, image: TrashedImage) -> Path:
    """Where it is now."""
    path, place = given.place, Path(unpacked(image.place))
    if image.place and seen_at(place) is None and (came := _came_back(given)) is not None:
        forget_marks(Going(place, image.identity), came.parent)
        return came
    _must_lie_there(image, given)
    is_one_volume = image.identity.device == given.identity.device
    try:
        ground = existing(path.parent)
        if not _is_mounted(ground, path, place, is_one_volume=is_one_volume, given=given):
            raise UndoRefusedError(
                f"{shown(path)} cannot come back: its file system is not mounted at {shown(ground)}. "
                "It stays where it is"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        lying = identity_at(place)
        assert lying is not None
        target = carry_back(place, path, lying)
    except EffectRefusedError as error:
        raise UndoRefusedError(f"{error}. It stays in the trash") from error
    except OSError as error:
        raise UndoRefusedError(f"{disk_words(error, path)}. It stays in the trash") from error
    with suppress(OSError):
        sync_folder(target.parent)  # it is back in any case
    if image.is_system:
        system_trash.forget(place)
    with suppress(OSError):
        place.parent.rmdir()
    return target


def _is_mounted(ground: Path, path: Path, place: Path, *, is_one_volume: bool, given: GoingPayload) -> bool:
    """Whether the volume of a file is there. Numbers of volumes change from one start of the system to the next, so
    they are compared with what is mounted now where the trash lies on the same volume.
    """
    if is_one_volume:
        return ground.stat().st_dev == place.parent.stat().st_dev
    if ground.stat().st_dev == given.identity.device:
        return True
    return path.parent.is_dir() and any(path.parent.iterdir())


def _came_back(given: GoingPayload) -> Path | None:
    """The file in its place, or beside it, again: an undo that was cut short had moved it already."""
    for one in places_of(given.place):
        found = seen_at(one)
        if found is not None and (found.size, found.mtime_ns) == (given.identity.size, given.identity.mtime_ns):
            return one
    return None
