"""Which files belong together. Pure; numpy does the counting.

Groups are stars: every member is within the distance of its keeper, and none is in a group because of a third file. A
pair of videos must agree in duration. Beyond a distance of 4 a pair of pictures needs a second, independent hash that
agrees; where nobody has computed one the pair is *weak*, and where it disagrees there is no pair.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

from core.duplicates.crowds import Edges, Gathering, Star, no_edges

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

TRUSTED_DISTANCE: Final = 4  # up to here a PHASH speaks for itself
SECOND_DISTANCE: Final = 10  # bits in which two independent hashes of one picture may differ
SUSPICIOUS: Final = 50  # files of one PHASH, beyond which it says nothing
_EXPANDED: Final = 1 << 20  # file pairs made at once


@dataclass(frozen=True, slots=True, eq=False)
class Hashed:
    """Files as columns of equal length. `duration` is nan where it is unknown; `has_second` says where `second` counts.

    Only files of one medium, each with a PHASH.
    """

    phash: NDArray[numpy.uint64]
    duration: NDArray[numpy.float64]
    second: NDArray[numpy.uint64]
    has_second: NDArray[numpy.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What belongs together by its looks: pairs, and apart from them the crowds, whose pairs are too many to hold."""

    edges: Edges
    crowds: tuple[Star, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What looks alike, and what weakly does; `suspicious` are values that too many files share, with their number."""

    strong: Looks
    weak: Looks
    suspicious: tuple[tuple[int, int], ...]


def is_degenerate(values: NDArray[numpy.uint64]) -> NDArray[numpy.bool_]:
    """Where a PHASH says nothing; as `core.model.fingerprints.is_degenerate_phash`."""
    import numpy

    weight = numpy.bitwise_count(values)
    found: NDArray[numpy.bool_] = (weight < 16) | (weight > 48)
    return found


def neighbours(files: Hashed, *, distance: int, duration_tolerance: float | None, threads: int = 2) -> Neighbours:
    """Every pair of files within the distance that may be called a duplicate, and the weak ones apart.

    `duration_tolerance` in seconds for videos, None for pictures.
    """
    import numpy

    from core.media.hamming import iter_near_pairs, nearest, unique

    usable = numpy.flatnonzero(~is_degenerate(files.phash))
    distinct = unique(files.phash[usable])
    crowded = distinct.counts > SUSPICIOUS
    suspicious = tuple(
        (int(value), int(number))
        for value, number in zip(distinct.values[crowded], distinct.counts[crowded], strict=True)
    )
    # The files of each value stand together in `order`, from `starts` on.
    order = usable[numpy.argsort(distinct.inverse, kind="stable")]
    starts = numpy.concatenate(([0], numpy.cumsum(distinct.counts)))
    kept = numpy.flatnonzero(~crowded)
    may_count = numpy.zeros(len(files.phash), numpy.bool_)
    may_count[order[numpy.repeat(~crowded, distinct.counts)]] = True

    def around(centre: int, is_weak: bool) -> Edges:
        places, bits = nearest(files.phash, int(files.phash[centre]), distance)
        fits = may_count[places] & (places != centre)
        own = Edges(numpy.full(int(fits.sum()), centre, numpy.int32), places[fits].astype(numpy.int32), bits[fits])
        return _judged(files, own, duration_tolerance)[is_weak]

    strong, weak = (Gathering(len(files.phash), partial(around, is_weak=kind)) for kind in (False, True))

    def take(edges: Edges) -> None:
        for found, gathering in zip(_judged(files, edges, duration_tolerance), (strong, weak), strict=True):
            gathering.take(found)

    take(_same_value(order, starts, kept[distinct.counts[kept] > 1]))
    for block in iter_near_pairs(distinct.values[kept], distance, threads=threads):
        for edges in _expanded(order, starts, kept[block.first], kept[block.second], block.distance):
            take(edges)
    looks = [Looks(one.edges(), tuple(one.crowds)) for one in (strong, weak)]
    return Neighbours(looks[0], looks[1], suspicious)


def _same_value(order: NDArray[Any], starts: NDArray[Any], values: NDArray[Any]) -> Edges:
    import numpy

    first: list[int] = []
    second: list[int] = []
    for value in values:
        for one, other in combinations(order[starts[value] : starts[value + 1]].tolist(), 2):
            first.append(min(one, other))
            second.append(max(one, other))
    return Edges(
        numpy.array(first, numpy.int32), numpy.array(second, numpy.int32), numpy.zeros(len(first), numpy.uint8)
    )


def _expanded(
    order: NDArray[Any], starts: NDArray[Any], left: NDArray[Any], right: NDArray[Any], distance: NDArray[Any]
) -> Iterable[Edges]:
    """Pairs of values as pairs of files, in blocks of bounded size."""
    import numpy

    counts = (starts[left + 1] - starts[left]) * (starts[right + 1] - starts[right])
    ends = numpy.cumsum(counts)
    begin = 0
    while begin < len(left):
        base = ends[begin - 1] if begin else 0
        stop = max(begin + 1, int(numpy.searchsorted(ends, base + _EXPANDED, side="right")))
        number = counts[begin:stop]
        pair = numpy.repeat(numpy.arange(begin, stop), number)
        within = numpy.arange(len(pair)) - numpy.repeat(numpy.cumsum(number) - number, number)
        wide = starts[right[pair] + 1] - starts[right[pair]]
        one = order[starts[left[pair]] + within // wide]
        other = order[starts[right[pair]] + within % wide]
        first, second = numpy.minimum(one, other), numpy.maximum(one, other)
        yield Edges(first.astype(numpy.int32), second.astype(numpy.int32), distance[pair].astype(numpy.uint8))
        begin = stop


def _judged(files: Hashed, edges: Edges, duration_tolerance: float | None) -> tuple[Edges, Edges]:
    """The strong pairs and the weak ones among these."""
    import numpy

    if duration_tolerance is not None:
        apart = numpy.abs(files.duration[edges.first] - files.duration[edges.second])
        return edges.only(apart <= duration_tolerance), no_edges()
    is_trusted = edges.distance <= TRUSTED_DISTANCE
    has_both = files.has_second[edges.first] & files.has_second[edges.second]
    apart_bits = numpy.bitwise_count(files.second[edges.first] ^ files.second[edges.second])
    agrees = has_both & (apart_bits <= SECOND_DISTANCE)
    return edges.only(is_trusted | agrees), edges.only(~is_trusted & ~has_both)


Choose = Callable[[Sequence[int]], int | None]
"""Which of these places is the keeper; None where no rule decides."""


def stars(edges: Edges, rank: Mapping[int, Any], choose: Choose) -> list[Star]:
    """Files gathered around their keepers. `rank` orders the places, best first; equal edges give equal groups.

    The best unclaimed file gathers its unclaimed neighbours. `choose` may name another of them as the keeper: then
    those that are not its neighbours are left for another group. A place is in one group at most.
    """
    near = _Near(edges)
    claimed: set[int] = set()
    found: list[Star] = []
    for centre in sorted(near.places, key=lambda place: rank[place]):
        if centre in claimed:
            continue
        own = near.of(centre)
        free = sorted((one for one in own if one not in claimed), key=lambda place: rank[place])
        if not free:
            continue
        chosen = choose((centre, *free))
        keeper = centre if chosen is None else chosen
        bits = own if keeper == centre else near.of(keeper)
        members = [one for one in (centre, *free) if one != keeper and one in bits]
        claimed.update((keeper, *members))
        found.append(Star((keeper, *members), (0, *(bits[one] for one in members))))
    return found


class _Near:
    """Who is near to whom, in arrays: a dictionary of dictionaries takes ten times the memory."""

    def __init__(self, edges: Edges) -> None:
        import numpy

        one = numpy.concatenate((edges.first, edges.second))
        order = numpy.argsort(one, kind="stable")
        self._others = numpy.concatenate((edges.second, edges.first))[order]
        self._bits = numpy.concatenate((edges.distance, edges.distance))[order]
        places, starts = numpy.unique(one[order], return_index=True)
        bounds = [*starts.tolist(), len(one)]
        self._spans = dict(zip(places.tolist(), pairwise(bounds), strict=True))

    @property
    def places(self) -> Iterable[int]:
        """All that have a neighbour."""
        return self._spans

    def of(self, place: int) -> dict[int, int]:
        """The neighbours of a place and their distances."""
        start, stop = self._spans[place]
        return dict(zip(self._others[start:stop].tolist(), self._bits[start:stop].tolist(), strict=True))


def same(keys: Sequence[Hashable | None]) -> list[tuple[int, ...]]:
    """The places that have the same key, two or more each, in the order of their first; None is no key."""
    found: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, []).append(place)
    return [tuple(places) for places in found.values() if len(places) > 1]
