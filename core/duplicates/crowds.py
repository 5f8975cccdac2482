"""Pairs of near files, held in bounded memory: what has very many neighbours gathers them at once.

In a dense set (frames of one black film, scans of one empty page) the pairs grow with the square of the files. So when
many pairs are held, the file with the most neighbours takes all of its own as a crowd, and their pairs are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

HELD: Final = 1 << 19  # pairs, 9 bytes each, from which on crowds are looked for
HUB: Final = 256  # neighbours that make a file the centre of a crowd


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pairs of places, first < second, and their distance in bits."""

    first: NDArray[numpy.int32]
    second: NDArray[numpy.int32]
    distance: NDArray[numpy.uint8]

    def __len__(self) -> int:
        return len(self.first)

    def only(self, mask: NDArray[Any]) -> Edges:
        """Those where the mask holds."""
        return Edges(self.first[mask], self.second[mask], self.distance[mask])


def no_edges() -> Edges:
    """None at all."""
    import numpy

    nothing = numpy.empty(0, numpy.int32)
    return Edges(nothing, nothing, numpy.empty(0, numpy.uint8))


def joined(parts: Sequence[Edges]) -> Edges:
    """All of them as one."""
    import numpy

    if not parts:
        return no_edges()
    return Edges(
        numpy.concatenate([one.first for one in parts]),
        numpy.concatenate([one.second for one in parts]),
        numpy.concatenate([one.distance for one in parts]),
    )


@dataclass(frozen=True, slots=True)
class Star:
    """A group: the places of its members, the keeper first, and each one's distance to it."""

    members: tuple[int, ...]
    distances: tuple[int, ...]


Around = Callable[[int], Edges]
"""All pairs of a place, in which it is the first."""


class Gathering:
    """Takes blocks of pairs over `count` places. In the end `crowds` and `edges()` have no place in common."""

    def __init__(self, count: int, around: Around, *, held: int = HELD, hub: int = HUB) -> None:
        import numpy

        self._around = around
        self._limit = held
        self._hub = hub
        self._taken = numpy.zeros(count, numpy.bool_)
        self._parts: list[Edges] = []
        self._number = 0
        self.crowds: list[Star] = []

    def take(self, edges: Edges) -> None:
        """Hold these, but for those of a crowd."""
        free = self._free(edges) if self.crowds else edges
        if len(free):
            self._parts.append(free)
            self._number += len(free)
            if self._number > self._limit:
                self._thin()

    def edges(self) -> Edges:
        """What is held."""
        return self._free(joined(self._parts))

    def _free(self, edges: Edges) -> Edges:
        return edges.only(~(self._taken[edges.first] | self._taken[edges.second]))

    def _thin(self) -> None:
        """Let crowds gather until half of the room is free, or no file has that many neighbours."""
        import numpy

        edges = self._free(joined(self._parts))
        while len(edges) > self._limit // 2:
            size = len(self._taken)
            number = numpy.bincount(edges.first, minlength=size) + numpy.bincount(edges.second, minlength=size)
            centre = int(numpy.argmax(number))
            if number[centre] < self._hub:
                break
            self._gather(centre)
            edges = self._free(edges)
        self._parts, self._number = [edges], len(edges)
        self._limit = max(self._limit, 2 * len(edges))

    def _gather(self, centre: int) -> None:
        own = self._around(centre)
        own = own.only(~self._taken[own.second])
        self._taken[centre] = True
        self._taken[own.second] = True
        self.crowds.append(Star((centre, *own.second.tolist()), (0, *own.distance.tolist())))
