"""The review in words and figures: what is said of one picture, of the list, of the desk; and whom typing finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.desk import IntakeSummary
from core.intake.people_known import PersonChoice
from core.model.incoming import Category
from core.runtime import ReviewAction, ReviewFilter, ReviewLine, Statistics
from tui.screens.dashboard_intake import intake_lines
from tui.screens.intake_empty import empty_words
from tui.screens.review_decisions import by_suggestion
from tui.screens.review_view import ReviewView
from tui.widgets.cells import columns
from tui.widgets.people_list import fitting
from tui.widgets.review_list import layout
from tui.widgets.review_words import about_lines, status_lines

NOW = 1_800_000_000.0
LINE = ReviewLine(
    id=1, download_id=1, path="/review/low_confidence/lowconf_a.jpg", filename="lowconf_a.jpg",
    category=Category.LOW_CONFIDENCE, sha256=bytes(32), size=2048, source="gallery-dl",
    reason="Ada is seen with a confidence of 0.48, and 0.60 is asked for", faces_detected=1, suggested_person="Ada",
    suggested_person_id="id-ada", created_at=NOW - 7200, reviewed_at=None, reviewed_by="",
    action=ReviewAction.PENDING, person_name="",
)  # fmt: skip
TODAY = Statistics(
    since=NOW, until=NOW, came_in=10, auto_sorted=6, approved=1, rejected=0, in_review=1, pending=1, failed=1,
    returned=0, duplicates=2, by_person={}, by_category={}, queue=3, oldest_in_queue=NOW - 90_000,
)  # fmt: skip
SUMMARY = IntakeSummary(
    queue=dict.fromkeys(Category, 0) | {Category.UNIDENTIFIED: 2, Category.LOW_CONFIDENCE: 1}, queue_age=90_000.0,
    pending=1, failed=1, today=TODAY, last_run=None, next_run_at=NOW + 3600, why_not="",
)  # fmt: skip
IDLE = replace(
    SUMMARY, queue=dict.fromkeys(Category, 0), queue_age=None, pending=0, failed=0,
    today=replace(TODAY, came_in=0, auto_sorted=0, approved=0, in_review=0, pending=0, failed=0, duplicates=0),
)  # fmt: skip


def text(lines: object) -> str:
    return "\n".join("".join(piece for piece, _ in line) for line in lines)  # type: ignore[attr-defined]


def card(summary: IntakeSummary, width: int = 80) -> str:
    lines = intake_lines(summary, now=NOW, interval_hours=24, key="4", width=width)
    return "\n".join(line.plain for line in lines)


def test_of_a_picture_the_reason_comes_first_and_the_path_last() -> None:
    shown = text(about_lines(LINE, None, now=NOW, width=60, height=20))
    assert shown.index("unsure") < shown.index("0.48") < shown.index("Perhaps Ada") < shown.index("Path")
    assert "2.0 KiB" in shown
    assert "2 h ago" in shown
    assert "gallery-dl" in shown


def test_a_decided_picture_says_what_was_decided_and_by_whom() -> None:
    done = replace(LINE, action=ReviewAction.APPROVED, person_name="Bo", reviewed_by="kim")
    shown = text(about_lines(done, None, now=NOW, width=60, height=20))
    assert "approved to Bo by kim" in shown
    assert "Perhaps" not in shown


@given(st.integers(20, 120), st.integers(1, 30), st.text(max_size=200), st.text(max_size=200))
def test_words_about_a_picture_keep_to_their_room(width: int, height: int, name: str, reason: str) -> None:
    path = str(Path("/review") / (name.replace("\0", "") or "x"))
    line = replace(LINE, filename=name, reason=reason, path=path, suggested_person=name)
    lines = about_lines(line, None, now=NOW, width=width, height=height)
    assert len(lines) <= height
    assert all(columns("".join(piece for piece, _ in one)) <= width for one in lines)


@given(st.integers(30, 160))
def test_the_columns_of_the_list_add_up(width: int) -> None:
    shown = layout(width)
    used = 4 + sum(one.width + 1 for one in shown) - 1
    assert used <= width or next(one.width for one in shown if one.name == "file") == 10


def test_the_line_above_the_list_says_what_is_left_out_and_what_was_done() -> None:
    whole = text(status_lines(3, 3, [], "name", selected=0, said="✓ 1 picture to Ada", way_out="x", width=80))
    assert whole.startswith("3 pictures to decide   ✓ 1 picture to Ada")
    assert whole.endswith("by name")
    part = text(status_lines(1, 3, ["approved"], "name", selected=2, said="", way_out="x", width=80))
    assert "2 selected" in part
    assert "1 shown: only approved   x shows all" in part


def test_the_card_says_what_waits_what_came_of_today_and_what_is_next() -> None:
    shown = card(SUMMARY)
    assert "3  pictures wait for a decision, the oldest for 25 h" in shown
    assert "2 unidentified · 1 unsure" in shown
    assert "1  still to be looked at" in shown
    assert "✗ failed" in shown
    words = " ".join(shown.split())
    assert "10 pictures: 6 filed unasked · 1 approved · 1 to review · 1 pending · 1 failed" in words
    assert "success rate 86% · known already 20%" in shown
    assert "in 1 h (daily)" in shown or "in 60 min (daily)" in shown


def test_a_desk_that_is_not_set_up_is_short_and_quiet_unless_something_waits() -> None:
    off = "[intake] enabled is false"
    assert card(replace(IDLE, why_not=off)).count("\n") == 0
    assert off in card(replace(SUMMARY, why_not=off))


@given(st.integers(34, 100))
def test_the_card_keeps_to_its_width(width: int) -> None:
    for line in card(SUMMARY, width).split("\n"):
        assert len(line) <= max(width, 80)


@pytest.mark.parametrize(
    ("summary", "view", "was_used", "words"),
    [
        (replace(IDLE, why_not="[intake] enabled is false"), ReviewView(), False, "not set up"),
        (IDLE, ReviewView(), False, "Nothing has come in yet."),
        (IDLE, ReviewView(), True, "Nothing waits for a decision."),
        (replace(IDLE, pending=4), ReviewView(), True, "4 pictures still to be looked at. S does it now."),
        (replace(IDLE, failed=1), ReviewView(), True, "--status failed"),
        (SUMMARY, ReviewView(ReviewFilter(text="x")), True, "3 pictures wait in all. x shows what waits."),
    ],
)
def test_an_empty_list_says_why(summary: IntakeSummary, view: ReviewView, was_used: bool, words: str) -> None:
    keys = {"scan": "S", "clear-filters": "x"}
    assert words in empty_words(summary, view, lambda name: keys[name], was_used=was_used).plain


def test_tabs_go_round_both_ways_and_the_rest_of_the_filter_stays() -> None:
    view = ReviewView(ReviewFilter(source="hook"))
    seen = [view := view.next_category() for _ in range(6)]
    assert [one.category for one in seen] == [*Category, None]
    assert seen[-1].next_category(by=-1).category is list(Category)[-1]
    assert all(one.wanted.source == "hook" for one in seen)


def test_pictures_are_filed_by_whom_they_show_most_first_and_others_stay() -> None:
    lines = [
        replace(LINE, id=1, suggested_person="Bo", suggested_person_id="b"),
        replace(LINE, id=2), replace(LINE, id=3), replace(LINE, id=4, suggested_person=""),
        replace(LINE, id=5, suggested_person="Cy", suggested_person_id=""),
    ]  # fmt: skip
    found = [(one if isinstance(one, str) else one.id, ids) for one, ids in by_suggestion(lines)]
    assert found == [("id-ada", [2, 3]), ("b", [1]), ("Cy", [5])]


PEOPLE = [PersonChoice(str(number), name) for number, name in enumerate(("Ada Öz", "Oda", "Clara", "Bo Adams"))]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["Ada Öz", "Oda", "Clara", "Bo Adams"]),
        ("ad", ["Ada Öz", "Bo Adams", "+ad"]),
        ("da", ["Ada Öz", "Oda", "Bo Adams", "+da"]),
        ("oz", ["Ada Öz", "+oz"]),
        ("CLARA", ["Clara"]),
        ("new: clara", ["+clara"]),
        ("new:", []),
        ("Zoë", ["+Zoë"]),
    ],
)
def test_typing_finds_people_and_offers_a_new_one(typed: str, names: list[str]) -> None:
    assert [one.name if one.choice else f"+{one.name}" for one in fitting(PEOPLE, typed)] == names


def test_while_nothing_is_typed_the_suggested_person_comes_first() -> None:
    first, *_ = fitting(PEOPLE, "", suggested=PEOPLE[2])
    assert first.is_suggested
    assert first.name == "Clara"
