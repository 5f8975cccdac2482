"""Figures in plain words."""

from __future__ import annotations

import pytest

from core.words import count, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (5.04, "5.04 s"),
        (-542, "9 min 2 s"),
        (59.999, "1 min"),
        (60, "1 min"),
        (3599.6, "1 h"),
        (4150, "1 h 9 min"),
        (7200, "2 h"),
    ],
)
def test_span(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(("number", "words"), [(0, "0 candidates"), (1, "1 candidate"), (2, "2 candidates")])
def test_count(number: int, words: str) -> None:
    assert count(number, "candidate") == words
