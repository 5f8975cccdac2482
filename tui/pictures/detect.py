"""What the terminal can draw, told from the environment alone.

The terminal is never asked: answers come late over a slow line, get lost in tmux, and then end up as typed text in
whatever has the focus.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_TMUX_PATIENCE_SECONDS: Final = 1.0
_TMUX_FORMAT: Final = (
    "#{client_termtype}\t#{client_termname}\t#{allow-passthrough}\t#{client_termfeatures}"
    "\t#{client_cell_width}x#{client_cell_height}\t#{client_utf8}"
)
_ASCII_ALONE: Final = (
    "tmux draws every sign that is not ASCII as _ here: detach and say `tmux -u attach`,"
    " or `export LANG=C.UTF-8` before tmux is started"
)
_FIRST_KITTY: Final = (0, 28)  # with Unicode placeholders
_NO_PICTURES: Final = re.compile(r"linux|dumb|unknown|vt\d.*|.*-(m|mono|16color)")


class Drawing(StrEnum):
    """A way of drawing pictures."""

    TEXT = "text"
    HALFCELL = "halfcell"
    KITTY = "kitty"
    SIXEL = "sixel"


@dataclass(frozen=True, slots=True)
class Cell:
    """Pixels of one character cell."""

    width: int = 8
    height: int = 16


@dataclass(frozen=True, slots=True)
class Ability:
    """What is drawn with, and why in words. `is_tmux`: escape sequences have to be wrapped. `is_ascii`: no sign that is
    not ASCII reaches the eye."""

    drawing: Drawing
    why: str
    cell: Cell = Cell()
    is_tmux: bool = False
    is_ascii: bool = False


def detect(
    wanted: str,
    env: Mapping[str, str],
    *,
    is_tty: bool,
    colours: str | None = "truecolor",
    ask_tmux: Callable[[str], str] | None = None,
    pixels: Cell | None = None,
) -> Ability:
    """The way of drawing for a setting (auto, off, halfcell, kitty, sixel) in this environment.

    `colours` is the colour system in use (None: none), `ask_tmux` answers a tmux format for a pane, `pixels` is the
    cell size that the kernel states.
    """
    is_tmux = bool(env.get("TMUX"))
    cell = pixels or Cell()
    if wanted == "off":
        return Ability(Drawing.TEXT, "pictures are off in the settings", cell, is_tmux)
    if wanted == "auto":
        poor = _poverty(env, is_tty=is_tty, colours=colours)
        if poor:
            return Ability(Drawing.TEXT, poor, cell, is_tmux)
    if is_tmux:
        return _inside_tmux(wanted, env, ask_tmux or _ask_tmux, cell)
    if wanted == "sixel":
        return Ability(Drawing.SIXEL, "sixel is set in the settings", cell)
    if wanted == "kitty":
        return Ability(Drawing.KITTY, "kitty is set in the settings", cell)
    if wanted == "halfcell":
        return Ability(Drawing.HALFCELL, "half-blocks are set in the settings", cell)
    terminal = env.get("TERM", "")
    if env.get("KITTY_WINDOW_ID") or terminal in {"xterm-kitty", "xterm-ghostty"}:
        return Ability(Drawing.KITTY, f"the terminal says it is {terminal or 'kitty'}", cell)
    return Ability(Drawing.HALFCELL, "half-blocks work in every terminal with colours", cell)


def _poverty(env: Mapping[str, str], *, is_tty: bool, colours: str | None) -> str:
    """Why pictures would be no use here, or ""."""
    if not is_tty:
        return "the output is no terminal"
    if env.get("NO_COLOR"):
        return "NO_COLOR is set"
    terminal = env.get("TERM", "")
    if _NO_PICTURES.fullmatch(terminal):
        return f"a terminal of the kind {terminal} has too few colours"
    if colours in (None, "standard", "windows"):
        return "the terminal has too few colours; where it has more, set TERM to one with -256color"
    return ""


def _inside_tmux(wanted: str, env: Mapping[str, str], ask: Callable[[str], str], cell: Cell) -> Ability:
    """kitty needs a kitty outside, passthrough and RGB. Sixel is never drawn: tmux leaves remains of it behind. A tmux
    that was started without a UTF-8 locale, as over SSH to a NAS that sets none, draws nothing but ASCII."""
    answer = ask(env.get("TMUX_PANE", ""))
    fields = (answer.rstrip("\n").split("\t") + [""] * 6)[:6]
    kind, name, passthrough, features, size, utf8 = fields
    width, _, height = size.partition("x")
    if width.isdigit() and height.isdigit() and 2 <= int(width) <= 200 and 2 <= int(height) <= 400:
        cell = Cell(int(width), int(height))
    if utf8 == "0":
        return Ability(Drawing.TEXT, _ASCII_ALONE, cell, True, is_ascii=True)
    if wanted == "halfcell":
        return Ability(Drawing.HALFCELL, "half-blocks are set in the settings", cell, True)
    if wanted == "sixel":
        return Ability(Drawing.HALFCELL, "tmux leaves remains of sixel pictures behind, so half-blocks", cell, True)
    if passthrough not in {"on", "all", "1", "2"}:
        words = "tmux holds pictures back; `set -g allow-passthrough on` in ~/.tmux.conf lets them through"
        return Ability(Drawing.HALFCELL, words, cell, True)
    if wanted == "kitty":
        return Ability(Drawing.KITTY, "kitty is set in the settings", cell, True)
    if not _draws_placeholders(kind, name):
        return Ability(Drawing.HALFCELL, "half-blocks work in every terminal with colours", cell, True)
    if "RGB" not in features.split(","):
        words = "tmux turns colours down; `set -ga terminal-features ',*:RGB'` in ~/.tmux.conf lets pictures through"
        return Ability(Drawing.HALFCELL, words, cell, True)
    return Ability(Drawing.KITTY, f"tmux says the terminal is {kind or name}", cell, True)


def _draws_placeholders(kind: str, name: str) -> bool:
    """Whether a terminal, as tmux names it, knows kitty's Unicode placeholders."""
    if kind.lower().startswith("ghostty") or name == "xterm-ghostty":
        return True
    version = re.match(r"kitty\((\d+)\.(\d+)", kind)
    return version is not None and (int(version[1]), int(version[2])) >= _FIRST_KITTY


def _ask_tmux(pane: str) -> str:
    """What tmux knows of the terminal outside; "" when it does not answer."""
    command = ["tmux", "display-message", "-p", *(["-t", pane] if pane else []), _TMUX_FORMAT]
    try:
        done = subprocess.run(  # noqa: S603  a fixed command; the pane comes from tmux itself
            command, capture_output=True, text=True, timeout=_TMUX_PATIENCE_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def stated_pixels(descriptor: int) -> Cell | None:
    """The cell size that the kernel states for a terminal, where it states a sensible one."""
    import fcntl
    import struct
    import termios

    try:
        raw = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    except (OSError, ValueError):
        return None
    rows, columns, width, height = struct.unpack("HHHH", raw)
    if not (rows and columns and width and height):
        return None
    cell = Cell(width // columns, height // rows)
    return cell if 2 <= cell.width <= 200 and 2 <= cell.height <= 400 else None
