"""The inner loops of the near-duplicate search, compiled by numba where it is installed.

All of them stand in this one module: numba's cache on disk is renewed when the module changes. Without numba the
functions are plain Python, which `core.media.hamming_compiled` does not use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Words = NDArray[numpy.uint64]
    Places = NDArray[numpy.int32]
    Numbers = NDArray[numpy.int64]

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    """The function, compiled at its first call and without Python's lock while it runs."""
    try:
        import numba
    except ImportError:
        return function
    compiled: Function = numba.njit(nogil=True)(function)
    return compiled


def _machine_popcount() -> Callable[[Any], int]:
    """The number of bits set in a 64-bit word: one instruction of the processor, of eight words at once."""
    try:
        from numba import types
        from numba.extending import intrinsic
    except ImportError:
        return lambda word: int(word).bit_count()

    @intrinsic  # type: ignore[untyped-decorator]  # numba has no types
    def popcount(typing_context: Any, word: Any) -> Any:  # noqa: ARG001  the shape numba asks for
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  as above
            return builder.ctpop(arguments[0])

        return types.int64(types.uint64), generate

    counted: Callable[[Any], int] = popcount
    return counted


_popcount = _machine_popcount()


@_compiled
def sort_into_buckets(values: Words, shift: int, mask: int, starts: Numbers, words: Words, places: Places) -> None:
    """Counting sort by the bits of `mask` above `shift` (both uint64).

    `starts` (buckets + 1 zeros) becomes where each bucket begins, `words` the hashes and `places` their places in
    `values`, bucket by bucket.
    """
    buckets = len(starts) - 1
    for word in values:
        starts[(word >> shift) & mask] += 1
    total = 0
    for bucket in range(buckets):
        held = starts[bucket]
        starts[bucket] = total
        total += held
    for place in range(len(values)):
        word = values[place]
        bucket = (word >> shift) & mask
        at = starts[bucket]
        words[at] = word
        places[at] = place
        starts[bucket] = at + 1
    for bucket in range(buckets, 0, -1):
        starts[bucket] = starts[bucket - 1]
    starts[0] = 0


@_compiled
def _least_of_four(one: int, two: int, three: int, four: int, words: Words) -> int:
    """The least distance between four hashes and a run of others; no branch, so eight are compared at once."""
    least = 64
    for at in range(len(words)):
        word = words[at]
        least = min(
            least,
            min(
                min(_popcount(word ^ one), _popcount(word ^ two)),
                min(_popcount(word ^ three), _popcount(word ^ four)),
            ),
        )
    return least


@_compiled
def _least_of_one(one: int, words: Words) -> int:
    """The least distance between a hash and a run of others."""
    least = 64
    for at in range(len(words)):
        least = min(least, _popcount(words[at] ^ one))
    return least


@_compiled
def _keep_row(
    row: int,
    begin: int,
    end: int,
    words: Words,
    places: Places,
    limit: int,
    shifts: Words,
    masks: Words,
    radii: Numbers,
    first: Places,
    second: Places,
    distance: NDArray[numpy.uint8],
    count: int,
) -> int:
    """Write the pairs of one hash with the hashes at begin..end; how many are written now.

    `shifts`, `masks` and `radii` describe the chunks searched before: what they have found is not written again.
    """
    for at in range(begin, end):
        differing = words[row] ^ words[at]
        bits = _popcount(differing)
        if bits > limit:
            continue
        is_known = False
        for chunk in range(len(shifts)):
            if _popcount((differing >> shifts[chunk]) & masks[chunk]) <= radii[chunk]:
                is_known = True
                break
        if not is_known:
            first[count] = min(places[row], places[at])
            second[count] = max(places[row], places[at])
            distance[count] = bits
            count += 1
    return count


@_compiled
def join_buckets(
    words: Words,
    places: Places,
    starts: Numbers,
    flips: Numbers,
    limit: int,
    shifts: Words,
    masks: Words,
    radii: Numbers,
    position: Numbers,
    end: int,
    first: Places,
    second: Places,
    distance: NDArray[numpy.uint8],
) -> int:
    """Compare every bucket up to `end` with itself and later ones that `flips` lead to; how many pairs were written.

    `position` (bucket, flip, row) says where to begin, and after the call where to go on when the output is full: it
    must hold four times the largest bucket. Done when position[0] reaches `end`.
    """
    count = 0
    bucket, flip, row = position[0], position[1], position[2]
    while bucket < end:
        begin, stop = starts[bucket], starts[bucket + 1]
        while flip < len(flips) and begin < stop:
            partner = bucket ^ flips[flip]
            if partner >= bucket and starts[partner] < starts[partner + 1]:
                low, high = starts[partner], starts[partner + 1]
                at = begin + row
                while at < stop:
                    if count + 4 * (high - low) > len(first):
                        position[0], position[1], position[2] = bucket, flip, at - begin
                        return count
                    rows = min(4, stop - at)
                    column = at + rows if partner == bucket else low
                    if rows == 4:
                        least = _least_of_four(
                            words[at], words[at + 1], words[at + 2], words[at + 3], words[column:high]
                        )
                    else:
                        least = 64
                        for each in range(at, at + rows):
                            least = min(least, _least_of_one(words[each], words[column:high]))
                    for each in range(at, at + rows):
                        if partner == bucket and each + 1 < column:
                            count = _keep_row(
                                each, each + 1, column, words, places, limit, shifts, masks, radii,
                                first, second, distance, count,
                            )  # fmt: skip
                        if least <= limit:
                            count = _keep_row(
                                each, column, high, words, places, limit, shifts, masks, radii,
                                first, second, distance, count,
                            )  # fmt: skip
                    at += rows
                row = 0
            flip += 1
        flip = 0
        row = 0
        bucket += 1
    position[0], position[1], position[2] = bucket, 0, 0
    return count
