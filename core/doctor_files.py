"""What `winnow doctor` finds out about files: folders, Stash's database file, the trash."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.doctor_intake import intake_folders
from core.doctor_machine import Check, State
from core.errors import EffectRefusedError, ServerError, WinnowError
from core.ledger.trash_place import trash_root
from core.path_text import shown
from core.servers.stash_database import StashDatabase
from core.settings import Settings

_SHOWN: Final = 200  # names of a folder that are looked at


def folders(settings: Settings) -> Iterator[Check]:
    """Whether each folder to search is there and shows something: an empty mount point looks like a folder, too."""
    for name in settings.duplicates.folders:
        try:
            with os.scandir(name) as entries:
                is_empty = next(entries, None) is None
        except OSError as error:
            advice = "mount it, or correct [duplicates] folders"
            yield Check("folder", State.FAILED, f"{shown(name)} cannot be looked at: {error.strerror}", advice)
            continue
        if is_empty:
            yield Check("folder", State.WARNING, f"{shown(name)} is empty", "is its disk mounted?")
        else:
            yield Check("folder", State.OK, f"{shown(name)} can be read")


async def stash_database(settings: Settings) -> Check | None:
    """Whether the database file of Stash can be read, None where none is named. Nothing is left beside it."""
    if not settings.stash.database:
        return None
    try:
        async with StashDatabase.open(Path(settings.stash.database)) as database:
            version, notes = database.version, database.notes
    except ServerError as error:
        return Check("Stash database", State.FAILED, str(error), "correct [stash] database, or leave it empty")
    words = f"{shown(settings.stash.database)} can be read (schema {version})"
    if notes:
        return Check("Stash database", State.WARNING, f"{words}; {' '.join(notes)}")
    return Check("Stash database", State.OK, words)


def trash(settings: Settings) -> Iterator[Check]:
    """Where files of each folder would go: that it can be written, and whether it is on the same file system."""
    if settings.trash.use_system_trash:
        yield Check("trash", State.OK, "files go to the system's own trash")
        return
    known = [*settings.duplicates.folders, *(pair.local for pair in settings.stash.path_map)]
    if settings.intake.enabled:  # what is rejected, and what is known already
        known += [one for one in (settings.intake.review_base, settings.intake.temp_dir) if one]
    if settings.trash.directory and not known:
        known = [settings.trash.directory]
    seen: set[Path] = set()
    for name in known:
        folder = Path(name)
        if not folder.is_dir():
            continue  # said of the folder itself, or of the path mapping
        if _is_read_only(folder):
            words = f"{shown(folder)} is mounted read-only: nothing can be moved out of it"
            yield Check("trash", State.WARNING, words, "to look this is enough; to move files mount it writable")
            continue
        try:
            root = trash_root(folder / "a file", settings.trash.directory)
        except EffectRefusedError as error:
            yield Check("trash", State.FAILED, str(error), "set [trash] directory to a folder that can be written")
            continue
        if root not in seen:
            seen.add(root)
            yield _root(root, folder)


def _is_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False  # what is wrong with it is said where the trash is looked for


def _root(root: Path, folder: Path) -> Check:
    ground = root
    while not ground.exists() and ground != ground.parent:
        ground = ground.parent
    if not ground.is_dir() or not os.access(ground, os.W_OK | os.X_OK):
        advice = "correct its owner and mode, or set another [trash] directory"
        return Check("trash", State.FAILED, f"{shown(root)} cannot be written", advice)
    words = f"{shown(root)} takes what goes from {shown(folder)}"
    if ground.stat().st_dev != folder.stat().st_dev:
        advice = "leave [trash] directory empty to move files within their own file system"
        return Check("trash", State.WARNING, f"{words}, which is another file system: files are copied there", advice)
    return Check("trash", State.OK, words)


async def examine_files(settings: Settings, *, seconds: float) -> list[Check]:
    """All of it; a disk that hangs is given up after so many seconds."""

    def look() -> list[Check]:
        return [*folders(settings), *trash(settings), *intake_folders(settings)]

    found: list[Check] = []
    try:
        async with asyncio.timeout(seconds):
            database = await stash_database(settings)
            found += [] if database is None else [database]
            found += await asyncio.to_thread(look)
    except TimeoutError:
        words = f"no answer within {seconds:.0f} s"
        found.append(Check("folders", State.FAILED, words, "is a network share not responding?"))
    except WinnowError as error:
        found.append(Check("folders", State.FAILED, str(error)))
    return found
