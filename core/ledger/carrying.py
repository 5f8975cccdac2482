"""Carries one file to the first free of several places, within a file system or over to another one; synchronous.

However often it is cut short, the next try finishes it: the file is never lost, and not left in two places.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

from core.errors import EffectRefusedError, LedgerError
from core.ledger.trash_checks import identity_at
from core.media.disk_words import disk_words
from core.media.moving import IsStopped, copy_verified, move_new, never, sync_folder
from core.model.library_files import FileIdentity
from core.path_text import shown

_NO_DEVICE: Final = -1
_TIME_STEP: Final = 2_000_000_000  # nanoseconds; FAT keeps times no finer


@dataclass(frozen=True, slots=True)
class Going:
    """A file that is to be carried, as it was looked at. `sha256` in hexadecimal, None where it is not known."""

    path: Path
    identity: FileIdentity
    sha256: str | None = None

    @property
    def token(self) -> str:
        """The same for the same content of the same path: what was begun is found again by it."""
        one = self.identity
        numbers = f"{one.device}:{one.inode}:{one.size}:{one.mtime_ns}".encode()
        return blake2b(os.fsencode(self.path) + b"\0" + numbers, digest_size=8).hexdigest()


def carry(going: Going, targets: Iterable[Path], *, is_stopped: IsStopped = never) -> Path:
    """Move it to the first place where nothing stands; that place. What an earlier try left is finished.

    Raises EffectRefusedError when it is not the file that was looked at, and OSError as the system does: it stands
    where it stood then, unless only flushing a folder failed. Raises LedgerError when it stands in two places and
    neither can be taken away.
    """
    for target in targets:
        if not _is_taken(target):
            with suppress(FileExistsError):  # somebody was quicker
                _move(going, target, is_stopped)
                return target
        elif _is_from_earlier_try(going, target):
            _take_away(going, target)
            return target
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(going.path))


def find(going: Going, places: Iterable[Path]) -> Path | None:
    """Where an earlier try put it: the last of the places before a free one that holds it. Raises OSError."""
    found: Path | None = None
    for place in places:
        if is_same_content(place, going):
            found = place
        elif not _is_taken(place):
            break
    return found


def find_alike(going: Going, places: Iterable[Path]) -> Path | None:
    """As `find`; also a file of the same content and time that got another inode when it was carried to and fro.

    Raises OSError.
    """
    places = list(places)
    found = find(going, places)
    if found is None and going.sha256 is not None:
        found = find(replace(going, identity=replace(going.identity, device=_NO_DEVICE)), places)
    return found


def is_same_content(place: Path, going: Going) -> bool:
    """Whether what stands at a place is the file, moved there or copied. Raises OSError."""
    found = identity_at(place)
    if found is None or found.size != going.identity.size:
        return False
    if found.device == going.identity.device:
        return found == going.identity
    if abs(found.mtime_ns - going.identity.mtime_ns) > _TIME_STEP:
        return False
    return going.sha256 is None or sha256_of(place) == going.sha256


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def carrying_words(error: OSError, path: Path) -> str:
    """What the system refused, in words that fit a file which is sorted."""
    if error.errno == errno.ENAMETOOLONG:
        return f"{shown(path)}: its name is too long for the file system it goes to; shorten it"
    if error.errno == errno.EROFS:
        return f"{shown(path)}: it lies on, or goes to, a file system that is mounted read-only; mount it writable"
    if isinstance(error, FileExistsError):
        return f"{shown(path)}: every name it could have is taken in the folder it goes to"
    return disk_words(error, path)


def _is_taken(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _is_from_earlier_try(going: Going, target: Path) -> bool:
    """Whether an earlier try got so far that the file stands at the target, and only the original is to go.

    Within a file system that is a second name of the file in another folder; a copy of the same bytes counts where a
    mark says that it was about to get this name.
    """
    found = target.lstat()
    if not stat.S_ISREG(found.st_mode) or target.parent.samefile(going.path.parent):
        return False
    if (found.st_dev, found.st_ino) == (going.identity.device, going.identity.inode):
        return found.st_nlink > 1
    with suppress(FileNotFoundError):
        if _mark(going, target).read_bytes() == os.fsencode(target.name) and found.st_size == going.identity.size:
            return sha256_of(target) == (going.sha256 or sha256_of(going.path))
    return False


def _mark(going: Going, target: Path) -> Path:
    """Holds the name that a copy is about to get, until the original is gone."""
    return target.with_name(f".winnow-{going.token}.place")


def _move(going: Going, target: Path, is_stopped: IsStopped) -> None:
    try:
        move_new(going.path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(going, target, is_stopped)
        return
    if identity_at(target) != going.identity:
        move_new(target, going.path)
        raise _changed(going)
    sync_folder(target.parent)
    sync_folder(going.path.parent)


def _copy_over(going: Going, target: Path, is_stopped: IsStopped) -> None:
    """Copy beside the target, read back, flush, give it its name, then take the original away."""
    unfinished = target.with_name(f".winnow-{going.token}.part")
    with suppress(FileNotFoundError):
        unfinished.unlink()
    digest = copy_verified(going.path, unfinished, is_stopped=is_stopped)
    try:
        if going.sha256 is not None and digest != going.sha256:
            raise _changed(going)
        _write_mark(_mark(going, target), target.name)
        move_new(unfinished, target)
    except BaseException:
        for one in (unfinished, _mark(going, target)):
            with suppress(OSError):
                one.unlink()
        raise
    _take_away(going, target)


def _write_mark(mark: Path, name: str) -> None:
    with mark.open("wb") as file:
        file.write(os.fsencode(name))
        file.flush()
        os.fsync(file.fileno())


def _take_away(going: Going, target: Path) -> None:
    """Delete the original, which stands at the target as well; the target goes again where that is not possible."""
    try:
        sync_folder(target.parent)
        if identity_at(going.path) != going.identity:
            raise _changed(going)
        going.path.unlink()
    except (OSError, EffectRefusedError):
        try:
            target.unlink()
        except OSError as error:
            raise LedgerError(
                f"{shown(going.path)} stands at {shown(target)}, too, and neither can be deleted ({error.strerror}); "
                "delete one of them yourself"
            ) from error
        raise
    finally:
        forget_marks(going, target.parent)
    sync_folder(going.path.parent)


def forget_marks(going: Going, folder: Path) -> None:
    """Clear away what was only there for the case that the work is cut short."""
    with suppress(OSError):
        _mark(going, folder / "any").unlink()


def clear_away(going: Going, folder: Path) -> None:
    """Take back what a try that was cut short left in a folder on another file system; the original stands.

    A copy that got its name is known by the mark, and by there being no unfinished one any more. Raises OSError.
    """
    unfinished, mark = folder / f".winnow-{going.token}.part", _mark(going, folder / "any")
    try:
        target = folder / os.fsdecode(mark.read_bytes())
    except OSError:
        target = None
    if target is not None and not _is_taken(unfinished) and identity_at(going.path) == going.identity:
        found, wanted = identity_at(target), going.identity
        is_copy = found is not None and found.size == wanted.size and found.device != wanted.device
        if is_copy and found is not None and abs(found.mtime_ns - wanted.mtime_ns) <= _TIME_STEP:
            target.unlink()
    for one in (unfinished, mark):
        with suppress(FileNotFoundError):
            one.unlink()


def _changed(going: Going) -> EffectRefusedError:
    return EffectRefusedError(f"{shown(going.path)} is not the file that was looked at: it changed since; look again")
