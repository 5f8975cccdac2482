"""`python tests/perf/list_worker.py matching|duplicates|intake|terminal|table FOLDER`: measures, and prints JSON."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memory import peak_mib

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # read when textual is imported

COLUMNS, LINES = 120, 40
_HELD_SECONDS, _HELD_RATE = 10.0, 30
_START = """
from pathlib import Path
from core.settings import Settings, StashSettings
from tui.launch import run_app
run_app(Settings(stash=StashSettings(url="http://127.0.0.1:9")), Path({folder!r}), images="off", mouse=False)
"""


async def _until(condition: Callable[[], object], patience: float = 60.0) -> None:
    end = time.perf_counter() + patience
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        await asyncio.sleep(0.001)  # a loop that spins would starve the thread that reads


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


_CHANGES = {
    "matching": {
        "each order in turn": ["o"] * 7,
        "order turned round": ["O"] * 2,
        "high confidence alone, others, all": ["c"] * 3,
        "each stash-box, all": ["e"] * 3,
    },
    "duplicates": {
        "each order in turn": ["o"] * 7,
        "order turned round": ["O"] * 2,
        "each kind in turn, all": ["t"] * 6,
        "videos, pictures, all": ["v"] * 3,
        "each verdict in turn, all": ["c"] * 4,
    },
    "intake": {
        "each order in turn": ["o"] * 6,
        "order turned round": ["O"] * 2,
        "each category in turn, all": ["c"] * 6,
        "each source in turn, all": ["v"] * 4,
    },
}


async def measure_list(folder: Path, desk: str) -> dict[str, Any]:
    """The real app over the store, without a terminal. `desk`: whose list, a key of `_CHANGES`."""
    from core.settings import Settings, StashSettings
    from tui.app import WinnowApp
    from tui.screens.list_browser import ListBrowser

    number = {"matching": "2", "duplicates": "3", "intake": "4"}[desk]

    app = WinnowApp(Settings(stash=StashSettings(url="http://127.0.0.1:9")), folder, images="off", is_scheduling=False)
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await _until(lambda: app.is_open and app.current_mode == "dashboard")
        await pilot.pause()

        def screen() -> ListBrowser:
            assert isinstance(app.screen, ListBrowser)
            return app.screen

        def is_seen() -> bool:
            front = app.screen
            return isinstance(front, ListBrowser) and front.is_mounted and front.rows.cursor_row is not None

        async def settled() -> None:
            await _until(lambda: is_seen() and not screen()._is_reloading)
            await pilot.pause()

        started = time.perf_counter()
        app.simulate_key(number)
        await _until(is_seen)
        await _until(lambda: not app.screen._dirty_widgets)
        first = _since(started)
        await settled()
        await pilot.press("1")
        await pilot.pause()
        started = time.perf_counter()
        app.simulate_key(number)
        await _until(is_seen)
        await _until(lambda: not app.screen._dirty_widgets)
        again = _since(started)
        await settled()

        async def keys(pressed: list[str]) -> tuple[float, float, float]:
            rows, times = screen().rows, []
            for key in pressed:
                before = rows.cursor_id
                started = time.perf_counter()
                app.simulate_key(key)
                await _until(lambda before=before: rows.cursor_id != before and rows.cursor_row is not None)  # type: ignore[misc]
                await _until(lambda: not app.screen._dirty_widgets and not rows._repaint_regions)
                times.append(_since(started))
            times.sort()
            return statistics.median(times), times[int(len(times) * 0.95)], times[-1]

        async def change(pressed: list[str]) -> tuple[float, float]:
            times = []
            for key in pressed:
                started = time.perf_counter()
                before = screen().rows.ids
                app.simulate_key(key)
                await _until(lambda before=before: screen().rows.ids is not before and is_seen())  # type: ignore[misc]
                await _until(lambda: not app.screen._dirty_widgets)
                times.append(_since(started))
                await settled()
            return statistics.median(times), max(times)

        moves = {
            "j": await keys(["j"] * 200),
            "page down": await keys(["pagedown"] * 60),
            "page up": await keys(["pageup"] * 60),
            "end, home": await keys(["end", "home"] * 25),
        }
        changes = {name: await change(pressed) for name, pressed in _CHANGES[desk].items()}
    return {"first": first, "again": again, "keys": moves, "changes": changes, "peak": peak_mib()}


def measure_terminal(folder: Path) -> dict[str, Any]:
    """The real app in a terminal of its own: bytes of a movement, and how long output goes on after a held key."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.environ.pop("NO_COLOR", None)
        os.execv(sys.executable, [sys.executable, "-c", _START.format(folder=str(folder))])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def drain(quiet: float, patience: float = 20.0) -> tuple[int, float]:
        """Read until nothing came for so long; the bytes, and when the last of them came."""
        size, last = 0, time.perf_counter()
        end = last + patience
        while time.perf_counter() < end and select.select([terminal], [], [], quiet)[0]:
            try:
                size += len(os.read(terminal, 65536))
            except OSError:
                break
            last = time.perf_counter()
        return size, last

    drain(2.0)
    os.write(terminal, b"2")
    drain(9.0)  # until the message that no server answers is gone

    def sizes_of(key: bytes, times: int) -> list[int]:
        sizes = []
        for _ in range(times):
            os.write(terminal, key)
            sizes.append(drain(0.08)[0])
        return sorted(sizes)

    down, up = sizes_of(b"j", 120), sizes_of(b"k", 120)  # beyond both edges of what is in sight
    pages = sizes_of(b"\x1b[6~", 10)
    started = time.perf_counter()
    for number in range(int(_HELD_SECONDS * _HELD_RATE)):
        os.write(terminal, b"j")
        wake = started + (number + 1) / _HELD_RATE
        while (left := wake - time.perf_counter()) > 0:
            if select.select([terminal], [], [], left)[0]:
                os.read(terminal, 65536)
    ended = time.perf_counter() - 1 / _HELD_RATE
    _, last = drain(0.5)
    os.write(terminal, b"q")
    drain(1.0)
    os.close(terminal)
    os.waitpid(pid, 0)
    lag = max(0.0, (last - ended) * 1000)
    return {
        "bytes": {key: [sizes[60], sizes[114], sizes[-1]] for key, sizes in (("j", down), ("k", up))},
        "page": [pages[5], pages[-1]],
        "lag": lag,
        "seconds": _HELD_SECONDS,
    }


async def measure_table() -> dict[str, Any]:
    """The same number of rows in Textual's own table."""
    from list_store import ROWS
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class TableApp(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable()

    app = TableApp()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        table = app.query_one(DataTable)
        started = time.perf_counter()
        table.add_columns("scene", "length", "entry", "studio", "score")
        for number in range(ROWS):
            table.add_row(f"Scene {number}", "1:00:00", f"The Entry of Scene {number}", "Studio", "97", key=str(number))
        await _until(lambda: not table._new_rows and not table._require_update_dimensions)
        await pilot.pause()
        return {"settled": _since(started), "peak": peak_mib()}


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what in _CHANGES:
        print(json.dumps(asyncio.run(measure_list(where, what))))
    elif what == "terminal":
        print(json.dumps(measure_terminal(where)))
    else:
        print(json.dumps(asyncio.run(measure_table())))
