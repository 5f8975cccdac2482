"""Text cut and padded to columns, as the terminal will count them."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size

from tui.present import plain

_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_UNCERTAIN = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\ufe0e\ufe0f"))  # terminals disagree on what these take up


def fit(text: str, width: int, *, is_right: bool = False) -> str:
    """Text from outside in exactly `width` columns: harmless, cut with an ellipsis, padded with blanks.

    Joiners and variation selectors are left out, so that every terminal counts the same columns and what stands to the
    right stays in its place.
    """
    if width <= 0:
        return ""
    shown = plain(text)
    if not shown.isascii():
        shown = shown.translate(_UNCERTAIN)
    used = cell_len(shown)
    if used > width:
        shown, used = _cut(shown, width - 1)
        shown += _ELLIPSIS
        used += 1
    blanks = " " * (width - used)
    return blanks + shown if is_right else shown + blanks


def _cut(text: str, width: int) -> tuple[str, int]:
    """As many characters as fit, and the columns they take."""
    used = 0
    for position, character in enumerate(text):
        size = get_character_cell_size(character)
        if used + size > width:
            return text[:position], used
        used += size
    return text, used


def columns(text: str) -> int:
    """The columns a text takes."""
    return cell_len(text)


def wrap(text: str, width: int, *, limit: int = 0) -> list[str]:
    """Text from outside in lines of at most `width` columns, broken at blanks where there are some.

    With `limit` there are at most that many lines; the last one then ends in an ellipsis.
    """
    lines: list[str] = []
    line = ""
    for word in plain(text).translate(_UNCERTAIN).split():
        while cell_len(word) > width > 0:  # a word without blanks: a path, an address
            room = width - cell_len(line) - (1 if line else 0)
            head, used = _cut(word, room)
            if used == 0 and line:
                lines.append(line)
                line = ""
                continue
            if used == 0:
                head = word[:1]
            lines.append(f"{line} {head}" if line else head)
            line, word = "", word[len(head) :]
        if not word:
            continue
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    if limit and len(lines) > limit:
        last, _ = _cut(lines[limit - 1], width - 2)
        lines = [*lines[: limit - 1], f"{last.rstrip()} {_ELLIPSIS}"]
    return lines
