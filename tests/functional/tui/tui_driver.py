"""Drives the real app over the demo servers: opens it, waits for conditions, reads what stands on the screen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from core.config import load_settings
from core.demo.world import DemoWorld
from core.model.recommendations import RecommendationFilter
from core.settings import Settings
from tui.app import WinnowApp
from tui.keymap import load_keymap
from tui.screens.base import WinnowScreen
from tui.widgets.record_table import RecordTable

SIZES = ((80, 24), (120, 40))
_PATIENCE_SECONDS = 15.0


@dataclass(slots=True)
class Driver:
    """An open app and its keyboard."""

    app: WinnowApp
    pilot: Pilot[int]

    @property
    def screen(self) -> Any:
        """The screen in sight."""
        return self.app.screen

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, as text."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition; fails with the screen when it does not come."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what or condition}:\n{self.text}"
            await self.pilot.pause(0.01)

    async def shows(self, *words: str) -> None:
        """Wait until all of these stand on the screen."""
        await self.until(lambda: all(one in self.text for one in words), " and ".join(words))

    async def lacks(self, *words: str) -> None:
        """Wait until none of these stands on the screen."""
        await self.until(lambda: not any(one in self.text for one in words), "the end of " + " and ".join(words))

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def go(self, key: str, mode: str) -> None:
        """To another mode, by its key."""
        await self.press(key)
        await self.until(lambda: self.app.current_mode == mode and isinstance(self.screen, WinnowScreen), mode)

    async def scan(self) -> None:
        """Scan from the dashboard by its key, and wait for the figures."""
        await self.press("s")
        await self.shows("wait for a decision")
        await self.until(lambda: not self.app.progress, "the end of the scan")

    async def move_to(self, key: str) -> None:
        """Put the cursor of the table in sight on a record, by keys."""
        table = self.screen.query(RecordTable).first()
        await self.until(lambda: table.row_count)
        await self.press("g")
        for _ in range(table.row_count):
            if table.current == key:
                return
            await self.press("j")
        raise AssertionError(f"there is no {key}:\n{self.text}")

    async def pending(self) -> list[int]:
        """The ids that wait for a decision."""
        return list(await self.app.runtime.matching.ids(RecommendationFilter()))

    def said(self, words: str) -> bool:
        """Whether a message holds these words."""
        return any(words in one.text for one in self.app.said)


@asynccontextmanager
async def opened(
    world: DemoWorld, data_dir: Path, *, size: tuple[int, int] = SIZES[0], **options: Any
) -> AsyncIterator[Driver]:
    """The app over a world, on its dashboard."""
    settings: Settings = options.pop("settings", None) or load_settings(world.config_path)
    options.setdefault("is_scheduling", False)
    app = WinnowApp(settings, data_dir, images="off", keymap=options.pop("keymap", None) or load_keymap(), **options)
    async with app.run_test(size=size, notifications=False) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.current_mode == "dashboard", "the dashboard")
        await driver.shows("Matching", "Help")
        yield driver
