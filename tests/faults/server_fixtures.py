"""What tests of broken servers share: an impatient Winnow, a raw server, clients of it and of the demo world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from raw_server import RawServer, running
from server_cases import IMPATIENT, SECRET, A, B

from core.demo.box_library import BoxScene, box_prints
from core.demo.world import DemoWorld
from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(IMPATIENT) as http:
        yield http


@pytest.fixture
async def raw() -> AsyncIterator[RawServer]:
    async with running() as server:
        yield server


@pytest.fixture
def stash(http: Http, raw: RawServer) -> StashClient:
    return StashClient(http, raw.url, SECRET)


@pytest.fixture
def box(http: Http, raw: RawServer) -> StashBoxClient:
    return StashBoxClient(http, StashBox(f"{raw.url}/graphql", "Meadow", SECRET, 60_000))


@pytest.fixture
def demo_stash(http: Http, empty_world: DemoWorld) -> StashClient:
    return StashClient(http, empty_world.stash.base_url, empty_world.stash.api_key)


@pytest.fixture
def demo_box(http: Http, empty_world: DemoWorld) -> StashBoxClient:
    demo = empty_world.boxes[0]
    demo.library.add(*(BoxScene(name, name, box_prints(oshash=value)) for name, value in ((A, 77), (B, 79))))
    return StashBoxClient(http, StashBox(demo.endpoint, "Meadow", demo.api_key, 60_000))
