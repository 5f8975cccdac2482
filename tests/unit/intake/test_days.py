"""Ranges of days in local time, where a day may have 23 or 25 hours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.reading import day_range

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True, scope="module")
def berlin() -> Iterator[None]:
    """The zone of this process, for as long as these tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=BERLIN).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "days", "since", "until", "hours"),
    [
        ((2026, 7, 3, 12), 1, (2026, 7, 3), (2026, 7, 4), 24),
        ((2026, 7, 3), 1, (2026, 7, 3), (2026, 7, 4), 24),
        ((2026, 7, 3, 23, 59, 59), 7, (2026, 6, 27), (2026, 7, 4), 168),
        ((2026, 3, 29, 1), 1, (2026, 3, 29), (2026, 3, 30), 23),
        ((2026, 3, 29, 23), 1, (2026, 3, 29), (2026, 3, 30), 23),
        ((2026, 10, 25, 12), 1, (2026, 10, 25), (2026, 10, 26), 25),
        ((2026, 10, 26, 0, 30), 2, (2026, 10, 25), (2026, 10, 27), 49),
        ((2026, 1, 1, 0, 0, 1), 2, (2025, 12, 31), (2026, 1, 2), 48),
    ],
)
def test_a_range_of_days(
    now: tuple[int, ...], days: int, since: tuple[int, ...], until: tuple[int, ...], hours: int
) -> None:
    found = day_range(at(*now), days)
    assert found == (at(*since), at(*until))
    assert found[1] - found[0] == hours * 3600


def test_there_are_no_days_before_clocks_count() -> None:
    assert day_range(at(2026, 7, 3, 12), 10_000_000) == (at(1970, 1, 2), at(2026, 7, 4))


@given(st.floats(min_value=1e9, max_value=3e9), st.integers(min_value=-3, max_value=400))
def test_now_is_in_every_range_and_more_days_begin_earlier(now: float, days: int) -> None:
    since, until = day_range(now, days)
    assert since <= now < until
    assert day_range(now, max(days, 1) + 1)[0] < since
