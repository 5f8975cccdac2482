"""Hashes what has no hash yet: bounded, resumable, and no file's fault ends it.

What is found out is written down every few seconds, by what the file is; a run that is killed loses no more than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.clock import Clock
from core.errors import DecodeError, MediaError, UnreadableFileError
from core.job import Job
from core.media.checksums import Checksums
from core.media.file_at_path import look_at
from core.media.pool import MediaPool
from core.model.library_files import FileFacts, FileHashes, FileIdentity
from core.model.library_records import Media
from core.store import hash_cache
from core.store.database import Database
from core.store.hash_cache import Known

_SAVE_SECONDS: Final = 2.0
_SAVE_FILES: Final = 200
_LOOKED_UP: Final = 2000  # identities in one look at the cache
_LOGGED: Final = 200  # problems that are named in the log


@dataclass(frozen=True, slots=True)
class HashRequest:
    """A file and what is wanted of it. `duration` in seconds is Stash's for a video it knows, else None."""

    path: str
    identity: FileIdentity
    media: Media
    wants_phash: bool = True
    wants_second: bool = False
    wants_checksums: bool = False
    wants_facts: bool = False
    duration: float | None = None


@dataclass(slots=True)
class HashReport:
    """What a run came to. `problems`: path and words of each file that cannot be read or decoded. `bytes` read.

    `unread`: those that could not be read today or changed meanwhile. The cache does not keep that: nothing tells it
    when the file can be read again.
    """

    hashed: int = 0
    from_cache: int = 0
    bytes: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    unread: dict[FileIdentity, str] = field(default_factory=dict)

    def add(self, other: HashReport) -> None:
        """Count another run in."""
        self.hashed += other.hashed
        self.from_cache += other.from_cache
        self.bytes += other.bytes
        self.problems += other.problems
        self.unread |= other.unread


