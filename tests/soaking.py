"""Cases that only the long form of the suite runs (`make soak`): more of a kind of which the short form has one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def cases(always: Sequence[Any], others: Iterable[Any]) -> list[Any]:
    """Parameters for `parametrize`: those that are always run, then the others for the long form alone."""
    told = [one for one in others if one not in always]
    return [*always, *(pytest.param(*_values(one), marks=pytest.mark.soak) for one in told)]


def _values(one: Any) -> tuple[Any, ...]:
    return one if isinstance(one, tuple) else (one,)
