"""The categories of the review side by side, each with the number of its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from core.model.incoming import Category
from tui.widgets.cells import columns

_TITLES: Final[Mapping[Category | None, tuple[str, str]]] = {
    None: ("All", "All"),
    Category.DUPLICATES: ("Known already", "Known"),
    Category.UNIDENTIFIED: ("Unidentified", "Unident."),
    Category.MULTIPLE_FACES: ("Several faces", "Several"),
    Category.UNWANTED_PERSON: ("Unwanted", "Unwanted"),
    Category.LOW_CONFIDENCE: ("Unsure", "Unsure"),
}
"""The name of each tab, and the one for where there is little room."""


class CategoryTabs(Widget):
    """One line. The open tab is underlined; a click opens another one."""

    DEFAULT_CSS = """
    CategoryTabs { height: 1; padding: 0 1; }
    """

    counts: reactive[Mapping[Category, int]] = reactive({})
    current: reactive[Category | None] = reactive(None)

    class Picked(Message):
        """A tab was clicked; None is all."""

        def __init__(self, category: Category | None) -> None:
            self.category = category
            super().__init__()

    def render(self) -> Content:
        """With whole names where they fit, with short ones where not, at last without the names of empty tabs."""
        width = self.content_size.width
        for is_short, gap, has_empty in ((False, 3, True), (True, 2, True), (True, 2, False)):
            parts = list(self._parts(is_short=is_short, gap=gap, has_empty=has_empty))
            drawn = Content.assemble(*parts)
            if drawn.cell_length <= width:
                return drawn
        return drawn.truncate(width, ellipsis=True)

    def _number(self, category: Category | None) -> int:
        return sum(self.counts.values()) if category is None else self.counts.get(category, 0)

    def _parts(self, *, is_short: bool, gap: int, has_empty: bool) -> Iterator[tuple[str, str]]:
        is_first = True
        for category, titles in _TITLES.items():
            is_current, number = category is self.current, self._number(category)
            if not (number or is_current or has_empty or category is None):
                continue
            if not is_first:
                yield " " * gap, ""
            is_first = False
            yield titles[is_short], "bold underline $accent" if is_current else "" if number else "$quiet"
            yield f" {number:,}", "bold $accent" if is_current else "bold" if number else "$quiet"

    def on_click(self, event: Click) -> None:
        """Open the tab under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        shown = self.render().plain
        for category, titles in _TITLES.items():
            for title in titles:
                words = f"{title} {self._number(category):,}"
                at = shown.find(words)
                if at >= 0 and columns(shown[:at]) <= offset.x < columns(shown[: at + len(words)]):
                    self.post_message(self.Picked(category))
                    return
