"""A server that is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from notify_cases import Hook

from core.demo.loopback import bound_socket


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    server = Hook()
    await server.start(bound_socket(0))
    yield server
    await server.stop()
