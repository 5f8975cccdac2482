"""A question with a yes and a no. Enter is neither."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.present import plain
from tui.screens.base import Dialog
from tui.widgets.scrolling import ScrollingText


class ConfirmDialog(Dialog[bool]):
    """True when the person said yes, None when not. `lines`: what would be done, made fit to be shown."""

    CSS_PATH = "confirm.tcss"

    def __init__(self, question: str, lines: Sequence[Content] = (), *, yes: str, note: str = "") -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._yes = yes
        self._note = note

    def compose_box(self) -> ComposeResult:
        """Question, what it is about, and the keys that answer."""
        keymap = self.winnow.keymap_in_force
        with Vertical(classes="box"):
            yield Static(Content.styled(plain(self._question), "bold"))
            if self._lines:
                with ScrollingText(id="about"):
                    yield Static(Content("\n").join(self._lines))
            if self._note:
                yield Static(Content.styled(plain(self._note), "$quiet"), id="note")
            yield Static(
                Content.assemble(
                    (keymap.shown("dialog.confirm", limit=1), "bold $accent"),
                    f"  {self._yes}      ",
                    (keymap.shown("dialog.cancel", limit=2), "bold $accent"),
                    "  change nothing",
                ),
                id="answers",
            )

    def on_mount(self) -> None:
        """The list can be scrolled at once."""
        for about in self.query(ScrollingText):
            about.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only yes and no have a meaning here."""
        if action in {"take_out", "next_choice", "choose_all"}:
            return False
        return super().check_action(action, parameters)

    def action_confirm(self) -> None:
        """Yes."""
        self.dismiss(True)
