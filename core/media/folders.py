"""Walking folders for videos and pictures, without opening a file.

Symbolic links are not followed, neither to files nor to folders; what lies inside an archive is left alone; Winnow's
own trash and hidden folders of other trashes are passed over. A folder that cannot be read is reported and passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import UnreadableFileError
from core.model.library_files import FileIdentity
from core.model.library_records import Media

VIDEO_EXTENSIONS: Final = frozenset(
    [".m4v", ".mp4", ".mov", ".wmv", ".avi", ".mpg", ".mpeg", ".rmvb", ".rm", ".flv", ".asf", ".mkv", ".webm", ".f4v"]
)
IMAGE_EXTENSIONS: Final = frozenset([".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"])
PASSED_OVER: Final = (".winnow-trash", ".Trash", "$RECYCLE.BIN", "@Recycle", "#recycle", "@eaDir", "lost+found")
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as a walk saw it. `path` is surrogate-escaped where its bytes are no UTF-8; `modified_at` Unix seconds."""

    path: str
    media: Media
    identity: FileIdentity
    links: int
    modified_at: float


def media_of(name: str) -> Media | None:
    """What a file is, by its extension."""
    extension = os.path.splitext(name)[1].lower()  # noqa: PTH122  names that are no UTF-8 pass
    if extension in VIDEO_EXTENSIONS:
        return Media.VIDEO
    return Media.IMAGE if extension in IMAGE_EXTENSIONS else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a walk gives: which media, and whether a path is wanted (files) or entered (folders).

    `media_of` says what a file is by its name, None for one that is passed over.
    """

    media: frozenset[Media]
    takes: Callable[[str], bool] = lambda _: True
    enters: Callable[[str], bool] = lambda _: True
    media_of: Callable[[str], Media | None] = media_of


def ensure_folder(root: Path) -> None:
    """Raises UnreadableFileError when the root of a walk is not there: its files are unreachable then, and not gone."""
    try:
        found = root.stat()
    except OSError as error:
        words = f"is not there ({error.strerror}); is its disk or share mounted? Its files count as unreachable"
        raise UnreadableFileError(words, path=root) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UnreadableFileError("is no folder", path=root)


def walk(root: Path, wanted: Wanted, troubles: list[str]) -> Iterator[list[FoundFile]]:
    """The files below a folder in batches; what cannot be read is added to `troubles`, in words.

    Raises UnreadableFileError when the folder itself is not there or cannot be listed.
    """
    ensure_folder(root)
    batch: list[FoundFile] = []
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            if folder == str(root):
                raise UnreadableFileError(f"cannot be listed ({error.strerror})", path=root) from error
            if not isinstance(error, FileNotFoundError):  # gone since its own folder was listed
                troubles.append(f"{folder}: cannot be listed ({error.strerror})")
            continue
        for entry in listed:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(PASSED_OVER) and wanted.enters(entry.path):
                        waiting.append(entry.path)
                elif (found := _file(entry, wanted)) is not None:
                    batch.append(found)
            except FileNotFoundError:
                continue  # it vanished meanwhile
            except OSError as error:
                troubles.append(f"{entry.path}: cannot be looked at ({error.strerror})")
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _file(entry: os.DirEntry[str], wanted: Wanted) -> FoundFile | None:
    media = wanted.media_of(entry.name)
    if media is None or media not in wanted.media or not entry.is_file(follow_symlinks=False):
        return None
    if not wanted.takes(entry.path):
        return None
    found = entry.stat(follow_symlinks=False)
    identity = FileIdentity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    return FoundFile(entry.path, media, identity, found.st_nlink, found.st_mtime_ns / 1e9)
