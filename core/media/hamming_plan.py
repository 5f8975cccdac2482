"""How a set of 64-bit hashes is cut so that only a small part of all pairs has to be compared, and nothing is missed.

Two ways, both resting on the pigeonhole principle. *Chunks*: a pair that differs in at most d bits differs, in some
chunk i of the word, in at most radius_i bits, whenever the sum of (radius_i + 1) is d + 1 (the general pigeonhole of
Qin et al., GPH). So it is enough to compare, for each chunk, the hashes whose chunks are that near. *Tables*: cut the
word into m blocks; m - d of them are the same in both hashes. Deal the blocks to p parts with m - d > p (k - 1): some
part holds k equal blocks. So it is enough to compare, for each k blocks of one part, the hashes that agree in them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

BITS: Final = 64
MAX_WIDTH: Final = 20  # bits of a chunk: its buckets are counted in an array
MAX_KEY: Final = 32  # bits of a table's key
MAX_BLOCKS: Final = 24


@dataclass(frozen=True, slots=True)
class Chunk:
    """`width` bits above bit `shift`; two hashes are compared when these differ in at most `radius` bits."""

    shift: int
    width: int
    radius: int

    @property
    def mask(self) -> int:
        """Its bits, at the low end."""
        return (1 << self.width) - 1

    def flips(self) -> list[int]:
        """What to exor a value of the chunk with to get every value within the radius; 0 first."""
        return [
            sum(1 << bit for bit in bits)
            for size in range(min(self.radius, self.width) + 1)
            for bits in itertools.combinations(range(self.width), size)
        ]


@dataclass(frozen=True, slots=True)
class Costs:
    """What the steps of a search cost, in nanoseconds: comparing a pair, joining two buckets, visiting a bucket, and
    sorting a hash into its bucket."""

    pair: float
    join: float
    bucket: float
    element: float


@dataclass(frozen=True, slots=True)
class Table:
    """The bits two hashes must agree in, as a mask, and the (shift, width) of its contiguous pieces."""

    mask: int
    pieces: tuple[tuple[int, int], ...]


@lru_cache(maxsize=256)
def chunks(count: int, distance: int, costs: Costs) -> tuple[tuple[Chunk, ...], float]:
    """The cheapest chunks for `count` hashes of evenly spread bits, and their cost in nanoseconds."""
    best: tuple[tuple[Chunk, ...], float] | None = None
    for number in range(1, min(distance + 1, 16) + 1):
        for width in range(min(BITS // number, MAX_WIDTH) + 1):
            plan = _with_radii(_widths(number, width), count, distance, costs)
            cost = sum(_chunk_cost(one, count, costs) for one in plan)
            if best is None or cost < best[1]:
                best = plan, cost
    assert best is not None
    return best


def _widths(number: int, width: int) -> list[int]:
    """Widths of `number` chunks; where they fill the word, the first ones take what is left over."""
    left = BITS - number * width if width == BITS // number and width < MAX_WIDTH else 0
    return [width + (place < left) for place in range(number)]


def _with_radii(widths: list[int], count: int, distance: int, costs: Costs) -> tuple[Chunk, ...]:
    """Chunks of these widths; each further bit of radius goes where it costs least."""
    shifts = list(itertools.accumulate(widths[:-1], initial=0))
    plan = [Chunk(shift, width, 0) for shift, width in zip(shifts, widths, strict=True)]
    for _ in range(distance + 1 - len(plan)):
        wider = [Chunk(one.shift, one.width, one.radius + 1) for one in plan]
        place = min(
            range(len(plan)),
            key=lambda at: _chunk_cost(wider[at], count, costs) - _chunk_cost(plan[at], count, costs),
        )
        plan[place] = wider[place]
    return tuple(plan)


def _chunk_cost(chunk: Chunk, count: int, costs: Costs) -> float:
    buckets = 1 << chunk.width
    near = sum(math.comb(chunk.width, bits) for bits in range(min(chunk.radius, chunk.width) + 1))
    filled = min(buckets, count)
    joins = filled * near / 2
    pairs = count * count / 2 * near / buckets
    return pairs * costs.pair + joins * costs.join + filled * costs.bucket + (count + buckets / 4) * costs.element


@lru_cache(maxsize=256)
def tables(count: int, distance: int) -> tuple[Table, ...]:
    """The cheapest tables for `count` hashes of evenly spread bits."""
    best: tuple[float, int, int, int] | None = None
    for blocks in range(distance + 1, MAX_BLOCKS + 1):
        for chosen in range(1, blocks - distance + 1):
            parts = _parts(blocks, chosen, distance)
            number = sum(math.comb(size, chosen) for size in _sizes(blocks, parts))
            bits = chosen * BITS / blocks
            if bits > MAX_KEY - 2:
                continue
            run = count / 2**bits
            sorting = SORT_NS * (1 if bits <= 16 else 2)
            cost = number * count * (sorting + PAIR_NS * run / 2)
            if best is None or cost < best[0]:
                best = cost, blocks, chosen, parts
    assert best is not None
    _, blocks, chosen, parts = best
    return tuple(_tables(blocks, chosen, parts))


SORT_NS: Final = 31.0  # a hash into one table: its key, sorting, gathering
PAIR_NS: Final = 1.1  # one comparison


def _parts(blocks: int, chosen: int, distance: int) -> int:
    """The most parts for which some part surely holds `chosen` equal blocks."""
    return blocks if chosen == 1 else (blocks - distance - 1) // (chosen - 1)


def _sizes(blocks: int, parts: int) -> list[int]:
    return [blocks // parts + (place < blocks % parts) for place in range(parts)]


def _tables(blocks: int, chosen: int, parts: int) -> Iterable[Table]:
    """A table for every choice of blocks in one part. With one block a table d + 1 blocks are enough."""
    edges = [BITS * place // blocks for place in range(blocks + 1)]
    first = 0
    for size in _sizes(blocks, parts):
        for choice in itertools.combinations(range(first, first + size), chosen):
            pieces = _joined([(edges[block], edges[block + 1]) for block in choice])
            mask = sum(((1 << width) - 1) << shift for shift, width in pieces)
            yield Table(mask, pieces)
        first += size


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Neighbouring spans as one piece, as (shift, width)."""
    joined: list[tuple[int, int]] = []
    for start, stop in spans:
        if joined and sum(joined[-1]) == start:
            joined[-1] = joined[-1][0], stop - joined[-1][0]
        else:
            joined.append((start, stop - start))
    return tuple(joined)
