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
from textual.geometry import Size
from textual.strip import Strip

from tui.widgets.id_list import IdList
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


class WindowedList(IdList, Generic[RowT]):
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
    STRIPS: ClassVar[int] = 512

    class WindowWanted(IdList.About):
        """Rows are missing: answer with `supply` or `supply_failed`."""

        def __init__(self, source: WindowedList[Any], ids: tuple[int, ...]) -> None:
            super().__init__(source)
            self.ids = ids

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(name=name, id=id, classes=classes)
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
    def cursor_row(self) -> RowT | None:
        """The row under the cursor; None in an empty list and while it loads."""
        key = self.cursor_id
        return None if key is None else self._window.get(key)

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

    def _want_window(self) -> None:
        shown = self._visible_range()
        wanted = self._window.ask(self._ids, shown)
        if wanted:
            self.post_message(self.WindowWanted(self, wanted))

    def _viewport_moved(self) -> None:
        self._want_window()

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
