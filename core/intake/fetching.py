"""Downloads the addresses that were handed over: several at a time, each into a folder of its own, resumed and retried.

What fails in a way that may pass is tried again later, after growing times; then it has failed, with the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import DownloadError
from core.intake.download import Downloader, Limits, Reason
from core.intake.immich_library import own_folder
from core.intake.offered import ReadFile, read_file
from core.media.disk_words import disk_words
from core.model.incoming import Item
from core.path_text import shown
from core.servers.download_address import shown_address
from core.servers.http import Http
from core.settings_intake import IntakeSettings
from core.store import intake, intake_feed
from core.store.database import Database

AT_ONCE: Final = 8
_PAGE: Final = 200
_DELAYS: Final = (60.0, 300.0, 1800.0, 7200.0, 43200.0)
"""Seconds until it is tried again, after the first failure, the second ...; after the last it has failed for good."""


@dataclass(slots=True)
class FetchReport:
    """What became of the downloads. `failures`: number, address and reason of those given up in this run."""

    fetched: int = 0
    later: int = 0
    failures: list[tuple[int, str, str]] = field(default_factory=list)


class Fetching:
    """Downloads what waits. `on_done` is told after each; downloads wait for it before the next one begins."""

    def __init__(self, database: Database, clock: Clock, http: Http, settings: IntakeSettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        allowed = settings.download
        limits = Limits(
            max_bytes=allowed.max_bytes,
            total_seconds=allowed.max_seconds,
            allow_private=allowed.allow_private,
            per_host=AT_ONCE,
        )
        self._downloader = Downloader(http, limits)
        self.report = FetchReport()

    async def run(self, on_done: Callable[[], Awaitable[None]]) -> None:
        """All whose turn has come. Cancelled, it leaves parts that the next run goes on with."""
        queue: asyncio.Queue[Item | None] = asyncio.Queue(AT_ONCE)

        async def work() -> None:
            while (item := await queue.get()) is not None:
                await self._one(item)
                await on_done()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
            seen = set[int]()
            while some := [item for item in await self._waiting() if item.id not in seen]:
                for item in some:
                    seen.add(item.id)
                    await queue.put(item)
            for _ in range(AT_ONCE):
                await queue.put(None)

    async def _waiting(self) -> list[Item]:
        async with self._database.read() as reader:
            return await intake_feed.to_fetch(reader, now=self._clock.now(), limit=_PAGE)

    async def _one(self, item: Item) -> None:
        """One address, from where an earlier run left it to the record of its file, or of why there is none."""
        folder = own_folder(self._settings, item.id)
        try:
            await asyncio.to_thread(_make_folder, folder)
            path = await asyncio.to_thread(_whole_file, folder)
            if path is None:
                path = (await self._downloader.fetch(item.url, folder, str(item.id))).path
            found = await asyncio.to_thread(read_file, path)
        except DownloadError as error:
            await self._failed(item, str(error), error)
        except OSError as error:
            await self._failed(item, disk_words(error, shown(folder)), None)
        else:
            if isinstance(found, ReadFile):
                await self._record(item, found)
                return
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await self._give_up(item, f"what came {found}")
        await asyncio.to_thread(remove_if_empty, folder)

    async def _record(self, item: Item, found: ReadFile) -> None:
        sums = found.sums
        async with self._database.write() as tx:
            await intake.set_fetched(
                tx,
                item.id,
                path=str(found.path),
                filename=found.path.name,
                size=sums.size,
                sha256=bytes.fromhex(sums.sha256),
                sha1=bytes.fromhex(sums.sha1),
                md5=bytes.fromhex(sums.md5),
                identity=found.identity,
                now=self._clock.now(),
            )
        self.report.fetched += 1

    async def _failed(self, item: Item, words: str, error: DownloadError | None) -> None:
        """Later again, where that may help: a disk can be emptied, too."""
        is_passing = error is None or error.is_passing or error.reason == Reason.DISK
        if not is_passing or item.attempts >= len(_DELAYS):
            await self._give_up(item, words)
            return
        asked = error.retry_after if error is not None else None
        now = self._clock.now()
        async with self._database.write() as tx:
            later = now + max(_DELAYS[item.attempts], asked or 0.0)
            await intake.set_error(tx, item.id, words, next_at=later, now=now)
        self.report.later += 1

    async def _give_up(self, item: Item, words: str) -> None:
        async with self._database.write() as tx:
            await intake.set_error(tx, item.id, words, next_at=None, now=self._clock.now())
        self.report.failures.append((item.id, shown_address(item.url), words))


def remove_if_empty(folder: Path) -> None:
    """Take an item's folder away when nothing is left in it."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _make_folder(folder: Path) -> None:
    """The item's folder; that of all items is made only where the one above it is there. Raises OSError."""
    folder.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)


def _whole_file(folder: Path) -> Path | None:
    """What an earlier run brought to its end, but could not record: a file gets its name when it is whole."""
    found = [one for one in folder.iterdir() if not one.name.startswith(".") and one.is_file()]
    return found[0] if len(found) == 1 else None
