"""The world of the tests of decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from matching_desk import (
    desk_of,
)

from core.demo.world import DemoWorld
from core.runtime import Runtime


@pytest.fixture
async def scanned_cases(world: DemoWorld) -> AsyncIterator[Runtime]:
    """The 28 cases after one scan."""
    async with desk_of(world) as runtime:
        assert (await runtime.matching.scan()).is_ok
        yield runtime
