"""Turning proposals down: which, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.present import plain
from tui.screens.base import Dialog
from tui.widgets.field import Field

_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Dismissing:
    """What the person chose."""

    reason: str
    is_until_next_scan: bool


class DismissDialog(Dialog[Dismissing | None]):
    """Asks for a reason, which may stay empty. Dismissing changes nothing outside Winnow and can be undone."""

    DEFAULT_CSS = """
    DismissDialog .box Input { margin: 1 0; height: 1; border: none; background: $panel; padding: 0 1; }
    DismissDialog .quiet { color: $quiet; }
    """

    def __init__(self, what: str, *, is_until_next_scan: bool) -> None:
        super().__init__()
        self._what = what
        self._is_until_next_scan = is_until_next_scan

    def compose_box(self) -> ComposeResult:
        """The question, the field, what follows from it."""
        words = "until the next scan" if self._is_until_next_scan else "for good"
        with Vertical(classes="box"):
            yield Static(Content.assemble((f"Dismiss {words}: ", "bold"), plain(self._what, width=200)))
            yield Field(placeholder="why? (may stay empty)", max_length=_LONGEST)
            kept = "The next scan may propose it again." if self._is_until_next_scan else "It is not proposed again."
            yield Static(f"enter dismisses, esc does not. {kept} Other candidates of the scene stay.", classes="quiet")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a text to type and nothing to choose."""
        is_choice = action in {"take_out", "next_choice", "choose_all", "confirm"}
        return False if is_choice else super().check_action(action, parameters)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(Dismissing(event.value.strip(), self._is_until_next_scan))
