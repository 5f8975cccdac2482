"""Links and metadata taken back from a Stash that changed, fails, or has a mind of its own."""

from __future__ import annotations

import pytest
from conflict_cases import accept, at_request, films, states
from ledger_cases import FILL, agree, held
from matching_desk import desk_of, only

from core.demo.cases import Case
from core.demo.faults import FaultKind
from core.demo.graphql_http import picture
from core.demo.world import DemoWorld
from core.errors import UndoRefusedError
from core.matching.metadata import Choice, Field
from core.model.recommendations import Recommendation, RecommendationFilter
from core.runtime import BatchReport, EffectState, Runtime


async def test_an_undo_is_refused_when_what_is_there_is_not_what_winnow_wrote(empty_world: DemoWorld) -> None:
    first, second, *_ = films(empty_world, 4)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        report = await accept(runtime)
        first.stash_ids[0].stash_id = "another"
        second.stash_ids.clear()
        del empty_world.stash.library.scenes[3]
        preview = await runtime.history.preview_undo(report.batch_id)
        undone = await runtime.history.undo_batch(report.batch_id)
        for one in (preview, undone):
            words = {outcome.title.split(" (")[0]: outcome.words for outcome in one.not_done}
            assert "now holds another id" in words["link scene 1"]
            assert "no longer holds the link" in words["link scene 2"]
            assert "no longer in Stash" in words["link scene 3"]
            assert len(one.done) == 1
        assert first.stash_id_at(empty_world.boxes[0].endpoint) == "another"
        assert await states(runtime, report.batch_id) == "done done done undone"


async def test_one_action_in_the_middle_is_undone_and_can_be_accepted_again(empty_world: DemoWorld) -> None:
    films(empty_world, 3)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        report = await accept(runtime)
        middle = (await runtime.history.effects(report.batch_id))[1]
        await runtime.history.undo_effect(middle.id)
        await agree(runtime, empty_world, report.batch_id)
        with pytest.raises(UndoRefusedError, match="nothing to undo"):
            await runtime.history.undo_effect(middle.id)
        again = await accept(runtime)
        assert [one.subject for one in again.done] == [middle.subject]
        last = await runtime.history.last_undoable()
        assert last is not None
        assert last.id == again.batch_id


async def test_links_of_other_endpoints_keep_their_time(world: DemoWorld) -> None:
    scene = world.stash.library.scenes[Case.LINKED_BOX1]
    before = held(world)[Case.LINKED_BOX1]
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        one = await only(runtime, Case.LINKED_BOX1)
        report = await accept(runtime, one.id, metadata=FILL)
        assert len(report.done) == 2
        links = held(world)[Case.LINKED_BOX1]["links"]
        assert links[:2] == before["links"]
        assert links[2][:2] == (world.boxes[1].endpoint, one.candidate.id)
        assert len(scene.stash_ids) == 3
        await runtime.history.undo_batch(report.batch_id)
        assert held(world)[Case.LINKED_BOX1] == before


async def metadata_accepted(runtime: Runtime) -> tuple[Recommendation, BatchReport]:
    await runtime.matching.scan()
    wanted = RecommendationFilter(scene_id=int(Case.METADATA))
    (one,) = await runtime.matching.rows(await runtime.matching.ids(wanted))
    report = await accept(runtime, one.id, metadata=FILL)
    assert len(report.done) == 2
    return one, report


async def test_metadata_comes_and_goes_field_by_field(world: DemoWorld) -> None:
    before = held(world)
    async with desk_of(world) as runtime:
        _, report = await metadata_accepted(runtime)
        after = held(world)[Case.METADATA]
        changed = {name for name, value in after.items() if value != before[Case.METADATA][name]}
        assert changed == {
            "title", "code", "details", "director", "date", "urls", "studio", "performers", "tags", "links",
        }  # fmt: skip
        await runtime.history.undo_batch(report.batch_id)
        assert held(world) == before


@pytest.mark.parametrize("is_in_between", [False, True])
async def test_metadata_changed_by_somebody_else_is_not_overwritten(world: DemoWorld, is_in_between: bool) -> None:
    """Changed before the undo, or between its look and its write."""
    scene = world.stash.library.scenes[Case.METADATA]
    async with desk_of(world) as runtime:
        _, report = await metadata_accepted(runtime)
        effect = (await runtime.history.effects(report.batch_id))[1]
        if is_in_between:
            at_request(world, "findScene", 2, lambda: setattr(scene, "title", "My own title"))
        else:
            scene.title = "My own title"
        after = held(world)[Case.METADATA] | {"title": "My own title"}
        undone = await runtime.history.undo_effect(effect.id)
        assert "was changed by somebody else since (title); nothing was put back" in undone.not_done[0].words
        assert held(world)[Case.METADATA] == after
        assert (await runtime.history.effects(report.batch_id))[1].state is EffectState.DONE


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DROP])
@pytest.mark.parametrize("is_undo", [False, True])
async def test_an_uncertain_write_of_metadata_is_settled_by_looking(
    world: DemoWorld, kind: FaultKind, is_undo: bool
) -> None:
    before = held(world)
    is_done = kind is FaultKind.CUT
    async with desk_of(world) as runtime:
        if is_undo:
            _, report = await metadata_accepted(runtime)
            world.stash.faults.add(kind, only="sceneUpdate")
            await runtime.history.undo_effect((await runtime.history.effects(report.batch_id))[1].id)
            assert await states(runtime, report.batch_id) == ("done undone" if is_done else "done done")
        else:
            await runtime.matching.scan()
            one = await only(runtime, Case.METADATA)
            world.stash.faults.pending.clear()
            at_request(world, "sceneUpdate", 1, lambda: world.stash.faults.add(kind, only="sceneUpdate"))
            report = await accept(runtime, one.id, metadata=FILL)
            world.stash.on_request = None
            assert await states(runtime, report.batch_id) == ("done done" if is_done else "done failed")
        await runtime.history.undo_batch(report.batch_id)
        assert held(world) == before


@pytest.mark.parametrize("had_one", [True, False])
async def test_a_cover_is_put_back_where_there_was_one(world: DemoWorld, had_one: bool) -> None:
    scene = world.stash.library.scenes[Case.METADATA]
    old, new = b"\xff\xd8\xff\xe0 old \xff\xd9", b"\xff\xd8\xff\xe0 new \xff\xd9"
    scene.cover = old if had_one else None
    for entry in world.boxes[0].library.scenes.values():
        for image in entry.images:
            image.source = new
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        one = await only(runtime, Case.METADATA)
        report = await accept(runtime, one.id, metadata={Field.COVER: Choice.REPLACE})
        assert (len(report.done), picture(scene.cover)) == (2, new)
        preview = await runtime.history.preview_undo(report.batch_id)
        undone = await runtime.history.undo_batch(report.batch_id)
        assert picture(scene.cover) == (old if had_one else new)
        refusals = (
            [] if had_one else ["scene 27 had no cover before, and Stash has no way to take one away: change it there"]
        )
        assert [one.words for one in preview.not_done] == [one.words for one in undone.not_done] == refusals
