"""Groups in words: the lines above and below their list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from core.model.groups import Group, GroupStatus, Mark
from core.runtime import GroupLine, GroupTotals
from core.words import count, size
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.group_list import KINDS, kind_words, tail
from tui.widgets.lines import Line


def status_lines(
    totals: GroupTotals, filters: Sequence[str], order: str, *, selected: int, way_out: str, width: int
) -> list[Line]:
    """How many groups, what they would free, what is decided; a second line while something is filtered out."""
    first: list[tuple[str, str]] = [
        (f"{totals.groups:,}", "strong"),
        (f" group{'' if totals.groups == 1 else 's'}", ""),
    ]
    first.append((f"   {size(totals.reclaimable_bytes)}", "strong"))
    first.append((" to gain", ""))
    if totals.decided:
        first.append((f"   \N{BLACK DIAMOND} {totals.decided:,} decided, {size(totals.marked_bytes)} to go", "accent"))
    if selected:
        first.append((f"   {selected:,} selected", "accent"))
    used = sum(columns(text) for text, _ in first)
    right = f"by {order}"
    if used + len(right) + 2 <= width:
        first.append((right.rjust(width - used), "quiet"))
    lines: list[Line] = [first]
    if filters:
        words = f"only {', '.join(filters)}"
        room = max(0, width - len(way_out) - 16)
        way = ((f"   {way_out} shows all", "quiet"),) if way_out else ()
        lines.append(((fit(words, min(columns(words), room)), "accent"), *way))
    return lines


def why_lines(line: GroupLine | None, group: Group | None, said: str, width: int) -> list[Line]:
    """Of the group under the cursor: its verdict in words, and its files with what is to become of each."""
    lines: list[Line] = []
    if said:
        lines.append(((fit(said, width), "good"),))
    if line is None:
        return lines
    if line.gate:
        lines += [
            ((text, "careful"),) for text in wrap(f"\N{CIRCLED DIVISION SLASH} {line.gate_words}", width, limit=2)
        ]
    elif line.keeper_id is not None:
        lines += [((text, "good"),) for text in wrap(f"\N{CHECK MARK} keep the first: {line.reason}", width, limit=2)]
    else:
        lines += [((text, "quiet"),) for text in wrap(f"? no rule decides: {line.reason}", width, limit=2)]
    if group is None or group.id != line.id:
        lines.append((("\N{HORIZONTAL ELLIPSIS}", "quiet"),))
        return lines
    room = max(1, 6 - len(lines))
    shown = group.members if len(group.members) <= room else group.members[: room - 1]
    for member in shown:
        sign, part = mark_sign(member.mark, is_keeper=member.file.id == group.keeper_id)
        facts = f"  {size(member.file.size)}"
        path = tail(member.file.shown_path, max(8, width - 2 - len(facts)))
        lines.append(((f"{sign} ", part), (fit(path, max(1, width - 2 - len(facts))), ""), (facts, "quiet")))
    if len(shown) < len(group.members):
        lines.append(((f"  and {count(len(group.members) - len(shown), 'file')} more", "quiet"),))
    return lines


def mark_sign(mark: Mark, *, is_keeper: bool) -> tuple[str, str]:
    """The sign of a member and its part of the style."""
    if mark is Mark.KEEP:
        return "\N{CHECK MARK}", "good"
    if mark is Mark.TRASH:
        return "\N{BALLOT X}", "wrong"
    if mark is Mark.GONE:
        return "\N{MIDDLE DOT}", "quiet"
    return ("\N{WHITE STAR}", "accent") if is_keeper else (" ", "")


def decided_words(group: Group) -> str:
    """What stands decided in a group, in words."""
    if group.status is GroupStatus.KEPT:
        return "no duplicates, as you said"
    if group.status is GroupStatus.RESOLVED:
        return "resolved: what was marked is gone"
    going = [one for one in group.members if one.mark is Mark.TRASH]
    if going:
        words = f"{count(len(going), 'file')} to go, {size(sum(one.file.size for one in going))}"
        return words + (", metadata merged first" if group.is_merging else "")
    return ""


def line_title(line: GroupLine) -> str:
    """A group in a sentence: `≈ near 6, 3 files`."""
    return f"{kind_words(line)}, {count(line.files, 'file')}"


def verdict_lines(group: Group, position: str, said: str, width: int) -> list[Line]:
    """Of a group in full. Line one: its kind, its files, what they would free, its place in the list. Line two: what
    the last decision came to, what stands decided, or what the rules say.
    """
    sign, word = KINDS[group.kind]
    near = f", up to {count(group.distance, 'bit')} apart" if group.distance else ""
    head = f"{sign} {word}{near}   {count(len(group.members), 'file')}   {size(group.reclaimable_bytes)} to gain"
    first: Line = (
        (fit(head, max(0, width - columns(position) - 1)), "strong"),
        (position.rjust(len(position) + 1), "quiet"),
    )
    return [first, _second(group, said, width)]


def _second(group: Group, said: str, width: int) -> Line:
    if said:
        return ((fit(said, width), "good"),)
    if words := decided_words(group):
        return ((fit(f"\N{BLACK DIAMOND} {words}", width), "accent"),)
    if group.gate is not None:
        return ((wrap(f"\N{CIRCLED DIVISION SLASH} {group.gate.words}", width, limit=1)[0], "careful"),)
    if group.is_weak:
        words = "? weak: no second opinion says that these are duplicates"
        return ((fit(words, width), "quiet"),)
    if group.keeper_id is None:
        return ((wrap(f"? no rule decides: {group.reason}", width, limit=1)[0], "quiet"),)
    return ((wrap(f"\N{WHITE STAR} keep the first: {group.reason}", width, limit=1)[0], "good"),)
