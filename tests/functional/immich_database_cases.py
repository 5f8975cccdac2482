"""Questions to Immich's database as its tests ask them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import asyncpg
import postgresql
import pytest
from immich_tables import Tables

from core.servers.immich_database import ImmichDatabase

PROGRAMS = postgresql.programs()
NEEDS_POSTGRESQL = pytest.mark.skipif(
    PROGRAMS is None, reason="no PostgreSQL with pgvector is installed: .ci/postgresql does it"
)

Opened = Callable[..., ImmichDatabase]


async def as_admin(server: postgresql.Postgres, *statements: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(server.admin(database))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def asked(tables: Tables, *, own: tuple[float, ...], other: tuple[float, ...] = ()) -> tuple[str, str, str]:
    """A picture with one face: its asset, its face, its person, with these distances to that one and to another."""
    owner, ann, bea = await tables.user(), uuid.uuid4(), uuid.uuid4()
    asset = await tables.asset(owner)
    face = await tables.face(asset, ann)
    await tables.faces(owner, ann, *own)
    await tables.faces(owner, bea, *other)
    return str(asset), face, str(ann)


async def distances(database: ImmichDatabase, asset: str, face: str) -> tuple[float, float | None] | None:
    found = (await database.distances(asset, [face])).get(face)
    return None if found is None else (round(found.own, 5), None if found.other is None else round(found.other, 5))
