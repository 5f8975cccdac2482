"""Draws the pictures of the README from the demo world: `make pictures`, or `python -m tests.pictures [FOLDER]`.

The clock stands still and the addresses are always the same, so that a picture changes only when its screen does.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["TZ"] = "UTC"
time.tzset()

import msgspec  # noqa: E402  the time zone is set before anything reads it
from textual.pilot import Pilot  # noqa: E402

from core.config import load_settings  # noqa: E402
from core.demo.world import DemoWorld  # noqa: E402
from tui.app import WinnowApp  # noqa: E402
from tui.keymap import load_keymap  # noqa: E402
from tui.theme import DARK  # noqa: E402

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (110, 34)
_CARDS_HEIGHT = 38  # lines that the cards of all desks need
_PATIENCE_SECONDS = 30.0
_FONT_SIZE = 20.26  # a column of the picture is 12.2 wide, a letter of DejaVu Sans Mono 0.602 of its size
_PORTS = '{"stash":39131,"box1":39133,"box2":39132}'
"""Kept by the demo world where they are free: the stash-boxes are ordered by their addresses."""


class StandingClock:
    """Always the same wall time; monotonic time runs."""

    def now(self) -> float:
        return 1_767_268_800.0

    def monotonic(self) -> float:
        return time.monotonic()


class PictureApp(WinnowApp):
    """The app, over a server whose address is always the same."""

    @property
    def library_name(self) -> str:
        return "nas:9999"


class Artist:
    """Presses keys, waits, draws."""

    def __init__(self, app: WinnowApp, pilot: Pilot[int], folder: Path) -> None:
        self._app = app
        self._pilot = pilot
        self._folder = folder

    @property
    def text(self) -> str:
        """What stands on the screen."""
        strips = self._app.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in strip) for strip in strips)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"the screen never came:\n{self.text}")
            await self._pilot.pause(0.02)

    async def draw(self, name: str, *keys: str, shows: str) -> None:
        """Press keys, wait for words and until nothing moves any more, write the picture."""
        for key in keys:
            await self._pilot.press(key)
        await self.until(lambda: shows in self.text)
        drawn = ""
        for _ in range(100):
            await self._pilot.pause(0.1)
            before, drawn = drawn, self._app.export_screenshot(title="Winnow")
            if drawn == before:
                break
        (self._folder / f"{name}.svg").write_text(_local(drawn), encoding="utf-8")


def _local(svg: str) -> str:
    """The picture without fonts from elsewhere: nothing is fetched when it is looked at.

    Letters are as wide as the columns and spaces are kept also where a viewer knows no `textLength`.
    """
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono").replace("font-size: 20px", f"font-size: {_FONT_SIZE}px")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


async def draw_all(folder: Path) -> None:
    """Every picture. The world stands in a folder of one name, since paths are shown."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.gettempdir()) / "winnow-pictures"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        (place / "ports.json").write_text(_PORTS)
        async with DemoWorld.open(place, duplicates=True, intake=True) as world:
            await _draw(world, place / "data", folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _draw(world: DemoWorld, data: Path, folder: Path) -> None:
    app = PictureApp(
        msgspec.structs.replace(load_settings(world.config_path), path=Path("~/.config/winnow/config.toml")),
        data,
        images="halfcell",
        keymap=load_keymap(),
        clock=StandingClock(),
        is_scheduling=False,
    )
    async with app.run_test(size=SIZE, notifications=False) as pilot:
        artist = Artist(app, pilot, folder)
        await artist.until(lambda: app.current_mode == "dashboard")
        app.theme = DARK
        await artist.until(lambda: "online" in artist.text)
        await pilot.press("3", "S")
        await artist.until(lambda: "lighthouse" in artist.text)
        await pilot.press("4", "S")
        await artist.until(lambda: "two friends.jpg" in artist.text and not app.progress)
        await pilot.press("1")
        await pilot.resize_terminal(SIZE[0], _CARDS_HEIGHT)
        await artist.draw("dashboard", "s", shows="25  wait for a decision")
        await pilot.resize_terminal(*SIZE)
        await artist.draw("duplicates", "3", "j", "j", "j", shows="keep the first")
        await artist.draw("compare", "enter", shows="suggested to keep")
        await artist.draw("matching", "escape", "2", shows="Certain both")
        await artist.draw("detail", "j", "enter", shows="Fingerprint")
        await artist.draw("accept-all", "escape", "1", "A", shows="Link ")
        await artist.draw("history", "y", "6", shows="Actions of batch")
        await artist.draw("undo", "u", shows="Undo accept")
        await pilot.press("escape", "4", *"ooooo", "g", "j")  # by name
        await artist.draw("intake", shows="2: Robin, Sasha")
        await artist.draw("help", "1", "question_mark", shows="Dashboard")


if __name__ == "__main__":
    asyncio.run(draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
