"""Folders as a source of files: walked in a thread, batch by batch."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from pathlib import Path

from core.duplicates.catalog import Catalog
from core.duplicates.protection import fits_any
from core.job import Job
from core.media.folders import FoundFile, Wanted, walk
from core.model.library_files import LibraryFile
from core.model.library_records import Media
from core.settings_duplicates import DuplicatesSettings

_LOGGED = 100  # troubles that are named in the log


async def read_folder(
    catalog: Catalog, root: Path, settings: DuplicatesSettings, media: Collection[Media], job: Job
) -> int:
    """Bring the files below a folder into the catalog; how many. Raises UnreadableFileError when it is not there."""
    wanted = Wanted(
        frozenset(media),
        takes=lambda path: (
            (not settings.include or fits_any(path, settings.include)) and not fits_any(path, settings.exclude)
        ),
        enters=lambda path: not fits_any(path, settings.exclude),
    )
    troubles: list[str] = []
    batches = walk(root, wanted, troubles)
    files = 0
    while batch := await asyncio.to_thread(_next, batches):
        await catalog.put_found([_library_file(one, str(root)) for one in batch])
        files += len(batch)
        await job.report(done=files, total=None, message=f"looking through {root}")
    for words in troubles[:_LOGGED]:
        await job.log(words, level="warning")
    if len(troubles) > _LOGGED:
        await job.log(f"{len(troubles) - _LOGGED} more could not be looked at in {root}", level="warning")
    return files


def _next(batches: Iterator[list[FoundFile]]) -> list[FoundFile]:
    return next(batches, [])


def _library_file(found: FoundFile, source: str) -> LibraryFile:
    return LibraryFile(
        id=0,
        media=found.media,
        size=found.identity.size,
        path=found.path,
        identity=found.identity,
        links=found.links,
        modified_at=found.modified_at,
        sources=(source,),
    )
