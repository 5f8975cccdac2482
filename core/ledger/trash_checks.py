"""What is looked at before a file goes: that it is the one that was looked at, and that another one stays."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from core.errors import EffectRefusedError, MediaError, UnreadableFileError
from core.media.volumes import why_missing
from core.model.library_files import FileIdentity
from core.path_text import shown, unpacked

_CHEAP_BYTES: Final = 32 << 20  # up to here a whole file is read again
_ENDS: Final = 4096  # bytes of a survivor that are read at each end


class Survivor(msgspec.Struct, frozen=True):
    """A file that stays in its stead. `path` as `core.path_text.packed` writes it."""

    path: str
    identity: FileIdentity


class GoingPayload(msgspec.Struct, frozen=True):
    """A file that goes. Hashes are hexadecimal, None where they are not known.

    `survivors`: the files that stay in its stead; a sidecar has none, it goes with its film, and neither has one that
    is not wanted at all (`is_unwanted`). `meaning` (JSON) is for whoever keeps records of it.
    """

    path: str
    identity: FileIdentity
    survivors: tuple[Survivor, ...] = ()
    is_sidecar: bool = False
    is_unwanted: bool = False
    oshash: str | None = None
    md5: str | None = None
    sha256: str | None = None
    group_id: int | None = None
    file_id: int | None = None
    stash_path: str = ""
    meaning: dict[str, Any] | None = None

    @property
    def place(self) -> Path:
        """Where it is."""
        return Path(unpacked(self.path))


def identity_at(path: Path) -> FileIdentity | None:
    """Which regular file stands at a path, None where none does. Symbolic links are not followed. Raises OSError."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileIdentity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def seen_at(path: Path) -> FileIdentity | None:
    """As `identity_at`. Raises UnreadableFileError where that cannot be seen: a disk that fails is no missing file."""
    try:
        return identity_at(path)
    except OSError as error:
        raise UnreadableFileError(f"it cannot be looked at ({error.strerror})", path=shown(path)) from error


def is_there(folder: Path, device: int) -> bool:
    """Whether a folder is there and on its device: an empty mount point is on the one below."""
    try:
        return folder.is_dir() and folder.stat().st_dev == device
    except OSError:
        return False


def is_gone(path: Path, identity: FileIdentity) -> bool:
    """Whether a file left its place, which is there. One that was written to is still there. Raises as `seen_at`."""
    found = seen_at(path)
    is_other = found is None or (found.device, found.inode) != (identity.device, identity.inode)
    return is_other and is_there(path.parent, identity.device)


def check_going(given: GoingPayload) -> None:
    """Raises EffectRefusedError unless the file is the one that was looked at, and one stays."""
    path = given.place
    try:
        found = identity_at(path)
    except OSError as error:
        raise EffectRefusedError(f"{shown(path)} cannot be looked at ({error.strerror}); nothing was moved") from error
    if found is None:
        raise EffectRefusedError(why_missing(path, given.identity.device))
    if found != given.identity:
        raise EffectRefusedError(f"{shown(path)} is not the file that was looked at: it changed since; scan again")
    _check_hashes(given, path)
    if not given.is_sidecar and not given.is_unwanted:
        _check_survivors(given)


def _check_hashes(given: GoingPayload, path: Path) -> None:
    from core.media.checksums import checksums, oshash

    try:
        if given.md5 is not None and given.identity.size <= _CHEAP_BYTES:
            is_same = int(checksums(path).md5, 16) == int(given.md5, 16)
        elif given.oshash is not None:
            is_same = oshash(path) == int(given.oshash, 16)
        else:
            return
    except MediaError as error:
        raise EffectRefusedError(f"{error}; nothing was moved") from error
    if not is_same:
        raise EffectRefusedError(f"{shown(path)} holds something else than when it was hashed; scan again")


def _check_survivors(given: GoingPayload) -> None:
    """At least one that is there, is the one that was looked at, is another inode, and can be read."""
    reasons: list[str] = []
    for one in given.survivors:
        reason = _why_no_survivor(one, given)
        if not reason:
            return
        reasons.append(reason)
    why = "; ".join(reasons) or "no file would be left"
    raise EffectRefusedError(f"{shown(given.place)} stays: {why}")


def standing(given: GoingPayload) -> list[Survivor]:
    """Those that are to stay and are there now."""
    found: list[Survivor] = []
    for one in given.survivors:
        with suppress(OSError):
            if identity_at(Path(unpacked(one.path))) == one.identity:
                found.append(one)
    return found


def refuse_vanished(given: GoingPayload, others: list[Survivor]) -> None:
    """Raises EffectRefusedError when one that was to stay went together with the file: both were one file, seen twice
    by a bind mount, a linked folder, or two mounts of one share.
    """
    for one in others:
        if identity_at(Path(unpacked(one.path))) is None:
            raise EffectRefusedError(
                f"{shown(given.place)} stays: {shown(unpacked(one.path))}, which was to stay, is the same file in "
                "another place (or was taken away at this moment)"
            )


def _why_no_survivor(one: Survivor, given: GoingPayload) -> str:
    path = Path(unpacked(one.path))
    try:
        found = identity_at(path)
        if found is None:
            return why_missing(path, one.identity.device)
        if found != one.identity:
            return f"{shown(path)}, which was to stay, changed since it was looked at"
        if (found.device, found.inode) == (given.identity.device, given.identity.inode):
            return f"{shown(path)}, which was to stay, is the same file under another name"
        with path.open("rb") as file:
            if len(file.read(_ENDS)) != min(_ENDS, found.size):
                return f"{shown(path)}, which was to stay, cannot be read"
            file.seek(-min(_ENDS, found.size), os.SEEK_END)
            if len(file.read(_ENDS)) != min(_ENDS, found.size):
                return f"{shown(path)}, which was to stay, cannot be read to its end"
    except OSError as error:
        return f"{shown(path)}, which was to stay, cannot be read ({error.strerror})"
    return ""


def named(path: Path) -> str:
    """The name first, which tells most where there is little room."""
    return f"{shown(path.name)} (in {shown(path.parent)})"
