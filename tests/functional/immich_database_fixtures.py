"""A PostgreSQL with Immich's tables in both layouts, and clients of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import postgresql
import pytest
from immich_database_cases import PROGRAMS, Opened, as_admin
from immich_tables import LAYOUTS, PASSWORD, ROLE, Tables, schema

from core.secret import Secret
from core.servers.immich_database import ImmichDatabase


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Postgres]:
    assert PROGRAMS is not None
    with postgresql.running(PROGRAMS) as postgres:
        asyncio.run(as_admin(postgres, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"))
        yield postgres


@pytest.fixture
async def immich_name(postgres: postgresql.Postgres) -> str:
    """The name of a new, empty database."""
    name = f"immich_{uuid.uuid4().hex[:12]}"
    await as_admin(postgres, f"CREATE DATABASE {name} STRATEGY file_copy")
    return name


@pytest.fixture(params=LAYOUTS)
async def tables(
    request: pytest.FixtureRequest, postgres: postgresql.Postgres, immich_name: str
) -> AsyncIterator[Tables]:
    connection = await asyncpg.connect(postgres.admin(immich_name))
    await connection.execute(schema(request.param))
    yield Tables(connection, request.param)
    await connection.close()


@pytest.fixture
async def opened(postgres: postgresql.Postgres, immich_name: str) -> AsyncIterator[Opened]:
    """Makes clients of that database, closed at the end."""
    made: list[ImmichDatabase] = []

    def make(role: str = ROLE, password: str = PASSWORD, name: str = immich_name) -> ImmichDatabase:
        made.append(ImmichDatabase(Secret(postgres.address(role, password, name))))
        return made[-1]

    yield make
    for one in made:
        await one.close()
