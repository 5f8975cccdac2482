"""A client of the demo servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from demo_server_cases import JSON


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers=JSON, timeout=10) as client:
        yield client
