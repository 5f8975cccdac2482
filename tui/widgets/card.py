"""A desk at a glance, as framed lines: a figure or a name in front, what it means beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static


class Card(Static):
    """A frame with a title; its lines are given ready to be shown."""

    DEFAULT_CSS = """
    Card {
        height: auto; border: round $border-blurred; border-title-color: $accent; border-title-style: bold;
        padding: 1 2; background: $background;
    }
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self.border_title = title

    def show(self, lines: Sequence[Content]) -> None:
        """Replace what the card says."""
        self.update(Content("\n").join(lines))
