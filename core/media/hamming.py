"""Near duplicates among 64-bit perceptual hashes: every pair within a Hamming distance, exactly, each once.

Two engines find the same pairs: numpy alone (`hamming_shift`), and compiled loops where numba is installed
(`hamming_compiled`). Pairs come in blocks of bounded size, so a
dense set, whose pairs would not fit in memory, can be read through.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.media import hamming_compiled
from core.media.hamming_plan import tables
from core.media.hamming_shift import table_tasks
from core.media.hamming_stream import Pairs, Task, joined, stream

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = [
    "Engine",
    "Pairs",
    "Unique",
    "chance_pairs",
    "chance_words",
    "is_compiled_available",
    "iter_near_pairs",
    "near_pairs",
    "nearest",
    "unique",
]

MAX_DISTANCE: Final = 16
COMPILED_FROM: Final = 20_000  # hashes, below which numpy is done before the compiled loops are read from disk


class Engine(StrEnum):
    """What searches."""

    AUTO = "auto"  # compiled where it pays and is available
    NUMPY = "numpy"
    COMPILED = "compiled"


def is_compiled_available() -> bool:
    """Whether the compiled engine works here; the first call of a process makes it ready, some seconds at worst."""
    return hamming_compiled.is_available()


def iter_near_pairs(
    values: NDArray[numpy.uint64], distance: int, *, threads: int = 2, engine: Engine = Engine.AUTO
) -> Iterator[Pairs]:
    """Every pair of `values` (no value twice) that differs in at most `distance` bits, in blocks in no order.

    A block holds some hundred thousand pairs, only a few blocks wait. Raises ValueError for a distance outside 0..16
    or repeated values at distance 0, RuntimeError where COMPILED is asked for and not available.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance must be 0 to {MAX_DISTANCE} bits: {distance}")
    if len(values) >= 1 << 28:
        raise ValueError(f"too many hashes: {len(values)}")
    if distance == 0 or len(values) < 2:
        return
    yield from stream(_tasks(values, distance, engine), max(1, threads))


def near_pairs(
    values: NDArray[numpy.uint64], distance: int, *, threads: int = 2, engine: Engine = Engine.AUTO
) -> Pairs:
    """All pairs of `iter_near_pairs`, ordered by first and second. Takes memory for every pair."""
    return joined(iter_near_pairs(values, distance, threads=threads, engine=engine))


def _tasks(values: NDArray[numpy.uint64], distance: int, engine: Engine) -> Iterator[Task]:
    """The work of one search, with the engine and the plan that cost least."""
    if engine is Engine.COMPILED or (
        engine is Engine.AUTO and len(values) >= COMPILED_FROM and is_compiled_available()
    ):
        return hamming_compiled.compiled_tasks(values, distance)
    return table_tasks(values, distance, tables(len(values), distance))


def nearest(
    values: NDArray[numpy.uint64], one: int, distance: int
) -> tuple[NDArray[numpy.int64], NDArray[numpy.uint8]]:
    """Places of the values within `distance` bits of one hash, ascending, and their distances. Reads every value."""
    import numpy

    places: list[NDArray[numpy.int64]] = []
    bits: list[NDArray[numpy.uint8]] = []
    block = 65_536
    for start in range(0, len(values), block):
        counts = numpy.bitwise_count(values[start : start + block] ^ numpy.uint64(one))
        near = numpy.flatnonzero(counts <= distance)
        if len(near):
            places.append(near + start)
            bits.append(counts[near])
    if not places:
        return numpy.empty(0, numpy.int64), numpy.empty(0, numpy.uint8)
    return numpy.concatenate(places), numpy.concatenate(bits)


@dataclass(frozen=True, slots=True, eq=False)
class Unique:
    """Values without repetitions, ascending; `inverse` says which of them each item is, `counts` how many items."""

    values: NDArray[numpy.uint64]
    inverse: NDArray[numpy.int32]
    counts: NDArray[numpy.int32]


def unique(values: NDArray[numpy.uint64]) -> Unique:
    """As numpy.unique with inverse and counts, many times faster on values that are mostly different."""
    import numpy

    if not len(values):
        nothing = numpy.empty(0, numpy.int32)
        return Unique(values, nothing, nothing)
    order = numpy.argsort(values)  # in whatever order equal values are: they are one
    ordered = values[order]
    is_new = numpy.concatenate(([True], ordered[1:] != ordered[:-1]))
    inverse = numpy.empty(len(values), numpy.int32)
    inverse[order] = numpy.cumsum(is_new, dtype=numpy.int32) - numpy.int32(1)
    starts = numpy.flatnonzero(is_new)
    return Unique(ordered[starts], inverse, numpy.diff(starts, append=len(values)).astype(numpy.int32))


def chance_pairs(count: int, distance: int) -> float:
    """How many pairs of `count` unrelated pictures fall within `distance` bits by chance alone.

    A perceptual hash has 32 of its 64 bits set, so two of them differ in 2 k bits with probability
    C(32, k)^2 / C(64, 32). Real pictures are alike in many ways, so this is the least to expect.
    """
    likelihood = sum(math.comb(32, half) ** 2 for half in range(distance // 2 + 1)) / math.comb(64, 32)
    return count * (count - 1) / 2 * likelihood


def chance_words(count: int, distances: Sequence[int] = (4, 8, 10)) -> str:
    """The same for a reader, at several distances."""
    found = [(distance, chance_pairs(count, distance)) for distance in distances]
    rounded = [(distance, int(round(pairs, -max(0, len(str(int(pairs))) - 3)))) for distance, pairs in found]
    (distance, number), *further = rounded
    more = "".join(f", {number:,} at {distance}" for distance, number in further)
    pairs = "1 pair" if number == 1 else f"{number:,} pairs"
    return f"By chance alone {count:,} unrelated files give at least {pairs} at distance {distance}{more}."
