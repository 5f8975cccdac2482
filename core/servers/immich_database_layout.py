"""How Immich's database is laid out, and what is asked of it.

| Immich     | the person of a face            | whose faces are compared                        |
|------------|---------------------------------|-------------------------------------------------|
| 1.136-3.1  | `asset_face."personId"`         | those in assets of the same owner               |
| since 3.2  | `asset_face."personGroupId"`    | also those of users of the same cluster group   |

The columns are looked for, not the version. Names are camelCase and therefore quoted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.errors import AuthenticationError, MalformedAnswerError

NEAREST: Final = 5  # faces of each person that count, by their median: one that is somebody else's decides nothing

_TABLES: Final = ("asset", "asset_face", "face_search", "user", "assets", "asset_faces")
_NEEDED: Final = (
    ("asset", "id"),
    ("asset", "ownerId"),
    ("asset", "deletedAt"),
    ("asset_face", "id"),
    ("asset_face", "assetId"),
    ("asset_face", "deletedAt"),
    ("face_search", "faceId"),
    ("face_search", "embedding"),
)
_PERSON, _GROUP, _VISIBLE = ("asset_face", "personId"), ("asset_face", "personGroupId"), ("asset_face", "isVisible")
_CLUSTER: Final = (("user", "id"), ("user", "clusterGroupId"))

# Every column of those tables that the search path leads to, and whether this role may read it.
COLUMNS: Final = """
SELECT c.relname::text AS table, a.attname::text AS column, has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.oid = ANY (SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name)
  AND a.attnum > 0 AND NOT a.attisdropped
"""
# Whether distances can be asked for, whether the session only reads, and whether the role could do more than that.
SESSION: Final = """
SELECT EXISTS (SELECT FROM pg_operator WHERE oprname = '<=>' AND oprleft = to_regtype('vector')
               AND pg_operator_is_visible(oid)) AS measures,
       current_setting('transaction_read_only') = 'on' AS reads_only,
       EXISTS (SELECT FROM pg_class c, unnest($1::text[]) AS name
               WHERE c.oid = to_regclass(quote_ident(name))
                 AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS writes
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is there."""

    table: str
    name: str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns there are. `person` is the one that says whose a face is."""

    person: str
    has_visibility: bool
    has_clusters: bool

    @property
    def words(self) -> str:
        """The versions of Immich that have it."""
        return "Immich 3.2 or newer" if self.person == _GROUP[1] else "Immich 1.136 to 3.1"

    @property
    def faces(self) -> str:
        """Which of the faces $2 of the asset $1 are somebody's and have a vector."""
        return f"""
SELECT f.id FROM asset_face f JOIN face_search s ON s."faceId" = f.id
WHERE f."assetId" = $1 AND f.id = ANY ($2::uuid[]) AND f."{self.person}" IS NOT NULL AND f."deletedAt" IS NULL
"""

    @property
    def distances(self) -> str:
        """How near the face $2 of the asset $1 is to its own person and to the nearest other one (NULL: there is none).

        The distance of a face to a person is the median of the distances to the `NEAREST` faces of that person in
        other assets. No row where its own person has none there. Vector indexes are passed by: they may leave out what
        is near. The casts copy the vector of the face, which would be unpacked anew for each comparison else.
        """
        owner = 'SELECT "ownerId" FROM asset WHERE id = $1'
        owners = f"ARRAY({owner})"
        if self.has_clusters:
            owners += f""" || ARRAY(SELECT other.id FROM "user" one
                JOIN "user" other ON other."clusterGroupId" = one."clusterGroupId" WHERE one.id = ({owner}))"""
        return f"""
WITH compared AS (
    SELECT o."{self.person}" AS person,
        (SELECT embedding::real[]::vector FROM face_search WHERE "faceId" = $2) <=> s.embedding AS distance
    FROM asset a
    JOIN asset_face o ON o."assetId" = a.id AND o."{self.person}" IS NOT NULL AND o."deletedAt" IS NULL
        {'AND o."isVisible"' if self.has_visibility else ""}
    JOIN face_search s ON s."faceId" = o.id
    WHERE a."ownerId" = ANY ({owners}) AND a.id <> $1 AND a."deletedAt" IS NULL
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY distance) AS place FROM compared
), measured AS (
    SELECT person = (SELECT "{self.person}" FROM asset_face WHERE id = $2) AS is_own,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY distance) AS distance
    FROM ranked WHERE place <= {NEAREST} GROUP BY person
)
SELECT min(distance) FILTER (WHERE is_own) AS own, min(distance) FILTER (WHERE NOT is_own) AS other
FROM measured HAVING bool_or(is_own)
"""


def tables() -> list[str]:
    """The tables that are looked for."""
    return list(_TABLES)


def layout_of(columns: Iterable[Column], server: str) -> Layout:
    """The layout, of what columns there are.

    Raises MalformedAnswerError, in words, for any other than the two that are known, and AuthenticationError, which
    names what to grant, when the role may not read what is needed.
    """
    there = {(one.table, one.name): one.is_readable for one in columns}
    if not any(table in ("asset", "asset_face") for table, _ in there):
        if any(table == "asset_faces" for table, _ in there):
            raise MalformedAnswerError("this Immich is older than 1.136: update it", server=server)
        words = "there are no tables of Immich in it: correct the database in [intake.immich] database"
        raise MalformedAnswerError(words, server=server)
    person = next((one for one in (_GROUP, _PERSON) if one in there), None)
    if missing := [f"{table}.{name}" for table, name in _NEEDED if (table, name) not in there]:
        raise MalformedAnswerError(_unknown(missing), server=server)
    if person is None:
        raise MalformedAnswerError(_unknown(["asset_face.personId or personGroupId"]), server=server)
    has_clusters = person == _GROUP and all(one in there for one in _CLUSTER)
    wanted = [*_NEEDED, person, *([_VISIBLE] if _VISIBLE in there else []), *(_CLUSTER if has_clusters else ())]
    if closed := [one for one in wanted if not there[one]]:
        raise AuthenticationError(f"the role may not read what is needed: {grants(closed)}", server=server)
    return Layout(person[1], _VISIBLE in there, has_clusters)


def grants(columns: Iterable[tuple[str, str]]) -> str:
    """The SQL that lets a role read these: of the users, who have passwords, nothing but the columns."""
    wanted = list(columns)
    whole = list(dict.fromkeys(table for table, _ in wanted if table != "user"))
    lines = [f"GRANT SELECT ON {', '.join(whole)} TO the role;"] if whole else []
    if some := [f'"{name}"' for table, name in wanted if table == "user"]:
        lines.append(f'GRANT SELECT ({", ".join(some)}) ON "user" TO the role;')
    return " ".join(lines)


def _unknown(missing: Iterable[str]) -> str:
    return (
        f"its tables are laid out in a way that this Winnow does not know ({', '.join(missing)} is not there): update"
        " Winnow, or leave [intake.immich] database empty"
    )
