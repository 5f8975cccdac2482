"""Values made fit to be shown: nothing from outside may steer the terminal or hide what it says."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.content import Content

_MARK = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_UNCERTAIN = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\ufe0e\ufe0f"))  # terminals disagree on their width
_KEPT_FORMATS = frozenset("\u00ad\u200c\u200d")  # soft hyphen; the joiners that scripts and emoji need


def _visible(character: str) -> str:
    """The character, or a mark in place of one that has no shape of its own."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of a control character
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(character)
    if category in {"Cc", "Cs", "Cn", "Zl", "Zp"} or (category == "Cf" and character not in _KEPT_FORMATS):
        return _MARK
    return character


def cells(character: str) -> int:
    """Columns a character takes in a terminal: 0, 1 or 2."""
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def plain(text: str, *, width: int | None = None) -> str:
    """Text from outside on one line, literally: control characters, escapes, direction overrides, surrogates and
    line breaks become visible marks. With `width` it is cut to that many columns, the last one an ellipsis.
    """
    shown = text if text.isascii() and text.isprintable() else "".join(map(_visible, text))
    if width is None or (shown.isascii() and len(shown) <= width):
        return shown
    used = 0
    fits = 0  # characters that leave room for the ellipsis
    for position, character in enumerate(shown):
        used += cells(character)
        if used > width:
            return shown[:fits] + (_ELLIPSIS if width > 0 else "")
        if used < width:
            fits = position + 1
    return shown


def content(text: str, style: str = "", *, width: int | None = None) -> Content:
    """Text from outside as a widget may show it: literal, on one line, in one style."""
    from textual.content import Content

    return Content.styled(plain(text.translate(_UNCERTAIN), width=width), style)


def paragraphs(text: str, style: str = "") -> Content:
    """Text of several lines as a widget may show it: each line literal, the breaks between them kept."""
    from textual.content import Content

    return Content.styled("\n".join(plain(line) for line in text.split("\n")), style)
