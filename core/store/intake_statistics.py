"""Sums over what came in within a range of days, and over the review as it is now."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.incoming import Category
from core.store.database import Reader


@dataclass(frozen=True, slots=True)
class Statistics:
    """What became of the pictures that came in from `since` to `until` (Unix seconds, the latter not included).

    `by_person`: sorted pictures by the person's name, most first; `by_category`: those that went to the review,
    whatever was decided there. `rejected` counts the duplicates that went to the trash unasked, too; `returned` are
    those of which an undo took back what was done unasked. `queue` and `oldest_in_queue` (Unix seconds) are of the
    whole review as it is now.
    """

    since: float
    until: float
    came_in: int
    auto_sorted: int
    approved: int
    rejected: int
    in_review: int
    pending: int
    failed: int
    returned: int
    duplicates: int
    by_person: dict[str, int]
    by_category: dict[Category, int]
    queue: int
    oldest_in_queue: float | None

    @property
    def success_rate(self) -> float | None:
        """The share (0..1) of those that are done with, duplicates apart, that were sorted unasked; None of nothing."""
        done = self.auto_sorted + self.approved + self.rejected + self.in_review + self.failed - self.duplicates
        return self.auto_sorted / done if done > 0 else None

    @property
    def duplicate_rate(self) -> float | None:
        """The share (0..1) of all that came in that was known already; None of nothing."""
        return self.duplicates / self.came_in if self.came_in else None

    def queue_age(self, now: float) -> float | None:
        """For how many seconds the oldest picture waits in the review; None where none does."""
        return None if self.oldest_in_queue is None else max(0.0, now - self.oldest_in_queue)


async def statistics(reader: Reader, *, since: float, until: float) -> Statistics:
    """The sums of a range."""
    span = (since, until)
    row = await reader.one(
        "SELECT count(*), coalesce(sum(state = 'sorted' AND auto_sorted), 0), "
        "coalesce(sum(state = 'sorted' AND NOT auto_sorted), 0), coalesce(sum(state IN ('rejected', 'trashed')), 0), "
        "coalesce(sum(state = 'review'), 0), coalesce(sum(state IN ('added', 'fetched', 'pending')), 0), "
        "coalesce(sum(state = 'failed'), 0), coalesce(sum(state = 'returned'), 0), coalesce(sum(is_duplicate), 0) "
        "FROM downloads WHERE created_at >= ? AND created_at < ?",
        span,
    )
    assert row is not None
    people = await reader.rows(
        "SELECT person_name, count(*) AS number FROM downloads WHERE created_at >= ? AND created_at < ? "
        "AND state = 'sorted' GROUP BY person_name ORDER BY number DESC, person_name",
        span,
    )
    categories = await reader.rows(
        "SELECT category, count(*) FROM downloads WHERE created_at >= ? AND created_at < ? AND category <> '' "
        "GROUP BY category",
        span,
    )
    queue = await reader.one("SELECT count(*), min(created_at) FROM review_queue WHERE action = 'pending'")
    assert queue is not None
    by_category = dict.fromkeys(Category, 0) | {Category(name): number for name, number in categories}
    sums = (since, until, *row, dict(people), by_category, *queue)
    return Statistics(*sums)
