"""What the review shows and in which order: the choices a person made, as values and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.model.incoming import Category
from core.runtime import ReviewAction, ReviewFilter, ReviewSort
from tui.present import plain
from tui.screens.list_browser import next_of

_NAMES: Final = {
    ReviewSort.NEWEST: "newest first",
    ReviewSort.OLDEST: "oldest first",
    ReviewSort.CATEGORY: "category",
    ReviewSort.PERSON: "person",
    ReviewSort.SIZE: "size",
    ReviewSort.NAME: "name",
}
_STATUSES: Final = {
    (ReviewAction.PENDING,): "",
    (ReviewAction.APPROVED,): "approved",
    (ReviewAction.REJECTED,): "rejected",
}
TABS: Final[tuple[Category | None, ...]] = (None, *Category)
"""The categories in the order of their tabs; None is all."""


@dataclass(frozen=True, slots=True)
class ReviewView:
    """Filter and order of the list."""

    wanted: ReviewFilter = field(default_factory=ReviewFilter)
    sort: ReviewSort = ReviewSort.NEWEST
    is_reversed: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether anything that waits may be left out."""
        return self.wanted != ReviewFilter()

    @property
    def category(self) -> Category | None:
        """The open tab; None for all."""
        return None if self.wanted.categories is None else self.wanted.categories[0]

    @property
    def of_all_categories(self) -> ReviewFilter:
        """The filter without the tab: what the counts of the tabs are of."""
        return replace(self.wanted, categories=None)

    def next_sort(self) -> ReviewView:
        """Ordered by the next column, in its own direction."""
        return replace(self, sort=next_of(tuple(ReviewSort), self.sort), is_reversed=False)

    def reversed(self) -> ReviewView:
        """The other way round."""
        return replace(self, is_reversed=not self.is_reversed)

    def next_category(self, *, by: int = 1) -> ReviewView:
        """The next tab, or with `by` -1 the one before."""
        return self.with_category(next_of(TABS, self.category, by=by))

    def with_category(self, category: Category | None) -> ReviewView:
        """This tab."""
        return self._with(replace(self.wanted, categories=None if category is None else (category,)))

    def next_source(self, sources: Sequence[str]) -> ReviewView:
        """What one source handed over after the other, then all."""
        return self._with(replace(self.wanted, source=next_of((None, *sources), self.wanted.source)))

    def next_status(self) -> ReviewView:
        """What waits, what was approved, what was rejected."""
        return self._with(replace(self.wanted, actions=next_of(tuple(_STATUSES), self.wanted.actions)))

    def with_text(self, text: str) -> ReviewView:
        """Only what holds this text."""
        return self._with(replace(self.wanted, text=text.strip()))

    def unfiltered(self) -> ReviewView:
        """Everything that waits, in the same order."""
        return self._with(ReviewFilter())

    def _with(self, wanted: ReviewFilter) -> ReviewView:
        return replace(self, wanted=wanted)

    def filter_words(self) -> list[str]:
        """What is in force beside the tab, in words; empty when nothing is."""
        wanted = self.wanted
        words = [name for actions, name in _STATUSES.items() if name and actions == wanted.actions]
        if wanted.source is not None:
            words.append(f"from {plain(wanted.source, width=24)}")
        if wanted.text:
            quoted = plain(wanted.text, width=30)
            words.append(f"with \N{LEFT DOUBLE QUOTATION MARK}{quoted}\N{RIGHT DOUBLE QUOTATION MARK}")
        return words

    @property
    def sort_words(self) -> str:
        """The order in words."""
        name = _NAMES[self.sort]
        return f"{name}, reversed" if self.is_reversed else name
