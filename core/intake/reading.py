"""What the intake desk shows: the review, what came in, statistics."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import MediaError
from core.intake.people_known import People, PeopleKnown, PersonChoice
from core.media.folders import media_of
from core.media.pool import MediaPool
from core.model.incoming import Category, Faces, Item, ItemState
from core.model.library_records import Media
from core.settings import Settings
from core.store import intake, review_queue
from core.store.database import Database
from core.store.intake_statistics import Statistics, statistics
from core.store.review_queue import ReviewFilter, ReviewLine, ReviewSort

_FIRST_DAY: Final = date(1970, 1, 2)
"""Nothing came in before the time that clocks count from, wherever they stand."""


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A picture of the review with all that is known of it. Boxes of `faces` are fractions of the picture."""

    line: ReviewLine
    item: Item

    @property
    def faces(self) -> Faces | None:
        """The faces that Immich found; None where it was never asked."""
        return self.item.faces

    @property
    def near(self) -> str:
        """What it looks like, in words; empty where nothing is alike."""
        return self.line.near or self.item.near


class Reading:
    """Questions about the review and what came in."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, *, pool: MediaPool, people: PeopleKnown
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._pool = pool
        self._people = people

    async def ids(
        self,
        wanted: ReviewFilter,
        *,
        sort: ReviewSort = ReviewSort.NEWEST,
        is_reversed: bool = False,
        limit: int | None = None,
    ) -> array[int]:
        """The ids of all matching pictures in order: 8 bytes a row."""
        async with self._database.read() as reader:
            return await review_queue.ids(reader, wanted, sort=sort, is_reversed=is_reversed, limit=limit)

    async def lines(self, ids: Sequence[int]) -> list[ReviewLine]:
        """These pictures as a list shows them, in this order; unknown ids are left out."""
        async with self._database.read() as reader:
            return await review_queue.lines(reader, ids)

    async def get(self, review_id: int) -> ReviewEntry | None:
        """One picture with its faces."""
        async with self._database.read() as reader:
            lines = await review_queue.lines(reader, [review_id])
            item = await intake.get(reader, lines[0].download_id) if lines else None
        return None if item is None else ReviewEntry(lines[0], item)

    async def counts(self, wanted: ReviewFilter) -> dict[Category, int]:
        """How many matching pictures there are of each category, none left out."""
        async with self._database.read() as reader:
            return await review_queue.category_counts(reader, wanted)

    async def sources(self) -> list[str]:
        """Who handed pictures over that are, or were, in the review."""
        async with self._database.read() as reader:
            return await review_queue.sources(reader)

    async def items(self, states: Sequence[ItemState], *, limit: int | None = None) -> list[Item]:
        """What stands so, the newest first."""
        async with self._database.read() as reader:
            return await intake.of_states(reader, states, limit=limit)

    async def people(self) -> People:
        """Whom a picture can be approved to: those with a folder, and whom Immich knows by name."""
        return await self._people.all()

    async def find_person(self, wanted: str) -> PersonChoice:
        """Whom an id or a name means; somebody new where nobody has that name. Raises UsageError where several do."""
        return await self._people.find(wanted)

    async def picture(self, review_id: int) -> bytes | None:
        """A small JPEG of a picture, of a video its first frame; None where there is nothing to be seen."""
        lines = await self.lines([review_id])
        if not lines:
            return None
        path = Path(lines[0].path)
        at = 0.0 if media_of(path.name) is Media.VIDEO else None
        try:
            return await self._pool.thumbnail(path, at)
        except MediaError:
            return None

    async def statistics(self, since: float, until: float) -> Statistics:
        """The sums over what came in from a moment to another (Unix seconds, the latter not included)."""
        async with self._database.read() as reader:
            return await statistics(reader, since=since, until=until)

    async def statistics_of_days(self, days: int) -> Statistics:
        """As `statistics`, of today (1) or of so many days up to it, from midnight to midnight in local time."""
        return await self.statistics(*day_range(self._clock.now(), days))


def day_range(now: float, days: int) -> tuple[float, float]:
    """From the midnight that begins the first of so many days, of which today is the last, to the one that ends it.

    Unix seconds; in local time, in which a day may have 23 or 25 hours. Days before 1970 are left out.
    """
    today = datetime.fromtimestamp(now).astimezone().date()
    first = date.fromordinal(max(today.toordinal() - max(days, 1) + 1, _FIRST_DAY.toordinal()))
    return _midnight(first), _midnight(today + timedelta(days=1))


def _midnight(day: date) -> float:
    return datetime.combine(day, time()).timestamp()  # without a zone: the one that holds on that very day
