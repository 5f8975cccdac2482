"""What statements of every table need: text as SQLite takes it, lists of values, and the order of a list."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from core.store.database import Reader

_CHUNK: Final = 500  # values in one IN (...) list
T = TypeVar("T")


def storable(text: str) -> str:
    """A text without surrogates, which neither SQLite nor JSON takes: bytes that are no UTF-8 become `\\udcff`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices short enough for one IN (...) list."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def containing(text: str) -> str:
    """The pattern of `LIKE ? ESCAPE '\\'` that finds a text anywhere, its own wildcards taken literally."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def turned(terms: Sequence[str]) -> tuple[str, ...]:
    """An order with its first term the other way round; the later ones only settle ties."""
    head, direction = terms[0].rsplit(" ", 1)
    return (f"{head} {'DESC' if direction == 'ASC' else 'ASC'}", *terms[1:])


async def ids_in_order(
    reader: Reader, table: str, where: str, values: Sequence[object], order: Sequence[str], *, limit: int | None = None
) -> array[int]:
    """The ids of all rows of a table that match, in order: 8 bytes a row."""
    sql = f"SELECT id FROM {table} WHERE {where} ORDER BY {', '.join(order)}"
    if limit is not None:
        sql, values = f"{sql} LIMIT ?", [*values, limit]
    return array("q", (row[0] for row in await reader.rows(sql, values)))
