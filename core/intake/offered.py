"""A file that is handed over: whether it can be taken in at all, and what one read of it tells.

Synchronous. What decides is the content; the name only says what is not worth a look: parts of files that are still
coming, hidden files, and what goes along with a picture.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import UnreadableFileError
from core.media.checksums import Checksums, checksums
from core.media.file_at_path import look_at
from core.media.folders import FoundFile, Wanted, media_of, walk
from core.media.kinds import Kind, What, kind_of
from core.model.library_files import FileIdentity
from core.model.library_records import Media

_PARTS: Final = (
    ".part",
    ".partial",
    ".crdownload",
    ".tmp",
    ".temp",
    ".download",
    ".opdownload",
    ".filepart",
    ".ytdl",
    ".aria2",
    ".!ut",
    ".!qb",
)
_COMPANIONS: Final = (".json", ".txt", ".xmp", ".description", ".nfo", ".funscript", ".srt", ".vtt")


class StoppedError(Exception):
    """The reading was stopped on request."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A picture or a film that was read once from start to end. `path` is absolute; its folder holds no link."""

    path: Path
    identity: FileIdentity
    kind: Kind
    sums: Checksums


def is_part(name: str) -> bool:
    """Whether a name is that of a file which is still coming."""
    return name.lower().endswith(_PARTS)


def media_by_name(name: str) -> Media | None:
    """What a file in a folder may be; None for what is passed over without a word."""
    if name.startswith(".") or is_part(name) or name.lower().endswith(_COMPANIONS):
        return None
    return media_of(name) or Media.IMAGE


def files_below(folder: Path, troubles: list[str]) -> Iterator[list[FoundFile]]:
    """The files of a folder that may be pictures or films, in batches; hidden folders and links are passed over.

    What cannot be looked at is added to `troubles`. Raises UnreadableFileError when the folder is not there.
    """
    wanted = Wanted(frozenset(Media), enters=lambda path: not _name(path).startswith("."), media_of=media_by_name)
    return walk(folder, wanted, troubles)


def whole_path(path: Path) -> Path:
    """A path as it is written down: absolute, without links in its folder. Raises OSError and ValueError."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  a link at the end of it is not to be followed
    return Path(os.path.realpath(absolute.parent)) / absolute.name


def read_file(path: Path, *, is_stopped: Callable[[], bool] = lambda: False) -> ReadFile | str:
    """What one read of a file gave, or the words why it is not taken in. Raises StoppedError."""

    def go_on(_: int) -> None:
        if is_stopped():
            raise StoppedError

    seen = look_at(str(path))
    if seen.identity is None:
        return seen.problem
    if seen.identity.size == 0:
        return "is empty"
    try:
        kind = kind_of(path)
        if words := why_not_taken(kind):
            return words
        sums = checksums(path, on_read=go_on)
    except UnreadableFileError as error:
        return str(error).removeprefix(f"{path}: ")
    if look_at(str(path)).identity != seen.identity:
        return "changed while it was read; hand it over again when nothing writes to it"
    return ReadFile(path, seen.identity, kind, sums)


def why_not_taken(kind: Kind) -> str:
    """Why a file of this kind is not taken in; empty where it is."""
    if kind.what in (What.IMAGE, What.VIDEO):
        return ""
    if kind.what is What.PAGE:
        return "is a web page, no picture and no video"
    if kind.format == "heif":
        return "is a HEIC picture, which needs pillow-heif to be read: pip install pillow-heif"
    return "is neither a picture nor a video that can be read"


def _name(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119  names that are no UTF-8 pass
