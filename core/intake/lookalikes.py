"""What a picture looks like of those that are known: a note for whoever decides, which decides nothing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.clock import Clock
from core.hashing import HashRequest, HashRun
from core.job import Job
from core.media.folders import media_of
from core.media.pool import MediaPool
from core.model.fingerprints import is_degenerate_phash
from core.model.incoming import Item
from core.model.library_records import Media
from core.path_text import shown
from core.store import hash_cache, intake, intake_feed, library
from core.store.database import Database, Reader

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_PAGE: Final = 20_000
_LOOKED_AT: Final = 20  # near ones of which the nearest that can be named is


@dataclass(frozen=True, slots=True)
class _Hashes:
    """PHASHes, and whose each is: the id of an item, or of a file of the library as a negative number."""

    values: NDArray[numpy.uint64]
    owners: NDArray[numpy.int64]


class Nearness:
    """Finds near ones by PHASH, in what came in and in what the last scan for duplicates saw."""

    def __init__(self, database: Database, pool: MediaPool, clock: Clock, *, distance: int) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._distance = distance

    async def notes(self, items: Sequence[Item], job: Job) -> Mapping[int, str]:
        """What each picture looks like, in words, by its number; those that are like nothing are left out.

        What cannot be decoded is like nothing. Raises JobCancelledError.
        """
        pictures = [one for one in items if one.identity is not None and media_of(one.filename) is Media.IMAGE]
        requests = [
            HashRequest(one.file_path or "", one.identity, Media.IMAGE) for one in pictures if one.identity is not None
        ]
        if not requests:
            return {}
        # A fast hash is at most 2 bits off, and is never taken for an exact one elsewhere.
        run = HashRun(self._database, self._pool, self._clock, is_fast=True)
        await run.run(requests, job, message="looking for what is alike")
        async with self._database.read() as reader:
            known = await hash_cache.get(reader, [one.identity for one in requests])
            hashes = await _loaded(reader)
            found: dict[int, str] = {}
            for one in pictures:
                assert one.identity is not None
                have = known.get(one.identity)
                phash = None if have is None else have.hashes.phash
                if phash is None or is_degenerate_phash(phash):
                    continue
                if words := await self._nearest(reader, one, phash, hashes):
                    found[one.id] = words
        return found

    async def _nearest(self, reader: Reader, item: Item, phash: int, hashes: _Hashes) -> str:
        from core.media.hamming import nearest

        places, bits = nearest(hashes.values, phash, self._distance)
        for place in bits.argsort(kind="stable")[:_LOOKED_AT]:
            name = await _name(reader, int(hashes.owners[places[place]]), item)
            if name:
                return f"looks like {shown(name)} ({int(bits[place])} of 64 bits differ)"
        return ""


async def _name(reader: Reader, owner: int, item: Item) -> str:
    """The path of a near one; empty for the item itself, for what came after it, and for what is gone."""
    if owner >= 0:
        other = None if owner >= item.id else await intake.get(reader, owner)
        return "" if other is None or other.file_path is None else other.file_path
    file = (await library.files(reader, [-owner])).get(-owner)
    is_same = file is not None and file.identity is not None and file.identity == item.identity
    return "" if file is None or is_same or file.path == item.file_path else file.shown_path


async def _loaded(reader: Reader) -> _Hashes:
    """All of them, 16 bytes each."""
    import numpy

    values: list[NDArray[numpy.uint64]] = []
    owners: list[NDArray[numpy.int64]] = []

    async def read(page: Callable[[int], Awaitable[list[tuple[int, int]]]], sign: int) -> None:
        after = 0
        while rows := await page(after):
            after = rows[-1][0]
            values.append(numpy.array([phash for _, phash in rows], numpy.uint64))
            owners.append(numpy.array([sign * one for one, _ in rows], numpy.int64))

    await read(lambda after: intake_feed.alike(reader, after=after, limit=_PAGE), 1)
    await read(lambda after: library.phashes(reader, Media.IMAGE, after=after, limit=_PAGE), -1)
    if not values:
        return _Hashes(numpy.empty(0, numpy.uint64), numpy.empty(0, numpy.int64))
    return _Hashes(numpy.concatenate(values), numpy.concatenate(owners))
