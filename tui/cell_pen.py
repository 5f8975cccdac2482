"""Cells, their colours, and a pen that writes them with as few escape sequences as it can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final

_UNSEEN_ON_BLANK: Final = {"1", "2", "3"}  # bold, dim, italic


@dataclass(frozen=True, slots=True)
class Ink:
    """Attributes, foreground and background as the codes of SGR, each empty for the terminal's own."""

    attributes: tuple[str, ...] = ()
    fore: str = ""
    back: str = ""
    blank: Ink | None = field(default=None, compare=False)

    @property
    def on_blank(self) -> Ink:
        """What of it is seen on a blank."""
        return self.blank or self

    @property
    def is_unseen_on_blank(self) -> bool:
        """Whether a blank shows the background alone."""
        return _UNSEEN_ON_BLANK.issuperset(self.attributes)


PLAIN: Final = Ink()
Cell = tuple[str, Ink]
"""A character with what combines with it, empty for the second half of a wide one; and its colours."""


def ink_of(rendered: str) -> Ink:
    """The colours of a text that was rendered with escape sequences: `ESC [ codes m x ESC [ 0 m`."""
    codes = rendered.partition("m")[0].removeprefix("\x1b[").split(";") if rendered.startswith("\x1b[") else []
    attributes, fore, back = [], "", ""
    at = 0
    while at < len(codes):
        code = codes[at]
        length = 1
        if code in {"38", "48"}:
            length = 5 if codes[at + 1] == "2" else 3
        whole = ";".join(codes[at : at + length])
        number = int(code)
        if code == "38" or number in range(30, 38) or number in range(90, 98):
            fore = whole
        elif code == "48" or number in range(40, 48) or number in range(100, 108):
            back = whole
        elif code not in {"39", "49"}:
            attributes.append(code)
        at += length
    blank = Ink((), "", back) if _UNSEEN_ON_BLANK.issuperset(attributes) else None
    return Ink(tuple(attributes), fore, back, blank)


class Pen:
    """Collects what is to be written. It begins and ends with the terminal's own colours."""

    GAP: ClassVar[int] = 5
    """So many unchanged cells cost no more than to pass over them."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._ink = PLAIN

    def write(self, cells: Iterable[Cell], y: int, x: int) -> None:
        """Write cells of a line from a place on, both from 0."""
        out = self._out
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for text, ink in cells:
            if ink is not self._ink and text:
                self._change(ink, is_blank=text == " ")
            out.append(text)

    def raw(self, text: str, y: int, x: int) -> None:
        """Write what brings its own colours."""
        self._change(PLAIN, is_blank=False)
        self._out.append(f"\x1b[{y + 1};{x + 1}H{text}")

    def scroll(self, top: int, bottom: int, by: int) -> None:
        """Scroll the lines from `top` to `bottom`, up by so many, down when that is negative.

        By line feeds within margins: terminals that know no other sequence for it know this one.
        """
        self._change(PLAIN, is_blank=False)
        move = f"\x1b[{bottom + 1};1H" + "\n" * by if by > 0 else f"\x1b[{top + 1};1H" + "\x1bM" * -by
        self._out.append(f"\x1b[{top + 1};{bottom + 1}r{move}\x1b[r")

    def finish(self) -> str:
        """All of it."""
        self._change(PLAIN, is_blank=False)
        return "".join(self._out)

    def _change(self, ink: Ink, *, is_blank: bool) -> None:
        now = self._ink
        if ink == now:
            return
        if is_blank and now.is_unseen_on_blank and ink.is_unseen_on_blank:
            if ink.back != now.back:
                self._out.append(f"\x1b[{ink.back or '49'}m")
                self._ink = Ink(now.attributes, now.fore, ink.back)
            return
        if ink == PLAIN:
            self._out.append("\x1b[0m")
        elif ink.attributes == now.attributes:
            codes = [ink.fore or "39"] if ink.fore != now.fore else []
            codes += [ink.back or "49"] if ink.back != now.back else []
            self._out.append(f"\x1b[{';'.join(codes)}m")
        else:
            reset = ["0"] if now != PLAIN else []
            codes = [one for one in (*reset, *ink.attributes, ink.fore, ink.back) if one]
            self._out.append(f"\x1b[{';'.join(codes)}m")
        self._ink = ink
