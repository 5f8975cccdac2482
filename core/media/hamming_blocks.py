"""The near-duplicate search in numpy for many hashes: chunks with radii, one bucket against all it can reach.

For each chunk the hashes are put in its order. A bucket (equal chunks) is compared with itself and with the later
buckets within the chunk's radius, laid side by side, as one rectangle of exors; a pair is emitted in the first chunk
that finds it, so every pair comes once. Best for large sets, where the rectangles are wide enough to be cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.media.hamming_plan import Chunk, Costs
from core.media.hamming_stream import BLOCK_PAIRS, Emit, Pairs, Task

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Words = NDArray[numpy.uint64]
    Numbers = NDArray[numpy.int64]

COSTS: Final = Costs(pair=0.65, join=150.0, bucket=25_000.0, element=30.0)
SLICES: Final = 64


def block_tasks(values: Words, distance: int, plan: tuple[Chunk, ...]) -> Iterator[Task]:
    """The search as tasks for `stream`, with chunks from `hamming_plan.chunks`."""
    import numpy

    for place, chunk in enumerate(plan):
        parts = (values >> numpy.uint64(chunk.shift) & numpy.uint64(chunk.mask)).astype(numpy.uint32)
        order = in_order(parts)
        starts = numpy.zeros((1 << chunk.width) + 1, numpy.int64)
        numpy.cumsum(numpy.bincount(parts, minlength=1 << chunk.width), out=starts[1:])
        ordered = values[order]
        edges = numpy.searchsorted(starts, numpy.linspace(0, len(values), SLICES + 1)).tolist()
        edges[0], edges[-1] = 0, 1 << chunk.width
        for begin, end in pairwise(edges):
            if begin < end:
                yield partial(_search, ordered, order, starts, distance, chunk, plan[:place], begin, end)


def in_order(keys: NDArray[numpy.uint32]) -> NDArray[numpy.int32]:
    """The places of keys in their order. Keys of 16 bits are sorted by counting, larger ones half by half."""
    import numpy

    if not len(keys) or int(keys.max()) < 1 << 16:
        return numpy.argsort(keys.astype(numpy.uint16), kind="stable").astype(numpy.int32)
    order = numpy.argsort(keys.astype(numpy.uint16), kind="stable")
    high = (keys >> numpy.uint32(16)).astype(numpy.uint16)
    return order[numpy.argsort(high[order], kind="stable")].astype(numpy.int32)


def _search(
    ordered: Words,
    order: NDArray[numpy.int32],
    starts: Numbers,
    distance: int,
    chunk: Chunk,
    earlier: tuple[Chunk, ...],
    begin: int,
    end: int,
    emit: Emit,
) -> None:
    """Search the buckets begin..end."""
    import numpy

    flips = numpy.array(chunk.flips()[1:], numpy.int64)
    filled = begin + numpy.flatnonzero(starts[begin + 1 : end + 1] > starts[begin:end])
    rectangle = Rectangle(distance, earlier)
    for bucket in filled.tolist():
        first, stop = int(starts[bucket]), int(starts[bucket + 1])
        partners = flips ^ bucket
        partners = partners[partners > bucket]
        lows, highs = starts[partners].tolist(), starts[partners + 1].tolist()
        spans = [(first, stop), *((low, high) for low, high in zip(lows, highs, strict=True) if low < high)]
        if stop - first > 1 or len(spans) > 1:
            columns = numpy.concatenate([ordered[low:high] for low, high in spans])
            for rows, hits in rectangle.near(ordered[first:stop], columns, diagonal=0):
                emit(_placed(rectangle, ordered, order, first, rows, hits, spans))


def _placed(
    rectangle: Rectangle,
    ordered: Words,
    order: NDArray[numpy.int32],
    first: int,
    rows: Numbers,
    columns: Numbers,
    spans: list[tuple[int, int]],
) -> Pairs:
    """Hits of a rectangle as pairs: without those below the diagonal and those an earlier chunk has found."""
    import numpy

    lows = numpy.array([low for low, _ in spans])
    ends = numpy.cumsum([high - low for low, high in spans])
    span = numpy.searchsorted(ends, columns, side="right")
    one = first + rows
    other = columns + (lows - (ends - numpy.array([high - low for low, high in spans])))[span]
    above = other > one
    one, other = one[above], other[above]
    differing = ordered[one] ^ ordered[other]
    fresh = rectangle.is_fresh(differing)
    one, other, differing = order[one[fresh]], order[other[fresh]], differing[fresh]
    return pairs_of(one, other, differing)


def pairs_of(one: NDArray[numpy.integer], other: NDArray[numpy.integer], differing: Words) -> Pairs:
    """Pairs of places in any order, and the bits in which their hashes differ."""
    import numpy

    return Pairs(
        numpy.minimum(one, other).astype(numpy.int32),
        numpy.maximum(one, other).astype(numpy.int32),
        numpy.bitwise_count(differing),
    )


class Rectangle:
    """Compares every row with every column, in buffers that stay in the processor's cache; one for each thread."""

    def __init__(self, distance: int, earlier: tuple[Chunk, ...] = ()) -> None:
        import numpy

        self._distance = numpy.uint8(distance)
        self._earlier = earlier
        self._differing = numpy.empty(BLOCK_PAIRS // 4, numpy.uint64)
        self._bits = numpy.empty(BLOCK_PAIRS // 4, numpy.uint8)

    def near(self, rows: Words, columns: Words, *, diagonal: int | None = None) -> Iterator[tuple[Numbers, Numbers]]:
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

    def is_fresh(self, differing: Words) -> NDArray[numpy.bool_]:
        """Which pairs no earlier chunk has found."""
        import numpy

        fresh = numpy.ones(len(differing), numpy.bool_)
        for chunk in self._earlier:
            bits = numpy.bitwise_count(differing >> numpy.uint64(chunk.shift) & numpy.uint64(chunk.mask))
            fresh &= bits > chunk.radius
        return fresh


def _blank(bits: NDArray[numpy.uint8], first: int) -> None:
    """Make (0, first), (1, first + 1) ... of a rectangle of distances as far as can be; `first` may be negative."""
    height, width = bits.shape
    start = max(0, -first)
    count = min(height - start, width - first - start)
    if count > 0:
        begin = start * width + start + first
        bits.reshape(-1)[begin : begin + (count - 1) * (width + 1) + 1 : width + 1] = 255
