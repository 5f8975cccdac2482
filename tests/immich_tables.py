"""The tables of Immich's database that matter, in their two layouts, with columns beside them that do not."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg

ROLE, PASSWORD = "reader", "password-of-the-test"
_LENGTH = 512
LAYOUTS = ("3.1", "3.3")

_COMMON = """
CREATE EXTENSION vector;
CREATE TABLE "user" (id uuid PRIMARY KEY, email text NOT NULL DEFAULT '',
    password text NOT NULL DEFAULT 'hash' {cluster});
CREATE TABLE asset (id uuid PRIMARY KEY, "ownerId" uuid NOT NULL REFERENCES "user",
    "originalPath" text NOT NULL DEFAULT '',
    "deletedAt" timestamptz, visibility text NOT NULL DEFAULT 'timeline');
{person};
CREATE TABLE asset_face (id uuid PRIMARY KEY, "assetId" uuid NOT NULL REFERENCES asset, "{column}" uuid,
    "imageWidth" int NOT NULL DEFAULT 1440, "imageHeight" int NOT NULL DEFAULT 1080, "sourceType" text,
    "deletedAt" timestamptz {visible});
CREATE TABLE face_search ("faceId" uuid PRIMARY KEY REFERENCES asset_face, embedding vector(512) NOT NULL);
GRANT SELECT ON asset, asset_face, face_search TO reader;
"""
_OLD_PERSON = """CREATE TABLE person (id uuid PRIMARY KEY, "ownerId" uuid NOT NULL, name text NOT NULL DEFAULT '',
    "isHidden" boolean NOT NULL DEFAULT false)"""
_NEW_PERSON = """CREATE TABLE person_group (id uuid PRIMARY KEY);
CREATE TABLE person ("ownerId" uuid, "personGroupId" uuid, name text NOT NULL DEFAULT '',
    PRIMARY KEY ("ownerId", "personGroupId"))"""


def schema(layout: str, *, has_visibility: bool = True) -> str:
    """The SQL that makes the tables of a version."""
    visible = ', "isVisible" boolean NOT NULL DEFAULT true' if has_visibility else ""
    if layout == "3.1":
        return _COMMON.format(cluster="", person=_OLD_PERSON, column="personId", visible=visible)
    new = _COMMON.format(cluster=', "clusterGroupId" uuid', person=_NEW_PERSON, column="personGroupId", visible=visible)
    return new + 'GRANT SELECT (id, "clusterGroupId") ON "user" TO reader;'


@dataclass(slots=True)
class Tables:
    """Fills them. Faces are placed by their distance to the one that is asked about, which points along one axis."""

    connection: asyncpg.Connection
    layout: str
    _axis: int = field(default=0)

    async def user(self, cluster: uuid.UUID | None = None) -> uuid.UUID:
        """Somebody new; since 3.2 in a cluster group."""
        new = uuid.uuid4()
        if self.layout == "3.1":
            await self.connection.execute('INSERT INTO "user" (id) VALUES ($1)', new)
        else:
            await self.connection.execute('INSERT INTO "user" (id, "clusterGroupId") VALUES ($1, $2)', new, cluster)
        return new

    async def asset(self, owner: uuid.UUID, *, is_trashed: bool = False) -> uuid.UUID:
        """A picture."""
        new = uuid.uuid4()
        trashed = "now()" if is_trashed else "NULL"
        await self.connection.execute(
            f'INSERT INTO asset (id, "ownerId", "deletedAt") VALUES ($1, $2, {trashed})', new, owner
        )
        return new

    async def face(
        self, asset: uuid.UUID, person: uuid.UUID | None, distance: float | None = 0.0, **columns: Any
    ) -> str:
        """A face of somebody; None as `distance`: one without a vector."""
        new = uuid.uuid4()
        column = "personId" if self.layout == "3.1" else "personGroupId"
        named = {"id": new, "assetId": asset, column: person, **columns}
        names = ", ".join(f'"{name}"' for name in named)
        marks = ", ".join(f"${number}" for number in range(1, len(named) + 1))
        await self.connection.execute(f"INSERT INTO asset_face ({names}) VALUES ({marks})", *named.values())
        if distance is not None:
            vector = str(self._vector(distance))
            await self.connection.execute("INSERT INTO face_search VALUES ($1, $2::text::vector)", new, vector)
        return str(new)

    async def faces(self, owner: uuid.UUID, person: uuid.UUID, *distances: float) -> None:
        """Faces of somebody, each in a picture of its own."""
        for distance in distances:
            await self.face(await self.asset(owner), person, distance)

    def _vector(self, distance: float) -> list[float]:
        self._axis = self._axis % (_LENGTH - 1) + 1
        vector = [0.0] * _LENGTH
        vector[0] = 1 - distance
        vector[self._axis] = math.sqrt(max(0.0, 1 - (1 - distance) ** 2))
        return vector
