"""A small library, and the desk after its first scan."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from matching_desk import add_entry, add_scene, desk_of, forget_requests

from core.demo.world import DemoWorld
from core.runtime import Runtime


@pytest.fixture
def small(empty_world: DemoWorld) -> DemoWorld:
    """Three scenes, two of them known at the first stash-box."""
    for number in (1, 2, 3):
        add_scene(empty_world, number)
    add_entry(empty_world, 1)
    add_entry(empty_world, 2)
    return empty_world


@pytest.fixture
async def scanned(small: DemoWorld) -> AsyncIterator[Runtime]:
    """After the first scan, with the request logs empty."""
    async with desk_of(small) as runtime:
        await runtime.matching.scan()
        forget_requests(small)
        yield runtime
