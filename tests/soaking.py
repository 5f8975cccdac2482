"""The short form of the suite, and the long one (`make soak`): more of a kind of which the short form has some."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_SHORT, _LONG = 40, 800

# A busy machine is no defect: how long an example takes says nothing.
settings.register_profile(
    "short", max_examples=_SHORT, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("soak", settings.get_profile("short"), max_examples=_LONG)
settings.load_profile("short")


def is_soaking() -> bool:
    """Whether this is the long form, as `--hypothesis-profile soak` says."""
    return settings().max_examples > _SHORT


def more(count: int) -> int:
    """So many in the short form, many times more in the long one."""
    return count * _LONG // _SHORT if is_soaking() else count


def examples(most: int, **given: Any) -> settings:
    """For a property whose examples cost more, or find less, than those of others."""
    return settings(max_examples=more(most), **given)


def cases(always: Sequence[Any], others: Iterable[Any]) -> list[Any]:
    """Parameters for `parametrize`: those that are always run, then the others for the long form alone."""
    told = [one for one in others if one not in always]
    return [*always, *(pytest.param(*_values(one), marks=pytest.mark.soak) for one in told)]


def _values(one: Any) -> tuple[Any, ...]:
    return one if isinstance(one, tuple) else (one,)
