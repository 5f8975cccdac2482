"""How distances become a confidence: where it says yes, and that more distance never makes it surer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.confidence import confidence, confidence_provider
from core.settings_intake import IntakeSettings

ENOUGH = IntakeSettings().min_confidence
DISTANCES = st.floats(0, 2)
MARGINS = st.none() | st.floats(-2, 2)
NOISE = 1e-12


@pytest.mark.parametrize(
    ("distance", "margin", "expected"),
    [
        (0.0, None, 1.0),
        (0.0, 0.25, 1.0),
        (0.35, 0.5, 0.6),
        (0.2, 0.1, 0.6),
        (0.5, None, 0.3),
        (0.2, 0.0, 0.3),
        (0.2, -0.5, 0.0),
        (1.0, 0.5, 0.0),
        (2.0, None, 0.0),
        (math.nan, 0.5, 0.0),
        (0.1, math.nan, 0.0),
    ],
)
def test_the_table(distance: float, margin: float | None, expected: float) -> None:
    assert confidence(distance, margin) == expected


@given(DISTANCES, MARGINS)
def test_the_default_accepts_exactly_what_is_near_and_apart(distance: float, margin: float | None) -> None:
    is_near, is_apart = distance <= 0.35, margin is None or margin >= 0.1
    found = confidence(distance, margin)
    assert 0 <= found <= 1
    if is_near and is_apart:
        assert found >= ENOUGH
    elif distance > 0.35 + NOISE or (margin is not None and margin < 0.1 - NOISE):
        assert found < ENOUGH


@given(DISTANCES, DISTANCES, MARGINS)
def test_farther_is_never_surer(one: float, other: float, margin: float | None) -> None:
    near, far = sorted((one, other))
    assert confidence(far, margin) <= confidence(near, margin) + NOISE


@given(DISTANCES, st.floats(-2, 2), st.floats(-2, 2))
def test_a_nearer_rival_is_never_surer(distance: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert confidence(distance, less) <= confidence(distance, more) + NOISE
    assert confidence(distance, more) <= confidence(distance, None)


def test_nobody_is_asked_where_no_database_is_set() -> None:
    assert confidence_provider(IntakeSettings()) is None
