"""A terminal that knows the few sequences that frames are made of, and refuses others."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Final

from rich.cells import get_character_cell_size

from tui.cell_pen import PLAIN, Ink, ink_of

Grid = list[list[tuple[str, Ink]]]
_PART: Final = re.compile(r"\x1b\[([0-9;]*)([Hmr])|\x1bM|\n|[^\x1b\n\x00-\x1f]")
_UNKNOWN: Final = ("?", PLAIN)


class Emulator:
    """What is shown after all that was fed."""

    def __init__(self, width: int, height: int) -> None:
        self.cells: Grid = [[_UNKNOWN] * width for _ in range(height)]
        self.size = 0
        self._width, self._height = width, height
        self._x = self._y = 0
        self._margins = 0, height - 1
        self._ink = self._ink_of_blank = PLAIN

    def feed(self, text: str) -> None:
        """Show it."""
        self.size += len(text.encode())
        at = 0
        while at < len(text):
            found = _PART.match(text, at)
            assert found, repr(text[at : at + 20])
            at = found.end()
            numbers = [int(one) for one in (found[1] or "").split(";") if one]
            match found[2]:
                case "H":
                    self._y, self._x = numbers[0] - 1, numbers[1] - 1
                case "r":
                    self._margins = (numbers[0] - 1, numbers[1] - 1) if numbers else (0, self._height - 1)
                case "m":
                    self._change(found[1])
                case _:
                    self._show(found[0])

    def _change(self, codes: str) -> None:
        parts = [one for one in re.findall(r"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|\d+", codes) if one]
        for one in parts or ["0"]:
            new = _ink_of(one)
            if one == "0":
                self._ink = PLAIN
            elif new.fore or one == "39":
                self._ink = replace(self._ink, fore=new.fore)
            elif new.back or one == "49":
                self._ink = replace(self._ink, back=new.back)
            else:
                self._ink = replace(self._ink, attributes=(*self._ink.attributes, one))
        self._ink = replace(self._ink, blank=None)
        self._ink_of_blank = Ink((), "", self._ink.back) if self._ink.is_unseen_on_blank else self._ink

    def _show(self, one: str) -> None:
        top, bottom = self._margins
        if one == "\n" and self._y == bottom:
            self.cells[top : bottom + 1] = [*self.cells[top + 1 : bottom + 1], [_UNKNOWN] * self._width]
        elif one == "\x1bM" and self._y == top:
            self.cells[top : bottom + 1] = [[_UNKNOWN] * self._width, *self.cells[top:bottom]]
        elif one == "\n":
            self._y += 1
        else:
            self._put(one)

    def _put(self, one: str) -> None:
        row, width = self.cells[self._y], get_character_cell_size(one)
        if not width:
            at = self._x - 1 if row[self._x - 1][0] else self._x - 2
            row[at] = (row[at][0] + one, row[at][1])
            return
        row[self._x] = (one, self._ink_of_blank if one == " " else self._ink)
        if width == 2:
            row[self._x + 1] = ("", self._ink)
        self._x += width


@cache
def _ink_of(code: str) -> Ink:
    return ink_of(f"\x1b[{code}mx")
