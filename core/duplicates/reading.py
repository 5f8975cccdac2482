"""Reads every source of the duplicates desk: the Stash in one way or another, and folders. One's failure is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.duplicates.catalog import Catalog
from core.duplicates.folder_source import read_folder
from core.errors import MediaError, ServerError
from core.job import Job
from core.model.library_records import Media
from core.servers.library_source import LibrarySource
from core.settings_duplicates import DuplicatesSettings
from core.store import library, library_sources
from core.store.database import Database

OpenSource = Callable[[], AbstractAsyncContextManager[LibrarySource]]
"""Opens one way to a Stash's library."""


@dataclass(slots=True)
class SourceRun:
    """How one source fared; `error` is empty after a good run."""

    source: str
    files: int = 0
    error: str = ""


class SourceReading:
    """One reading of all sources. `ways` lead to the Stash, the preferred first: the next is tried when one fails."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: DuplicatesSettings,
        ways: Sequence[tuple[str, OpenSource]],
        media: Sequence[Media],
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._ways = ways
        self._media = media
        self.runs: list[SourceRun] = []

    async def read(self, catalog: Catalog, job: Job) -> int:
        """Read all; how many files are known afterwards. `runs` says how each source fared."""
        for name, opener in self._ways:
            if not await self._read_library(catalog, name, opener, job):
                break
        for folder in self._settings.folders:
            run = SourceRun(folder)
            self.runs.append(run)
            try:
                run.files = await read_folder(catalog, Path(folder), self._settings, self._media, job)
            except MediaError as error:
                run.error = str(error)
            await self._note_end(run, job)
        async with self._database.write() as tx:
            await library_sources.keep_sources(tx, [run.source for run in self.runs])
        return await catalog.conclude(frozenset(run.source for run in self.runs if run.error))

    async def _read_library(self, catalog: Catalog, name: str, opener: OpenSource, job: Job) -> bool:
        """Read the Stash in one way; whether the next way is to be tried."""
        run = SourceRun(name)
        self.runs.append(run)
        try:
            async with opener() as source:
                for one in self._media:
                    run.files += await catalog.read_library(source, one, job, done=run.files)
                for words in source.oddities.words[:20]:
                    await job.log(f"{name}: {words}", level="warning")
            async with self._database.write() as tx:
                for one in self._media:
                    await library.forget_records(tx, one, scan=job.id)
        except ServerError as error:
            run.error = str(error)
        await self._note_end(run, job)
        return bool(run.error)

    async def _note_end(self, run: SourceRun, job: Job) -> None:
        async with self._database.write() as tx:
            await library_sources.source_done(
                tx, run.source, files_seen=run.files, error=run.error, now=self._clock.now()
            )
        if run.error:
            await job.log(f"{run.source}: {run.error}", level="error")
        else:
            await job.log(f"{run.source}: {run.files} files")


@asynccontextmanager
async def at_hand(source: LibrarySource) -> AsyncIterator[LibrarySource]:
    """A source that is open already."""
    yield source
