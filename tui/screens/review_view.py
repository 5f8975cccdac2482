"""What the review shows and in which order: the choices a person made, as values and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from core.model.incoming import Category
from core.runtime import ReviewAction, ReviewFilter, ReviewSort
from tui.present import plain
from tui.screens.list_view import ListView, next_of, text_words

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
class ReviewView(ListView[ReviewFilter, ReviewSort]):
    """Filter and order of the list."""

    wanted: ReviewFilter = field(default_factory=ReviewFilter)
    sort: ReviewSort = ReviewSort.NEWEST
    ORDERS: ClassVar = _NAMES

    @property
    def category(self) -> Category | None:
        """The open tab; None for all."""
        return None if self.wanted.categories is None else self.wanted.categories[0]

    @property
    def of_all_categories(self) -> ReviewFilter:
        """The filter without the tab: what the counts of the tabs are of."""
        return replace(self.wanted, categories=None)

    def next_category(self, *, by: int = 1) -> ReviewView:
        """The next tab, or with `by` -1 the one before."""
        return self.with_category(next_of(TABS, self.category, by=by))

    def with_category(self, category: Category | None) -> ReviewView:
        """This tab."""
        return self.with_filter(replace(self.wanted, categories=None if category is None else (category,)))

    def next_source(self, sources: Sequence[str]) -> ReviewView:
        """What one source handed over after the other, then all."""
        return self.with_filter(replace(self.wanted, source=next_of((None, *sources), self.wanted.source)))

    def next_status(self) -> ReviewView:
        """What waits, what was approved, what was rejected."""
        return self.with_filter(replace(self.wanted, actions=next_of(tuple(_STATUSES), self.wanted.actions)))

    def filter_words(self) -> list[str]:
        """What is in force beside the tab, in words; empty when nothing is."""
        wanted = self.wanted
        words = [name for actions, name in _STATUSES.items() if name and actions == wanted.actions]
        if wanted.source is not None:
            words.append(f"from {plain(wanted.source, width=24)}")
        return words + text_words(wanted.text)
