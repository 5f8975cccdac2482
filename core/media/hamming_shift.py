"""The near-duplicate search in numpy for fewer hashes or small distances: tables, sorted, each row against the next.

For each table the hashes are put in the order of its key. Rows of an equal key then stand together, so the whole
sequence is compared with itself shifted by one, two, three ... rows, as far as the longest such run of a block goes.
Runs that are much longer than the others are compared as rectangles instead, so that they cost only themselves. A pair
is emitted in the first table whose key both hashes agree in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from core.media.hamming_blocks import Rectangle, in_order, pairs_of
from core.media.hamming_plan import Table
from core.media.hamming_stream import Emit, Pairs, Task

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Words = NDArray[numpy.uint64]

BLOCK_ROWS: Final = 32_768


def table_tasks(values: Words, distance: int, plan: tuple[Table, ...]) -> Iterator[Task]:
    """The search as tasks for `stream`, with tables from `hamming_plan.tables`."""
    for place in range(len(plan)):
        yield partial(_search, values, distance, plan[: place + 1])


def _search(values: Words, distance: int, plan: tuple[Table, ...], emit: Emit) -> None:
    """Search the last of these tables; the others are the earlier ones."""
    import numpy

    keys = _keys(values, plan[-1])
    order = in_order(keys)
    keys, ordered = keys[order], values[order]
    starts = numpy.flatnonzero(numpy.concatenate(([True], keys[1:] != keys[:-1])))
    del keys
    lengths = numpy.diff(starts, append=len(values))
    masks = [numpy.uint64(table.mask) for table in plan]
    is_long = lengths > 64 + 3 * (len(values) >> sum(width for _, width in plan[-1].pieces))
    for start, length in zip(starts[is_long].tolist(), lengths[is_long].tolist(), strict=True):
        run = slice(start, start + length)
        for pairs in _within_run(ordered[run], order[run], distance, masks):
            emit(pairs)
    reach = numpy.where(is_long, 1, lengths) - 1
    reaches = numpy.repeat(reach.astype(numpy.int32), lengths)
    for top in range(0, len(values), BLOCK_ROWS):
        farthest = int(reaches[top : top + BLOCK_ROWS].max())
        if farthest:
            emit(_shifted(ordered, order, top, farthest, reaches, distance, masks))


def _keys(values: Words, table: Table) -> NDArray[numpy.uint32]:
    """The bits of the table, moved together."""
    import numpy

    keys = numpy.zeros(len(values), numpy.uint32)
    filled = 0
    for shift, width in table.pieces:
        piece = (values >> numpy.uint64(shift)).astype(numpy.uint32) & numpy.uint32((1 << width) - 1)
        keys |= piece << numpy.uint32(filled)
        filled += width
    return keys


def _shifted(
    ordered: Words,
    order: NDArray[numpy.int32],
    top: int,
    farthest: int,
    reaches: NDArray[numpy.int32],
    distance: int,
    masks: list[numpy.uint64],
) -> Pairs:
    """Pairs of the rows from `top` on, each with the next 1..farthest rows; `reaches` is 0 within long runs."""
    import numpy

    rows: list[NDArray[numpy.intp]] = []
    others: list[NDArray[numpy.intp]] = []
    differing, bits = numpy.empty(BLOCK_ROWS, numpy.uint64), numpy.empty(BLOCK_ROWS, numpy.uint8)
    for shift in range(1, farthest + 1):
        size = min(BLOCK_ROWS, len(ordered) - shift - top)
        if size <= 0:
            break
        begin = top + shift
        numpy.bitwise_xor(ordered[top : top + size], ordered[begin : begin + size], out=differing[:size])
        numpy.bitwise_count(differing[:size], out=bits[:size])
        if bits[:size].min() <= distance:
            hits = numpy.flatnonzero(bits[:size] <= distance)
            hits = hits[reaches[hits + top] > 0]
            rows.append(hits + top)
            others.append(hits + (top + shift))
    if not rows:
        nothing = numpy.empty(0, numpy.intp)
        return pairs_of(nothing, nothing, numpy.empty(0, numpy.uint64))
    return _fresh(ordered, order, numpy.concatenate(rows), numpy.concatenate(others), masks)


def _within_run(words: Words, order: NDArray[numpy.int32], distance: int, masks: list[numpy.uint64]) -> Iterator[Pairs]:
    """Pairs of one long run of equal keys, in stripes of rows against themselves and what follows."""
    rectangle = Rectangle(distance)
    stripe = 256
    for top in range(0, len(words), stripe):
        for rows, columns in rectangle.near(words[top : top + stripe], words[top:], diagonal=0):
            above = columns > rows
            yield _fresh(words, order, rows[above] + top, columns[above] + top, masks)


def _fresh(
    ordered: Words,
    order: NDArray[numpy.int32],
    rows: NDArray[numpy.intp],
    others: NDArray[numpy.intp],
    masks: list[numpy.uint64],
) -> Pairs:
    """The pairs that agree in the last mask and in none of the earlier ones."""

    differing = ordered[rows] ^ ordered[others]
    fresh = (differing & masks[-1]) == 0
    for mask in masks[:-1]:
        fresh &= (differing & mask) != 0
    return pairs_of(order[rows[fresh]], order[others[fresh]], differing[fresh])
