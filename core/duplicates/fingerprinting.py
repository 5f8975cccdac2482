"""Makes the PHASHes that a library lacks, gives them out, and writes them into Stash where that is asked for.

Every PHASH here is bit for bit what Stash would compute; one that was made from a picture decoded small never leaves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.clock import Clock
from core.duplicates.applying import Applying
from core.duplicates.catalog import Catalog
from core.duplicates.filling import Filling, known_files
from core.duplicates.mapping import unverified
from core.duplicates.reading import OpenSource, SourceReading, SourceRun
from core.errors import ConfigError
from core.job import Job
from core.jobs import Jobs
from core.ledger.report import BatchReport
from core.ledger.stash_fingerprints import fingerprint_effects
from core.media.pool import MediaPool
from core.model.library_files import LibraryFile
from core.model.library_records import Media
from core.path_map import mapping_of
from core.settings import Settings
from core.store import hash_cache, library
from core.store.database import Database
from core.words import count

HASH: Final = "duplicates.hash"
_TITLE: Final = "hash what has no PHASH"
_CHUNK: Final = 2000


@dataclass(slots=True)
class HashOutcome:
    """What a run came to. `problems`: path and words of each file that cannot be read or decoded.

    `lacking`: the PHASH (unsigned 64-bit) of each file that has none in Stash, by its number there.
    """

    files: int = 0
    hashed: int = 0
    from_cache: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    sources: list[SourceRun] = field(default_factory=list)
    lacking: dict[int, int] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether every source was read to its end."""
        return all(not run.error for run in self.sources)


class Fingerprinting:
    """Makes, gives out and writes PHASHes. Made by the desk; `ways` opens the Stash's library anew for each run."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        pool: MediaPool,
        clock: Clock,
        settings: Settings,
        *,
        ways: Callable[[], Sequence[tuple[str, OpenSource]]],
        applying: Applying,
        has_stash: bool,
        excludes: Sequence[str],
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._ways = ways
        self._applying = applying
        self._has_stash = has_stash
        self._excludes = excludes

    async def run(self, media: Collection[Media], *, again: bool = False) -> HashOutcome:
        """Read all sources and hash what lacks a PHASH, as a job. Raises JobRunningError, JobCancelledError.

        `again`: what could not be decoded before is tried anew.
        """
        outcome = HashOutcome()

        async def work(job: Job) -> dict[str, Any]:
            if again:
                async with self._database.write() as tx:
                    await hash_cache.forget_problems(tx)
            await self._work(job, media, outcome)
            return {"files": outcome.files, "hashed": outcome.hashed, "problems": len(outcome.problems)}

        parameters = {"media": sorted(one.value for one in media)}
        await self._jobs.run(HASH, _TITLE, work, parameters=parameters, excludes=self._excludes)
        return outcome

    async def _work(self, job: Job, media: Collection[Media], outcome: HashOutcome) -> None:
        read = {*media, *(Media(one) for one in self._settings.duplicates.media)}  # else a scan's files were forgotten
        catalog = Catalog(self._database, self._settings.stash.path_map, job.id, self._clock)
        reading = SourceReading(
            self._database, self._clock, self._settings.duplicates, self._ways(), [one for one in Media if one in read]
        )
        outcome.sources = reading.runs
        await reading.read(catalog, job)
        wrong = await unverified(catalog.samples)
        for words in wrong.values():
            await job.log(f"{words}; PHASHes of these files are not given to Stash", level="error")
        report = await Filling(self._database, self._pool, self._clock, distance=0, is_fast=False).fill(media, job)
        outcome.hashed, outcome.from_cache, outcome.problems = report.hashed, report.from_cache, report.problems
        lacking = await self._without_phash(media)
        async for file in self._files(media):
            outcome.files += 1
            number, phash = file.stash_file_id, _exact(file)
            is_trusted = mapping_of(file.stash_path, self._settings.stash.path_map) not in wrong
            if number in lacking and phash is not None and file.identity is not None and is_trusted:
                outcome.lacking[number] = phash
        await job.log(f"{outcome.files} files, {outcome.hashed} hashed, {len(outcome.problems)} with a problem")

    async def _without_phash(self, media: Collection[Media]) -> set[int]:
        """The numbers of the files that Stash holds without a PHASH."""
        found: set[int] = set()
        for one in media:
            after = 0
            while True:
                async with self._database.read() as reader:
                    some = await library.records_after(reader, one, after, limit=_CHUNK)
                if not some:
                    break
                found.update(file.id for record in some for file in record.files if file.phash is None)
                after = some[-1].id
        return found

    async def _files(self, media: Collection[Media]) -> AsyncIterator[LibraryFile]:
        async for chunk in known_files(self._database):
            for file in chunk:
                if file.media in media:
                    yield file

    async def phashes(self, media: Collection[Media]) -> AsyncIterator[tuple[int, int]]:
        """The number in Stash and the exact PHASH (unsigned 64-bit) of every file that has both, as last read."""
        async for file in self._files(media):
            phash = _exact(file)
            if file.stash_file_id is not None and phash is not None:
                yield file.stash_file_id, phash

    async def write(self, phashes: Mapping[int, int]) -> BatchReport:
        """Write PHASHes into Stash by the numbers of the files, as one undoable batch and one job.

        Raises ConfigError without a Stash server, JobRunningError, JobCancelledError.
        """
        self.need_server()
        title = f"write the PHASH of {count(len(phashes), 'file')} into Stash"
        return await self._applying.carry_out(fingerprint_effects(phashes), title, message="writing PHASHes")

    def need_server(self) -> None:
        """Raises ConfigError where there is no Stash server to write to."""
        if not self._has_stash:
            raise ConfigError("PHASHes are written through the Stash server: set [stash] url, or run `winnow init`")


def _exact(file: LibraryFile) -> int | None:
    return file.hashes.phash if file.hashes.phash_method == "exact" else None
