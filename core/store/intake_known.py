"""Which contents are known already, and whose the folders of sorted pictures are.

A content is named by the bytes of its SHA-256 (32), or of its MD5 (16) where a server knows no more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.model.incoming import DuplicateOf, ItemState, Known, Person
from core.path_text import shown
from core.store.database import Reader, Transaction
from core.store.statements import storable

_QUEUED: Final = frozenset({ItemState.FETCHED, ItemState.PENDING, ItemState.REVIEW})
_PLACES: Final = {ItemState.SORTED: Known.DOWNLOADS, ItemState.REJECTED: Known.DELETED, ItemState.TRASHED: None}


@dataclass(frozen=True, slots=True)
class KnownAs:
    """A place where a content is known from. `path` may be empty; `at` Unix seconds."""

    where: Known
    path: str
    at: float | None

    @property
    def as_duplicate(self) -> DuplicateOf:
        """As a reason names it."""
        return DuplicateOf(self.where, shown(self.path), self.at)


async def places(reader: Reader, sha256: bytes, *, md5: bytes | None = None, than: int | None = None) -> list[KnownAs]:
    """Where the same content is known from, the place that counts most first.

    `than` is the item itself: it is no duplicate of what is still worked on and came in after it. Failed and
    returned ones and duplicates that went to the trash do not count.
    """
    rows = await reader.rows(
        "SELECT place, path, at FROM known_hashes WHERE hash IN (?1, ?2) UNION ALL "
        "SELECT state, coalesce(file_path, origin, x''), coalesce(finished_at, download_date, created_at) "
        "FROM downloads WHERE file_hash = ?1 "
        "AND (?3 IS NULL OR id < ?3 OR (id > ?3 AND state IN ('sorted', 'rejected')))",
        (sha256, sha256 if md5 is None else md5, than),
    )
    found: list[KnownAs] = []
    for place, path, at in rows:
        where = Known.QUEUE if place in _QUEUED else _PLACES.get(place) if place in set(ItemState) else Known(place)
        if where is not None:
            found.append(KnownAs(where, os.fsdecode(path), at))
    order = list(Known)
    return sorted(found, key=lambda one: (order.index(one.where), -(one.at or 0.0), one.path))


async def known(
    reader: Reader, sha256: bytes, *, md5: bytes | None = None, than: int | None = None
) -> DuplicateOf | None:
    """The first of `places`, None where the content is new."""
    found = await places(reader, sha256, md5=md5, than=than)
    return found[0].as_duplicate if found else None


async def remember(
    tx: Transaction, where: Known, found: Iterable[tuple[bytes, str, float | None]], *, scan: int = 0
) -> None:
    """Note contents of the library or of what was deleted: a SHA-256 or an MD5, its path, and since when."""
    await tx.many(
        "INSERT INTO known_hashes (hash, place, path, at, scan) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (hash, place, path) DO UPDATE SET at = coalesce(excluded.at, at), scan = excluded.scan",
        ((content, where, os.fsencode(path), at, scan) for content, path, at in found),
    )


async def forget(tx: Transaction, where: Known, content: bytes, path: str) -> None:
    """Forget one content of a place: what put it there was taken back."""
    await tx.execute(
        "DELETE FROM known_hashes WHERE hash = ? AND place = ? AND path = ?", (content, where, os.fsencode(path))
    )


async def forget_unseen(tx: Transaction, where: Known, *, scan: int) -> int:
    """Forget the contents of a place that this scan did not see any more; how many that were."""
    return await tx.execute("DELETE FROM known_hashes WHERE place = ? AND scan <> ?", (where, scan))


# -- folders of people -----------------------------------------------------------------------------------------------


async def person_folders(reader: Reader) -> dict[str, str]:
    """The folders that are somebody's, each with the person's id."""
    return {row[0]: row[1] for row in await reader.rows("SELECT folder, person_id FROM person_folders")}


async def people_with_folders(reader: Reader) -> list[tuple[str, Person]]:
    """The folders that are somebody's, each with the person as they were last seen."""
    rows = await reader.rows("SELECT folder, person_id, name FROM person_folders ORDER BY folder")
    return [(folder, Person(person_id, name)) for folder, person_id, name in rows]


async def hand_over(tx: Transaction, folder: str, owner_id: str, person: Person) -> bool:
    """Let somebody else have a folder; False when it is not the owner's any more."""
    changed = await tx.execute(
        "UPDATE person_folders SET person_id = ?, name = ? WHERE folder = ? AND person_id = ?",
        (person.id, storable(person.name), folder, owner_id),
    )
    return changed > 0


async def keep_folder(tx: Transaction, folder: str, person: Person) -> bool:
    """Note whose a folder is; False when it is another person's."""
    changed = await tx.execute(
        "INSERT INTO person_folders (folder, person_id, name) VALUES (?, ?, ?) "
        "ON CONFLICT (folder) DO UPDATE SET name = excluded.name WHERE person_id = excluded.person_id",
        (folder, person.id, storable(person.name)),
    )
    return changed > 0
