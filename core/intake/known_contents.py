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

from core.clock import Clock
from core.errors import UnreadableFileError
from core.hashing import HashRequest, HashRun
from core.intake.offered import media_by_name
from core.job import Job
from core.media.file_at_path import look_at
from core.media.folders import FoundFile, Wanted, walk
from core.media.pool import MediaPool
from core.model.incoming import DuplicateOf, Item, Known
from core.model.library_files import FileIdentity, LibraryFile
from core.model.library_records import Media
from core.path_text import shown
from core.settings import Settings
from core.store import hash_cache, intake_known, library
from core.store.database import Database
from core.store.intake_known import KnownAs


@dataclass(frozen=True, slots=True)
class Twin:
    """The same content elsewhere. `path` is empty where no file of it is known to stand."""

    duplicate: DuplicateOf
    path: str = ""
    identity: FileIdentity | None = None


@dataclass(slots=True)
class Twins:
    """Looks for the same content elsewhere. `troubles`: folders that could not be read."""

    database: Database
    pool: MediaPool
    clock: Clock
    settings: Settings
    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def _passed_over(self) -> frozenset[str]:
        """Folders of pictures that are still on their way: what lies there is known by its item."""
        rules = self.settings.intake
        return frozenset({rules.temp_dir, rules.review_base, rules.drop_folder})

    async def prepare(self, items: Sequence[Item], job: Job) -> None:
        """Hash what the library's folders hold of the sizes of these pictures. Raises JobCancelledError."""
        sizes = {item.size for item in items if item.size}
        if not sizes or not self.settings.intake.check_hash:
            return
        found: list[FoundFile] = []
        own = self.settings.intake.final_base
        folders = [*self.settings.duplicates.folders]
        if await asyncio.to_thread(os.path.lexists, own):  # it is made when the first picture is sorted
            folders.insert(0, own)
        for folder in dict.fromkeys(folders):
            walked = _of_sizes(Path(folder), sizes, self._passed_over)
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

    async def of(self, item: Item) -> Twin | None:
        """Where the same content is known from; None where it is new."""
        if item.sha256 is None or not self.settings.intake.check_hash:
            return None
        async with self.database.read() as reader:
            places = await intake_known.places(reader, item.sha256, md5=item.md5, than=item.id)
            files = await library.files_of_size(reader, item.size) if item.size else []
        for place in places:
            if (twin := await self._standing(place, item)) is not None and place.where is Known.LIBRARY:
                return twin
        for file in files:
            if _is_content(file, item) and (twin := await asyncio.to_thread(_in_catalog, file, item)) is not None:
                return twin
        for place in places:
            if place.where is not Known.LIBRARY:
                return await self._standing(place, item)
        return None

    async def _standing(self, place: KnownAs, item: Item) -> Twin | None:
        """A place where the content is known from, with the file that stands there.

        None for the item's own file, and for a file of the library that is gone, which is forgotten: one that cannot be
        reached is not.
        """
        duplicate = place.as_duplicate
        if place.where is Known.DELETED or not place.path:
            return Twin(duplicate)
        seen = await asyncio.to_thread(look_at, place.path)
        if seen.identity is not None and seen.identity.size == item.size:
            is_own = _is_same_file(seen.identity, item)
            if is_own and place.where is Known.LIBRARY:
                return None
            return Twin(duplicate) if is_own else Twin(duplicate, place.path, seen.identity)
        if place.where is not Known.LIBRARY:
            return Twin(duplicate)
        if seen.identity is not None or await asyncio.to_thread(Path(place.path).parent.is_dir):
            assert item.sha256 is not None
            async with self.database.write() as tx:
                await intake_known.forget(tx, Known.LIBRARY, item.sha256, place.path)
            return None
        return Twin(duplicate)


def _in_catalog(file: LibraryFile, item: Item) -> Twin | None:
    """A file as the last scan for duplicates saw it, in a folder or in Stash."""
    duplicate = DuplicateOf(Known.LIBRARY, shown(file.shown_path), file.modified_at)
    if file.path is None:
        return Twin(duplicate)
    seen = look_at(file.path)
    if file.path == item.file_path or seen.identity is None or _is_same_file(seen.identity, item):
        return None
    return Twin(duplicate, file.path, seen.identity) if seen.identity == file.identity else None


def _of_sizes(root: Path, sizes: Collection[int], passed_over: Collection[str]) -> Iterator[list[FoundFile]]:
    """The files below a folder that have one of these sizes. Raises UnreadableFileError when it is not there."""
    wanted = Wanted(frozenset(Media), enters=lambda path: path not in passed_over, media_of=media_by_name)
    for batch in walk(root, wanted, []):
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
