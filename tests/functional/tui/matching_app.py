"""The real app over a demo world that was scanned, driven by keys; and how to wait for what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from core.config import load_settings
from core.demo.world import DemoWorld
from core.model.recommendations import Recommendation
from core.runtime import open_runtime
from tui.app import WinnowApp
from tui.screens.match_detail import MatchDetailScreen
from tui.screens.matching import MatchingScreen
from tui.widgets.lines import Lines


def text_of(app: WinnowApp) -> str:
    """The screen as lines of text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@dataclass
class Driven:
    """A running app with what tests ask of it."""

    app: WinnowApp
    pilot: Pilot[Any]
    world: DemoWorld

    @property
    def list_screen(self) -> MatchingScreen:
        """The list, wherever it is."""
        return next(screen for screen in self.app._screen_stacks["matching"] if isinstance(screen, MatchingScreen))

    @property
    def detail(self) -> MatchDetailScreen:
        """The detail screen in front."""
        screen = self.app.screen
        assert isinstance(screen, MatchDetailScreen)
        return screen

    @property
    def row(self) -> Recommendation:
        """The row under the cursor."""
        row = self.list_screen.rows.cursor_row
        assert row is not None
        return row

    @property
    def text(self) -> str:
        """What is on the screen."""
        return text_of(self.app)

    def lines(self, name: str) -> str:
        """The text of a part of the screen in front, also of what is scrolled out of sight."""
        return self.app.screen.query_one(f"#{name}", Lines).text

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition; ten seconds are a failure, which shows the screen."""
        for _ in range(1000):
            await self.pilot.pause()
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never came: {what}\n{self.text}\nsaid: {[one.text for one in self.app.said]}")

    async def sees(self, words: str) -> None:
        """Wait until these words are on the screen."""
        await self.until(lambda: words in self.text, words)

    async def heard(self, words: str) -> None:
        """Wait until a message with these words was said."""
        await self.until(lambda: any(words in one.text for one in self.app.said), words)

    async def put_cursor(self, title: str) -> Recommendation:
        """Put the cursor on the first row of a scene with this title."""
        matches = self.list_screen.rows
        desk = self.app.runtime.matching
        rows = await desk.rows(matches.ids)
        wanted = next(row for row in rows if row.local_title == title)
        matches.move_to_id(wanted.id)
        await self.until(lambda: matches.cursor_row == wanted, title)
        return wanted


async def scan(world: DemoWorld, data: Path) -> None:
    """Fill the database as a first scan does."""
    async with open_runtime(load_settings(world.config_path), data_dir=data) as runtime:
        await runtime.matching.scan()


@asynccontextmanager
async def driven(
    world: DemoWorld,
    data: Path,
    *,
    size: tuple[int, int] = (120, 40),
    images: str = "off",
    is_scanned: bool = True,
) -> AsyncIterator[Driven]:
    """The app with the list of matches in front."""
    if is_scanned:
        await scan(world, data)
    app = WinnowApp(load_settings(world.config_path), data, images=images, is_scheduling=False)
    async with app.run_test(size=size) as pilot:
        it = Driven(app, pilot, world)
        await it.until(lambda: app.is_open and app.current_mode == "dashboard", "dashboard")
        await it.press("2")
        await it.until(lambda: app.current_mode == "matching" and isinstance(app.screen, MatchingScreen), "matching")
        screen = it.list_screen
        await it.until(lambda: screen._summary is not None and not screen._is_reloading, "loaded")
        if is_scanned:
            await it.until(lambda: screen.rows.cursor_row is not None, "rows")
        yield it
