"""The review in words: the line above its list, and what is known of one picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.intake.reading import ReviewEntry
from core.path_text import shown
from core.runtime import ReviewAction, ReviewLine
from core.words import count, size
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.group_list import tail
from tui.widgets.lines import Line
from tui.widgets.review_list import category_words
from tui.wording import ago, clock_time

_HEAD: Final = 8  # columns of the names in front
_ROOMY: Final = 13  # lines from which on there is room for an empty one


def status_lines(
    number: int,
    waiting: int,
    filters: Sequence[str],
    order: str,
    *,
    selected: int,
    said: str,
    way_out: str,
    width: int,
) -> list[Line]:
    """How many pictures are shown, what is filtered out, how many are selected, what was done last, and the order.

    `number` is of the open tab, `waiting` of all that the other filters let through.
    """
    first: list[tuple[str, str]] = []
    if selected:
        first.append((f"\N{BLACK DIAMOND} {selected:,} selected   ", "accent"))
    if filters or number != waiting:
        words = f"{number:,} shown" + (f": only {', '.join(filters)}" if filters else "")
        way = f"   {way_out} shows all" if way_out else ""
        room = max(0, width - sum(columns(text) for text, _ in first) - len(way))
        first += [(fit(words, min(columns(words), room)), "accent"), (way, "quiet")]
    else:
        first.append((f"{count(number, 'picture')} to decide", ""))
    if said:
        room = width - sum(columns(text) for text, _ in first) - 3
        first.append((f"   {fit(said, min(columns(said), max(0, room)))}", "good"))
    right = f"by {order}"
    used = sum(columns(text) for text, _ in first)
    if used + len(right) + 2 <= width:
        first.append((right.rjust(width - used), "quiet"))
    return [first]


def about_lines(
    row: ReviewLine | None, entry: ReviewEntry | None, *, now: float, width: int, height: int
) -> list[Line]:
    """Why the picture under the cursor waits, who was seen, and what else is known; what counts most comes first.

    What is not read yet (`entry`) is left out. At most `height` lines.
    """
    if row is None:
        return []
    lines = _verdict(row, width)
    if height >= _ROOMY:
        lines.append(())
    near = (entry.near if entry is not None else "") or row.near
    if near:
        lines += _row("Like", near, width, limit=2, part="careful")
    faces = _faces(row, entry)
    facts = [("Faces", faces, ""), ("File", row.filename, ""), ("Size", size(row.size), "")]
    came = f"{clock_time(row.created_at, now)}, {ago(row.created_at, now)}"
    if height >= _ROOMY:
        facts += [("Came", came, ""), ("From", row.source, "")]
    else:
        facts.append(("Came", f"{came}, from {row.source}" if row.source else came, ""))
    for head, words, part in facts:
        if words:
            lines += _row(head, words, width, limit=1, part=part)
    path = shown(row.path)
    room = max(1, height - len(lines))
    told = wrap(path, max(1, width - _HEAD), limit=0)
    if len(told) > min(room, 3):
        told = [fit(tail(path, max(1, width - _HEAD)), max(1, width - _HEAD))]
    lines += _rows("Path", told, "quiet")
    return lines[:height]


def _verdict(row: ReviewLine, width: int) -> list[Line]:
    """Category and reason, and who was probably seen or what was decided."""
    lines: list[Line] = [((text, "careful"),) for text in wrap(category_words(row.category), width, limit=1)]
    lines += [((text, ""),) for text in wrap(row.reason, width, limit=3)]
    if row.action is not ReviewAction.PENDING:
        what = f"approved to {row.person_name}" if row.action is ReviewAction.APPROVED else "rejected"
        by = f" by {row.reviewed_by}" if row.reviewed_by else ""
        part = "good" if row.action is ReviewAction.APPROVED else "wrong"
        sign = "\N{CHECK MARK}" if row.action is ReviewAction.APPROVED else "\N{BALLOT X}"
        lines += [((text, part),) for text in wrap(f"{sign} {what}{by}", width, limit=2)]
    elif row.suggested_person:
        lines += _row("Perhaps", row.suggested_person, width, limit=1, part="accent")
    if row.skipped_at is not None:
        lines.append((("\N{DOWNWARDS ARROW} skipped before", "quiet"),))
    return lines


def _faces(row: ReviewLine, entry: ReviewEntry | None) -> str:
    """`2: Ada, unknown`; empty where nothing was looked for."""
    faces = None if entry is None else entry.faces
    if faces is None or not faces.is_analysed:
        return str(row.faces_detected) if row.faces_detected else ""
    if not faces.found:
        return "none"
    names = ["unknown" if one.person is None else one.person.name or "unnamed" for one in faces.found]
    sure = [one.confidence for one in faces.found]
    told = [name if at is None else f"{name} ({at:.0%} sure)" for name, at in zip(names, sure, strict=True)]
    return f"{len(told)}: {', '.join(told[:6])}" + (" ..." if len(told) > 6 else "")


def _row(head: str, words: str, width: int, *, limit: int, part: str = "") -> list[Line]:
    return _rows(head, wrap(words, max(1, width - _HEAD), limit=limit), part)


def _rows(head: str, told: Sequence[str], part: str) -> list[Line]:
    return [((f"{head if number == 0 else '':<{_HEAD}}", "quiet"), (text, part)) for number, text in enumerate(told)]
