"""A line to type in, whose keys take effect in the order they were pressed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.widgets import Input


class Field(Input):
    """Textual inserts a character at once but carries out backspace or Enter only after that key travelled up to the
    app, so that in a burst (quick fingers over a slow line) `⌫⌫7` became `7⌫⌫`. Here every key waits its turn; what
    means nothing in one line, as the arrow down, is left to the screen.
    """

    BINDINGS: ClassVar = []

    async def _on_key(self, event: events.Key) -> None:
        if not event.is_printable:
            for binding in self._bindings.key_to_bindings.get(event.key, ()):
                if await self.app.run_action(binding.action, self):
                    event.stop()
                    event.prevent_default()
                    return
        await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        """As much of the first line as there is room for; Textual would take none of a text that is too long."""
        selected = abs(self.selection.end - self.selection.start)
        line = next(iter(event.text.splitlines()), "")
        if self.max_length:
            line = line[: max(0, self.max_length - len(self.value) + selected)]
        event.text = line
        super()._on_paste(event)
