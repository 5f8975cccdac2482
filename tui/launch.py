"""Starts the terminal app: looks at the terminal first, and says in words why it cannot start there.

Textual reads part of its environment when it is imported, so it is imported here, after that was set.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.errors import UsageError
from core.settings import Settings
from tui.interrupts import INTERRUPTED, leaving

if TYPE_CHECKING:
    from tui.app import WinnowApp

_PLAIN_TERMINAL: Final = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # reports of the mouse,
    b"\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # of focus, pastes and size
    b"\x1b[<u\x1b[?7h\x1b[?2026l\x1b[0m\x1b[?1049l\x1b[?25h"  # keys, wrapping, colours, the screen before, the cursor
)
_COLOURS: Final = {"on": "truecolor", "off": "256"}


async def open_app(
    settings: Settings,
    data_dir: Path,
    *,
    images: str = "",
    mouse: bool | None = None,
    is_scheduling: bool = True,
) -> int:
    """Run the app until the user leaves it; its exit status, 130 when a signal ended it (the state is saved).

    `images` and `mouse` go before the settings. Raises UsageError without a terminal that can show screens, and the
    WinnowError for which the database could not be opened.
    """
    require_terminal()
    _prepare_environment(settings)
    from tui.app import WinnowApp

    app = WinnowApp(settings, data_dir, images=images, is_scheduling=is_scheduling)
    with _logging_into(app):
        status = await _run(app, mouse=settings.display.mouse if mouse is None else mouse)
    if app.holder.failure is not None:
        raise app.holder.failure
    return status


async def _run(app: WinnowApp, *, mouse: bool) -> int:
    """Run it, with what means "leave" turned into that."""
    terminal = sys.stdin.fileno()
    give_back = partial(_give_back, terminal, sys.stderr.fileno(), termios.tcgetattr(terminal))
    with leaving(partial(app.exit, INTERRUPTED), give_back, terminal=terminal):
        status = await app.run_async(mouse=mouse)
    return (app.return_code or 0) if status is None else status


def _give_back(terminal: int, output: int, attributes: list[Any]) -> None:
    """The terminal as it was before the app, as far as it can be had."""
    with suppress(OSError, termios.error):
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        os.write(output, _PLAIN_TERMINAL)


@contextmanager
def _logging_into(app: WinnowApp) -> Iterator[None]:
    """What would be printed over the screens is kept among the app's messages meanwhile."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            app.keep(record.getMessage(), severity="error" if record.levelno >= logging.ERROR else "warning")

    root = logging.getLogger()
    before, root.handlers = root.handlers, [Kept(logging.WARNING)]
    try:
        yield
    finally:
        root.handlers = before


def run_app(settings: Settings, data_dir: Path, *, images: str = "", mouse: bool | None = None) -> int:
    """`open_app` in an event loop of its own."""
    return asyncio.run(open_app(settings, data_dir, images=images, mouse=mouse))


def require_terminal() -> None:
    """Raises UsageError, with what to use in its place, where no screens can be shown."""
    for name, stream in (
        ("standard input", sys.stdin),
        ("standard output", sys.stdout),
        ("standard error", sys.stderr),
    ):
        if not stream.isatty():
            raise UsageError(
                f"the screens need a terminal, and {name} is none.\n"
                "Without one: `winnow --scan-only` scans, `winnow list matching` lists, `winnow --help` shows the rest"
            )
    if os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        raise UsageError(
            f'the screens need a terminal that can place text, and TERM is "{os.environ.get("TERM", "")}".\n'
            "Set TERM to what your terminal is (often xterm-256color), or use the commands that `winnow --help` shows"
        )


def _prepare_environment(settings: Settings) -> None:
    """What Textual takes from the environment alone. What the user set there himself stays."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    colours = _COLOURS.get(settings.display.truecolor)
    if colours:
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", colours)
    if "SSH_TTY" in os.environ:
        os.environ.setdefault("TEXTUAL_FPS", "30")
