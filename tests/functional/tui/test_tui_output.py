"""What is sent to the terminal adds up to what Textual drew, and is little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from emulator import Emulator, Grid
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from tui_driver import Driver, opened

from core.demo.world import DemoWorld
from tui.app import WinnowApp
from tui.terminal_output import TerminalOutput


class Watched:
    """Sends every frame of an app to a terminal, in fewer bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, system: Any, size: tuple[int, int]) -> None:
        self._size = size
        self.terminal = Emulator(*size)
        self._output = TerminalOutput()
        self._console = Console(force_terminal=True, color_system=system, width=size[0])

        def display(_app: WinnowApp, _screen: Screen[Any], frame: object) -> None:
            if isinstance(frame, LayoutUpdate | ChopsUpdate):
                self.terminal.feed(self._output.thrifty(frame).render_segments(self._console))

        monkeypatch.setattr(WinnowApp, "_display", display)

    def wanted(self, app: WinnowApp) -> Grid:
        """What Textual would draw now, all of it."""
        frame = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        assert isinstance(frame, LayoutUpdate)
        fresh = Emulator(*self._size)
        fresh.feed(frame.render_segments(self._console))
        return fresh.cells

    async def agrees(self, driver: Driver) -> None:
        """Wait until the terminal shows that."""
        await driver.until(lambda: self.terminal.cells == self.wanted(driver.app), "what is sent shows what is drawn")


@pytest.mark.parametrize("system", ["truecolor", "256", "standard"])
async def test_the_terminal_shows_what_was_drawn(
    world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Any
) -> None:
    watched = Watched(monkeypatch, system, (120, 40))
    async with opened(world, tmp_path, size=(120, 40)) as driver:
        await driver.scan()
        await driver.go("2", "matching")
        await driver.until(lambda: len(driver.screen.query("MatchList")), "the list")
        for key in "jjjkjGkkkgjjx v:uo":
            await driver.press({":": "ctrl+p", " ": "space"}.get(key, key))
            await watched.agrees(driver)
            if key in ":v":
                await driver.press("escape")
        for key in "1543126":
            await driver.press(key)
            await watched.agrees(driver)


async def test_a_step_at_the_edge_of_the_list_is_scrolled_by_the_terminal(
    world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(monkeypatch, "truecolor", (120, 20))
    async with opened(world, tmp_path, size=(120, 20)) as driver:
        await driver.scan()
        await driver.go("2", "matching")
        await driver.until(lambda: len(driver.screen.query("MatchList")), "the list")
        sizes = []
        for key in "j" * 20 + "k" * 20:
            await watched.agrees(driver)
            before = watched.terminal.size
            await driver.press(key)
            await watched.agrees(driver)
            sizes.append(watched.terminal.size - before)
        assert max(sizes) < 4096, sizes


STYLES = [Style.parse(one) for one in ("none", "red", "bold red on blue", "underline", "reverse green", "on blue")]
TEXTS = st.lists(
    st.tuples(st.text(alphabet="ab  \u3042\u4e2de\u0301x\U0001f1e9", max_size=6), st.sampled_from(STYLES)), max_size=6
)


def line(parts: list[tuple[str, Style]], width: int) -> Strip:
    """A line of a width, which nothing that combines begins."""
    strip = Strip([Segment(" ", STYLES[0]), *(Segment(text, style) for text, style in parts)])
    return strip.adjust_cell_length(width, STYLES[5])


@given(st.lists(st.lists(TEXTS, min_size=6, max_size=6), min_size=2, max_size=4), st.integers(0, 3), st.data())
def test_whatever_was_drawn_before_the_lines_show_what_was_drawn_last(
    frames: list[list[list[tuple[str, Style]]]], by: int, data: st.DataObject
) -> None:
    width, height = 16, 6
    console = Console(force_terminal=True, color_system="truecolor", width=width)
    output, thrifty, plain = TerminalOutput(), Emulator(width, height), Emulator(width, height)
    lines = [line(parts, width) for parts in frames[0]]
    full = LayoutUpdate([[one] for one in lines], Region(0, 0, width, height))
    thrifty.feed(output.thrifty(full).render_segments(console))
    plain.feed(full.render_segments(console))
    for parts in frames[1:]:
        fresh = [line(one, width) for one in parts]
        lines = lines[by:] + fresh[:by] if by else fresh  # scrolled, or all new
        cut = data.draw(st.integers(1, width - 1))
        frame = ChopsUpdate(
            [{0: one.crop(0, cut), cut: one.crop(cut, width)} for one in lines],
            [(y, 0, width) for y in range(height)],
            [[cut, width] for _ in lines],
        )
        thrifty.feed(output.thrifty(frame).render_segments(console))
        plain.feed(frame.render_segments(console))
        assert thrifty.cells == plain.cells
