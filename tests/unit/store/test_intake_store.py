"""What the intake desk keeps: added once, worked on in order, known again; and older databases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from intake_rows import ANN, BEA, FACES, SORTED, added, fetched, item, sha

from core.model.incoming import Added, DuplicateOf, ItemState, Known, NewFile, NewItem, Person
from core.model.library_files import FileIdentity
from core.store import facts, intake, intake_feed, intake_known, migrations
from core.store.database import Database
from core.store.migrations import MIGRATIONS

# -- adding -----------------------------------------------------------------------------------------------------------


async def test_what_is_added_twice_is_one(database: Database) -> None:
    first = await added(database, "http://a/1.jpg", "http://a/2.jpg", "http://a/1.jpg")
    assert first[0] == first[2] != first[1]
    assert await added(database, "http://a/1.jpg", source="another") not in ([first[0]], [first[1]])
    async with database.write() as tx:
        (again,) = await intake.add(tx, [NewItem.at("http://a/1.jpg", source="hook", filename="other")], now=9.0)
        assert (again.id, again.is_new, again.state) == (first[0], False, ItemState.ADDED)
    assert (await item(database, first[0])).filename == "http://a/1.jpg"


def new_file(path: str, number: int, *, inode: int) -> NewFile:
    identity = FileIdentity(1, inode, 100, 5)
    return NewFile("drop", path, Path(path).name, identity, sha(number), b"1" * 20, b"5" * 16)


async def handed_over(database: Database, *files: NewFile, now: float = 1.0) -> list[Added]:
    async with database.write() as tx:
        return await intake_feed.hand_over_files(tx, files, now=now)


async def test_a_file_is_one_by_its_content_and_place_and_by_its_inode(database: Database) -> None:
    path = os.fsdecode(b"/in/caf\xe9.jpg")
    one, two, three, four = await handed_over(
        database,
        new_file(path, 1, inode=11),
        new_file(path, 1, inode=11),
        new_file("/in/link.jpg", 1, inode=11),  # another name of the same file
        new_file("/in/copy.jpg", 1, inode=12),  # another file of the same content
    )
    assert [each.is_new for each in (one, two, three, four)] == [True, False, False, True]
    assert one.id == two.id == three.id != four.id
    found = await item(database, one.id)
    assert (found.origin, found.filename, found.state) == (path, r"caf\udce9.jpg", ItemState.FETCHED)
    assert found.identity == FileIdentity(1, 11, 100, 5)


@pytest.mark.parametrize("state", [ItemState.FAILED, ItemState.RETURNED])
async def test_what_failed_or_was_returned_begins_anew_when_it_is_handed_over_again(
    database: Database, state: ItemState
) -> None:
    (one,) = await handed_over(database, new_file("/in/a.jpg", 1, inode=11))
    async with database.write() as tx:
        if state is ItemState.FAILED:
            await intake.set_error(tx, one.id, "why", next_at=None, now=2.0)
        else:
            await intake.give_back(tx, one.id, path="/in/a.jpg", now=2.0)
    (again,) = await handed_over(database, new_file("/in/a.jpg", 1, inode=11), now=3.0)
    assert (again.id, again.is_new, again.is_again, again.state) == (one.id, False, True, ItemState.FETCHED)
    found = await item(database, one.id)
    assert (found.state, found.error, found.finished_at) == (ItemState.FETCHED, "", None)


async def test_a_file_that_comes_where_one_went_from_is_another_one(database: Database) -> None:
    (one,) = await handed_over(database, new_file("/in/a.jpg", 1, inode=11))
    async with database.write() as tx:
        await intake.set_finished(tx, one.id, ItemState.SORTED, path="/faces/Ann/a.jpg", person=ANN, now=2.0)
    (two,) = await handed_over(database, new_file("/in/a.jpg", 1, inode=12), now=3.0)
    assert two.is_new
    assert two.id != one.id


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


async def test_a_sorted_picture_can_be_given_back(database: Database) -> None:
    item_id = await fetched(database, 1)
    async with database.write() as tx:
        await intake.set_finished(
            tx, item_id, ItemState.SORTED, path="/faces/Ann/p.jpg", outcome=SORTED, person=ANN, is_auto=True, now=2.0
        )
    found = await item(database, item_id)
    assert (found.person_id, found.person_name, found.auto_sorted, found.finished_at) == ("a", "Ann", True, 2.0)
    async with database.write() as tx:
        await intake.give_back(tx, item_id, path="/in/1.jpg", now=3.0)
    found = await item(database, item_id)
    assert (found.state, found.file_path, found.auto_sorted, found.outcome) == ("returned", "/in/1.jpg", False, None)
    async with database.write() as tx:
        assert await intake.to_do(tx, now=9.0, limit=9) == []
        assert await intake.retry(tx, item_id, now=4.0)
    assert (await item(database, item_id)).state is ItemState.FETCHED
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
