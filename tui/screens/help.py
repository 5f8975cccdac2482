"""The keys in force on the screen below, made from the same table and keymap as the keys themselves."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.command_table import SCOPES, Command
from tui.keymap import user_path
from tui.present import cells, content, paragraphs, plain
from tui.screens.base import Guarded, WinnowScreen
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
            yield Static(self._text())

    def on_mount(self) -> None:
        self.query_one(ScrollingText).focus()

    def _text(self) -> Content:
        keymap = self.winnow.keymap_in_force
        groups: dict[str, list[Command]] = {}
        for command in self._about or SCOPES["app"].commands:
            groups.setdefault(command.scope, []).append(command)
        width = max((sum(map(cells, keymap.shown(one.id))) for group in groups.values() for one in group), default=0)
        width = min(width, 20)
        parts: list[Content] = []
        for scope, commands in groups.items():
            parts.append(Content.styled(SCOPES[scope].title, "bold"))
            for command in commands:
                keys = keymap.shown(command.id) or "no key"
                style = "$accent" if keymap.keys.get(command.id) else "$quiet"
                gap = " " * max(width - sum(map(cells, keys)), 0)
                parts.append(Content.assemble("  ", (keys, style), gap, "   ", command.words))
            parts.append(Content(""))
        parts.append(Content.styled("Your own keys", "bold"))
        parts.append(content(f"  {plain(str(user_path(self.winnow.settings.path)))}", "$quiet"))
        parts.append(
            Content("  Only what differs from the shipped keys has to stand there; see docs/keys.md for all names.")
        )
        parts += [Content.assemble(("  ! ", "bold $warning"), paragraphs(fault)) for fault in keymap.faults]
        return Content("\n").join(parts)
