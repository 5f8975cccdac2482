"""Pictures that came in as lines: which columns fit, and how one looks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar, Final

from core.model.incoming import Category
from core.runtime import ReviewAction, ReviewLine, ReviewSort
from core.words import size
from tui.widgets.cells import fit
from tui.widgets.list_head import GUTTER, Column
from tui.widgets.windowed_list import Piece, RowLook, WindowedList

CATEGORIES: Final = {
    Category.DUPLICATES: ("=", "known already"),
    Category.UNIDENTIFIED: ("?", "unidentified"),
    Category.MULTIPLE_FACES: ("\N{IDENTICAL TO}", "several faces"),
    Category.UNWANTED_PERSON: ("\N{CIRCLED DIVISION SLASH}", "unwanted"),
    Category.LOW_CONFIDENCE: ("\N{ALMOST EQUAL TO}", "unsure"),
}
"""The sign and the word of each category."""
SORTED: Final = {
    "category": ReviewSort.CATEGORY, "file": ReviewSort.NAME, "person": ReviewSort.PERSON, "size": ReviewSort.SIZE,
    "came": ReviewSort.NEWEST,
}  # fmt: skip


def layout(width: int) -> tuple[Column, ...]:
    """The columns that fit a list of this width; the file's name takes what the others leave."""
    category = Column("category", "Why", 15)
    extent = (Column("size", "Size", 8, True),) if width >= 76 else ()
    came = (Column("came", "Came", 6, True),) if width >= 54 else ()
    person = Column("person", "Person", max(12, width // 5))
    fixed = GUTTER + sum(one.width + 1 for one in (category, person, *extent, *came))
    return category, Column("file", "File", max(10, width - fixed)), person, *extent, *came


def category_words(category: Category) -> str:
    """`? unidentified`."""
    return " ".join(CATEGORIES[category])


def day(moment: float) -> str:
    """When something came in, in 6 columns: the day, `12-31`."""
    return time.strftime("%m-%d", time.localtime(moment))


class ReviewList(WindowedList[ReviewLine]):
    """Pictures of the review, one a line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "review--mark", "review--person", "review--approved", "review--rejected", "review--skipped",
    }  # fmt: skip
    DEFAULT_CSS = """
    ReviewList {
        & > .review--mark { color: $accent; text-style: bold; }
        & > .review--person { text-style: bold; }
        & > .review--approved { color: $success; }
        & > .review--rejected { color: $error; }
        & > .review--skipped { color: $text-muted; }
    }
    """

    def pieces(self, row: ReviewLine, look: RowLook) -> Iterable[Piece]:
        """The line of a picture."""
        yield ("\N{LEFT HALF BLOCK}" if look.is_cursor else " "), "review--mark"
        yield ("\N{BLACK DIAMOND}" if look.is_marked else " "), "review--mark"
        yield ("\N{DOWNWARDS ARROW}" if row.skipped_at is not None else " "), "review--skipped"
        yield " ", ""
        for number, column in enumerate(layout(look.width)):
            text, part = self._cell(row, column.name)
            yield (" " if number else "") + fit(text, column.width, is_right=column.is_right), part

    def _cell(self, row: ReviewLine, column: str) -> Piece:
        match column:
            case "category":
                return category_words(row.category), ""
            case "file":
                return row.filename, "list--muted" if row.skipped_at is not None else ""
            case "person":
                return person(row)
            case "size":
                return size(row.size), "list--muted"
            case _:
                return day(row.created_at), "list--muted"


def person(row: ReviewLine) -> Piece:
    """Who was probably seen, or what was decided; and the class it is drawn in."""
    if row.action is ReviewAction.APPROVED:
        return f"\N{CHECK MARK} {row.person_name}", "review--approved"
    if row.action is ReviewAction.REJECTED:
        return "\N{BALLOT X} rejected", "review--rejected"
    return row.suggested_person, "review--person"