class HashRun:
    """One run over a list of files, as part of a job."""

    def __init__(self, database: Database, pool: MediaPool, clock: Clock, *, is_fast: bool = False) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._is_fast = is_fast
        self._found: dict[FileIdentity, Known] = {}
        self._saved_at = clock.monotonic()
        self.report = HashReport()

    async def run(self, wanted: Sequence[HashRequest], job: Job, *, message: str = "hashing files") -> HashReport:
        """Hash what the cache lacks; afterwards the cache holds what could be found out. Raises JobCancelledError."""
        lacking = await self._lacking(wanted)
        total = sum(one.identity.size for one, _ in lacking)
        files = len(lacking)
        if files:
            await job.report(done=0, total=files, message=message)
        queue = iter(lacking)
        done = 0

        async def work() -> None:
            nonlocal done
            for request, known in queue:
                await self._one(request, known, job)
                done += 1
                left = f"{message} ({_amount(self.report.bytes)} of {_amount(total)})"
                await job.report(done=done, total=files, message=left)
                await self._save(is_due_only=True)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._pool.at_once, files)):
                    group.create_task(work())
        except BaseExceptionGroup as failures:
            raise _first_of(failures) from None
        finally:
            await self._save()
        return self.report

    async def _lacking(self, wanted: Sequence[HashRequest]) -> list[tuple[HashRequest, Known]]:
        """The files of which something is wanted that is not known. Equal inodes are hashed once."""
        found: dict[FileIdentity, tuple[HashRequest, Known]] = {}
        used: list[FileIdentity] = []
        for start in range(0, len(wanted), _LOOKED_UP):
            chunk = wanted[start : start + _LOOKED_UP]
            async with self._database.read() as reader:
                known = await hash_cache.get(reader, [one.identity for one in chunk])
            for one in chunk:
                have = known.get(one.identity)
                if have is not None and not _lacks(one, have, is_fast=self._is_fast):
                    used.append(one.identity)
                    self.report.from_cache += 1
                    if have.problem:
                        self.report.problems.append((one.path, have.problem))
                    continue
                found[one.identity] = (one, have or Known())
        if used:
            async with self._database.write() as tx:
                await hash_cache.touch(tx, used, now=self._clock.now())
        return list(found.values())

    async def _one(self, request: HashRequest, known: Known, job: Job) -> None:
        """Find out what is wanted of one file. What is wrong with it is noted, and the rest goes on."""
        unread = ""
        try:
            # Checksums come first: a broken picture may still be a copy of another one.
            for step in (self._summed, self._looked, self._hashed):
                known = await step(request, known)
        except UnreadableFileError as error:
            unread = _words(error, request)
        except MediaError as error:
            known = replace(known, problem=_words(error, request))
        seen = look_at(request.path)
        if seen.identity != request.identity:
            self._found.pop(request.identity, None)
            unread = seen.problem or "changed while it was read; the next scan looks again"
        if unread:
            self.report.unread[request.identity] = unread
        else:
            self._found[request.identity] = known
            self.report.hashed += 1
            self.report.bytes += request.identity.size
        if words := unread or known.problem:
            self.report.problems.append((request.path, words))
            if len(self.report.problems) <= _LOGGED:
                await job.log(f"{request.path}: {words}", level="warning")

    async def _summed(self, request: HashRequest, known: Known) -> Known:
        if not request.wants_checksums or known.hashes.sha256 is not None:
            return known
        try:
            sums = await self._pool.checksums(request.path, size=request.identity.size)
        except DecodeError as error:  # the helper ended or waited too long, and no decoder was at work: not the content
            raise UnreadableFileError(_words(error, request), path=request.path) from error
        known = replace(known, hashes=with_sums(known.hashes, sums))
        if look_at(request.path).identity == request.identity:
            self._found[request.identity] = known  # kept also when the run is stopped over the next step
        return known

    async def _looked(self, request: HashRequest, known: Known) -> Known:
        if known.problem:
            return known  # it was looked at before
        if request.media is Media.IMAGE:
            if _lacks(replace(request, wants_checksums=False), known, is_fast=self._is_fast):
                known = await self._picture(request, known)
            return known
        if not request.wants_facts or known.facts is not None:
            return known
        info = await self._pool.probe(request.path)
        facts = FileFacts(
            info.width,
            info.height,
            info.duration or None,
            info.video_codec,
            info.audio_codec,
            info.frame_rate,
            info.bit_rate,
            info.container,
        )
        return replace(known, facts=facts)

    async def _hashed(self, request: HashRequest, known: Known) -> Known:
        if known.problem or request.media is Media.IMAGE or not request.wants_phash or known.hashes.phash is not None:
            return known
        duration = request.duration or (known.facts.duration if known.facts else None)
        phash = await self._pool.video_phash(request.path, duration)
        return replace(known, hashes=replace(known.hashes, phash=phash, phash_method="exact"))

    async def _picture(self, request: HashRequest, known: Known) -> Known:
        look = await self._pool.image(request.path, is_fast=self._is_fast, wants_second=request.wants_second)
        facts = FileFacts(look.width, look.height, container=look.container, is_animated=look.is_animated)
        second = look.second if look.second is not None else known.hashes.second
        hashes = replace(known.hashes, phash=look.phash, phash_method=look.phash_method, second=second)
        return replace(known, hashes=hashes, facts=facts)

    async def _save(self, *, is_due_only: bool = False) -> None:
        now = self._clock.monotonic()
        is_due = len(self._found) >= _SAVE_FILES or now - self._saved_at >= _SAVE_SECONDS
        if not self._found or (is_due_only and not is_due):
            return
        found, self._found, self._saved_at = self._found, {}, now
        async with self._database.write() as tx:
            await hash_cache.put(tx, found.items(), now=self._clock.now())


def _words(error: MediaError, request: HashRequest) -> str:
    return str(error).removeprefix(f"{request.path}: ")


def _lacks(request: HashRequest, known: Known, *, is_fast: bool) -> bool:
    """Whether something is wanted that is not known. A fast hash is no exact one; what is broken has checksums only."""
    hashes = known.hashes
    if known.problem:
        return request.wants_checksums and hashes.sha256 is None
    has_phash = hashes.phash is not None and (is_fast or hashes.phash_method == "exact")
    return bool(
        (request.wants_phash and not has_phash)
        or (request.wants_second and hashes.second is None)
        or (request.wants_checksums and hashes.sha256 is None)
        or (request.wants_facts and known.facts is None)
    )


def with_sums(hashes: FileHashes, sums: Checksums) -> FileHashes:
    """What is known of a content, and what one read of it gave."""
    return replace(
        hashes,
        oshash=sums.oshash,
        md5=int(sums.md5, 16),
        sha1=int(sums.sha1, 16),
        sha256=int(sums.sha256, 16),
    )


def _amount(count: int) -> str:
    """An amount of bytes, roughly."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def _first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first, out of its groups."""
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
