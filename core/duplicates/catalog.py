"""Brings what the sources know together: one row a file, whoever names it.

A file of Stash lies where the path mapping says; what cannot be found there keeps its row, with the reason, since
unreachable is not deleted. Nothing outside Winnow's own database is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

from core.clock import Clock
from core.job import Job
from core.media.file_at_path import Seen, look_at
from core.model.library_files import NO_FACTS, NO_HASHES, FileFacts, FileHashes, FileIdentity, LibraryFile
from core.model.library_records import LibraryRecord, Media, StashFile
from core.path_map import local_path, mapping_of
from core.servers.library_source import LibrarySource
from core.settings import PathMapping
from core.store import hash_cache, library
from core.store.database import Database
from core.store.hash_cache import Known
from core.store.library import place_of

_SAMPLES: Final = 6  # files of each medium by which a mapping is verified


@dataclass(slots=True)
class Catalog:
    """The reading of one scan, which `scan` numbers. `samples` are files by which the path mapping can be verified."""

    database: Database
    path_map: tuple[PathMapping, ...]
    scan: int
    clock: Clock
    samples: dict[PathMapping | None, list[tuple[StashFile, str]]] = field(default_factory=dict)

    async def read_library(self, source: LibrarySource, media: Media, job: Job, *, done: int) -> int:
        """All scenes or images of a Stash, by its API or its database; how many files. Raises what the source does."""
        total = await source.count(media)
        files = 0
        seen = 0
        noun = "scenes" if media is Media.VIDEO else "images"
        async with aclosing(source.crawl(media)) as pages:
            async for page in pages:
                found = [(record, file) for record in page for file in record.files]
                await self._put(page, await asyncio.to_thread(self._of_library, found, source.name))
                files += len(found)
                seen += len(page)
                await job.report(done=seen, total=total, message=f"reading the {noun} of {source.name}")
        return files

    def _of_library(self, found: Sequence[tuple[LibraryRecord, StashFile]], source: str) -> list[LibraryFile]:
        return [self._library_file(record, file, source) for record, file in found]

    def _library_file(self, record: LibraryRecord, file: StashFile, source: str) -> LibraryFile:
        place = None if file.is_in_zip else local_path(file.path, self.path_map)
        seen = Seen(None, problem="lies in an archive, which Winnow leaves alone")
        if not file.is_in_zip:
            seen = Seen(None, problem="has no place on this machine") if place is None else look_at(str(place))
        if seen.identity is not None:
            chosen = self.samples.setdefault(mapping_of(file.path, self.path_map), [])
            sampled = sum(one.media is file.media for one, _ in chosen)
            if sampled < _SAMPLES and (file.oshash is not None or file.md5 is not None):
                chosen.append((file, str(place)))
        if seen.identity is not None and file.size and seen.identity.size != file.size:
            words = (
                f"has {seen.identity.size} bytes here and {file.size} in Stash: scan it in Stash, or correct path_map"
            )
            seen = replace(seen, identity=None, problem=words)
        return LibraryFile(
            id=0,
            media=file.media,
            size=file.size,
            # Where nothing stands, no local path is claimed: two files that are both away are not one file.
            path=str(place) if place is not None and seen.identity is not None else None,
            stash_path=file.path,
            stash_file_id=file.id,
            record=record.ref,
            is_primary=bool(record.files) and record.files[0].id == file.id,
            is_in_zip=file.is_in_zip,
            identity=seen.identity,
            links=seen.links,
            modified_at=seen.modified_at if seen.modified_at is not None else file.modified_at,
            facts=FileFacts(
                file.width,
                file.height,
                file.duration,
                file.video_codec,
                file.audio_codec,
                file.frame_rate,
                file.bit_rate,
                file.container,
            ),
            hashes=FileHashes(
                phash=file.phash,
                phash_method="" if file.phash is None else "exact",
                oshash=file.oshash,
                md5=file.md5,
            ),
            problem=seen.problem,
            sources=(source,),
        )

    async def put_found(self, files: Sequence[LibraryFile]) -> None:
        """Files that were found in a folder."""
        await self._put((), files)

    async def _put(self, records: Iterable[LibraryRecord], files: Sequence[LibraryFile]) -> None:
        """Write a page down; a file that another source of this scan named already is one file."""
        places = [place_of(file.path, file.stash_path) for file in files]
        async with self.database.write() as tx:
            await library.put_records(tx, records, scan=self.scan)
            known = await library.last_seen(tx, places)
            merged: dict[bytes, LibraryFile] = {}
            unchanged: list[int] = []
            used: list[FileIdentity | None] = []
            for place, file in zip(places, files, strict=True):
                before = known.get(place)
                other = merged.get(place)
                if other is None and before is not None and before.scan == self.scan:
                    other = before.file()
                if other is None and before is not None and _is_of_folders(file) and before.still_holds(file):
                    unchanged.append(before.id)
                    used.append(file.identity)
                else:
                    merged[place] = file if other is None else as_one(other, file)
            hashed = await hash_cache.get(tx, [one.identity for one in merged.values() if one.identity is not None])
            used += [one.identity for one in merged.values()]
            await hash_cache.touch(tx, [one for one in used if one is not None], now=self.clock.now())
            for place, file in merged.items():
                if file.identity in hashed:
                    merged[place] = with_known(file, hashed[file.identity])
            await library.mark_seen(tx, unchanged, scan=self.scan)
            await library.put_files(tx, merged.values(), scan=self.scan)

    async def conclude(self, failed: frozenset[str]) -> int:
        """Forget the files that nobody names any more; those of a source that failed stay. How many are known then."""
        async with self.database.read() as reader:
            unseen = await library.unseen_files(reader, scan=self.scan)
        gone = [one.id for one in unseen if not failed.intersection(one.sources)]
        if gone:
            async with self.database.write() as tx:
                await library.forget_files(tx, gone)
        async with self.database.read() as reader:
            return await library.count_files(reader)


def _is_of_folders(file: LibraryFile) -> bool:
    """Whether folders alone tell of a file."""
    return file.facts == NO_FACTS and file.hashes == NO_HASHES and not file.stash_path


def as_one(one: LibraryFile, other: LibraryFile) -> LibraryFile:
    """A file that two sources name: what Stash says of it comes before what a folder shows."""
    first, second = (one, other) if one.record is not None or other.record is None else (other, one)
    hashes = FileHashes(
        phash=first.hashes.phash if first.hashes.phash is not None else second.hashes.phash,
        phash_method=first.hashes.phash_method or second.hashes.phash_method,
        second=first.hashes.second if first.hashes.second is not None else second.hashes.second,
        oshash=first.hashes.oshash if first.hashes.oshash is not None else second.hashes.oshash,
        md5=first.hashes.md5 if first.hashes.md5 is not None else second.hashes.md5,
        sha1=first.hashes.sha1 if first.hashes.sha1 is not None else second.hashes.sha1,
        sha256=first.hashes.sha256 if first.hashes.sha256 is not None else second.hashes.sha256,
    )
    return replace(
        first,
        path=first.path if first.path is not None else second.path,
        identity=first.identity or second.identity,
        links=max(first.links, second.links),
        facts=first.facts if first.facts != NO_FACTS else second.facts,
        hashes=hashes,
        problem=first.problem if first.identity is None and second.identity is None else "",
        sources=tuple(sorted({*first.sources, *second.sources})),
    )


def with_known(file: LibraryFile, known: Known) -> LibraryFile:
    """A file with what the cache knows of its content; what Stash says of it stays."""
    mine, found = file.hashes, known.hashes
    is_better = found.phash is not None and mine.phash_method != "exact"
    hashes = (
        found
        if mine == NO_HASHES
        else replace(
            mine,
            phash=found.phash if is_better else mine.phash,
            phash_method=found.phash_method if is_better else mine.phash_method,
            second=found.second if found.second is not None else mine.second,
            oshash=mine.oshash if mine.oshash is not None else found.oshash,
            md5=mine.md5 if mine.md5 is not None else found.md5,
            sha1=found.sha1 if found.sha1 is not None else mine.sha1,
            sha256=found.sha256 if found.sha256 is not None else mine.sha256,
        )
    )
    facts = file.facts
    if known.facts is not None and facts == NO_FACTS:
        facts = known.facts
    return replace(file, hashes=hashes, facts=facts, problem=file.problem or known.problem)
