"""What the intake desk keeps: added once, worked on in order, known again, reviewed, counted; and older databases."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.incoming import (
    Box,
    Category,
    Destination,
    DuplicateOf,
    Faces,
    FoundFace,
    Item,
    ItemState,
    Known,
    NewItem,
    Outcome,
    Person,
)
from core.store import facts, intake, intake_known, migrations, review_queue
from core.store.database import Database
from core.store.intake_statistics import statistics
from core.store.migrations import MIGRATIONS
from core.store.review_queue import ReviewAction, ReviewFilter, ReviewSort

ANN, BEA = Person("a", "Ann"), Person("b", "Bea")
FACES = Faces(is_analysed=True, found=(FoundFace(ANN, Box(0.1, 0.2, 0.3, 0.4), 0.5),))
SORTED = Outcome(Destination.PERSON, "p.jpg", "Ann was recognised", person=ANN)
DAY = 86_400.0


def to_review(
    category: Category = Category.LOW_CONFIDENCE, *, suggested: Person | None = ANN, reason: str = ""
) -> Outcome:
    duplicate = DuplicateOf(Known.LIBRARY, "/x", 1.0) if category is Category.DUPLICATES else None
    return Outcome(Destination.REVIEW, "x.jpg", reason or category, category, suggested=suggested, duplicate=duplicate)


def sha(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "winnow.db") as found:
        yield found


async def added(database: Database, *urls: str, now: float = 1.0, source: str = "hook") -> list[int]:
    async with database.write() as tx:
        items = [NewItem.at(url, source=source, filename=url) for url in urls]
        return [one.id for one in await intake.add(tx, items, now=now)]


async def fetched(database: Database, number: int, *, now: float = 1.0) -> int:
    (item_id,) = await added(database, f"u{number}", now=now)
    async with database.write() as tx:
        path = f"/in/{number}.jpg"
        assert await intake.set_fetched(tx, item_id, path=path, filename="p.jpg", size=9, sha256=sha(number), now=now)
    return item_id


async def reviewed(database: Database, number: int, outcome: Outcome, *, now: float = 1.0, **more: Any) -> int:
    """A picture in the review; its id there."""
    item_id = await fetched(database, number, now=now)
    path = more.pop("path", f"/review/{number}.jpg")
    given: dict[str, Any] = {"size": number, "source": "hook", "faces_detected": 1} | more
    async with database.write() as tx:
        await intake.set_finished(tx, item_id, ItemState.REVIEW, path=path, outcome=outcome, now=now)
        return await review_queue.put(tx, item_id, outcome, path=path, sha256=sha(number), now=now, **given)


async def item(database: Database, item_id: int) -> Item:
    async with database.read() as reader:
        found = await intake.get(reader, item_id)
    assert found is not None
    return found


# -- adding -----------------------------------------------------------------------------------------------------------


async def test_what_is_added_twice_is_one(database: Database) -> None:
    first = await added(database, "http://a/1.jpg", "http://a/2.jpg", "http://a/1.jpg")
    assert first[0] == first[2] != first[1]
    assert await added(database, "http://a/1.jpg", source="another") not in ([first[0]], [first[1]])
    async with database.write() as tx:
        (again,) = await intake.add(tx, [NewItem.at("http://a/1.jpg", source="hook", filename="other")], now=9.0)
        assert (again.id, again.is_new, again.state) == (first[0], False, ItemState.ADDED)
    assert (await item(database, first[0])).filename == "http://a/1.jpg"


async def test_a_file_is_one_by_its_content_whatever_it_is_called(database: Database) -> None:
    path = os.fsdecode(b"/in/caf\xe9.jpg")
    async with database.write() as tx:
        one, two, three = await intake.add(
            tx,
            [
                NewItem.file(path, source="drop", filename=path, sha256=sha(1)),
                NewItem.file("/in/b.jpg", source="drop", filename="b.jpg", sha256=sha(1)),
                NewItem.file(path, source="drop", filename="c", sha256=sha(2)),
            ],
            now=1.0,
        )
    assert (one.is_new, two.is_new, three.is_new) == (True, False, True)
    assert one.id == two.id
    found = await item(database, one.id)
    assert (found.origin, found.filename) == (path, r"/in/caf\udce9.jpg")


# -- working on -------------------------------------------------------------------------------------------------------


async def test_what_waits_longest_is_next_and_nothing_before_its_time(database: Database) -> None:
    late, soon = await added(database, "late", now=5.0), await added(database, "soon", now=2.0)
    done = await fetched(database, 1, now=1.0)
    async with database.write() as tx:
        await intake.set_finished(tx, done, ItemState.SORTED, outcome=SORTED, person=ANN, is_auto=True, now=1.0)
    async with database.read() as reader:
        assert [one.id for one in await intake.to_do(reader, now=9.0, limit=9)] == [*soon, *late]
        assert [one.id for one in await intake.to_do(reader, now=3.0, limit=9)] == soon
        assert [one.id for one in await intake.to_do(reader, now=9.0, limit=1)] == soon
        assert await intake.next_moment(reader) == 2.0
        plan = await reader.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM downloads WHERE state IN ('added', 'fetched', 'pending') "
            "AND next_at <= 9 ORDER BY next_at, id LIMIT 9"
        )
    assert [row[3] for row in plan] == ["SEARCH downloads USING COVERING INDEX downloads_to_do (next_at<?)"] or (
        "downloads_to_do" in plan[0][3] and "TEMP B-TREE" not in str(plan)
    )


async def test_a_download_is_continued_and_then_whole(database: Database) -> None:
    (item_id,) = await added(database, "u")
    async with database.write() as tx:
        await intake.keep_fetching(tx, item_id, {"etag": '"1"', "part": ".p.part"}, expected=100)
    found = await item(database, item_id)
    assert (found.fetching, found.expected_size, found.state) == ({"etag": '"1"', "part": ".p.part"}, 100, "added")
    async with database.write() as tx:
        for is_first in (True, False):
            assert is_first == await intake.set_fetched(
                tx, item_id, path="/in/p", filename="p", size=100, sha256=sha(1), sha1=b"1" * 20, md5=b"5" * 16, now=2.0
            )
    found = await item(database, item_id)
    assert (found.sha256, found.sha1, found.md5, found.size) == (sha(1), b"1" * 20, b"5" * 16, 100)
    assert (found.state, found.fetching, found.download_date) == (ItemState.FETCHED, {}, 2.0)


async def test_what_is_pending_keeps_what_is_known(database: Database) -> None:
    item_id = await fetched(database, 1)
    async with database.write() as tx:
        assert await intake.set_pending(tx, item_id, next_at=5.0, asset_id="asset", path="/lib/p.jpg")
        assert await intake.set_pending(tx, item_id, next_at=6.0, faces=FACES, outcome=SORTED, is_attempt=True)
        assert await intake.set_pending(tx, item_id, next_at=7.0)
    found = await item(database, item_id)
    assert (found.asset_id, found.faces, found.outcome, found.attempts) == ("asset", FACES, SORTED, 1)
    assert (found.state, found.next_at, found.file_path) == (ItemState.PENDING, 7.0, "/lib/p.jpg")
    async with database.write() as tx:
        await intake.set_finished(tx, item_id, ItemState.SORTED, path="/faces/Ann/p.jpg", person=ANN, now=8.0)
        assert not await intake.set_pending(tx, item_id, next_at=9.0)
    assert (await item(database, item_id)).outcome == SORTED


async def test_an_error_is_kept_and_the_last_one_is_final_until_it_is_begun_again(database: Database) -> None:
    (item_id,) = await added(database, "u")
    async with database.write() as tx:
        await intake.set_error(tx, item_id, "503 \udce9", next_at=60.0, now=1.0)
    found = await item(database, item_id)
    assert (found.state, found.error, found.attempts, found.next_at) == (ItemState.ADDED, r"503 \udce9", 1, 60.0)
    async with database.write() as tx:
        assert not await intake.retry(tx, item_id, now=2.0)
        await intake.set_error(tx, item_id, "404", next_at=None, now=61.0)
    found = await item(database, item_id)
    assert (found.state, found.error, found.finished_at) == (ItemState.FAILED, "404", 61.0)
    async with database.write() as tx:
        assert await intake.retry(tx, item_id, now=70.0)
    found = await item(database, item_id)
    assert (found.state, found.error, found.attempts, found.next_at) == (ItemState.ADDED, "", 0, 70.0)


async def test_a_sorted_picture_can_be_looked_at_again(database: Database) -> None:
    item_id = await fetched(database, 1)
    async with database.write() as tx:
        await intake.set_finished(
            tx, item_id, ItemState.SORTED, path="/faces/Ann/p.jpg", outcome=SORTED, person=ANN, is_auto=True, now=2.0
        )
    found = await item(database, item_id)
    assert (found.person_id, found.person_name, found.auto_sorted, found.finished_at) == ("a", "Ann", True, 2.0)
    async with database.write() as tx:
        await intake.reopen(tx, item_id, path="/in/1.jpg", now=3.0)
    found = await item(database, item_id)
    assert (found.state, found.file_path, found.auto_sorted, found.outcome) == ("fetched", "/in/1.jpg", False, None)
    async with database.read() as reader:
        assert [one.id for one in await intake.fetch(reader, [99, item_id])] == [item_id]


# -- known contents ---------------------------------------------------------------------------------------------------


async def known(database: Database, number: int, **more: Any) -> DuplicateOf | None:
    async with database.read() as reader:
        return await intake_known.known(reader, sha(number), **more)


async def test_where_a_content_is_known_from(database: Database) -> None:
    item_id = await fetched(database, 1, now=10.0)
    assert await known(database, 2) is None
    assert await known(database, 1, than=item_id) is None
    assert await known(database, 1) == DuplicateOf(Known.QUEUE, "/in/1.jpg", 10.0)
    for state, where in (
        (ItemState.REVIEW, Known.QUEUE),
        (ItemState.SORTED, Known.DOWNLOADS),
        (ItemState.REJECTED, Known.DELETED),
    ):
        async with database.write() as tx:
            await intake.set_finished(tx, item_id, state, now=20.0, path="/there/1.jpg")
        assert await known(database, 1, than=item_id + 1) == DuplicateOf(where, "/there/1.jpg", 20.0)
    async with database.write() as tx:
        await intake.set_finished(tx, item_id, ItemState.TRASHED, now=20.0)
    assert await known(database, 1) is None


async def test_the_library_counts_most_and_is_known_by_md5_too(database: Database) -> None:
    await fetched(database, 1)
    path = os.fsdecode(b"/lib/caf\xe9.jpg")
    async with database.write() as tx:
        await intake_known.remember(tx, Known.LIBRARY, [(b"m" * 16, path, 5.0)], scan=1)
        await intake_known.remember(tx, Known.DELETED, [(sha(1), "/gone.jpg", None), (sha(3), "/gone3.jpg", 7.0)])
    assert await known(database, 1) == DuplicateOf(Known.QUEUE, "/in/1.jpg", 1.0)
    assert await known(database, 1, md5=b"m" * 16) == DuplicateOf(Known.LIBRARY, r"/lib/caf\udce9.jpg", 5.0)
    assert await known(database, 3) == DuplicateOf(Known.DELETED, "/gone3.jpg", 7.0)
    async with database.write() as tx:
        await intake_known.remember(tx, Known.LIBRARY, [(b"m" * 16, path, None)], scan=2)
        assert await intake_known.forget_unseen(tx, Known.LIBRARY, scan=2) == 0
        assert await intake_known.forget_unseen(tx, Known.LIBRARY, scan=3) == 1
    assert (await known(database, 3)) is not None


async def test_a_look_up_reads_no_table_from_end_to_end(database: Database) -> None:
    asked: list[Any] = []
    async with database.read() as reader:
        rows = reader.rows

        async def spy(sql: str, values: Any = ()) -> Any:
            asked.extend(await rows(f"EXPLAIN QUERY PLAN {sql}", values))
            return await rows(sql, values)

        reader.rows = spy  # type: ignore[method-assign, assignment]
        await intake_known.known(reader, sha(1), md5=b"m" * 16, than=3)
    plan = [row[3] for row in asked]
    assert not any(one.startswith("SCAN") for one in plan), plan
    assert any("known_hashes USING PRIMARY KEY (hash=?)" in one for one in plan), plan
    assert any("downloads_by_hash (file_hash=?" in one for one in plan), plan


async def test_a_folder_is_one_persons(database: Database) -> None:
    async with database.write() as tx:
        assert await intake_known.keep_folder(tx, "Ann", ANN)
        assert await intake_known.keep_folder(tx, "Ann", Person("a", "Ann Bell"))
        assert not await intake_known.keep_folder(tx, "Ann", BEA)
        assert await intake_known.keep_folder(tx, "Ann (2)", BEA)
        assert await intake_known.person_folders(tx) == {"Ann": "a", "Ann (2)": "b"}


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


# -- older databases --------------------------------------------------------------------------------------------------


async def test_a_database_of_the_schema_before_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "winnow.db"
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", MIGRATIONS[:2])
        async with Database.open(path) as database, database.write() as tx:
            await facts.put(tx, "kept", "yes")
            await tx.insert(
                "INSERT INTO plans (kind, title, created_at, detail) VALUES (?, ?, ?, ?)", ("rule", "t", 1.0, b"{}")
            )
    async with Database.open(path) as database:
        async with database.read() as reader:
            assert await reader.value("PRAGMA user_version") == len(MIGRATIONS) >= 3
            assert await facts.get(reader, "kept") == "yes"
            assert await reader.value("SELECT title FROM plans") == "t"
            assert await intake.to_do(reader, now=9.0, limit=9) == []
        assert await fetched(database, 1) == 1
    (backup,) = path.parent.glob("winnow.db.backup-2-*")
    assert backup.stat().st_size > 0


async def test_the_columns_that_others_may_read(database: Database) -> None:
    wanted = {
        "downloads": "file_path filename file_hash source person_name download_date auto_sorted",
        "review_queue": "file_path category file_hash reason faces_detected suggested_person created_at reviewed_at "
        "reviewed_by action",
    }
    async with database.read() as reader:
        for table, names in wanted.items():
            found = {row[1] for row in await reader.rows(f"PRAGMA table_info({table})")}
            assert set(names.split()) <= found
