"""What stands in single cells of Stash's tables, as values of the model: SQLite holds no column to its type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from core.model.fingerprints import Algorithm
from core.model.scenes import LocalEntity
from core.servers.hashes import read_hash
from core.servers.numbers import MOST_REAL, MOST_WHOLE
from core.servers.oddities import Oddities

Row = tuple[Any, ...]
_MAX_64: Final = (1 << 64) - 1


def full_path(folder: str, basename: str) -> str:
    """The path as Stash names it, with the separator of the system it runs on, not doubled after a root."""
    is_windows = "\\" in folder and (folder.startswith("\\\\") or folder[1:2] == ":")
    separator = "\\" if is_windows else "/"
    return f"{folder}{basename}" if folder.endswith(separator) else f"{folder}{separator}{basename}"


def date_of(text: Any, precision: Any) -> str:
    """YYYY-MM-DD; of a date known to the month or the year alone, which Stash fills up with 01, just those."""
    whole = text_of(text)[:10]
    return whole[: {1: 7, 2: 4}.get(precision, 10)]


def hashes_of(rows: Sequence[Row], oddities: Oddities) -> dict[Algorithm, int]:
    """The first hash of each kind. PHASHes are stored as signed integers, the others as text."""
    found: dict[Algorithm, int] = {}
    for kind, value in rows:
        if kind == "phash":
            if isinstance(value, int):
                found.setdefault(Algorithm.PHASH, value & _MAX_64)
            else:
                oddities.note("PHASH that is stored as no number: skipped")
            continue
        read = read_hash(kind, text_of(value), oddities)
        if read is not None:
            found.setdefault(*read)
    return found


def entities_of(rows: Sequence[Row]) -> tuple[LocalEntity, ...]:
    return tuple(LocalEntity(number_of(entity_id), text_of(name)) for entity_id, name in rows)


def first_of(rows: Sequence[Row] | None) -> int:
    return rows[0][0] if rows else 0


def text_of(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def number_of(value: Any) -> int:
    """A whole number, 0 for none. Raises TypeError for what is no number, ValueError for one out of bounds."""
    if value is None:
        return 0
    if not isinstance(value, int | float):
        raise TypeError(value)
    if not -MOST_WHOLE <= value <= MOST_WHOLE:
        raise ValueError(value)
    return int(value)


def amount_of(value: Any) -> float:
    """A number that is not negative, 0 for none. Raises as `number_of`."""
    if value is None:
        return 0.0
    if not isinstance(value, int | float):
        raise TypeError(value)
    if not -MOST_REAL <= value <= MOST_REAL:
        raise ValueError(value)
    return max(0.0, float(value))
