"""What the list of matches shows and in which order: the choices a person made, as values and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from core.model.recommendations import RecommendationFilter, Sort
from tui.documents import host
from tui.present import plain
from tui.screens.list_view import ListView, next_of, text_words

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
class MatchView(ListView[RecommendationFilter, Sort]):
    """Filter and order of the list."""

    wanted: RecommendationFilter = field(default_factory=RecommendationFilter)
    sort: Sort = Sort.SCORE
    ORDERS: ClassVar = _NAMES

    def next_endpoint(self, endpoints: Sequence[str]) -> MatchView:
        """The next stash-box alone; after the last one all."""
        now = self.wanted.endpoint if self.wanted.endpoint in endpoints else None
        return self.with_filter(replace(self.wanted, endpoint=next_of((None, *endpoints), now)))

    def next_confidence(self) -> MatchView:
        """High confidence alone, the others alone, all."""
        return self.with_filter(replace(self.wanted, is_high_confidence=_ROUND[self.wanted.is_high_confidence]))

    def next_ambiguous(self) -> MatchView:
        """Scenes with several candidates alone, the others alone, all."""
        return self.with_filter(replace(self.wanted, is_ambiguous=_ROUND[self.wanted.is_ambiguous]))

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
        return words + text_words(wanted.text)
