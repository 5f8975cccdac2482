"""Which files no rule removes, and which folders are preferred. Pure.

A pattern is compared with the local path and with the path that Stash knows: `*` stands for anything within one name,
`**` for any number of folders, `?` for one character; letter case counts, the way in which an accent is composed does
not. A pattern that names a folder holds for everything below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord
from core.settings_duplicates import DuplicatesSettings


def protected(file: LibraryFile, record: LibraryRecord | None, settings: DuplicatesSettings) -> str:
    """Why no rule may remove a file, in words; empty where one may."""
    for pattern in settings.protected_paths:
        if fits(file, pattern):
            return f"its path fits protected_paths ({pattern})"
    if record is None:
        return ""
    if settings.protect_organized and record.is_organized:
        return "it is organized"
    wanted = {tag.casefold() for tag in settings.protected_tags}
    for tag in record.tags:
        if tag.name.casefold() in wanted:
            return f"it has the protected tag {tag.name}"
    return ""


def place_of_preference(file: LibraryFile, settings: DuplicatesSettings) -> int:
    """The place of the first pattern of preferred_paths that fits, from 0; their number where none does."""
    patterns = settings.preferred_paths
    return next((place for place, pattern in enumerate(patterns) if fits(file, pattern)), len(patterns))


def fits(file: LibraryFile, pattern: str) -> bool:
    """Whether a file's local path, or its path at Stash, fits a pattern."""
    return any(path_fits(path, pattern) for path in (file.path, file.stash_path) if path)


def path_fits(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern."""
    wanted = _compiled(pattern)
    text = path if path.isascii() else normalize("NFC", path)
    return wanted.fullmatch(text) is not None or (
        "\\" in text and wanted.fullmatch(_slashed(text)) is not None  # a folder of Windows, or a part of a name
    )


def fits_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path fits one of the patterns."""
    return any(path_fits(path, pattern) for pattern in patterns)


def _slashed(text: str) -> str:
    return re.sub("/{2,}", "/", text.replace("\\", "/"))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = normalize("NFC", _slashed(pattern)).rstrip("/")
    made: list[str] = []
    place = 0
    while place < len(text):
        if text.startswith("**/", place):
            made.append("(?:.*/)?")
            place += 3
        elif text.startswith("**", place):
            made.append(".*")
            place += 2
        elif text[place] == "*":
            made.append("[^/]*")
            place += 1
        elif text[place] == "?":
            made.append("[^/]")
            place += 1
        else:
            made.append(re.escape(text[place]))
            place += 1
    anywhere = "" if text.startswith(("/", "**")) or re.match(r"[A-Za-z]:/", text) else "(?:.*/)?"
    return re.compile(f"{anywhere}{''.join(made)}(?:/.*)?", re.DOTALL)
