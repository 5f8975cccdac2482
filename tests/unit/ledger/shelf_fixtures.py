"""Fixtures of the tests of the ledger itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from ledger_shelf import Machine, Shelf, Winnow

from core.store.database import Database


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def machine(tmp_path: Path, database: Database, shelf: Shelf) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        yield Machine(tmp_path, database, shelf, stack)


@pytest.fixture
def winnow(machine: Machine) -> Winnow:
    return machine.start()
