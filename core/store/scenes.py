"""What the last crawl saw of each scene, and what was looked up where."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from core.model.scenes import Scene
from core.store.database import Reader, Transaction
from core.store.statements import chunks

_decoder = msgspec.json.Decoder(Scene)
_UNLINKED = "links = '[]'"
_MARK = "changed by Winnow "  # in place of the server's `updated_at`


@dataclass(frozen=True, slots=True)
class SeenScene:
    """One row of the last crawl."""

    id: int
    updated_at: str
    digest: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """One scene asked at one endpoint. `digest` is that of the fingerprints sent, `at` in Unix seconds."""

    scene_id: int
    endpoint: str
    digest: str
    at: float
    has_matched: bool


async def in_range(reader: Reader, after: int, up_to: int, *, is_unlinked_only: bool = False) -> dict[int, SeenScene]:
    """The scenes with after < id <= up_to, by id; all, or those without a link anywhere."""
    sql = "SELECT id, updated_at, digest FROM scenes WHERE id > ? AND id <= ?"
    if is_unlinked_only:
        sql += f" AND {_UNLINKED}"
    return {row[0]: SeenScene(*row) for row in await reader.rows(sql, (after, up_to))}


async def partly_linked(reader: Reader, endpoints: Sequence[str]) -> list[int]:
    """The scenes that hold an id somewhere and lack one at some of these endpoints."""
    sql = (
        f"SELECT id FROM scenes WHERE snapshot IS NOT NULL AND NOT {_UNLINKED} "
        "AND EXISTS (SELECT 1 FROM json_each(?) e WHERE e.value NOT IN (SELECT value FROM json_each(scenes.links))) "
        "ORDER BY id"
    )
    return [row[0] for row in await reader.rows(sql, (msgspec.json.encode(list(endpoints)).decode(),))]


async def count_unlinked(reader: Reader) -> int:
    """How many scenes hold no id at all."""
    return int(await reader.value(f"SELECT count(*) FROM scenes WHERE {_UNLINKED}"))


async def count_lacking(reader: Reader, endpoint: str) -> int:
    """How many scenes lack an id at an endpoint."""
    return int(
        await reader.value(
            "SELECT count(*) FROM scenes WHERE snapshot IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM json_each(links) WHERE value = ?)",
            (endpoint,),
        )
    )


async def put(tx: Transaction, scenes: Iterable[Scene], *, snapshots: set[int]) -> None:
    """Remember scenes; the whole scene only for ids in `snapshots`."""
    await tx.many(
        "INSERT INTO scenes (id, updated_at, digest, links, snapshot) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at, digest = excluded.digest, "
        "links = excluded.links, snapshot = excluded.snapshot",
        [
            (
                scene.id,
                scene.updated_at,
                scene.digest,
                msgspec.json.encode([link.endpoint for link in scene.stash_ids]).decode(),
                msgspec.json.encode(scene) if scene.id in snapshots else None,
            )
            for scene in scenes
        ],
    )


async def links(reader: Reader, scene_ids: Sequence[int]) -> dict[int, set[str]]:
    """The endpoints that these scenes were last seen to hold an id for; scenes without any are left out."""
    found: dict[int, set[str]] = {}
    for chunk in chunks(scene_ids):
        sql = f"SELECT id, links FROM scenes WHERE NOT {_UNLINKED} AND id IN ({', '.join('?' * len(chunk))})"
        found.update(
            (row[0], set(msgspec.json.decode(row[1], type=list[str]))) for row in await reader.rows(sql, list(chunk))
        )
    return found


async def change(tx: Transaction, scene: Scene) -> None:
    """Remember what a decision of Winnow made of a scene, under a new mark, until the scene is read again."""
    await put(tx, [replace(scene, updated_at=f"{_MARK}{uuid.uuid4().hex}")], snapshots={scene.id})


async def marks(reader: Reader, scene_ids: Sequence[int]) -> dict[int, str]:
    """Those of these scenes that Winnow changed since they were last read, with the mark of the last change."""
    found: dict[int, str] = {}
    for chunk in chunks(scene_ids):
        sql = (
            f"SELECT id, updated_at FROM scenes WHERE updated_at GLOB '{_MARK}*' "
            f"AND id IN ({', '.join('?' * len(chunk))})"
        )
        found.update((row[0], row[1]) for row in await reader.rows(sql, list(chunk)))
    return found


async def snapshots(reader: Reader, scene_ids: Sequence[int]) -> dict[int, Scene]:
    """The remembered scenes with these ids; those without a snapshot are left out."""
    found: dict[int, Scene] = {}
    for chunk in chunks(scene_ids):
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT snapshot FROM scenes WHERE snapshot IS NOT NULL AND id IN ({marks})"
        for row in await reader.rows(sql, list(chunk)):
            scene = _decoder.decode(row[0])
            found[scene.id] = scene
    return found


async def remove(tx: Transaction, scene_ids: Collection[int]) -> None:
    """Forget scenes that are no longer in the library, and what was looked up for them."""
    await tx.many("DELETE FROM scenes WHERE id = ?", [(scene_id,) for scene_id in scene_ids])
    await tx.many("DELETE FROM lookups WHERE scene_id = ?", [(scene_id,) for scene_id in scene_ids])


async def count(reader: Reader) -> int:
    """How many scenes the last crawl saw."""
    return int(await reader.value("SELECT count(*) FROM scenes"))


@dataclass(frozen=True, slots=True)
class Due:
    """What makes a look-up due. Unix seconds.

    `older_than`: an older look-up is stale. `newer_than`: a newer one lies in the future, since the clock was set
    back, and says nothing.
    """

    older_than: float
    newer_than: float


_DUE = (
    "FROM scenes s LEFT JOIN lookups l ON l.scene_id = s.id AND l.endpoint = :endpoint "
    "WHERE s.snapshot IS NOT NULL AND s.id > :after "
    "AND NOT EXISTS (SELECT 1 FROM json_each(s.links) WHERE value = :endpoint) "
    "AND (l.scene_id IS NULL OR l.digest <> s.digest OR l.looked_up_at < :older OR l.looked_up_at > :newer)"
)


def _due_parameters(endpoint: str, when: Due) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "older": when.older_than,
        "newer": when.newer_than,
        "after": -1,
    }


async def due(reader: Reader, endpoint: str, when: Due, *, after: int, limit: int) -> list[Scene]:
    """Scenes without a link at an endpoint whose look-up there is due, by rising id.

    They were never looked up, their fingerprints changed since, or `when` says so.
    """
    parameters = _due_parameters(endpoint, when) | {"after": after, "limit": limit}
    rows = await reader.rows(f"SELECT s.snapshot {_DUE} ORDER BY s.id LIMIT :limit", parameters)
    return [_decoder.decode(row[0]) for row in rows]


async def due_count(reader: Reader, endpoint: str, when: Due) -> int:
    """How many scenes `due` would give in all."""
    return int(await reader.value(f"SELECT count(*) {_DUE}", _due_parameters(endpoint, when)))


async def forget_lookups(tx: Transaction, endpoint: str) -> None:
    """Forget what was looked up at an endpoint."""
    await tx.execute("DELETE FROM lookups WHERE endpoint = ?", (endpoint,))


async def forget_some_lookups(tx: Transaction, pairs: Iterable[tuple[int, str]]) -> None:
    """Forget what was looked up for these scenes at these endpoints: it is asked again."""
    await tx.many("DELETE FROM lookups WHERE scene_id = ? AND endpoint = ?", list(pairs))


async def put_lookups(tx: Transaction, lookups: Iterable[Lookup]) -> None:
    """Remember look-ups; the newest of a scene at an endpoint counts."""
    await tx.many(
        "INSERT INTO lookups (scene_id, endpoint, digest, looked_up_at, matched) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (scene_id, endpoint) DO UPDATE SET digest = excluded.digest, "
        "looked_up_at = excluded.looked_up_at, matched = excluded.matched",
        [(one.scene_id, one.endpoint, one.digest, one.at, one.has_matched) for one in lookups],
    )
