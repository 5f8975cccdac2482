"""Filter and order of the list of matches."""

from __future__ import annotations

from core.model.recommendations import Sort
from tui.screens.match_view import MatchView


def test_every_order_is_reached_and_the_last_leads_back_to_the_first() -> None:
    view, seen = MatchView(), []
    for _ in Sort:
        seen.append(view.sort)
        view = view.next_sort()
    assert set(seen) == set(Sort)
    assert view == MatchView()


def test_another_order_starts_in_its_own_direction() -> None:
    assert MatchView().reversed().is_reversed
    assert not MatchView().reversed().next_sort().is_reversed
    assert MatchView().reversed().sort_words == "score, reversed"


def test_filters_go_round_through_one_side_the_other_and_all() -> None:
    view = MatchView()
    first, second, third = view.next_confidence(), view.next_confidence().next_confidence(), view
    assert (first.wanted.is_high_confidence, second.wanted.is_high_confidence) == (True, False)
    assert second.next_confidence() == third
    assert view.next_ambiguous().wanted.is_ambiguous is True
    boxes = ["https://a.example/graphql", "https://b.example/graphql"]
    assert view.next_endpoint(boxes).wanted.endpoint == boxes[0]
    assert view.next_endpoint(boxes).next_endpoint(boxes).next_endpoint(boxes) == view
    assert view.next_endpoint([]) == view


def test_an_endpoint_that_is_gone_does_not_trap_the_filter() -> None:
    view = MatchView().next_endpoint(["https://gone.example/graphql"])
    assert view.next_endpoint(["https://a.example/graphql"]).wanted.endpoint == "https://a.example/graphql"


def test_what_is_in_force_is_said_in_words_and_literally() -> None:
    view = MatchView().next_confidence().next_endpoint(["https://a.example/graphql"]).with_text(" [red]\x1b ")
    assert view.is_filtered
    assert view.filter_words({}) == ["at a.example", "high confidence", "with “[red]␛”"]
    assert view.filter_words({"https://a.example/graphql": "Meadow"})[0] == "at Meadow"
    assert not view.unfiltered().is_filtered
