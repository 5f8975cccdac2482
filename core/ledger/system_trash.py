"""The desktop's own trash (freedesktop.org): files go there by send2trash, and come back by its own records.

On systems that keep no such records a file can only be brought back with the system's tools, which is said beforehand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from core.errors import EffectRefusedError
from core.media.disk_words import disk_words
from core.media.volumes import mount_of
from core.model.library_files import FileIdentity
from core.path_text import shown


def put(path: Path, identity: FileIdentity) -> Path | None:
    """Move a file into the system's trash; where it lies there, None where that cannot be told.

    Raises EffectRefusedError; the file is then still in its place.
    """
    import send2trash

    try:
        send2trash.send2trash(str(path))
    except OSError as error:
        raise EffectRefusedError(f"{disk_words(error, path)} (the system's trash was asked)") from error
    if path.exists():
        raise EffectRefusedError(f"{shown(path)} is still there although the system's trash took it")
    return find(path, identity)


def find(path: Path, identity: FileIdentity) -> Path | None:
    """Where a file lies that was put into the system's trash from this path: the very one, else the last of them."""
    best: tuple[int, str, Path] | None = None
    for folder, top in _trashes(path):
        for info in (folder / "info").glob("*.trashinfo"):
            stated = _stated(info)
            if stated is None:
                continue
            original = Path(stated[0]) if stated[0].startswith("/") else top / stated[0]
            place = folder / "files" / info.stem
            if original == path and place.exists():
                found = (_likeness(place, identity), stated[1], place)
                best = found if best is None else max(best, found)
    return None if best is None else best[2]


def _likeness(place: Path, identity: FileIdentity) -> int:
    """The times in the records are whole seconds: files of one path may have the same."""
    found = place.lstat()
    if (found.st_size, found.st_mtime_ns) != (identity.size, identity.mtime_ns):
        return 0
    return 2 if found.st_ino == identity.inode else 1


def forget(place: Path) -> None:
    """Drop the record of a file that was taken out again."""
    with suppress(OSError):
        (place.parent.parent / "info" / f"{place.name}.trashinfo").unlink()


def _trashes(path: Path) -> Iterator[tuple[Path, Path]]:
    """The trash folders that may hold files from this path, each with the folder its records count from."""
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "Trash"
    yield home, home.parent
    top = mount_of(path.parent)
    uid = os.getuid()
    yield top / ".Trash" / str(uid), top
    yield top / f".Trash-{uid}", top


def _stated(info: Path) -> tuple[str, str] | None:
    """Path and date of deletion in a record; None for one that cannot be read."""
    try:
        lines = info.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    if "Path" not in found:
        return None
    return unquote(found["Path"], errors="surrogateescape"), found.get("DeletionDate", "")
