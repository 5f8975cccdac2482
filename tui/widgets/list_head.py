"""The line with the names of a list's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.cells import fit

GUTTER: Final = 4  # cursor, selection, bracket, blank


@dataclass(frozen=True, slots=True)
class Column:
    """One column and its width, without the blank that follows."""

    name: str
    title: str
    width: int
    is_right: bool = False


class ListHead(Widget):
    """The names of the columns that `layout` gives for a width; an arrow stands at the one the list is ordered by."""

    DEFAULT_CSS = """
    ListHead { height: 1; color: $text-muted; padding: 0 1 0 0; }
    """

    sort: reactive[str] = reactive("")
    is_reversed: reactive[bool] = reactive(False)

    def __init__(
        self,
        layout: Callable[[int], Iterable[Column]],
        sorted_by: Mapping[str, StrEnum],
        *,
        id: str | None = None,  # noqa: A002  Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._columns = layout
        self._sorted_by = sorted_by

    def render_line(self, y: int) -> Strip:
        """The one line."""
        del y
        width = self.size.width
        text = " " * GUTTER + " ".join(self._titles(width))
        return Strip([Segment(fit(text, width), self.rich_style)], width)

    def _titles(self, width: int) -> Iterator[str]:
        for column in self._columns(width):
            arrow = ""
            if self._sorted_by.get(column.name) == self.sort:
                arrow = "\N{BLACK UP-POINTING TRIANGLE}" if self.is_reversed else "\N{BLACK DOWN-POINTING TRIANGLE}"
            room = column.width - len(arrow)
            yield fit(fit(column.title, min(room, len(column.title))) + arrow, column.width, is_right=column.is_right)
