"""Makes new names in folders last, many at once: each call of the system costs as much as all of them together."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.finishing import to_its_end
from core.media.moving import sync_folder


class FolderSyncs:
    """Whoever asks while one call is under way shares the next."""

    def __init__(self) -> None:
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._next: dict[Path, asyncio.Task[None]] = {}

    async def sync(self, folder: Path) -> None:
        """Wait until every name that stands in the folder now lasts. Raises OSError."""
        task = self._next.get(folder)
        if task is None:
            task = self._next[folder] = asyncio.create_task(self._after(self._running.get(folder), folder))
            task.add_done_callback(_looked_at)
        await asyncio.shield(task)

    async def _after(self, former: asyncio.Task[None] | None, folder: Path) -> None:
        if former is not None:
            await asyncio.wait({former})
        running = self._running[folder] = self._next.pop(folder)
        try:
            await to_its_end(asyncio.to_thread(sync_folder, folder))
        finally:
            if self._running.get(folder) is running:
                del self._running[folder]


def _looked_at(task: asyncio.Task[None]) -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()
