"""Four kinds of 64-bit hashes, as many as asked for, with planted near duplicates; the same for the same seed.

`uni`: random bits. `phash`: 32 of 64 bits set, pictures of 64 types. `skew`: 64 prototypes of very unequal weight with
noisy bits, and one item in a hundred equal to one of four constants. `ball`: `skew`, and one in a hundred within four
bits of one value: every two of those are near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final = ("uni", "phash", "skew", "ball")
_TYPES: Final = 64
_BLOCK: Final = 100_000
_CONSTANTS: Final = (0, 1 << 63, (1 << 64) - 1, 0xFF00FF00FF00FF00)
_CENTRE: Final = 0x6A3C_95D2_C3A6_5B17

Hashes = "NDArray[numpy.uint64]"


def hashes(kind: str, count: int, *, seed: int = 7) -> NDArray[numpy.uint64]:
    """`count` hashes of a kind in no order; 5 % stand in planted clusters of 2 to 6, at most 10 bits from the first."""
    random = numpy.random.default_rng(seed)
    blocks = [_block(kind, min(_BLOCK, count - start), random, seed) for start in range(0, count, _BLOCK)]
    values = numpy.concatenate(blocks)
    _plant(values, random, keeps_weight=kind == "phash")
    random.shuffle(values)
    return values


def _block(kind: str, count: int, random: numpy.random.Generator, seed: int) -> NDArray[numpy.uint64]:
    if kind == "uni":
        return random.integers(0, 1 << 64, count, dtype=numpy.uint64)
    types = numpy.random.default_rng(seed + 1)  # the same in every block
    if kind == "phash":
        means = types.normal(size=(_TYPES, 64)) * 0.5
        found = means[random.integers(0, _TYPES, count)] + random.normal(size=(count, 64))
        return _packed(found > numpy.median(found, axis=1, keepdims=True))
    weights = 1 / numpy.arange(1, _TYPES + 1)
    prototypes = types.integers(0, 1 << 64, _TYPES, dtype=numpy.uint64)
    values = prototypes[random.choice(_TYPES, count, p=weights / weights.sum())]
    values ^= _packed(random.random((count, 64)) < 0.3)
    few = count // 100
    values[:few] = random.choice(numpy.array(_CONSTANTS, numpy.uint64), few)
    if kind == "ball":
        values[few : 2 * few] = _flipped(numpy.full(few, _CENTRE, numpy.uint64), random, 4)
    return values


def _packed(bits: NDArray[numpy.bool_]) -> NDArray[numpy.uint64]:
    packed: NDArray[numpy.uint64] = numpy.packbits(bits, axis=1).view(numpy.uint64).ravel()
    return packed


def _flipped(values: NDArray[numpy.uint64], random: numpy.random.Generator, most: int) -> NDArray[numpy.uint64]:
    """With 0 to `most` bits of each turned over."""
    number = random.integers(0, most + 1, len(values))
    for step in range(most):
        bit = numpy.uint64(1) << random.integers(0, 64, len(values), dtype=numpy.uint64)
        values = numpy.where(step < number, values ^ bit, values)
    return values


def _plant(values: NDArray[numpy.uint64], random: numpy.random.Generator, *, keeps_weight: bool) -> None:
    """Make 5 % of the values near duplicates of others: the last ones, in clusters."""
    left = len(values) // 20
    end = len(values)
    while left > 1:
        size = min(int(random.integers(2, 7)), left)
        centre = int(values[end - size])
        for place in range(end - size + 1, end):
            value = centre
            for _ in range(int(random.integers(0, 6 if keeps_weight else 11))):
                value = _swapped(value, random) if keeps_weight else value ^ 1 << int(random.integers(0, 64))
            values[place] = value
        end -= size
        left -= size


def _swapped(value: int, random: numpy.random.Generator) -> int:
    """A bit that is set and one that is not change places."""
    while True:
        one, other = (int(bit) for bit in random.integers(0, 64, 2))
        if (value >> one & 1) != (value >> other & 1):
            return value ^ (1 << one) ^ (1 << other)
