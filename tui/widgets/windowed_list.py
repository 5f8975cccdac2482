"""A list of any length that holds the rows around its viewport alone.

It knows the ids of all rows in order (8 bytes each), asks for rows with `WindowWanted` and is handed them with
`supply`. At most one request is under way; when it is answered the place that is shown by then is looked at afresh, so
a key that is held down never leaves a queue of work behind. Subclasses say how a row looks.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.bindings import bindings
from tui.widgets.window import Place, Window, nearest_survivor

Piece = tuple[str, str]
"""Text that already has its width, and the component class it is drawn in ("" for plain)."""


class HasId(Protocol):
    """What a row must have."""

    @property
    def id(self) -> int:
        """Its id, unique in the list."""


RowT = TypeVar("RowT", bound=HasId)


@dataclass(frozen=True, slots=True)
class RowLook:
    """How one line is to be drawn."""

    width: int
    is_cursor: bool
    is_marked: bool
    place: Place


class WindowedList(ScrollView, Generic[RowT], can_focus=True, inherit_bindings=False):
    """The list. The cursor is an id, not a place: it stays on its row when the ids change, or goes to the next one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--cursor-blurred", "list--marked", "list--muted"}
    DEFAULT_CSS = """
    WindowedList {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        height: 1fr;
        & > .list--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        & > .list--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .list--marked { background: $accent 18%; }
        & > .list--muted { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("nav")
    STRIPS: ClassVar[int] = 512

    marked_count: reactive[int] = reactive(0)

    class _About(Message):
        """Comes from a list, which is also its `control`."""

        def __init__(self, source: WindowedList[Any]) -> None:
            super().__init__()
            self.source = source

        @property
        def control(self) -> WindowedList[Any]:
            return self.source

    class WindowWanted(_About):
        """Rows are missing: answer with `supply` or `supply_failed`."""

        def __init__(self, source: WindowedList[Any], ids: tuple[int, ...]) -> None:
            super().__init__(source)
            self.ids = ids

    class CursorMoved(_About):
        """The cursor stands on another row, or its row was supplied. Only the newest of several in a row counts."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, WindowedList.CursorMoved) and message.source is self.source

    class RowOpened(_About):
        """The row under the cursor was asked for."""

    class MarksChanged(_About):
        """Rows were marked or unmarked."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, WindowedList.MarksChanged) and message.source is self.source

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(name=name, id=id, classes=classes)
        self._ids: array[int] = array("q")
        self._cursor = 0
        self._marks: set[int] = set()
        self._window: Window[RowT] = Window()
        self._strips: OrderedDict[tuple[object, ...], Strip] = OrderedDict()
        self._styles_of: dict[tuple[str, str], Style] = {}

    # -- what a subclass says ------------------------------------------------------------------------------------

    def pieces(self, row: RowT, look: RowLook) -> Iterable[Piece]:
        """The line of a row. Its widths must add up to `look.width`."""
        raise NotImplementedError

    def are_together(self, one: RowT, other: RowT) -> bool:
        """Whether two neighbours belong to one group, which is drawn with a bracket."""
        del one, other
        return False

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
    def cursor_row(self) -> RowT | None:
        """The row under the cursor; None in an empty list and while it loads."""
        key = self.cursor_id
        return None if key is None else self._window.get(key)

    @property
    def marked(self) -> frozenset[int]:
        """The marked ids."""
        return frozenset(self._marks)

    def row(self, key: int) -> RowT | None:
        """A row that is at hand."""
        return self._window.get(key)

    def show_ids(self, ids: Sequence[int], *, is_from_top: bool = False, is_stale: bool = False) -> None:
        """Show these ids. The cursor stays on its row, or goes to the next one that is left.

        `is_from_top` puts the cursor on the first row; `is_stale` has every row loaded again, keeping what is shown
        until the new ones are there.
        """
        before, shown = self.cursor_id, self._visible_ids()
        offset = self._cursor - int(self.scroll_offset.y)
        fresh = ids if isinstance(ids, array) else array("q", ids)
        self._cursor = 0 if is_from_top else nearest_survivor(self._ids, self._cursor, fresh)
        self._ids = fresh
        if is_stale:
            self._window.expire()
        if self._marks:
            self._set_marks(self._marks & set(fresh))
        self.virtual_size = Size(self._room.width, len(fresh))
        self._scroll_to_line(0 if is_from_top else self._cursor - offset)
        self._show_cursor()
        if shown != self._visible_ids():
            self.refresh()
        elif before != self.cursor_id:
            self._refresh_index(self._cursor)
        self._want_window()
        self.post_message(self.CursorMoved(self))

    def drop(self, keys: Collection[int]) -> None:
        """Take rows out at once; the cursor goes to the next one that is left."""
        gone = set(keys)
        before = sum(1 for key in self._ids[: self._cursor] if key in gone) if len(gone) > 1 else 0
        if len(gone) == 1:
            (only,) = gone
            try:
                place = self._ids.index(only)
            except ValueError:
                return
            fresh = self._ids[:place] + self._ids[place + 1 :]
            before = int(place < self._cursor)
        else:
            fresh = array("q", (key for key in self._ids if key not in gone))
        if len(fresh) == len(self._ids):
            return
        self._ids = fresh
        self._cursor = max(0, min(self._cursor - before, len(fresh) - 1))
        if self._marks & gone:
            self._set_marks(self._marks - gone)
        self.virtual_size = Size(self._room.width, len(fresh))
        self._show_cursor()
        self.refresh()
        self._want_window()
        self.post_message(self.CursorMoved(self))

    def supply(self, rows: Iterable[RowT], asked: Sequence[int]) -> None:
        """Take rows that were asked for; what was asked for and is missing no longer exists."""
        changed = self._window.supply(rows, asked)
        if changed:
            self._refresh_ids(changed)
        if self.cursor_id in changed:
            self.post_message(self.CursorMoved(self))
        self._want_window()

    def supply_failed(self) -> None:
        """The rows cannot be had now; they are asked for again when the list is moved."""
        self._window.is_asking = False

    def expire(self, ids: Iterable[int]) -> None:
        """Load these rows again."""
        self._window.expire(ids)
        self._want_window()

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
        """Scroll when the cursor left the viewport: by three quarters of a page, which costs a slow line far less
        than to draw every row anew at each step.
        """
        top, height = int(self.scroll_offset.y), self._room.height
        if height <= 0 or top <= self._cursor < top + height:
            return
        ahead = height // 4
        self._scroll_to_line(
            self._cursor - ahead if self._cursor >= top + height else self._cursor - height + 1 + ahead
        )

    def _want_window(self) -> None:
        shown = self._visible_range()
        wanted = self._window.ask(self._ids, shown)
        if wanted:
            self.post_message(self.WindowWanted(self, wanted))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want_window()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.virtual_size = Size(self._room.width, len(self._ids))
        self._show_cursor()
        self._want_window()

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

    def _refresh_ids(self, changed: set[int]) -> None:
        """Draw these rows anew, where they are visible, with their neighbours, whose brackets may change."""
        shown = self._visible_range()
        lines: set[int] = set()
        for index in shown:
            if self._ids[index] in changed:
                lines.update((index - 1, index, index + 1))
        if len(lines) * 2 > len(shown):
            self.refresh()
        else:
            for index in lines:
                self._refresh_index(index)

    # -- drawing -------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours."""
        self._strips.clear()
        self._styles_of.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        width = self._room.width
        index = y + int(self.scroll_offset.y)
        if index >= len(self._ids):
            return Strip.blank(width, self._style("", ""))
        key = self._ids[index]
        is_cursor = index == self._cursor
        ground = self._ground(is_cursor=is_cursor, is_marked=key in self._marks)
        row = self._window.get(key)
        if row is None:
            dots = "  \N{MIDDLE DOT} \N{MIDDLE DOT} \N{MIDDLE DOT}"[:width].ljust(width)
            return Strip([Segment(dots, self._style("list--muted", ground))], width)
        look = RowLook(width, is_cursor, key in self._marks, self._place(index, row))
        cache_key = (key, self._window.version(key), look, ground)
        strip = self._strips.get(cache_key)
        if strip is None:
            strip = self._strips[cache_key] = self._draw(row, look, ground)
            if len(self._strips) > self.STRIPS:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(cache_key)
        return strip

    def _ground(self, *, is_cursor: bool, is_marked: bool) -> str:
        if is_cursor:
            return "list--cursor" if self.has_focus else "list--cursor-blurred"
        return "list--marked" if is_marked else ""

    def _place(self, index: int, row: RowT) -> Place:
        above = self._window.get(self._ids[index - 1]) if index > 0 else None
        below = self._window.get(self._ids[index + 1]) if index + 1 < len(self._ids) else None
        joins_above = above is not None and self.are_together(above, row)
        joins_below = below is not None and self.are_together(row, below)
        return Place.of(joins_above=joins_above, joins_below=joins_below)

    def _draw(self, row: RowT, look: RowLook, ground: str) -> Strip:
        """One segment for each run of pieces of the same style: fewer escape sequences to send."""
        segments: list[Segment] = []
        text, style = "", None
        for piece, part in self.pieces(row, look):
            new = self._style(part, ground)
            if new == style:
                text += piece
            else:
                if text:
                    segments.append(Segment(text, style))
                text, style = piece, new
        segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(look.width, self._style("", ground))

    def _style(self, part: str, ground: str) -> Style:
        """The colours of a part of a line on its ground."""
        found = self._styles_of.get((part, ground))
        if found is None:
            found = self.rich_style
            if part:
                found += self.get_component_rich_style(part, partial=True)
            if ground:
                lift = self.get_component_rich_style(ground, partial=True)
                # On the cursor bar text keeps to the bar's own colour; parts keep their weight.
                found += lift if ground == "list--cursor" else lift.without_color + Style(bgcolor=lift.bgcolor)
            self._styles_of[part, ground] = found
        return found
