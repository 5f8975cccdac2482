"""The command palette: every command in force, with its keys and what it does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.command import Command
from tui.widgets.footer import run_command

if TYPE_CHECKING:
    from tui.app import WinnowApp


class Palette(CommandPalette):
    """Textual's palette, which keys pressed in a burst do not break."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it once; a second Enter, pressed before it was gone, does nothing more."""
        if self.app.screen is self:
            return super().dismiss(result)
        self._selected_command = Hit(0, "", _nothing)  # what is carried out after the closing
        return AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        """Leave moves in a list that was emptied or is not laid out yet."""
        commands = self.query_one(CommandList)
        if commands.option_count and commands.size.height:
            super()._action_command_list(action)


def _nothing() -> None:
    """The command of a palette that is closed."""


class WinnowCommands(Provider):
    """The commands of the screen under the palette."""

    def _commands(self) -> list[tuple[Command, str]]:
        from tui.screens.base import Guarded

        if not isinstance(self.screen, Guarded):
            return []
        app: WinnowApp = self.screen.winnow
        commands = sorted(self.screen.commands, key=lambda one: one.scope == "nav")  # moving is not searched for
        return [(command, app.keymap_in_force.shown(command.id)) for command in commands]

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for command, keys in self._commands():
            yield DiscoveryHit(
                _title(command, keys), partial(run_command, self.screen, command.id), command.label, command.words
            )

    async def search(self, query: str) -> Hits:
        """What fits the words, in label, sentence or id."""
        matcher = self.matcher(query)
        for command, keys in self._commands():
            score = max(
                matcher.match(command.label), matcher.match(command.words) * 0.8, matcher.match(command.id) * 0.7
            )
            if score > 0:
                yield Hit(
                    score,
                    _title(command, keys),
                    partial(run_command, self.screen, command.id),
                    command.label,
                    command.words,
                )


def _title(command: Command, keys: str) -> Content:
    return Content.assemble(command.label, "  ", (keys, "$accent"))
