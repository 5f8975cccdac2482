"""Contents that somebody said are no duplicates. They survive renames; a further member reopens the group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from core.store.database import Reader, Row, Transaction
from core.store.statements import storable

_SELECT = "SELECT id, contents, title, reason, created_at, ended_at FROM kept_contents "


@dataclass(frozen=True, slots=True)
class KeptContents:
    """One such set, by content keys, one for each member: equal copies have equal ones.

    Times are Unix seconds; `ended_at` None: in force.
    """

    id: int
    contents: tuple[str, ...]
    title: str
    reason: str
    created_at: float
    ended_at: float | None


def _kept(row: Row) -> KeptContents:
    return KeptContents(row[0], msgspec.json.decode(row[1], type=tuple[str, ...]), *row[2:])


async def in_force(reader: Reader) -> list[KeptContents]:
    """Every set that still counts, newest first."""
    return [_kept(row) for row in await reader.rows(_SELECT + "WHERE ended_at IS NULL ORDER BY id DESC")]


async def get(reader: Reader, kept_id: int) -> KeptContents | None:
    """One set, in force or ended."""
    row = await reader.one(_SELECT + "WHERE id = ?", (kept_id,))
    return None if row is None else _kept(row)


async def add(tx: Transaction, *, contents: Sequence[str], title: str, reason: str, now: float) -> int:
    """Remember a set; its id."""
    return await tx.insert(
        "INSERT INTO kept_contents (contents, title, reason, created_at) VALUES (?, ?, ?, ?)",
        (msgspec.json.encode(sorted(contents)).decode(), storable(title), storable(reason), now),
    )


async def set_end(tx: Transaction, kept_id: int, *, ended_at: float | None) -> None:
    """End a set, or put it in force again."""
    await tx.execute("UPDATE kept_contents SET ended_at = ? WHERE id = ?", (ended_at, kept_id))


def covers(one: KeptContents, contents: Iterable[str]) -> bool:
    """Whether a set holds all of these contents, each as often."""
    return Counter(contents) <= Counter(one.contents)


class KeptIndex:
    """The sets in force, found by a content that they hold."""

    def __init__(self, sets: Iterable[KeptContents]) -> None:
        self._sets: dict[str, list[KeptContents]] = {}
        for one in sets:
            for key in set(one.contents):
                self._sets.setdefault(key, []).append(one)

    def covering(self, contents: Sequence[str]) -> KeptContents | None:
        """The set that holds all of these contents, so that the group they form was decided before."""
        near = self._sets.get(contents[0], ()) if contents else ()
        return next((one for one in near if covers(one, contents)), None)
