"""Whether the file of a picture that came in is still there and still the one that came in, before anything is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.intake.adding import new_file
from core.intake.immich_library import own_folder
from core.intake.offered import ReadFile, read_file
from core.intake.waiting import Waiting
from core.media.file_at_path import Seen, look_at
from core.model.incoming import Item
from core.settings_intake import IntakeSettings
from core.store import intake, intake_feed
from core.store.database import Database

_AT_ONCE: Final = 50  # files in one look


class Presence:
    """Looks at files. `failures`: number of the item and words, of each that has failed for good."""

    def __init__(self, database: Database, clock: Clock, rules: IntakeSettings, waiting: Waiting) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._waiting = waiting
        self.failures: list[tuple[int, str]] = []

    async def there(self, items: Sequence[Item]) -> AsyncGenerator[Item | None]:
        """Each picture as it is now; None where its file cannot be worked on, which is written down then."""
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            seen = await asyncio.to_thread(_looks, some)
            for item, one in zip(some, seen, strict=True):
                yield await self._there(item, one)

    async def _there(self, item: Item, seen: Seen) -> Item | None:
        path = item.file_path or ""
        if seen.identity is None:
            await self._gone(item, seen.problem)
            return None
        if seen.identity == item.identity:
            return item
        found = await asyncio.to_thread(read_file, Path(path))
        if not isinstance(found, ReadFile):
            await self._fail(item, f"{path}: {found}")
            return None
        if item.sha256 == bytes.fromhex(found.sums.sha256):  # its disk was mounted anew: other numbers, same content
            async with self._database.write() as tx:
                await intake.set_place(tx, item.id, path=path, identity=found.identity)
            return replace(item, identity=found.identity)
        async with self._database.write() as tx:
            await intake_feed.took_new_content(tx, item.id, new_file(found, item.source))
            return await intake.get(tx, item.id)

    async def _gone(self, item: Item, words: str) -> None:
        """No file is there: fetched again where it came from an address, failed where its folder is there without it.

        Where not even the folder is there, its disk may come back: it waits.
        """
        folder = Path(item.file_path or "").parent
        if not await asyncio.to_thread(folder.is_dir) and folder != own_folder(self._rules, item.id):
            await self._waiting.put(item, f"{item.file_path} {words}")
            return
        if not item.url:
            await self._fail(item, f"{item.file_path} {words}; hand it over again when it is back")
            return
        async with self._database.write() as tx:
            await intake_feed.fetch_anew(tx, item.id, now=self._clock.now())

    async def _fail(self, item: Item, words: str) -> None:
        async with self._database.write() as tx:
            await intake.set_error(tx, item.id, words, next_at=None, now=self._clock.now())
        self.failures.append((item.id, words))


def _looks(items: Sequence[Item]) -> list[Seen]:
    return [look_at(one.file_path or "") for one in items]
