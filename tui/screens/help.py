"""The keys in force on the screen below, made from the same table and keymap as the keys themselves."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from tui.command import Command
from tui.command_table import SCOPES
from tui.keymap import user_path
from tui.screens.base import Guarded, WinnowScreen
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.lines import Line, Lines
from tui.widgets.scrolling import ScrollingText


class HelpScreen(WinnowScreen):
    """Commands by group with their keys; then where keys are changed and what is wrong in the user's file."""

    SCOPE = "help"
    HEADING = "Help"
    BINDINGS: ClassVar = []

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about.commands if isinstance(about, Guarded) else []

    def compose_body(self) -> ComposeResult:
        with ScrollingText(id="help"):
            yield Lines(self._lines)

    def on_mount(self) -> None:
        self.query_one(ScrollingText).focus()

    def _lines(self, width: int) -> list[Line]:
        keymap = self.winnow.keymap_in_force
        groups: dict[str, list[Command]] = {}
        for command in self._about or SCOPES["app"].commands:
            groups.setdefault(command.scope, []).append(command)
        shown = {one.id: keymap.shown(one.id) for group in groups.values() for one in group}
        room = min(max(map(columns, shown.values()), default=0), 20)
        lines: list[Line] = []
        for scope, commands in groups.items():
            lines.append(((SCOPES[scope].title, "strong"),))
            for command in commands:
                keys = shown[command.id]
                column = max(room, columns(keys))
                words = wrap(command.words, max(width - column - 5, 20))
                lines.append((("  ", ""), (fit(keys or "no key", column), "accent" if keys else "quiet"),
                              (f"   {words[0]}", "")))  # fmt: skip
                lines += [((" " * (column + 5) + more, ""),) for more in words[1:]]
            lines.append(())
        lines.append((("Your own keys", "strong"),))
        way = "Only what differs from the shipped keys has to stand there; see docs/keys.md for all names."
        for text, part in ((str(user_path(self.winnow.settings.path)), "quiet"), (way, "")):
            lines += [((f"  {line}", part),) for line in wrap(text, width - 2)]
        for fault in keymap.faults:
            for number, line in enumerate(wrap(fault, width - 4)):
                lines.append((("    " if number else "  ! ", "careful"), (line, "")))
        return lines
