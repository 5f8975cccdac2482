"""Fixtures of the tests of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jobs_cases import Clock

from core.jobs import Jobs
from core.store.database import Database
from core.store.owner import Owner


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jobs(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[Jobs]:
    with Owner.hold(tmp_path / "locks") as owner:
        jobs = Jobs(database, owner, clock)
        yield jobs
        await jobs.close()


@pytest.fixture
async def others(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[Jobs]:
    """The jobs of another Winnow over the same database."""
    with Owner.hold(tmp_path / "locks") as owner:
        jobs = Jobs(database, owner, clock)
        yield jobs
        await jobs.close()
