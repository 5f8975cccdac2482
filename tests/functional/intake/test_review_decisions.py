"""Pictures in the review are approved, rejected, skipped; every decision can be taken back, whole or in part."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from intake_cases import Place, desk_over, folders, in_review, item, known_as_deleted, line, several

from core.errors import ConfigError, UndoRefusedError, UsageError
from core.model.incoming import Category, ItemState
from core.runtime import ReviewAction, ReviewFilter, ReviewSort


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_approving_files_the_picture_and_an_undo_puts_it_back(place: Place) -> None:
    review_id = await in_review(place, "beach.jpg")
    before = place.tree
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada", by="me")
        assert (report.not_done, report.refused_before) == ([], ())
        assert place.tree == {"faces/Ada/beach.jpg": b"picture beach.jpg"}
        found = await line(runtime, review_id)
        assert (found.action, found.person_name, found.reviewed_by) == (ReviewAction.APPROVED, "Ada", "me")
        assert found.path == str(place.final / "Ada" / "beach.jpg")
        one = await item(place, review_id)
        assert (one.state, one.person_name, one.auto_sorted) == (ItemState.SORTED, "Ada", False)
    async with desk_over(place) as runtime:
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.tree == before
        assert not (place.final / "Ada").exists()
        found = await line(runtime, review_id)
        assert (found.action, found.person_name, found.reviewed_at) == (ReviewAction.PENDING, "", None)
        one = await item(place, review_id)
        again = await runtime.intake.approve([review_id], "Bob")
        assert again.not_done == []
        assert list(place.tree) == ["faces/Bob/beach.jpg"]


async def test_rejecting_remembers_the_content_until_it_is_taken_back(place: Place) -> None:
    review_id = await in_review(place, "no.jpg", b"unwanted")
    before = place.tree
    async with desk_over(place) as runtime:
        report = await runtime.intake.reject([review_id])
        assert (report.not_done, report.refused_before, place.tree) == ([], (), {})
        assert await known_as_deleted(place, [b"unwanted"]) == [True]
        assert (await item(place, review_id)).state is ItemState.REJECTED
        assert len(await runtime.duplicates.trash.held()) == 1
    async with desk_over(place) as runtime:
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.tree == before
        assert await known_as_deleted(place, [b"unwanted"]) == [False]
        assert (await line(runtime, review_id)).action is ReviewAction.PENDING
        assert (await item(place, review_id)).state is ItemState.REVIEW


async def test_what_the_trash_gives_back_waits_for_a_decision_again(place: Place) -> None:
    review_id = await in_review(place, "no.jpg")
    async with desk_over(place) as runtime:
        await runtime.intake.reject([review_id])
        (lying,) = await runtime.duplicates.trash.held()
        await runtime.duplicates.trash.restore([lying.id])
        assert (await line(runtime, review_id)).action is ReviewAction.PENDING
        assert list(place.tree) == ["review/unidentified/unknown_no.jpg"]


async def test_many_at_once_are_one_batch_and_one_of_them_can_be_taken_back(place: Place) -> None:
    ids = await several(place, 20)
    before = place.tree
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert len(report.done) == 20
        assert len(place.tree) == 20
        assert all(name.startswith("faces/Ada/") for name in place.tree)
        effects = await runtime.history.effects(report.batch_id)
        await runtime.history.undo_effect(effects[3].id)
        assert [one for one in place.tree if one in before] == ["review/unidentified/unknown_p3.jpg"]
        assert list(await runtime.intake.ids(ReviewFilter())) == [ids[3]]
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.tree == before


async def test_what_goes_along_with_a_picture_goes_along(place: Place) -> None:
    ids = [await in_review(place, "a.jpg"), await in_review(place, "b.jpg")]
    for name in ("unknown_a.json", "unknown_b.jpg.txt"):
        (place.review / "unidentified" / name).write_bytes(name.encode())
    before = place.tree
    async with desk_over(place) as runtime:
        approved = await runtime.intake.approve(ids[:1], "Ada")
        rejected = await runtime.intake.reject(ids[1:])
        assert list(place.tree) == ["faces/Ada/a.jpg", "faces/Ada/a.json"]
        for report in (rejected, approved):
            assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.tree == before


async def test_a_taken_name_gets_a_moment_and_then_a_number(place: Place) -> None:
    ids = []
    for number in range(3):
        folder = [Category.UNIDENTIFIED, Category.DUPLICATES, Category.MULTIPLE_FACES][number]
        ids.append(await in_review(place, "same.jpg", b"%d" % number, category=folder))
    (place.final / "Ada").mkdir()
    (place.final / "Ada" / "same.jpg").write_bytes(b"was there")
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert report.not_done == []
        names = sorted(name.removeprefix("faces/Ada/") for name in place.tree)
        assert names[0] == "same.jpg"
        assert place.tree["faces/Ada/same.jpg"] == b"was there"
        stem = names[1].removesuffix(".jpg")
        assert [one.removeprefix(stem) for one in names[1:]] == [".jpg", "_2.jpg", "_3.jpg"]


async def test_skipped_ones_come_last_and_are_not_in_the_history(place: Place) -> None:
    ids = await several(place, 3)
    async with desk_over(place) as runtime:
        assert list(await runtime.intake.ids(ReviewFilter())) == ids[::-1]
        assert await runtime.intake.skip([ids[2]]) == 1
        assert list(await runtime.intake.ids(ReviewFilter())) == [ids[1], ids[0], ids[2]]
        assert list(await runtime.intake.ids(ReviewFilter(), sort=ReviewSort.OLDEST)) == [ids[0], ids[1], ids[2]]
        assert await runtime.history.batches() == []
        await runtime.intake.reject([ids[2]])
        assert await runtime.intake.skip([ids[2]]) == 0


async def test_changed_and_vanished_files_are_not_approved_and_the_rest_goes_on(place: Place) -> None:
    ids = await several(place, 4)
    folder = place.review / "unidentified"
    (folder / "unknown_p0.jpg").write_bytes(b"picture changed")
    (folder / "unknown_p1.jpg").unlink()
    (folder / "unknown_p2.jpg").unlink()
    (folder / "unknown_p2.jpg").symlink_to(folder / "unknown_p0.jpg")
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert [("changed since" in one, "is gone" in one) for one in report.refused_before] == [
            (True, False),
            (False, True),
            (False, True),
        ]
        assert len(report.done) == 1
        assert list(await runtime.intake.ids(ReviewFilter(), sort=ReviewSort.OLDEST)) == ids[:3]
        assert (folder / "unknown_p0.jpg").read_bytes() == b"picture changed"


async def test_a_file_that_is_gone_is_let_go_by_rejecting_it_and_what_changed_stays(place: Place) -> None:
    ids = await several(place, 4)
    folder = place.review / "unidentified"
    (folder / "unknown_p0.jpg").write_bytes(b"picture changed")
    (folder / "unknown_p1.jpg").unlink()
    (folder / "unknown_p2.jpg").unlink()
    (folder / "unknown_p2.jpg").symlink_to(folder / "unknown_p0.jpg")
    async with desk_over(place) as runtime:
        report = await runtime.intake.reject(ids)
        assert [("changed since" in one, "is gone" in one) for one in report.refused_before] == [
            (True, False),
            (False, True),
        ]
        assert report.done[0].title == "let go unknown_p1.jpg, whose file is gone"
        assert list(await runtime.intake.ids(ReviewFilter(), sort=ReviewSort.OLDEST)) == [ids[0], ids[2]]
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert list(await runtime.intake.ids(ReviewFilter(), sort=ReviewSort.OLDEST)) == ids
        assert (await item(place, ids[1])).state is ItemState.REVIEW


async def test_what_was_let_go_was_rejected_until_that_is_taken_back(place: Place) -> None:
    review_id = await in_review(place, "lost.jpg", b"the only one")
    (place.review / "unidentified" / "unknown_lost.jpg").unlink()
    async with desk_over(place) as runtime:
        report = await runtime.intake.reject([review_id])
        assert await known_as_deleted(place, [b"the only one"]) == [True]
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert await known_as_deleted(place, [b"the only one"]) == [False]


async def test_a_file_of_a_folder_that_is_not_there_is_not_let_go(place: Place, tmp_path: Path) -> None:
    (review_id,) = await several(place, 1)
    (place.review / "unidentified").rename(tmp_path / "elsewhere")
    async with desk_over(place) as runtime:
        report = await runtime.intake.reject([review_id])
        assert "cannot be reached" in report.refused_before[0]
        assert report.done == []
        assert list(await runtime.intake.ids(ReviewFilter())) == [review_id]


async def test_a_touched_file_is_the_same_by_its_content(place: Place) -> None:
    review_id = await in_review(place, "a.jpg")
    os.utime(place.review / "unidentified" / "unknown_a.jpg", (1, 1))
    async with desk_over(place) as runtime:
        assert (await runtime.intake.approve([review_id], "Ada")).refused_before == ()


async def test_what_was_decided_already_is_refused_in_words(place: Place) -> None:
    ids = await several(place, 2)
    async with desk_over(place) as runtime:
        await runtime.intake.approve(ids[:1], "Ada")
        report = await runtime.intake.reject(ids)
        assert report.refused_before == ("unknown_p0.jpg is approved already",)
        assert len(report.done) == 1
        with pytest.raises(UsageError, match="99"):
            await runtime.intake.reject([99])


@pytest.mark.parametrize("second", ["approve", "reject"])
async def test_two_decisions_at_once_are_carried_out_once(place: Place, second: str) -> None:
    ids = await several(place, 8)
    everything = place.all_bytes
    async with desk_over(place) as here, desk_over(place) as there:
        other = there.intake.approve(ids, "Bob") if second == "approve" else there.intake.reject(ids)
        reports = await asyncio.gather(here.intake.approve(ids, "Ada"), other)
        assert sum(len(one.done) for one in reports) == 8
        assert place.all_bytes == everything
        for one in await here.intake.lines(ids):
            lies_there = one.action is ReviewAction.APPROVED
            assert Path(one.path).exists() == lies_there
            assert not lies_there or Path(one.path).parent.name == one.person_name
        for report in reports:
            if report.done:
                assert (await here.history.undo_batch(report.batch_id)).not_done == []
        assert list(await here.intake.ids(ReviewFilter(), sort=ReviewSort.OLDEST)) == ids
        assert place.all_bytes == everything


async def test_an_approval_while_another_is_taken_back(place: Place) -> None:
    ids = await several(place, 8)
    everything = place.all_bytes
    async with desk_over(place) as here, desk_over(place) as there:
        first = await here.intake.approve(ids, "Ada")
        await asyncio.gather(here.history.undo_batch(first.batch_id), there.intake.approve(ids, "Bob"))
        assert place.all_bytes == everything
        for one in await here.intake.lines(ids):
            assert Path(one.path).exists()
            assert Path(one.path).parent.name == (one.person_name or "unidentified")


async def test_the_desk_says_what_is_missing_before_anything_moves(place: Place) -> None:
    review_id = await in_review(place, "a.jpg")
    text = place.config.read_text()
    place.config.write_text(text.replace("enabled = true", "enabled = false"))
    async with desk_over(place) as runtime:
        with pytest.raises(ConfigError, match="enabled"):
            await runtime.intake.approve([review_id], "Ada")
        assert not (await runtime.intake.summary()).is_configured


async def test_what_failed_or_was_returned_begins_anew(place: Place) -> None:
    review_id = await in_review(place, "a.jpg")
    one = await item(place, review_id)
    async with desk_over(place) as runtime:
        assert await runtime.intake.retry([one.id]) == []
        with pytest.raises(UsageError):
            await runtime.intake.retry([one.id, 99])


async def test_an_undo_after_the_place_was_taken_leaves_the_picture_to_be_decided(place: Place) -> None:
    review_id = await in_review(place, "a.jpg", b"ours")
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada")
        taken = place.review / "unidentified" / "unknown_a.jpg"
        taken.write_bytes(b"somebody else's")
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "beside" in undone.done[0].words
        found = await line(runtime, review_id)
        assert (Path(found.path).read_bytes(), found.path != str(taken)) == (b"ours", True)
        assert (await runtime.intake.approve([review_id], "Ada")).not_done == []
        assert place.tree == {
            "faces/Ada/a.jpg": b"ours",
            "review/unidentified/unknown_a.jpg": b"somebody else's",
        }


async def test_a_picture_that_was_moved_on_by_hand_is_not_taken_back(place: Place) -> None:
    review_id = await in_review(place, "a.jpg")
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada")
        (place.final / "Ada" / "a.jpg").rename(place.final / "elsewhere.jpg")
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "not there any more" in undone.not_done[0].words
        assert (await line(runtime, review_id)).action is ReviewAction.APPROVED
        with pytest.raises(UndoRefusedError):
            await runtime.history.undo_batch(report.batch_id + 1)


async def test_folders_are_known(place: Place) -> None:
    ids = await several(place, 1)
    async with desk_over(place) as runtime:
        await runtime.intake.approve(ids, "Ada")
    assert await folders(place) == {"Ada": "name:ada"}
