"""The last line: the keys in force, as many as fit, the most special first."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.events import Click
from textual.keys import key_to_character
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.command_table import COMMANDS
from tui.keymap import shown_key
from tui.present import cells

Hint = tuple[str, str, str]
"""Of one command: its id, its first key as shown, its label."""


class Footer(Widget):
    """One line for all keys: one widget, so that a change of focus repaints one line only."""

    DEFAULT_CSS = """
    Footer { dock: bottom; height: 1; background: $footer-background; color: $quiet; padding: 0 1; }
    """

    hints: reactive[tuple[Hint, ...]] = reactive(())

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self.renew()

    def _bindings_updated(self, _screen: Screen[Any]) -> None:
        self.renew()

    def renew(self) -> None:
        """Show what is in force now, if our screen is the one in sight."""
        if self.is_attached and self.screen is self.app.screen:
            self.hints = in_force(self.screen)

    def _fitting(self) -> list[tuple[int, int, Hint]]:
        """The hints that fit, each with its columns; those of the app (help, quit) keep their place at the end."""
        width = self.content_size.width
        own = [hint for hint in self.hints if not hint[0].startswith("app.")]
        common = [hint for hint in self.hints if hint[0].startswith("app.")]
        room = width - sum(_width(hint) for hint in common)
        while own and sum(_width(hint) for hint in own) > room:
            own.pop()
        placed = []
        at = 0
        for hint in (*own, *common):
            if at + _width(hint) - 2 > width:
                break
            placed.append((at, at + _width(hint) - 2, hint))
            at += _width(hint)
        return placed

    def render(self) -> Content:
        """`a Accept  d Dismiss ...`, the keys in the accent colour."""
        parts: list[Content | tuple[str, str]] = []
        for _, _, (_, key, label) in self._fitting():
            parts += [(key, "bold $accent"), (f" {label}  ", "")]
        return Content.assemble(*parts)

    async def on_click(self, event: Click) -> None:
        """A click on a hint does what its key does."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, end, (command, _, _) in self._fitting():
            if start <= offset.x < end:
                await run_command(self.screen, command)


def _width(hint: Hint) -> int:
    return sum(cells(character) for character in hint[1] + hint[2]) + 3


def in_force(screen: Screen[Any]) -> tuple[Hint, ...]:
    """The commands worth a place in the footer that a key reaches now, in their order on the screen."""
    found: dict[str, Hint] = {}
    focused = screen.focused
    for key, (_, binding, is_enabled, _) in screen.active_bindings.items():
        command = binding.id or ""
        is_shown = binding.show or (command == "app.back" and screen.app.screen_stack[0] is not screen)
        if command not in COMMANDS or not is_shown or not is_enabled or command in found:
            continue
        if focused is not None and focused.check_consume_key(key, key_to_character(key)):
            continue  # the key is typed into the field
        found[command] = (command, shown_key(key), COMMANDS[command].label)
    return tuple(found.values())


async def run_command(screen: Screen[Any], command: str) -> bool:
    """Do what a key of this command would do, whether it has one or not; False when nothing here answers it."""
    action = COMMANDS[command].action
    node = screen.focused
    chain = [screen, screen.app] if node is None else list(node.ancestors_with_self)
    for owner in chain:
        if any(binding.id == command for _, binding in owner._bindings):
            return await screen.app.run_action(action, owner)
    return False
