"""`kill -9` in the middle of deciding about the review, and of taking that back: files and records never part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import review_victim
from intake_cases import Place, agree, desk_over, in_review
from victims import begin, dead

from core.demo.immich_server import DemoImmich
from core.demo.immich_world import FacePlan
from core.runtime import ReviewFilter

CONTENTS = [b"one", b"two", b"three"]
STEPS = [("started", 1), ("performed", 2), ("done", 2)]
BACK = [("undoing", 1), ("reverted", 2), ("undone", 3)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def killed(place: Place, **given: Any) -> None:
    everything = place.all_bytes
    await dead(begin(review_victim.run, root=str(place.root), **({"immich": place.immich} | given)))
    assert place.all_bytes == everything


async def filled(place: Place) -> list[int]:
    return [await in_review(place, f"{one.decode()}.jpg", one) for one in CONTENTS]


@pytest.mark.parametrize("does", ["approve", "reject"])
@pytest.mark.parametrize(("step", "number"), STEPS)
async def test_a_decision_that_was_killed_is_taken_up_again(place: Place, does: str, step: str, number: int) -> None:
    ids = await filled(place)
    before = place.tree
    await killed(place, does=does, ids=ids, step=step, number=number)
    async with desk_over(place) as runtime:
        await agree(runtime, place, ids)
        left = list(await runtime.intake.ids(ReviewFilter()))
        assert left
        work = runtime.intake.approve(left, "Ada") if does == "approve" else runtime.intake.reject(left)
        assert len((await work).done) == len(left)
        await agree(runtime, place, ids)
        assert list(await runtime.intake.ids(ReviewFilter())) == []
        while (batch := await runtime.history.last_undoable()) is not None:
            assert (await runtime.history.undo_batch(batch.id)).not_done == []
        await agree(runtime, place, ids)
    assert place.tree == before


@pytest.mark.parametrize("does", ["approve", "reject"])
@pytest.mark.parametrize(("step", "number"), BACK)
async def test_an_undo_that_was_killed_is_finished(place: Place, does: str, step: str, number: int) -> None:
    ids = await filled(place)
    before = place.tree
    async with desk_over(place) as runtime:
        report = await (runtime.intake.approve(ids, "Ada") if does == "approve" else runtime.intake.reject(ids))
    await killed(place, does="undo", batch=report.batch_id, step=step, number=number)
    async with desk_over(place) as runtime:
        await agree(runtime, place, ids)
        if await runtime.history.last_undoable() is not None:
            assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        await agree(runtime, place, ids)
        assert list(await runtime.intake.ids(ReviewFilter())) == ids
    assert place.tree == before


@pytest.mark.parametrize("step", ["started", "performed", "done"])
async def test_a_face_that_was_just_given_is_given_once(tmp_path: Path, step: str) -> None:
    async with DemoImmich.open(tmp_path / "immich") as server:
        place = Place(tmp_path, immich=(server.base_url, server.api_key))
        asset = server.world.add_seen(server.owner, "/mnt/library/a.jpg", FacePlan())
        review_id = await in_review(place, "a.jpg", CONTENTS[0], asset_id=asset.id)
        await killed(place, does="approve", ids=[review_id], step=step, number=1)
        async with desk_over(place) as runtime:
            await agree(runtime, place, [review_id])
            report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
            assert report.not_done == []
            await agree(runtime, place, [review_id])
        assert [one.person.name for one in asset.faces if one.person] == ["Ada"]
        assert len([one for one in server.world.people.values() if one.name == "Ada"]) == 1
