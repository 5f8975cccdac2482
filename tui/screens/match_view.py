"""What the list of matches shows and in which order: the choices a person made, as values and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.model.recommendations import RecommendationFilter, Sort
from tui.documents import host
from tui.present import plain

_NAMES: Final = {
    Sort.SCORE: "score",
    Sort.TITLE: "scene title",
    Sort.MATCH: "entry title",
    Sort.STUDIO: "studio",
    Sort.DATE: "date",
    Sort.ENDPOINT: "stash-box",
    Sort.NEWEST: "newest first",
}
_ROUND: Final = {None: True, True: False, False: None}


@dataclass(frozen=True, slots=True)
class MatchView:
    """Filter and order of the list."""

    wanted: RecommendationFilter = field(default_factory=RecommendationFilter)
    sort: Sort = Sort.SCORE
    is_reversed: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether anything pending may be left out."""
        return self.wanted != RecommendationFilter()

    def next_sort(self) -> MatchView:
        """Ordered by the next column, in its own direction."""
        orders = list(Sort)
        following = orders[(orders.index(self.sort) + 1) % len(orders)]
        return replace(self, sort=following, is_reversed=False)

    def reversed(self) -> MatchView:
        """The other way round."""
        return replace(self, is_reversed=not self.is_reversed)

    def next_endpoint(self, endpoints: Sequence[str]) -> MatchView:
        """The next stash-box alone; after the last one all."""
        round_trip = [None, *endpoints]
        now = self.wanted.endpoint
        place = round_trip.index(now) if now in round_trip else 0
        return self._with(replace(self.wanted, endpoint=round_trip[(place + 1) % len(round_trip)]))

    def next_confidence(self) -> MatchView:
        """High confidence alone, the others alone, all."""
        return self._with(replace(self.wanted, is_high_confidence=_ROUND[self.wanted.is_high_confidence]))

    def next_ambiguous(self) -> MatchView:
        """Scenes with several candidates alone, the others alone, all."""
        return self._with(replace(self.wanted, is_ambiguous=_ROUND[self.wanted.is_ambiguous]))

    def with_text(self, text: str) -> MatchView:
        """Only what holds this text."""
        return self._with(replace(self.wanted, text=text.strip()))

    def unfiltered(self) -> MatchView:
        """Everything pending, in the same order."""
        return self._with(RecommendationFilter())

    def _with(self, wanted: RecommendationFilter) -> MatchView:
        return replace(self, wanted=wanted)

    def filter_words(self, names: Mapping[str, str]) -> list[str]:
        """What is in force, in words; empty when all is shown."""
        wanted = self.wanted
        words: list[str] = []
        if wanted.endpoint is not None:
            words.append(f"at {plain(names.get(wanted.endpoint) or host(wanted.endpoint), width=30)}")
        if wanted.is_high_confidence is not None:
            words.append("high confidence" if wanted.is_high_confidence else "not of high confidence")
        if wanted.is_ambiguous is not None:
            words.append("several candidates" if wanted.is_ambiguous else "a single candidate")
        if wanted.text:
            words.append(
                f"with \N{LEFT DOUBLE QUOTATION MARK}{plain(wanted.text, width=30)}\N{RIGHT DOUBLE QUOTATION MARK}"
            )
        return words

    @property
    def sort_words(self) -> str:
        """The order in words."""
        name = _NAMES[self.sort]
        return f"{name}, reversed" if self.is_reversed else name
