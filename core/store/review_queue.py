"""Pictures that wait for a person's decision: what a list shows of them, and what was decided."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.model.incoming import Category, Outcome
from core.store.database import Reader, Row, Transaction
from core.store.statements import chunks, containing, ids_in_order, storable, turned


class ReviewAction(StrEnum):
    """What was decided about a picture."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class ReviewSort(StrEnum):
    """Orders of the list. By age, the skipped ones come last either way."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CATEGORY = "category"
    PERSON = "person"
    SIZE = "size"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which pictures a list shows. None means "any"; `text` is looked for in name, source, reason and suggestion.

    `since` and `until` are Unix seconds, the latter not included.
    """

    actions: tuple[ReviewAction, ...] = (ReviewAction.PENDING,)
    categories: tuple[Category, ...] | None = None
    source: str | None = None
    since: float | None = None
    until: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A picture in the review as a list shows it. `size` in bytes, times in Unix seconds, `path` surrogate-escaped.

    `person_name` is whom it was approved to, `suggested_person` who was probably seen. `near` says in words what it
    looks like.
    """

    id: int
    download_id: int
    path: str
    filename: str
    category: Category
    sha256: bytes | None
    size: int
    source: str
    reason: str
    faces_detected: int
    suggested_person: str
    suggested_person_id: str
    created_at: float
    reviewed_at: float | None
    reviewed_by: str
    action: ReviewAction
    person_name: str
    skipped_at: float | None = None
    near: str = ""


_COLUMNS: Final = (
    "id, download_id, file_path, filename, category, file_hash, size, source, reason, faces_detected, "
    "suggested_person, suggested_person_id, created_at, reviewed_at, reviewed_by, action, person_name, skipped_at, near"
)
_SKIPPED_LAST: Final = "(skipped_at IS NOT NULL)"
_ORDERS: Final[dict[ReviewSort, tuple[str, ...]]] = {
    ReviewSort.NEWEST: ("created_at DESC", "id ASC"),
    ReviewSort.OLDEST: ("created_at ASC", "id ASC"),
    ReviewSort.CATEGORY: ("category ASC", "created_at DESC", "id ASC"),
    ReviewSort.PERSON: ("suggested_person COLLATE NOCASE ASC", "created_at DESC", "id ASC"),
    ReviewSort.SIZE: ("size DESC", "id ASC"),
    ReviewSort.NAME: ("filename COLLATE NOCASE ASC", "id ASC"),
}


def _line(row: Row) -> ReviewLine:
    names = _COLUMNS.replace("file_path", "path").replace("file_hash", "sha256").split(", ")
    given = dict(zip(names, row, strict=True))
    given |= {"path": os.fsdecode(row[2]), "category": Category(row[4]), "action": ReviewAction(row[15])}
    return ReviewLine(**given)


def _where(wanted: ReviewFilter) -> tuple[str, list[object]]:
    clauses: list[str] = []
    values: list[object] = []
    for column, choices in (("action", wanted.actions), ("category", wanted.categories)):
        if choices is not None:
            clauses.append(f"{column} IN ({', '.join('?' * len(choices))})")
            values.extend(choices)
    for clause, value in (
        ("source = ?", wanted.source),
        ("created_at >= ?", wanted.since),
        ("created_at < ?", wanted.until),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(value)
    if wanted.text:
        clauses.append("searched LIKE ? ESCAPE '\\'")
        values.append(containing(storable(wanted.text).casefold()))
    return " AND ".join(clauses) or "1", values


async def ids(
    reader: Reader,
    wanted: ReviewFilter,
    *,
    sort: ReviewSort = ReviewSort.NEWEST,
    is_reversed: bool = False,
    limit: int | None = None,
) -> array[int]:
    """The ids of all matching pictures in order: 8 bytes a row."""
    where, values = _where(wanted)
    terms = turned(_ORDERS[sort]) if is_reversed else _ORDERS[sort]
    if sort in (ReviewSort.NEWEST, ReviewSort.OLDEST):
        terms = (_SKIPPED_LAST, *terms)
    return await ids_in_order(reader, "review_queue", where, values, terms, limit=limit)


async def lines(reader: Reader, wanted: Sequence[int]) -> list[ReviewLine]:
    """These pictures, in this order; unknown ids are left out."""
    found: dict[int, ReviewLine] = {}
    for chunk in chunks(wanted):
        marks = ", ".join("?" * len(chunk))
        for row in await reader.rows(f"SELECT {_COLUMNS} FROM review_queue WHERE id IN ({marks})", list(chunk)):
            found[row[0]] = _line(row)
    return [found[one] for one in wanted if one in found]


async def of_download(reader: Reader, download_id: int) -> ReviewLine | None:
    """The place in the review of something that came in, None where it never was there."""
    row = await reader.one(f"SELECT {_COLUMNS} FROM review_queue WHERE download_id = ?", (download_id,))
    return None if row is None else _line(row)


async def category_counts(reader: Reader, wanted: ReviewFilter = ReviewFilter()) -> dict[Category, int]:
    """How many matching pictures there are of each category, none left out."""
    where, values = _where(wanted)
    rows = await reader.rows(f"SELECT category, count(*) FROM review_queue WHERE {where} GROUP BY category", values)
    return dict.fromkeys(Category, 0) | {Category(category): number for category, number in rows}


async def sources(reader: Reader) -> list[str]:
    """Who handed pictures over that are, or were, in the review."""
    return [row[0] for row in await reader.rows("SELECT DISTINCT source FROM review_queue ORDER BY source")]


async def put(
    tx: Transaction,
    download_id: int,
    outcome: Outcome,
    *,
    path: str,
    sha256: bytes | None,
    size: int,
    source: str,
    faces_detected: int,
    near: str = "",
    now: float,
) -> int:
    """Into the review; its id there. One that was there before waits anew. `path` is where it lies now."""
    assert outcome.category is not None
    filename = os.path.basename(path)  # noqa: PTH119  the bytes of a path are of no concern here
    suggested = "" if outcome.suggested is None else outcome.suggested.name
    searched = "\n".join((filename, source, outcome.reason, suggested)).casefold()
    values = {
        "download_id": download_id,
        "file_path": os.fsencode(path),
        "filename": storable(filename),
        "category": outcome.category,
        "file_hash": sha256,
        "size": size,
        "source": storable(source),
        "reason": storable(outcome.reason),
        "faces_detected": faces_detected,
        "suggested_person": storable(suggested),
        "suggested_person_id": "" if outcome.suggested is None else outcome.suggested.id,
        "searched": storable(searched),
        "created_at": now,
        "action": ReviewAction.PENDING,
        "reviewed_at": None,
        "reviewed_by": "",
        "person_name": "",
        "skipped_at": None,
        "near": storable(near),
    }
    sets = ", ".join(f"{name} = excluded.{name}" for name in values if name != "download_id")
    await tx.execute(
        f"INSERT INTO review_queue ({', '.join(values)}) VALUES ({', '.join(':' + name for name in values)}) "
        f"ON CONFLICT (download_id) DO UPDATE SET {sets}",
        values,
    )
    return int(await tx.value("SELECT id FROM review_queue WHERE download_id = ?", (download_id,)))


async def decide(
    tx: Transaction,
    review_id: int,
    action: ReviewAction,
    *,
    by: str,
    path: str | None = None,
    person_name: str = "",
    now: float,
) -> bool:
    """Note a decision; False when another one was faster. `path` is where the picture is now, None: where it was."""
    changed = await tx.execute(
        "UPDATE review_queue SET action = ?, reviewed_at = ?, reviewed_by = ?, person_name = ?, "
        "file_path = coalesce(?, file_path) WHERE id = ? AND action = 'pending'",
        (
            action,
            now,
            storable(by),
            storable(person_name),
            None if path is None else os.fsencode(path),
            review_id,
        ),
    )
    return changed > 0


async def skip(tx: Transaction, review_ids: Sequence[int], *, now: float) -> int:
    """Put these to the end of the list; how many still wait for a decision."""
    changed = 0
    for chunk in chunks(review_ids):
        marks = ", ".join("?" * len(chunk))
        changed += await tx.execute(
            f"UPDATE review_queue SET skipped_at = ? WHERE id IN ({marks}) AND action = 'pending'", [now, *chunk]
        )
    return changed


async def reopen(tx: Transaction, review_id: int, *, path: str) -> None:
    """Take a decision back; `path` is where the picture lies again."""
    await tx.execute(
        "UPDATE review_queue SET action = 'pending', reviewed_at = NULL, reviewed_by = '', person_name = '', "
        "skipped_at = NULL, file_path = ? WHERE id = ?",
        (os.fsencode(path), review_id),
    )


async def drop(tx: Transaction, download_id: int) -> None:
    """Out of the review, as if it had never been there: the move into it was taken back."""
    await tx.execute("DELETE FROM review_queue WHERE download_id = ?", (download_id,))
