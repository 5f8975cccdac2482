"""A table of a few hundred records at most: jobs, batches, dismissals, settings. Longer lists are windowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from tui.bindings import bindings


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head and width, 0 for the one that takes what is left; `wide_only`: from 100 columns on."""

    head: str
    width: int
    wide_only: bool = False


class RecordTable(DataTable[Content], inherit_bindings=False):
    """Keeps the cursor on its record when rows come and go. Cells are `Content`: nothing in them is markup."""

    BINDINGS: ClassVar = bindings("nav")

    class Told(Message):
        """What is said of one record; `key` is empty when there is none."""

        def __init__(self, table: RecordTable, key: str) -> None:
            self.table = table
            self.key = key
            super().__init__()

        @property
        def control(self) -> RecordTable:
            """The table."""
            return self.table

    class Opened(Told):
        """The record under the cursor is to be opened."""

    class Moved(Told):
        """The cursor stands on another record."""

    def __init__(self, layout: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1, show_header=True)
        self._layout = layout
        self._records: list[tuple[str, tuple[Content, ...]]] = []
        self._told: str | None = None
        self._drawn_for: tuple[int, bool] | None = None

    @property
    def current(self) -> str:
        """The key of the record under the cursor, empty when there is none."""
        row = self.cursor_row
        return self._records[row][0] if 0 <= row < len(self._records) else ""

    def show_records(self, records: Sequence[tuple[str, Sequence[Content]]]) -> None:
        """Show these records; the cursor stays on its own, or on its line when that is gone."""
        kept, row = self.current, self.cursor_row
        self._records = [(key, tuple(cells)) for key, cells in records]
        self._draw()
        keys = [key for key, _ in self._records]
        if keys:
            self.move_cursor(row=keys.index(kept) if kept in keys else min(max(row, 0), len(keys) - 1), animate=False)
        self._tell()

    def _draw(self) -> None:
        """Columns to the width at hand, then all rows."""
        width, is_wide = self.size.width, self.app.size.width >= 100
        self._drawn_for = (width, is_wide)
        shown = [(at, column) for at, column in enumerate(self._layout) if is_wide or not column.wide_only]
        fixed = sum(column.width + 2 for _, column in shown if column.width)
        left = max(width - fixed - 2 - self.scrollbar_size_vertical, 8)
        widths = [column.width or left for _, column in shown]
        self.clear(columns=True)
        for (at, column), size in zip(shown, widths, strict=True):
            self.add_column(Text(column.head), width=size, key=str(at))
        for key, row in self._records:
            cells = [row[at].truncate(size, ellipsis=True) for (at, _), size in zip(shown, widths, strict=True)]
            self.add_row(*cells, key=key)

    def on_resize(self) -> None:
        """Columns follow the width."""
        if self._drawn_for != (self.size.width, self.app.size.width >= 100):
            row = self.cursor_row
            self._draw()
            self.move_cursor(row=row, animate=False)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Textual's message becomes ours."""
        event.stop()
        self._tell()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """A click on the line under the cursor opens it."""
        event.stop()
        self.action_nav_open()

    def _tell(self) -> None:
        if self.current != self._told:
            self._told = self.current
            self.post_message(self.Moved(self, self.current))

    def action_nav_down(self) -> None:
        self.action_cursor_down()

    def action_nav_up(self) -> None:
        self.action_cursor_up()

    def action_nav_page_down(self) -> None:
        self.action_page_down()

    def action_nav_page_up(self) -> None:
        self.action_page_up()

    def action_nav_first(self) -> None:
        self.action_scroll_top()

    def action_nav_last(self) -> None:
        self.action_scroll_bottom()

    def action_nav_open(self) -> None:
        if self.current:
            self.post_message(self.Opened(self, self.current))
