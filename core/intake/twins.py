"""Whether a picture's content is known already: from what came in before, the library's folders, Stash, or a deletion.

Of the library only files of the same size as a picture at hand are hashed, with the cache that all desks share; what
they hold is remembered. What is remembered counts only while the file still stands there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.clock import Clock
from core.errors import MediaError, UnreadableFileError
from core.hashing import HashRequest, HashRun
from core.intake.model import DuplicateOf, Item, Known
from core.jobs import Job
from core.library import FileIdentity, LibraryFile, Media
from core.media.files import look_at
from core.media.folders import FoundFile, Wanted, media_of, walk
from core.media.pool import MediaPool
from core.path_text import shown
from core.settings import Settings
from core.store import hash_cache, intake_known, library
from core.store.database import Database

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_NEAR_BITS: Final = 4  # beyond that a distance alone says little


@dataclass(slots=True)
class _Alike:
    """The PHASHes of the library's pictures, and whose each is."""

    phashes: NDArray[numpy.uint64]
    ids: NDArray[numpy.int64]


@dataclass(slots=True)
class Twins:
    """Looks for the same content elsewhere, and for what looks alike. `troubles`: folders that could not be read."""

    database: Database
    pool: MediaPool
    clock: Clock
    settings: Settings
    troubles: dict[str, str] = field(default_factory=dict)
    _alike: _Alike | None = None

    async def prepare(self, items: Sequence[Item], job: Job) -> None:
        """Hash what the library's folders hold of the sizes of these pictures. Raises JobCancelledError."""
        sizes = {item.size for item in items if item.size}
        if not sizes or not self.settings.intake.check_hash:
            return
        found: list[FoundFile] = []
        own = self.settings.intake.final_base
        folders = [own, *self.settings.duplicates.folders] if await asyncio.to_thread(os.path.lexists, own) else []
        for folder in dict.fromkeys(folders or self.settings.duplicates.folders):
            walked = _of_sizes(Path(folder), sizes)
            try:
                while batch := await asyncio.to_thread(next, walked, None):
                    found += batch
                    await job.report(done=0, total=None, message=f"looking through {shown(folder)}")
            except UnreadableFileError as error:
                self.troubles[shown(folder)] = str(error)
        requests = [
            HashRequest(one.path, one.identity, one.media, wants_phash=False, wants_checksums=True) for one in found
        ]
        await HashRun(self.database, self.pool, self.clock).run(requests, job, message="hashing the library")
        async with self.database.read() as reader:
            known = await hash_cache.get(reader, [one.identity for one in found])
        contents = [
            (sha256.to_bytes(32, "big"), one.path, one.modified_at)
            for one in found
            if one.identity in known and (sha256 := known[one.identity].hashes.sha256) is not None
        ]
        async with self.database.write() as tx:
            await intake_known.remember(tx, Known.LIBRARY, contents, scan=job.id)

    async def of(self, item: Item) -> DuplicateOf | None:
        """Where the same content is known from; None where it is new."""
        if item.sha256 is None or not self.settings.intake.check_hash:
            return None
        return await self._in_folders(item) or await self._in_catalog(item) or await self._came_before(item)

    async def _in_folders(self, item: Item) -> DuplicateOf | None:
        """A remembered file of the library that still stands; what does not is forgotten."""
        assert item.sha256 is not None
        async with self.database.read() as reader:
            remembered = await intake_known.places(reader, Known.LIBRARY, item.sha256)
        for path, at in remembered:
            seen = await asyncio.to_thread(look_at, path)
            if seen.identity is not None and seen.identity.size == item.size:
                if not _is_same_file(seen.identity, item):
                    return DuplicateOf(Known.LIBRARY, shown(path), at)
                continue
            async with self.database.write() as tx:
                await intake_known.forget(tx, Known.LIBRARY, item.sha256, path)
        return None

    async def _came_before(self, item: Item) -> DuplicateOf | None:
        assert item.sha256 is not None
        async with self.database.read() as reader:
            found = await intake_known.known(reader, item.sha256, md5=item.md5, than=item.id)
        return None if found is None or found.where is Known.LIBRARY else found

    async def _in_catalog(self, item: Item) -> DuplicateOf | None:
        """The same content as the last scan for duplicates saw it, in a folder or in Stash."""
        if not item.size:
            return None
        async with self.database.read() as reader:
            files = await library.files_of_size(reader, item.size)
        for file in files:
            if _is_content(file, item) and file.path != item.file_path and not _is_same_file(file.identity, item):
                seen = None if file.path is None else await asyncio.to_thread(look_at, file.path)
                if seen is None or seen.identity == file.identity:
                    return DuplicateOf(Known.LIBRARY, shown(file.shown_path), file.modified_at)
        return None

    async def near(self, item: Item) -> str:
        """What a picture looks like, in words; empty where nothing in the library is alike. Decides nothing."""
        if item.file_path is None or media_of(os.fspath(item.filename)) is not Media.IMAGE:
            return ""
        if self._alike is None:
            self._alike = await self._loaded()
        if not len(self._alike.phashes):
            return ""
        from core.media.hamming import nearest

        try:
            phash = await self.pool.image_phash(item.file_path)
        except MediaError:
            return ""
        places, bits = nearest(self._alike.phashes, phash, _NEAR_BITS)
        if not len(places):
            return ""
        best = int(bits.argmin())
        file_id = int(self._alike.ids[places[best]])
        async with self.database.read() as reader:
            file = (await library.files(reader, [file_id])).get(file_id)
        if file is None or _is_same_file(file.identity, item):
            return ""
        return f"looks like {shown(file.shown_path)} ({int(bits[best])} bits apart)"

    async def _loaded(self) -> _Alike:
        import numpy

        async with self.database.read() as reader:
            rows = await library.phashes(reader, Media.IMAGE)
        return _Alike(
            numpy.array([phash for phash, _ in rows], numpy.uint64), numpy.array([one for _, one in rows], numpy.int64)
        )


def _of_sizes(root: Path, sizes: Collection[int]) -> Iterator[list[FoundFile]]:
    """The files below a folder that have one of these sizes. Raises UnreadableFileError when it is not there."""
    for batch in walk(root, Wanted(frozenset(Media)), []):
        yield [one for one in batch if one.identity.size in sizes]


def _is_content(file: LibraryFile, item: Item) -> bool:
    hashes = file.hashes
    if hashes.sha256 is not None and item.sha256 is not None:
        return hashes.sha256.to_bytes(32, "big") == item.sha256
    return hashes.md5 is not None and item.md5 is not None and hashes.md5.to_bytes(16, "big") == item.md5


def _is_same_file(identity: FileIdentity | None, item: Item) -> bool:
    """Whether it is the very file, by whatever name."""
    mine = item.identity
    return identity is not None and mine is not None and (identity.device, identity.inode) == (mine.device, mine.inode)
