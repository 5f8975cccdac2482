"""The rows a list holds: which ones it needs next, and where its cursor goes when the ids change. Knows no terminal."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar


class _HasId(Protocol):
    @property
    def id(self) -> int: ...


RowT = TypeVar("RowT", bound=_HasId)

_NEAR: Final = 8
KEPT: Final = 600
"""Rows held at most; more than three pages of the tallest terminal."""


class Place(Enum):
    """Where a row stands among the neighbours it belongs to."""

    ALONE = " "
    FIRST = "\N{BOX DRAWINGS LIGHT ARC DOWN AND RIGHT}"
    MIDDLE = "\N{BOX DRAWINGS LIGHT VERTICAL}"
    LAST = "\N{BOX DRAWINGS LIGHT ARC UP AND RIGHT}"

    @staticmethod
    def of(*, joins_above: bool, joins_below: bool) -> Place:
        """The place of a row that belongs to the one above, the one below, both or neither."""
        if joins_above:
            return Place.MIDDLE if joins_below else Place.LAST
        return Place.FIRST if joins_below else Place.ALONE


class Window(Generic[RowT]):
    """The rows at hand, newest use last, with a version each that changes when the row does."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._rows: OrderedDict[int, tuple[int, RowT]] = OrderedDict()
        self._stale: set[int] = set()
        self._gone: set[int] = set()  # asked for, and not there: not asked for again
        self._version = 0
        self.is_asking = False

    def get(self, key: int) -> RowT | None:
        """A row at hand."""
        found = self._rows.get(key)
        return None if found is None else found[1]

    def version(self, key: int) -> int:
        """Changes whenever another row is supplied under this id."""
        found = self._rows.get(key)
        return -1 if found is None else found[0]

    def expire(self, ids: Iterable[int] | None = None) -> None:
        """Have rows loaded again (None: all), keeping what is at hand until then."""
        self._stale.update(self._rows if ids is None else ids)
        self._gone.clear()

    def supply(self, rows: Iterable[RowT], asked: Sequence[int]) -> set[int]:
        """Take the answer to a request; the ids whose rows are new, different or gone."""
        self.is_asking = False
        changed: set[int] = set()
        missing = set(asked)
        self._stale -= missing
        for row in rows:
            missing.discard(row.id)
            known = self._rows.pop(row.id, None)
            if known is not None and known[1] == row:
                self._rows[row.id] = known
                continue
            self._version += 1
            self._rows[row.id] = (self._version, row)
            changed.add(row.id)
        for key in missing:
            self._gone.add(key)
            if self._rows.pop(key, None) is not None:
                changed.add(key)
        while len(self._rows) > self._kept:
            self._rows.popitem(last=False)
        return changed

    def ask(self, ids: array[int], shown: range) -> tuple[int, ...]:
        """What to ask for now, visible rows first: nothing while a request is under way or all is at hand.

        A page above and below is fetched too, but only when half of one of them is missing: else each step would be a
        request of its own.
        """
        if self.is_asking or not shown:
            return ()
        page = len(shown)
        visible = self._missing(ids[shown.start : shown.stop])
        if visible:
            self.is_asking = True
            return tuple(visible)  # alone, so that they are there soonest; the pages around them come next
        below = self._missing(ids[shown.stop : shown.stop + page])
        above = self._missing(ids[max(0, shown.start - page) : shown.start])
        if max(len(below), len(above)) * 2 < page:
            return ()
        for key in ids[max(0, shown.start - page) : shown.stop + page]:
            if key in self._rows:
                self._rows.move_to_end(key)  # what is near is kept longest
        wanted = (*below, *above)[: self._kept]
        self.is_asking = bool(wanted)
        return wanted

    def _missing(self, ids: Sequence[int]) -> list[int]:
        return [key for key in ids if (key not in self._rows or key in self._stale) and key not in self._gone]


def nearest_survivor(old: Sequence[int], place: int, new: Sequence[int]) -> int:
    """Where the cursor belongs among new ids: on its own id, else the next old one that is left, else the one before.

    0 where nothing is left.
    """
    if not old or not new:
        return 0
    if isinstance(new, array):
        for key in old[place : place + _NEAR]:  # nearly always it is one of these, and looking them up is quick
            try:
                return new.index(key)
            except ValueError:
                continue
    places = {key: index for index, key in enumerate(new)}
    for key in old[place:]:
        if key in places:
            return places[key]
    for key in reversed(old[:place]):
        if key in places:
            return places[key]
    return 0
