"""Sends the terminal only what changed: it knows what the terminal shows, cell by cell.

Textual sends every line that a widget drew anew, each of its pieces with all its colours. Here a frame is compared with
the one before: what was scrolled is scrolled by the terminal, of a line the changed cells are sent, of a style what
differs from the style before. What the terminal shows is known from a full frame on; a line with anything but text in
it (a link, a picture) is not known and is sent as Textual does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui.cell_pen import PLAIN, Cell, Ink, Pen, ink_of

Row = list[Cell]
_LEAST_SCROLLED: Final = 4
_BAR_COLUMNS: Final = 2  # a scroll bar stays where it is, it does not make two lines different


class _UnknownError(Exception):
    """A line holds what is no text."""


class TerminalOutput:
    """What the terminal shows, and how it is changed into something else."""

    def __init__(self) -> None:
        self._rows: list[Row | None] = []
        self._inks: dict[Style, Ink | None] = {}
        self._system = ColorSystem.TRUECOLOR

    def forget(self) -> None:
        """The terminal may show anything; until the next full frame everything is sent."""
        self._rows = []

    def thrifty(self, frame: LayoutUpdate | ChopsUpdate) -> Thrifty:
        """The same frame, in fewer bytes."""
        return Thrifty(self, frame)

    def full(self, frame: LayoutUpdate, console: Console) -> str:
        """Everything, whatever was shown."""
        self._use(console)
        pen = Pen()
        rows: list[Row | None] = []
        for y, line in enumerate(frame.strips):
            strips, row = list(line), Row()
            try:
                for strip in strips:
                    self._put(strip, len(row), row)
            except _UnknownError:
                pen.raw("".join(strip.render(console) for strip in strips), y, 0)
                rows.append(None)
            else:
                pen.write(_whole(row), y, 0)
                rows.append(row)
        self._rows = rows
        return pen.finish()

    def partial(self, frame: ChopsUpdate, console: Console) -> str:
        """What differs from what is shown."""
        if not self._rows or frame.spans[-1][0] >= len(self._rows):
            self.forget()
            return frame.render_segments(console)
        self._use(console)
        pen, fresh = Pen(), dict[int, Row]()
        for span in frame.spans:
            y = span[0]
            known = fresh.get(y) or self._rows[y]
            row = None if known is None else self._drawn(frame, span, known)
            if row is None:
                fresh.pop(y, None)
                self._rows[y] = None
                pen.raw(ChopsUpdate(frame.chops, [span], frame.chop_ends).render_segments(console), y, 0)
            else:
                fresh[y] = row
        changed = {y: row for y, row in fresh.items() if row != self._rows[y]}
        if len(changed) >= _LEAST_SCROLLED:
            changed = self._scrolled(changed, pen)
        for y, row in sorted(changed.items()):
            row = _whole(row)
            self._send(y, self._rows[y], row, pen)
            self._rows[y] = row
        return pen.finish()

    def _use(self, console: Console) -> None:
        system = console._color_system or ColorSystem.TRUECOLOR
        if system is not self._system or len(self._inks) > 5000:
            self._system = system
            self._inks.clear()

    def _drawn(self, frame: ChopsUpdate, span: tuple[int, int, int], before: Row) -> Row | None:
        """The line after this span was drawn on it; None when it holds what is no text."""
        y, left, right = span
        row = list(before)
        try:
            for end, (x, strip) in zip(frame.chop_ends[y], frame.chops[y].items(), strict=False):
                if strip is None or x > right or end <= left:
                    continue
                is_inside = right > x >= left and end <= right
                self._put(strip if is_inside else strip.crop(0, min(end, right) - x), x, row)
        except _UnknownError:
            return None
        return row if len(row) == len(before) else None

    def _put(self, strip: Strip, x: int, row: Row) -> None:
        """Set the cells of a line from `x` on."""
        cells = Row()
        for text, style, control in strip:
            ink = PLAIN if style is None else self._ink(style)
            if control or ink is None:
                raise _UnknownError
            if text.isascii():
                if not text.isprintable():
                    raise _UnknownError
                on_blank = ink.on_blank
                cells += [(one, on_blank if one == " " else ink) for one in text]
                continue
            for one in text:
                width = get_character_cell_size(one)
                if width:
                    cells.append((one, ink.on_blank if one == " " else ink))
                    cells += [("", ink)] * (width - 1)
                elif cells:
                    at = -1 if cells[-1][0] or len(cells) < 2 else -2
                    cells[at] = (cells[at][0] + one, cells[at][1])
                else:
                    raise _UnknownError
        row[x : x + len(cells)] = cells

    def _ink(self, style: Style) -> Ink | None:
        try:
            return self._inks[style]
        except KeyError:
            found = self._inks[style] = None if style.link else ink_of(Strip.render_style(style, "x", self._system))
            return found

    def _scrolled(self, changed: Mapping[int, Row], pen: Pen) -> dict[int, Row]:
        """Have the terminal scroll when most of the changed lines stand elsewhere already; what is left to send."""
        places: dict[tuple[Cell, ...], list[int]] = {}
        for y, row in enumerate(self._rows):
            if row is not None:
                places.setdefault(tuple(row[:-_BAR_COLUMNS]), []).append(y)
        moves = [
            (y, found[0] - y)
            for y, row in changed.items()
            if len(found := places.get(tuple(row[:-_BAR_COLUMNS]), [])) == 1 and found[0] != y
        ]
        if not moves:
            return dict(changed)
        ((by, votes),) = Counter(by for _, by in moves).most_common(1)
        if votes * 2 < len(changed):
            return dict(changed)
        ends = [place for y, one in moves if one == by for place in (y, y + by)]
        top, bottom = min(ends), max(ends)
        shown = self._rows[top : bottom + 1]
        wanted = {y: changed.get(y) or row for y, row in enumerate(shown, top) if row is not None}
        if len(wanted) != len(shown):
            return dict(changed)
        pen.scroll(top, bottom, by)
        gone: list[Row | None] = [None] * abs(by)
        self._rows[top : bottom + 1] = [*shown[by:], *gone] if by > 0 else [*gone, *shown[:by]]
        return {y: row for y, row in {**changed, **wanted}.items() if row != self._rows[y]}

    def _send(self, y: int, before: Row | None, row: Row, pen: Pen) -> None:
        """The cells of a line that differ; the whole line when it holds what takes no width of its own."""
        if before is None or any(len(text) > 1 for text, _ in before) or any(len(text) > 1 for text, _ in row):
            pen.write(row, y, 0)
            return
        x, width = 0, len(row)
        while x < width:
            if row[x] == before[x]:
                x += 1
                continue
            start = x
            while start and not (row[start][0] and before[start][0]):  # never from the middle of a wide character
                start -= 1
            end = x + 1
            while end < width and (
                any(row[at] != before[at] for at in range(end, min(end + Pen.GAP, width)))
                or not (row[end][0] and before[end][0])
            ):
                end += 1
            pen.write(row[start:end], y, start)
            x = end


def _whole(row: Row) -> Row:
    """Without halves of wide characters, which something was drawn over."""
    if all(text for text, _ in row):
        wide = [at for at, (text, _) in enumerate(row) if not text.isascii() and get_character_cell_size(text[0]) == 2]
        if not wide:
            return row
    mended = list(row)
    for at, (text, ink) in enumerate(row):
        is_wide_before = at > 0 and bool(row[at - 1][0]) and get_character_cell_size(row[at - 1][0][0]) == 2
        is_wide = bool(text) and get_character_cell_size(text[0]) == 2
        has_end = at + 1 < len(row) and not row[at + 1][0]
        if (not text and not is_wide_before) or (is_wide and not has_end):
            mended[at] = (" ", ink.on_blank)
    return mended


class Thrifty(CompositorUpdate):
    """A frame that is worked out when it is sent; one that is not sent changes nothing."""

    def __init__(self, output: TerminalOutput, frame: LayoutUpdate | ChopsUpdate) -> None:
        self._output = output
        self._frame = frame

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._frame.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """What to write."""
        frame = self._frame
        if isinstance(frame, ChopsUpdate):
            return self._output.partial(frame, console)
        if frame.region.offset != (0, 0):
            self._output.forget()
            return frame.render_segments(console)
        return self._output.full(frame, console)
