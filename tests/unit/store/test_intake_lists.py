"""What the store tells of the review and of what came in: skipped ones, states, people and their folders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from intake_rows import ANN, BEA, fetched, item, reviewed, sha, to_review

from core.model.incoming import ItemState, Known, Person
from core.model.library_files import FileIdentity
from core.store import intake, intake_known, migrations, review_queue
from core.store.database import Database
from core.store.migrations import MIGRATIONS
from core.store.review_queue import ReviewAction, ReviewFilter, ReviewSort

SEEN = FileIdentity(1, 2, 9, 4_000_000_000_000_000_000)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "winnow.db") as found:
        yield found


async def order(database: Database, sort: ReviewSort = ReviewSort.NEWEST, *, is_reversed: bool = False) -> list[int]:
    async with database.read() as reader:
        return list(await review_queue.ids(reader, ReviewFilter(), sort=sort, is_reversed=is_reversed))


async def test_skipped_ones_come_last_by_age_alone(database: Database) -> None:
    one, two, three = [await reviewed(database, number, to_review(), now=float(number)) for number in (1, 2, 3)]
    async with database.write() as tx:
        assert await review_queue.skip(tx, [three, 99], now=9.0) == 1
    assert await order(database) == [two, one, three]
    assert await order(database, is_reversed=True) == await order(database, ReviewSort.OLDEST) == [one, two, three]
    assert await order(database, ReviewSort.SIZE) == [three, two, one]
    async with database.write() as tx:
        await review_queue.decide(tx, three, ReviewAction.APPROVED, by="me", now=10.0)
        assert await review_queue.skip(tx, [three], now=11.0) == 0
        await review_queue.reopen(tx, three, path="/review/3.jpg")
    assert await order(database) == [three, two, one]


async def test_the_list_in_turn_is_read_from_its_index(database: Database) -> None:
    async with database.read() as reader:
        plan = await reader.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM review_queue WHERE action IN (?) "
            "ORDER BY (skipped_at IS NOT NULL), created_at DESC, id ASC",
            ("pending",),
        )
    assert any("review_queue_in_turn" in row[3] for row in plan), plan
    assert not any("TEMP B-TREE FOR ORDER BY" in row[3] for row in plan), plan


async def test_what_a_file_was_is_kept_until_it_is_seen_anew(database: Database) -> None:
    item_id = await fetched(database, 1)
    assert (await item(database, item_id)).identity is None
    async with database.write() as tx:
        assert await intake.set_pending(
            tx, item_id, next_at=2.0, identity=SEEN, asset_is_ours=True, near="alike \udce9"
        )
    found = await item(database, item_id)
    assert (found.identity, found.asset_is_ours, found.near) == (SEEN, True, "alike \\udce9")
    other = FileIdentity(5, 6, 9, 8)
    async with database.write() as tx:
        assert await intake.set_pending(tx, item_id, next_at=3.0)
        await intake.set_place(tx, item_id, path="/else/1.jpg", identity=other)
    found = await item(database, item_id)
    assert (found.identity, found.asset_is_ours, found.near, found.file_path) == (
        other,
        True,
        "alike \\udce9",
        "/else/1.jpg",
    )


async def test_what_stands_so_is_listed_newest_first(database: Database) -> None:
    ids = [await fetched(database, number, now=float(number)) for number in (1, 2, 3)]
    async with database.write() as tx:
        await intake.give_back(tx, ids[0], path="/in/1.jpg", now=5.0)
    async with database.read() as reader:
        found = await intake.of_states(reader, (ItemState.FETCHED, ItemState.RETURNED))
        assert [one.id for one in found] == ids[::-1]
        assert [one.id for one in await intake.of_states(reader, (ItemState.RETURNED,))] == ids[:1]
        assert len(await intake.of_states(reader, tuple(ItemState), limit=2)) == 2
        counts = await intake.state_counts(reader)
    assert counts == dict.fromkeys(ItemState, 0) | {ItemState.FETCHED: 2, ItemState.RETURNED: 1}


async def test_what_was_given_back_is_known_to_nobody(database: Database) -> None:
    item_id = await fetched(database, 1)
    async with database.write() as tx:
        await intake.give_back(tx, item_id, path="/in/1.jpg", now=5.0)
        assert await intake_known.known(tx, sha(1)) is None


async def test_one_deletion_is_forgotten_and_others_stay(database: Database) -> None:
    async with database.write() as tx:
        await intake_known.remember(tx, Known.DELETED, [(sha(1), "/a", 1.0), (sha(1), "/b", 2.0)])
        await intake_known.forget(tx, Known.DELETED, sha(1), "/a")
        found = await intake_known.known(tx, sha(1))
        assert found is not None
        assert (found.where, found.path) == (Known.DELETED, "/b")
        await intake_known.forget(tx, Known.DELETED, sha(1), "/b")
        assert await intake_known.known(tx, sha(1)) is None


async def test_a_folder_is_handed_over_by_its_owner_alone(database: Database) -> None:
    async with database.write() as tx:
        await intake_known.keep_folder(tx, "Ann", ANN)
        assert not await intake_known.hand_over(tx, "Ann", BEA.id, BEA)
        assert await intake_known.hand_over(tx, "Ann", ANN.id, Person("c", "Ann"))
        assert await intake_known.people_with_folders(tx) == [("Ann", Person("c", "Ann"))]


async def test_a_review_of_the_schema_before_waits_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "winnow.db"
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", MIGRATIONS[:3])
        async with Database.open(path) as database, database.write() as tx:
            await tx.execute(
                "INSERT INTO downloads (id, token, state, source, filename, created_at, next_at) "
                "VALUES (1, x'01', 'review', 'hook', 'p.jpg', 1.0, 1.0)"
            )
            await tx.execute(
                "INSERT INTO review_queue (download_id, file_path, filename, category, size, source, reason, "
                "faces_detected, searched, created_at) "
                "VALUES (1, x'2f70', 'p.jpg', 'unidentified', 9, 'hook', '', 0, '', 1.0)"
            )
    async with Database.open(path) as database:
        (review_id,) = await order(database)
        async with database.read() as reader:
            (line,) = await review_queue.lines(reader, [review_id])
        assert (line.skipped_at, line.near, (await item(database, 1)).identity) == (None, "", None)
