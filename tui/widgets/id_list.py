"""A scrolled list of ids with a cursor and marks: what moves, and what is in sight. Subclasses draw."""

from __future__ import annotations

from array import array
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView

from tui.bindings import bindings


class IdList(ScrollView, can_focus=True, inherit_bindings=False):
    """Ids in order, one of them under the cursor, some of them marked."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("nav")

    marked_count: reactive[int] = reactive(0)

    class About(Message):
        """Comes from a list, which is also its `control`."""

        def __init__(self, source: IdList) -> None:
            super().__init__()
            self.source = source

        @property
        def control(self) -> IdList:
            return self.source

    class CursorMoved(About):
        """The cursor stands on another row, or its row was supplied. Only the newest of several in a row counts."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, IdList.CursorMoved) and message.source is self.source

    class RowOpened(About):
        """The row under the cursor was asked for."""

    class MarksChanged(About):
        """Rows were marked or unmarked."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, IdList.MarksChanged) and message.source is self.source

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(name=name, id=id, classes=classes)
        self._ids: array[int] = array("q")
        self._cursor = 0
        self._marks: set[int] = set()

    def _viewport_moved(self) -> None:
        """Other lines may be in sight now."""

    # -- data ----------------------------------------------------------------------------------------------------

    @property
    def ids(self) -> array[int]:
        """All ids in order."""
        return self._ids

    @property
    def cursor_index(self) -> int:
        """Where the cursor stands, from 0."""
        return self._cursor

    @property
    def cursor_id(self) -> int | None:
        """The id under the cursor; None in an empty list."""
        return self._ids[self._cursor] if self._ids else None

    @property
    def marked(self) -> frozenset[int]:
        """The marked ids."""
        return frozenset(self._marks)

    # -- moving --------------------------------------------------------------------------------------------------

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, from 0; beyond the ends it stops there."""
        index = max(0, min(index, len(self._ids) - 1))
        if index == self._cursor or not self._ids:
            return
        before, self._cursor = self._cursor, index
        self._refresh_index(before)
        self._refresh_index(index)
        self._show_cursor()
        self.post_message(self.CursorMoved(self))

    def move_to_id(self, key: int) -> bool:
        """Put the cursor on an id; False when it is not in the list."""
        try:
            self.move_to(self._ids.index(key))
        except ValueError:
            return False
        return True

    @property
    def _room(self) -> Size:
        """The viewport without the scroll bar."""
        return self.scrollable_content_region.size

    @property
    def _page(self) -> int:
        return max(1, self._room.height)

    def action_nav_down(self) -> None:
        """One row down."""
        self.move_to(self._cursor + 1)

    def action_nav_up(self) -> None:
        """One row up."""
        self.move_to(self._cursor - 1)

    def action_nav_page_down(self) -> None:
        """One page down."""
        self._scroll_to_line(int(self.scroll_offset.y) + self._page)
        self.move_to(self._cursor + self._page)

    def action_nav_page_up(self) -> None:
        """One page up."""
        self._scroll_to_line(int(self.scroll_offset.y) - self._page)
        self.move_to(self._cursor - self._page)

    def action_nav_first(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_nav_last(self) -> None:
        """To the last row."""
        self.move_to(len(self._ids) - 1)

    def action_nav_open(self) -> None:
        """Open the row under the cursor."""
        if self._ids:
            self.post_message(self.RowOpened(self))

    # -- marks ---------------------------------------------------------------------------------------------------

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        key = self.cursor_id
        if key is not None:
            self._set_marks(self._marks ^ {key})
            self._refresh_index(self._cursor)
            self.move_to(self._cursor + 1)

    def mark_all(self) -> None:
        """Mark every row of the list; when all are marked, none."""
        everything = set(self._ids)
        self._set_marks(set() if everything == self._marks else everything)
        self.refresh()

    def clear_marks(self) -> None:
        """Take all marks away."""
        if self._marks:
            self._set_marks(set())
            self.refresh()

    def _set_marks(self, marks: set[int]) -> None:
        if marks != self._marks:
            self._marks = set(marks)
            self.marked_count = len(marks)
            self.post_message(self.MarksChanged(self))

    # -- what is seen --------------------------------------------------------------------------------------------

    def _visible_range(self) -> range:
        top = int(self.scroll_offset.y)
        return range(min(top, len(self._ids)), min(top + self._room.height, len(self._ids)))

    def _visible_ids(self) -> array[int]:
        shown = self._visible_range()
        return self._ids[shown.start : shown.stop]

    def _scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=max(0, min(line, len(self._ids) - self._room.height)), animate=False, force=True)

    def _show_cursor(self) -> None:
        """Scroll as little as shows the cursor. The terminal itself moves what stays in sight, see TerminalOutput."""
        top, height = int(self.scroll_offset.y), self._room.height
        if height <= 0 or top <= self._cursor < top + height:
            return
        self._scroll_to_line(self._cursor if self._cursor < top else self._cursor - height + 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._viewport_moved()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.virtual_size = Size(self._room.width, len(self._ids))
        self._show_cursor()
        self._viewport_moved()

    def on_click(self, event: events.Click) -> None:
        """Go to the row; a double click opens it."""
        index = int(self.scroll_offset.y) + event.y
        if 0 <= index < len(self._ids):
            self.move_to(index)
            if event.chain == 2:
                self.action_nav_open()

    def _refresh_index(self, index: int) -> None:
        y = index - int(self.scroll_offset.y)
        if 0 <= y < self._room.height:
            self.refresh_lines(index)
