"""Groups of duplicates as lines: which columns fit, and how one group looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from core.model.groups import GateCode, GroupKind, GroupSort, GroupStatus
from core.model.library_records import Media
from core.runtime import GroupLine
from core.words import size
from tui.widgets.cells import fit
from tui.widgets.list_head import GUTTER, Column
from tui.widgets.windowed_list import Piece, RowLook, WindowedList

KINDS: Final = {
    GroupKind.EXACT: ("=", "same bytes"),
    GroupKind.SAME_SCENE: ("\N{IDENTICAL TO}", "one entry"),
    GroupKind.SAME_STASH_ID: ("#", "same id"),
    GroupKind.SAME_PHASH: ("\N{ASYMPTOTICALLY EQUAL TO}", "same look"),
    GroupKind.NEAR: ("\N{ALMOST EQUAL TO}", "near"),
}
"""The sign and the word of each kind."""
GATES: Final = {
    GateCode.ONE_FILE: "one file twice",
    GateCode.MISSING: "file missing",
    GateCode.DURATIONS: "other length",
    GateCode.PROTECTED: "protected",
    GateCode.NO_SURVIVOR: "none would stay",
    GateCode.UNVERIFIED_MAPPING: "wrong path map",
    GateCode.STALE: "file changed",
}
"""The short word of each gate."""
SORTED: Final = {
    "kind": GroupSort.KIND, "files": GroupSort.FILES, "gain": GroupSort.RECLAIMABLE, "all": GroupSort.SIZE,
    "keeper": GroupSort.PATH,
}  # fmt: skip


def layout(width: int) -> tuple[Column, ...]:
    """The columns that fit a list of this width; the file's name takes what the others leave."""
    head = (Column("media", "", 1), Column("kind", "Kind", 12), Column("files", "Files", 5, True))
    sums = (Column("gain", "To gain", 9, True), *((Column("all", "In all", 9, True),) if width >= 100 else ()))
    verdict = Column("verdict", "Verdict", 17 if width < 100 else 18)
    fixed = GUTTER + sum(one.width + 1 for one in (*head, *sums, verdict))
    return *head, *sums, Column("keeper", "First file", max(10, width - fixed)), verdict


def kind_words(line: GroupLine) -> str:
    """`≈ near 6`, `= same bytes`."""
    sign, word = KINDS[line.kind]
    return f"{sign} {word}" + (f" {line.distance}" if line.kind is GroupKind.NEAR else "")


def verdict(line: GroupLine) -> Piece:
    """What became of a group, or what may become of it: sign and word, and the class it is drawn in."""
    if line.status is GroupStatus.DECIDED:
        return f"\N{BLACK DIAMOND} {size(line.marked_bytes)} to go", "group--decided"
    if line.status is GroupStatus.RESOLVED:
        return "\N{CHECK MARK} resolved", "list--muted"
    if line.status is GroupStatus.KEPT:
        return "\N{MIDDLE DOT} no duplicates", "list--muted"
    if line.gate:
        return f"\N{CIRCLED DIVISION SLASH} {GATES[GateCode(line.gate)]}", "group--gate"
    if line.is_weak:
        return "? weak", "group--open"
    if line.keeper_id is None:
        return "? no rule decides", "group--open"
    return "\N{CHECK MARK} a rule decides", "group--ruled"


class GroupList(WindowedList[GroupLine]):
    """Groups, one a line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "group--decided", "group--gate", "group--open", "group--ruled", "group--mark", "group--gain",
    }  # fmt: skip
    DEFAULT_CSS = """
    GroupList {
        & > .group--decided { color: $accent; text-style: bold; }
        & > .group--gate { color: $warning; }
        & > .group--open { color: $text-muted; }
        & > .group--ruled { color: $success; }
        & > .group--mark { color: $accent; text-style: bold; }
        & > .group--gain { text-style: bold; }
    }
    """

    def pieces(self, row: GroupLine, look: RowLook) -> Iterable[Piece]:
        """The line of a group."""
        yield ("\N{LEFT HALF BLOCK}" if look.is_cursor else " "), "group--mark"
        yield ("\N{BLACK DIAMOND}" if look.is_marked else " "), "group--mark"
        yield "  ", ""
        for number, column in enumerate(layout(look.width)):
            text, part = self._cell(row, column.name)
            if column.name == "keeper":
                text = tail(text, column.width)
            yield (" " if number else "") + fit(text, column.width, is_right=column.is_right), part

    def _cell(self, row: GroupLine, column: str) -> Piece:
        match column:
            case "media":
                return (
                    "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" if row.media is Media.VIDEO else "\N{WHITE SQUARE}"
                ), "list--muted"
            case "kind":
                return kind_words(row), ""
            case "files":
                return str(row.files), ""
            case "gain":
                return size(row.reclaimable_bytes), "group--gain"
            case "all":
                return size(row.bytes), "list--muted"
            case "keeper":
                return row.path, "list--muted"
            case _:
                return verdict(row)


def tail(path: str, width: int) -> str:
    """The end of a path, which tells more than its beginning: whole folders are left out first."""
    if len(path) <= width:
        return path
    parts = path.replace("\\", "/").split("/")
    for start in range(1, len(parts)):
        shown = "\N{HORIZONTAL ELLIPSIS}/" + "/".join(parts[start:])
        if len(shown) <= width:
            return shown
    return parts[-1]
