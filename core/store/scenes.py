"""What the last crawl saw of each scene, and what was looked up where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from core.model import Scene
from core.store.database import Reader, Transaction
from core.store.recommendations import chunks

_decoder = msgspec.json.Decoder(Scene)


@dataclass(frozen=True, slots=True)
class SeenScene:
    """One row of the last crawl. `links`: the endpoints the scene holds an id for."""

    id: int
    updated_at: str
    digest: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """One scene asked at one endpoint. `digest` is that of the fingerprints sent, `at` in Unix seconds."""

    scene_id: int
    endpoint: str
    digest: str
    at: float
    has_matched: bool


_links_decoder = msgspec.json.Decoder(tuple[str, ...])


async def in_range(reader: Reader, after: int, up_to: int) -> dict[int, SeenScene]:
    """The scenes with after < id <= up_to, by id."""
    rows = await reader.rows(
        "SELECT id, updated_at, digest, links FROM scenes WHERE id > ? AND id <= ?", (after, up_to)
    )
    return {row[0]: SeenScene(row[0], row[1], row[2], _links_decoder.decode(row[3])) for row in rows}


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


async def remove(tx: Transaction, scene_ids: Sequence[int]) -> None:
    """Forget scenes that are no longer in the library, and what was looked up for them."""
    await tx.many("DELETE FROM scenes WHERE id = ?", [(scene_id,) for scene_id in scene_ids])
    await tx.many("DELETE FROM lookups WHERE scene_id = ?", [(scene_id,) for scene_id in scene_ids])


async def count(reader: Reader) -> int:
    """How many scenes the last crawl saw."""
    return int(await reader.value("SELECT count(*) FROM scenes"))


async def due(
    reader: Reader, endpoint: str, *, after: int, limit: int, older_than: float, full_since: float | None
) -> list[Scene]:
    """Scenes to look up at an endpoint, in order of their id.

    Those without a link there that were never looked up, whose fingerprints changed since, or whose look-up is
    older than `older_than` (Unix seconds). With `full_since` also everything looked up before that moment.
    """
    rows = await reader.rows(
        "SELECT s.snapshot FROM scenes s LEFT JOIN lookups l ON l.scene_id = s.id AND l.endpoint = :endpoint "
        "WHERE s.id > :after AND s.snapshot IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM json_each(s.links) WHERE value = :endpoint) "
        "AND (l.scene_id IS NULL OR l.digest <> s.digest OR l.looked_up_at < :older OR l.looked_up_at > :future "
        "     OR (:full IS NOT NULL AND l.looked_up_at < :full)) "
        "ORDER BY s.id LIMIT :limit",
        {
            "endpoint": endpoint,
            "after": after,
            "older": older_than,
            "future": 4102444800.0,  # a clock that once ran in the next century must not hide a scene for ever
            "full": full_since,
            "limit": limit,
        },
    )
    return [_decoder.decode(row[0]) for row in rows]


async def due_count(reader: Reader, endpoint: str, *, older_than: float, full_since: float | None) -> int:
    """How many scenes `due` would give in all."""
    return int(
        await reader.value(
            "SELECT count(*) FROM scenes s LEFT JOIN lookups l ON l.scene_id = s.id AND l.endpoint = :endpoint "
            "WHERE s.snapshot IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM json_each(s.links) WHERE value = :endpoint) "
            "AND (l.scene_id IS NULL OR l.digest <> s.digest OR l.looked_up_at < :older "
            "     OR (:full IS NOT NULL AND l.looked_up_at < :full))",
            {"endpoint": endpoint, "older": older_than, "full": full_since},
        )
    )


async def put_lookups(tx: Transaction, lookups: Iterable[Lookup]) -> None:
    """Remember look-ups; the newest of a scene at an endpoint counts."""
    await tx.many(
        "INSERT INTO lookups (scene_id, endpoint, digest, looked_up_at, matched) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (scene_id, endpoint) DO UPDATE SET digest = excluded.digest, "
        "looked_up_at = excluded.looked_up_at, matched = excluded.matched",
        [(one.scene_id, one.endpoint, one.digest, one.at, one.has_matched) for one in lookups],
    )
