"""Where a removed file goes: Winnow's own folder on its file system, or the one that was set."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

from core.errors import EffectRefusedError
from core.media.moving import fitted
from core.model.library_files import FileIdentity
from core.path_text import shown

FOLDER: Final = ".winnow-trash"
SUFFIX: Final = ".trashed"  # no scanner takes what ends so for media


def trash_root(path: Path, directory: str) -> Path:
    """The trash for a file: the folder that was set, else one at the top of what may be written of its file system.

    Raises EffectRefusedError where no folder may be written, or somebody else put a link in its place.
    """
    if directory:
        return Path(directory)
    try:
        device = path.parent.stat().st_dev
        top: Path | None = None
        for folder in path.absolute().parents:
            if folder.stat().st_dev != device:
                break
            if os.access(folder, os.W_OK | os.X_OK):
                top = folder
    except OSError as error:
        raise EffectRefusedError(f"{shown(path)} cannot be reached ({error.strerror}); nothing was moved") from error
    if top is None:
        raise EffectRefusedError(
            f"there is no folder for a trash on the file system of {shown(path)}: set [trash] directory"
        )
    if not _is_others(top / FOLDER):
        return top / FOLDER
    own = top / f"{FOLDER}-{os.getuid()}"
    if own.is_symlink() and _is_others(own):
        raise EffectRefusedError(f"{shown(own)} is a link of somebody else, and not followed: set [trash] directory")
    return own


def _is_others(folder: Path) -> bool:
    """Whether somebody else made what stands there."""
    try:
        return folder.lstat().st_uid != os.getuid()
    except OSError:
        return False


def trash_place(path: Path, identity: FileIdentity, root: Path) -> Path:
    """The place of one content of one path: always the same, so that what was cut short is found again."""
    numbers = f"{identity.device}:{identity.inode}:{identity.size}:{identity.mtime_ns}".encode()
    token = blake2b(os.fsencode(path) + b"\0" + numbers, digest_size=8).hexdigest()
    return root / token / fitted(path.name, SUFFIX)


def make_folder(place: Path) -> None:
    """The folder of a place, for its owner's eyes alone. Raises OSError."""
    place.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.parent.mkdir(exist_ok=True, mode=0o700)
