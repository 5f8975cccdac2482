"""The near-duplicate search in numpy: tables, sorted, each row against those that follow it.

For each table the hashes are put in the order of its key, where those of an equal key stand together as a run. Runs of
about equal lengths are laid side by side as the columns of a grid: shifted by one, two, three ... rows and laid over
itself, it compares every two hashes of each run, in few long operations. Very long runs are compared as rectangles. A
pair is emitted in the first table whose key both hashes agree in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from core.media.hamming_plan import Table
from core.media.hamming_stream import BLOCK_PAIRS, Emit, Pairs, Task

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Words = NDArray[numpy.uint64]
    Places = NDArray[numpy.intp]

CELLS: Final = 131_072  # hashes of a grid
FEWEST_CELLS: Final = 4096
LONG_RUN: Final = 16_384


def table_tasks(values: Words, distance: int, plan: tuple[Table, ...]) -> Iterator[Task]:
    """The search as tasks for `stream`, with tables from `hamming_plan.tables`."""
    for place in range(len(plan)):
        yield partial(_search, values, distance, plan[: place + 1])


def _search(values: Words, distance: int, plan: tuple[Table, ...], emit: Emit) -> None:
    """Search the last of these tables; the others are the earlier ones."""
    import numpy

    keys = _keys(values, plan[-1])
    order = _in_order(keys)
    keys, ordered = keys[order], values[order]
    starts = numpy.flatnonzero(numpy.concatenate(([True], keys[1:] != keys[:-1])))
    del keys
    lengths = numpy.diff(starts, append=len(values))
    masks = [numpy.uint64(table.mask) for table in plan]
    for run in numpy.flatnonzero(lengths > LONG_RUN).tolist():
        rows = slice(int(starts[run]), int(starts[run] + lengths[run]))
        for pairs in _within_run(ordered[rows], order[rows], distance, masks):
            emit(pairs)
    runs = numpy.flatnonzero((lengths > 1) & (lengths <= LONG_RUN))
    runs = runs[numpy.argsort(-lengths[runs], kind="stable")]
    starts, lengths = starts[runs], lengths[runs]
    for first, last in _grids(lengths):
        for ones, others in _shifted(ordered, starts[first:last], lengths[first:last], distance):
            emit(_fresh(ordered, order, ones, others, masks))


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


def _in_order(keys: NDArray[numpy.uint32]) -> NDArray[numpy.int32]:
    """The places of keys in their order. Keys of 16 bits are sorted by counting, larger ones half by half."""
    import numpy

    if not len(keys) or int(keys.max()) < 1 << 16:
        return numpy.argsort(keys.astype(numpy.uint16), kind="stable").astype(numpy.int32)
    order = numpy.argsort(keys.astype(numpy.uint16), kind="stable")
    high = (keys >> numpy.uint32(16)).astype(numpy.uint16)
    return order[numpy.argsort(high[order], kind="stable")].astype(numpy.int32)


def _grids(lengths: NDArray[numpy.integer]) -> Iterator[tuple[int, int]]:
    """Runs, the longest first, in parts of about equal lengths, as (first, last)."""
    import numpy

    first = 0
    while first < len(lengths):
        longest = int(lengths[first])
        alike = int(numpy.searchsorted(-lengths, -(longest * 7 // 8), side="right"))
        least = first + max(1, FEWEST_CELLS // longest)
        last = min(first + max(1, CELLS // longest), max(alike, least), len(lengths))
        yield first, last
        first = last


def _shifted(
    ordered: Words, starts: NDArray[numpy.integer], lengths: NDArray[numpy.integer], distance: int
) -> Iterator[tuple[Places, Places]]:
    """The near pairs within each of these runs, as places in the order; cells below a short run do not count."""
    import numpy

    width, height = len(starts), int(lengths[0])
    places = numpy.minimum(starts + numpy.arange(height)[:, None], len(ordered) - 1)
    grid = ordered[places].reshape(-1)
    differing, bits = numpy.empty(grid.size, numpy.uint64), numpy.empty(grid.size, numpy.uint8)
    ones: list[Places] = []
    others: list[Places] = []
    for shift in range(1, height):
        size = grid.size - shift * width
        numpy.bitwise_xor(grid[:size], grid[shift * width :], out=differing[:size])
        numpy.bitwise_count(differing[:size], out=bits[:size])
        if bits[:size].min() <= distance:
            row, run = numpy.divmod(numpy.flatnonzero(bits[:size] <= distance), width)
            is_inside = row + shift < lengths[run]
            row, run = row[is_inside], run[is_inside]
            ones.append(places[row, run])
            others.append(places[row + shift, run])
            if sum(map(len, ones)) >= BLOCK_PAIRS:
                yield numpy.concatenate(ones), numpy.concatenate(others)
                ones, others = [], []
    if ones:
        yield numpy.concatenate(ones), numpy.concatenate(others)


def _within_run(words: Words, order: NDArray[numpy.int32], distance: int, masks: list[numpy.uint64]) -> Iterator[Pairs]:
    """Pairs of one long run of equal keys, in stripes of rows against themselves and what follows."""
    rectangle = _Rectangle(distance)
    stripe = 256
    for top in range(0, len(words), stripe):
        for rows, columns in rectangle.near(words[top : top + stripe], words[top:], diagonal=0):
            above = columns > rows
            yield _fresh(words, order, rows[above] + top, columns[above] + top, masks)


def _fresh(
    ordered: Words,
    order: NDArray[numpy.int32],
    rows: Places,
    others: Places,
    masks: list[numpy.uint64],
) -> Pairs:
    """The pairs that agree in the last mask and in none of the earlier ones."""

    differing = ordered[rows] ^ ordered[others]
    fresh = (differing & masks[-1]) == 0
    for mask in masks[:-1]:
        fresh &= (differing & mask) != 0
    return _pairs_of(order[rows[fresh]], order[others[fresh]], differing[fresh])


def _pairs_of(one: NDArray[numpy.integer], other: NDArray[numpy.integer], differing: Words) -> Pairs:
    """Pairs of places in any order, and the bits in which their hashes differ."""
    import numpy

    return Pairs(
        numpy.minimum(one, other).astype(numpy.int32),
        numpy.maximum(one, other).astype(numpy.int32),
        numpy.bitwise_count(differing),
    )


class _Rectangle:
    """Compares every row with every column, in buffers that stay in the processor's cache; one for each thread."""

    def __init__(self, distance: int) -> None:
        import numpy

        self._distance = numpy.uint8(distance)
        self._differing = numpy.empty(BLOCK_PAIRS // 4, numpy.uint64)
        self._bits = numpy.empty(BLOCK_PAIRS // 4, numpy.uint8)

    def near(self, rows: Words, columns: Words, *, diagonal: int | None = None) -> Iterator[tuple[Places, Places]]:
        """Row and column numbers of the pairs within the distance, in blocks that are not empty.

        With `diagonal` row 0 is column `diagonal`, row 1 the next, and so on: a hash is not compared with itself.
        """
        import numpy

        room = len(self._differing)
        for left in range(0, len(columns), room):
            part = columns[left : left + room]
            height = max(1, room // len(part))
            for top in range(0, len(rows), height):
                some = rows[top : top + height]
                shape, size = (len(some), len(part)), len(some) * len(part)
                numpy.bitwise_xor(some[:, None], part, out=self._differing[:size].reshape(shape))
                bits = numpy.bitwise_count(self._differing[:size], out=self._bits[:size])
                if diagonal is not None:
                    _blank(bits.reshape(shape), top + diagonal - left)
                if bits.min() <= self._distance:
                    down, across = numpy.divmod(numpy.flatnonzero(bits <= self._distance), len(part))
                    yield down + top, across + left


def _blank(bits: NDArray[numpy.uint8], first: int) -> None:
    """Make (0, first), (1, first + 1) ... of a rectangle of distances as far as can be; `first` may be negative."""
    height, width = bits.shape
    start = max(0, -first)
    count = min(height - start, width - first - start)
    if count > 0:
        begin = start * width + start + first
        bits.reshape(-1)[begin : begin + (count - 1) * (width + 1) + 1 : width + 1] = 255
