"""Every message of this session, newest last."""

from __future__ import annotations

import time
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.bindings import bindings
from tui.present import paragraphs
from tui.screens.base import WinnowScreen
from tui.widgets.scrolling import ScrollingText

_SIGNS: Final = {"information": ("·", "$quiet"), "warning": ("!", "bold $warning"), "error": ("✗", "bold $error")}


class MessagesScreen(WinnowScreen):
    """What the toasts said, for whoever looked away."""

    SCOPE = "messages"
    HEADING = "Messages"
    BINDINGS: ClassVar = bindings("messages")

    def compose_body(self) -> ComposeResult:
        with ScrollingText(id="messages"):
            yield Static(self._lines(), id="lines")

    def on_mount(self) -> None:
        self.query_one(ScrollingText).focus()
        self.query_one(ScrollingText).scroll_end(animate=False)

    def _lines(self) -> Content:
        said = self.winnow.said
        if not said:
            return Content.styled("Nothing was said so far.", "$quiet")
        lines = []
        for one in said:
            sign, style = _SIGNS[one.severity]
            stamp = time.strftime("%H:%M:%S", time.localtime(one.at))
            body = paragraphs(one.text.replace("\n", "\n            "))
            lines.append(Content.assemble((f"{stamp}  ", "$quiet"), (f"{sign} ", style), body))
        return Content("\n").join(lines)

    def action_copy(self) -> None:
        """All of it to the clipboard of the terminal, where it allows that."""
        self.app.copy_to_clipboard("\n".join(f"{one.severity}: {one.text}" for one in self.winnow.said))
        self.winnow.say("The messages were copied.")
