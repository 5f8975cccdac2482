"""The review: listed, decided once, taken back; and the sums over what came in."""

from __future__ import annotations

import os
from typing import Any

from intake_rows import ANN, BEA, DAY, SORTED, added, fetched, reviewed, sha, to_review

from core.model.incoming import Category, ItemState
from core.store import intake, review_queue
from core.store.database import Database
from core.store.intake_statistics import statistics
from core.store.review_queue import ReviewAction, ReviewFilter, ReviewSort

# -- the review -------------------------------------------------------------------------------------------------------


async def test_the_list_is_filtered_sorted_and_counted(database: Database) -> None:
    one = await reviewed(database, 1, to_review(), now=3.0, size=30, path="/review/b.jpg")
    two = await reviewed(database, 2, to_review(Category.DUPLICATES, suggested=None), now=2.0, size=10, source="drop")
    three = await reviewed(database, 3, to_review(suggested=BEA, reason="100 % Ärger"), now=1.0, path="/review/A_x.jpg")
    async with database.read() as reader:

        async def ids(sort: ReviewSort = ReviewSort.NEWEST, *, is_reversed: bool = False, **wanted: Any) -> list[int]:
            return list(await review_queue.ids(reader, ReviewFilter(**wanted), sort=sort, is_reversed=is_reversed))

        assert await ids() == [one, two, three]
        assert await ids(is_reversed=True) == await ids(ReviewSort.OLDEST) == [three, two, one]
        assert await ids(ReviewSort.CATEGORY) == [two, one, three]
        assert await ids(ReviewSort.PERSON) == [two, one, three]
        assert await ids(ReviewSort.SIZE) == [one, two, three]
        assert await ids(ReviewSort.NAME) == [two, three, one]
        assert await ids(categories=(Category.LOW_CONFIDENCE,)) == [one, three]
        assert await ids(categories=()) == []
        assert await ids(source="drop") == [two]
        assert await ids(since=2.0, until=3.0) == [two]
        assert await ids(text="BEA") == [three]
        assert await ids(text="a_x") == await ids(text="0 % ÄRG") == [three]
        assert await ids(actions=(ReviewAction.APPROVED,)) == []
        assert list(await review_queue.ids(reader, ReviewFilter(), limit=1)) == [one]
        assert await review_queue.sources(reader) == ["drop", "hook"]
        counts = await review_queue.category_counts(reader)
        assert counts == dict.fromkeys(Category, 0) | {Category.LOW_CONFIDENCE: 2, Category.DUPLICATES: 1}
        lines = await review_queue.lines(reader, [three, 99, one])
    assert [line.id for line in lines] == [three, one]
    assert (lines[0].filename, lines[0].suggested_person, lines[0].suggested_person_id) == ("A_x.jpg", "Bea", "b")
    assert (lines[1].path, lines[1].sha256, lines[1].size, lines[1].faces_detected) == ("/review/b.jpg", sha(1), 30, 1)


async def test_a_decision_is_made_once_and_can_be_taken_back(database: Database) -> None:
    review_id = await reviewed(database, 1, to_review())
    async with database.write() as tx:
        assert await review_queue.decide(
            tx, review_id, ReviewAction.APPROVED, by="me", path="/faces/Ann/p.jpg", person_name="Ann", now=5.0
        )
        assert not await review_queue.decide(tx, review_id, ReviewAction.REJECTED, by="you", now=6.0)
        (line,) = await review_queue.lines(tx, [review_id])
        assert (line.action, line.reviewed_by, line.reviewed_at) == (ReviewAction.APPROVED, "me", 5.0)
        assert (line.person_name, line.path) == ("Ann", "/faces/Ann/p.jpg")
        assert list(await review_queue.ids(tx, ReviewFilter())) == []
        await review_queue.reopen(tx, review_id, path="/review/1.jpg")
        assert list(await review_queue.ids(tx, ReviewFilter())) == [review_id]
        assert await review_queue.decide(tx, review_id, ReviewAction.REJECTED, by="", now=7.0)
        await review_queue.drop(tx, line.download_id)
        assert await review_queue.of_download(tx, line.download_id) is None


async def test_what_comes_to_the_review_again_waits_anew_under_its_number(database: Database) -> None:
    path = os.fsdecode(b"/review/caf\xe9.jpg")
    review_id = await reviewed(database, 1, to_review(), path=path)
    async with database.write() as tx:
        await review_queue.decide(tx, review_id, ReviewAction.REJECTED, by="me", now=2.0)
        (line,) = await review_queue.lines(tx, [review_id])
        given = {"sha256": sha(1), "size": 1, "source": "hook", "faces_detected": 0}
        again = to_review(Category.UNIDENTIFIED, suggested=None)
        assert await review_queue.put(tx, line.download_id, again, path=path, now=3.0, **given) == review_id  # type: ignore[arg-type]
        (line,) = await review_queue.lines(tx, [review_id])
    assert (line.action, line.category, line.reviewed_at) == (ReviewAction.PENDING, Category.UNIDENTIFIED, None)
    assert (line.path, line.filename) == (path, r"caf\udce9.jpg")


# -- sums -------------------------------------------------------------------------------------------------------------


async def test_the_sums_of_a_range_of_days(database: Database) -> None:
    for number, person in enumerate((ANN, ANN, BEA)):
        item_id = await fetched(database, number, now=DAY)
        async with database.write() as tx:
            await intake.set_finished(
                tx, item_id, ItemState.SORTED, outcome=SORTED, person=person, is_auto=True, now=DAY
            )
    await reviewed(database, 10, to_review(), now=DAY + 5)
    await reviewed(database, 11, to_review(Category.DUPLICATES), now=DAY + 6)
    approved = await reviewed(database, 12, to_review(), now=DAY + 7)
    async with database.write() as tx:
        await review_queue.decide(tx, approved, ReviewAction.APPROVED, by="", person_name="Bea", now=DAY + 8)
        (line,) = await review_queue.lines(tx, [approved])
        await intake.set_finished(tx, line.download_id, ItemState.SORTED, person=BEA, now=DAY + 8)
    (failed,) = await added(database, "failed", now=DAY)
    async with database.write() as tx:
        await intake.set_error(tx, failed, "404", next_at=None, now=DAY)
    await added(database, "waiting", now=DAY)
    await added(database, "next day", now=2 * DAY)
    async with database.read() as reader:
        found = await statistics(reader, since=DAY, until=2 * DAY)
        nothing = await statistics(reader, since=0.0, until=DAY)
    assert (found.came_in, found.auto_sorted, found.approved, found.rejected) == (8, 3, 1, 0)
    assert (found.in_review, found.pending, found.failed, found.duplicates) == (2, 1, 1, 1)
    assert list(found.by_person.items()) == [("Ann", 2), ("Bea", 2)]
    assert found.by_category[Category.LOW_CONFIDENCE] == 2
    assert found.by_category[Category.DUPLICATES] == 1
    assert found.success_rate == 3 / 6
    assert found.duplicate_rate == 1 / 8
    assert (found.queue, found.queue_age(DAY + 65)) == (2, 60.0)
    assert (nothing.came_in, nothing.success_rate, nothing.duplicate_rate) == (0, None, None)


async def test_the_sums_of_nothing(database: Database) -> None:
    async with database.read() as reader:
        found = await statistics(reader, since=0.0, until=DAY)
    assert (found.queue, found.oldest_in_queue, found.queue_age(5.0), found.by_person) == (0, None, None, {})
