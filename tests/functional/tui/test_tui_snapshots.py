"""A few screens, whole, at two sizes, beside what they looked like when somebody last looked at them.

Where a screen is meant to change, `WINNOW_SNAPSHOTS=write` writes the files anew; the difference is then reviewed.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from tui_driver import SIZES, Driver

from core.config import load_settings
from core.demo.world import DemoWorld
from tui.app import WinnowApp
from tui.keymap import load_keymap

FOLDER = Path(__file__).with_name("snapshots")
SCREENS = ("dashboard", "matching", "detail", "history")


class StandingClock:
    """Always the same wall time; monotonic time runs."""

    def now(self) -> float:
        return 1_767_268_800.0

    def monotonic(self) -> float:
        return time.monotonic()


class NamedApp(WinnowApp):
    """The app, over a server whose address is always the same."""

    @property
    def library_name(self) -> str:
        return "nas:9999"


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def remember_ports(folder: Path) -> None:
    """Free ports for the world, rising, since stash-boxes are ordered by their addresses."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        first, second, third = sorted(one.getsockname()[1] for one in sockets)
    folder.mkdir()
    (folder / "ports.json").write_bytes(msgspec.json.encode({"stash": third, "box1": first, "box2": second}))


async def settled(driver: Driver) -> str:
    """The screen once it stands still."""
    before = ""
    for _ in range(200):
        await driver.pilot.pause(0.05)
        if driver.text == before:
            return before + "\n"
        before = driver.text
    raise AssertionError(f"the screen never stood still:\n{before}")


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_screens_look_as_they_did(tmp_path: Path, size: tuple[int, int]) -> None:
    remember_ports(tmp_path / "world")
    async with DemoWorld.open(tmp_path / "world", media=False) as world:
        assert world.boxes[0].endpoint < world.boxes[1].endpoint, "another program took a port: run it again"
        app = NamedApp(
            load_settings(world.config_path),
            tmp_path / "data",
            images="off",
            keymap=load_keymap(),
            clock=StandingClock(),
            is_scheduling=False,
        )
        async with app.run_test(size=size, notifications=False) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.current_mode == "dashboard", "the dashboard")
            await driver.shows("online")
            await driver.scan()
            seen = {"dashboard": await settled(driver)}
            await driver.press("2")
            await driver.shows("Certain both")
            seen["matching"] = await settled(driver)
            await driver.press("enter")
            await driver.shows("In Stash")
            seen["detail"] = await settled(driver)
            await driver.press("a")
            await driver.press("escape")
            await driver.go("6", "history")
            await driver.shows("accept 1 match")
            seen["history"] = await settled(driver)
    for name in SCREENS:
        file = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
        if os.environ.get("WINNOW_SNAPSHOTS") == "write":
            FOLDER.mkdir(exist_ok=True)
            file.write_text(seen[name], encoding="utf-8")
        assert seen[name] == file.read_text(encoding="utf-8"), f"{name} looks different: {file}"
