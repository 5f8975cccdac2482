"""Links and metadata on a Stash that changes under Winnow's hands, fails, hangs, or has a mind of its own."""

from __future__ import annotations

import asyncio

import ledger_victim
import pytest
from conflict_cases import FOREIGN, accept, at_request, films, states
from ledger_cases import agree, held, writes
from matching_desk import add_entry, desk_of, entry_name, everything, link, only
from victims import begin

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.stash_objects import DemoScene, DemoStashId
from core.demo.world import DemoWorld
from core.errors import JobCancelledError, JobRunningError
from core.matching.accept import ACCEPT
from core.model.recommendations import Status
from core.runtime import BatchState, EffectState, JobState

# -- somebody else was there first ----------------------------------------------------------------------------------


async def test_a_scene_deleted_between_scan_and_accept(empty_world: DemoWorld) -> None:
    films(empty_world, 2)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        del empty_world.stash.library.scenes[1]
        report = await accept(runtime)
        assert [one.words for one in report.not_done] == ["scene 1 is no longer in Stash"]
        assert await states(runtime, report.batch_id) == "refused done"
        assert writes(empty_world) == [2]
        assert not await everything(runtime, statuses=(Status.PENDING,))


@pytest.mark.parametrize("is_same", [True, False])
async def test_a_scene_linked_meanwhile(empty_world: DemoWorld, is_same: bool) -> None:
    first, _ = films(empty_world, 2)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        link(first, empty_world, entry_name(1) if is_same else "another")
        before = held(empty_world)[1]
        report = await accept(runtime)
        (refusal,) = [one.words for one in report.not_done]
        assert ("linked to this very entry meanwhile" in refusal) == is_same
        assert ("conflict: scene 1 already holds another id" in refusal) != is_same
        assert held(empty_world)[1] == before
        assert await states(runtime, report.batch_id) == "refused done"
        assert not await everything(runtime, statuses=(Status.PENDING,))


async def test_a_list_changed_between_looking_and_writing(empty_world: DemoWorld) -> None:
    """Looked at anew, so that the link somebody else just made stays beside ours, in undo too."""
    (scene,) = films(empty_world, 1)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        at_request(empty_world, "findScene", 2, lambda: scene.stash_ids.append(DemoStashId(FOREIGN, "theirs")))
        report = await accept(runtime)
        empty_world.stash.on_request = None
        assert [one.stash_id for one in scene.stash_ids] == ["theirs", entry_name(1)]
        assert writes(empty_world) == [1]
        (effect,) = await runtime.history.effects(report.batch_id)
        assert effect.before is not None
        assert [one["stash_id"] for one in effect.before["stash_ids"]] == ["theirs"]
        await runtime.history.undo_batch(report.batch_id)
        assert [one.stash_id for one in scene.stash_ids] == ["theirs"]


async def test_a_list_that_never_stands_still_is_left_alone(empty_world: DemoWorld) -> None:
    (scene,) = films(empty_world, 1)

    def change(request: RecordedRequest) -> None:
        if "findScene" in request.fields:
            scene.stash_ids = [DemoStashId(FOREIGN, f"theirs {len(empty_world.stash.log.of('findScene'))}")]

    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        empty_world.stash.on_request = change
        report = await accept(runtime)
        assert "somebody else changed the stash ids of scene 1 at this moment" in report.not_done[0].words
        assert await states(runtime, report.batch_id) == "refused"
        assert (writes(empty_world), scene.stash_id_at(empty_world.boxes[0].endpoint)) == ([], None)
        empty_world.stash.on_request = None
        assert len((await accept(runtime)).done) == 1


async def test_a_link_made_by_somebody_else_while_ours_was_on_its_way(empty_world: DemoWorld) -> None:
    (scene,) = films(empty_world, 1)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        at_request(empty_world, "findScene", 2, lambda: link(scene, empty_world, "another"))
        report = await accept(runtime)
        assert "conflict: scene 1 already holds another id" in report.not_done[0].words
        assert writes(empty_world) == []


async def test_a_plugin_that_drops_the_link_after_the_write(empty_world: DemoWorld) -> None:
    films(empty_world, 2)
    written = empty_world.stash.on_change

    def drop(scene: DemoScene) -> None:
        if scene.id == 1:
            scene.stash_ids = []
        written(scene)

    empty_world.stash.on_change = drop
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        report = await accept(runtime)
        assert [one.words for one in report.not_done] == [
            "Stash took the link of scene 1 but does not hold it: look for a plugin that changes scenes after an update"
        ]
        assert await states(runtime, report.batch_id) == "failed done"
        assert (await only(runtime, 1)).status is Status.PENDING


async def test_a_plugin_that_brings_the_link_back_after_the_undo(empty_world: DemoWorld) -> None:
    """The undo is said to have failed; it is not tried again at every start."""
    (scene,) = films(empty_world, 1)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        report = await accept(runtime)
        kept = list(scene.stash_ids)
        empty_world.stash.on_change = lambda one: setattr(one, "stash_ids", list(kept))
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "Stash took the undo of scene 1 but still holds the link" in undone.not_done[0].words
        await agree(runtime, empty_world, report.batch_id)
    async with desk_of(empty_world) as runtime:
        assert runtime.recovered == ()


# -- a Stash that fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DROP])
async def test_an_uncertain_write_is_settled_by_looking(empty_world: DemoWorld, kind: FaultKind) -> None:
    films(empty_world, 2)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        empty_world.stash.faults.add(kind, only="sceneUpdate")
        report = await accept(runtime)
        is_done = kind is FaultKind.CUT
        assert await states(runtime, report.batch_id) == ("done done" if is_done else "failed done")
        assert (await only(runtime, 1)).status is (Status.ACCEPTED if is_done else Status.PENDING)
        assert sorted(writes(empty_world)) == [1, 2]  # never sent again unasked
        if not is_done:
            assert "may or may not have been made" in report.not_done[0].words
            again = await accept(runtime)
            assert len(again.done) == 1


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DROP])
async def test_an_uncertain_undo_is_settled_by_looking(empty_world: DemoWorld, kind: FaultKind) -> None:
    films(empty_world, 2)
    before = held(empty_world)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        report = await accept(runtime)
        empty_world.stash.faults.add(kind, only="sceneUpdate")
        undone = await runtime.history.undo_batch(report.batch_id)
        is_done = kind is FaultKind.CUT
        assert await states(runtime, report.batch_id) == ("undone undone" if is_done else "undone done")
        assert len(undone.not_done) == (0 if is_done else 1)
        await agree(runtime, empty_world, report.batch_id)
        if not is_done:
            await runtime.history.undo_batch(report.batch_id)
        assert held(empty_world) == before


async def test_a_stash_that_goes_away_in_the_middle_of_a_batch(empty_world: DemoWorld) -> None:
    films(empty_world, 4)
    before = held(empty_world)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        at_request(empty_world, "sceneUpdate", 2, lambda: empty_world.stash.faults.add("drop", times=None) and None)
        report = await accept(runtime)
        assert len(report.done) == 2
        assert "127.0.0.1" in report.stopped_by
        assert await states(runtime, report.batch_id) == "done done planned planned"
        await agree(runtime, empty_world, report.batch_id)
        (job,) = await runtime.jobs.newest(kind=ACCEPT)
        assert (job.state, "winnow jobs resume" in job.error) == (JobState.FAILED, True)
        empty_world.stash.on_request = None
        assert (await runtime.resume_job(job.id)).state is JobState.FAILED  # still away
        empty_world.stash.faults.clear()
        assert (await runtime.resume_job(job.id)).state is JobState.DONE
        assert await states(runtime, report.batch_id) == "done done done done"
        assert sorted(writes(empty_world)) == [1, 2, 3, 4]
        await runtime.history.undo_batch(report.batch_id)
        assert held(empty_world) == before


async def test_a_stash_that_goes_away_with_a_write_unanswered(empty_world: DemoWorld) -> None:
    films(empty_world, 2)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()

        def cut() -> None:
            empty_world.stash.faults.add("drop", times=None, only="findScene")

        at_request(empty_world, "sceneUpdate", 1, cut)
        empty_world.stash.faults.add("cut", only="sceneUpdate")
        report = await accept(runtime)
        assert "Whether it was done cannot be seen now" in report.stopped_by
        assert await states(runtime, report.batch_id) == "started planned"
        empty_world.stash.on_request = None
        empty_world.stash.faults.clear()
        (job,) = await runtime.jobs.newest(kind=ACCEPT)
        assert (await runtime.resume_job(job.id)).state is JobState.DONE
        assert await states(runtime, report.batch_id) == "done done"
        assert writes(empty_world) == [1, 2]


async def test_a_batch_on_a_hanging_server_is_cancelled_within_a_second(empty_world: DemoWorld) -> None:
    films(empty_world, 3)
    async with desk_of(empty_world) as runtime, desk_of(empty_world) as other:
        await runtime.matching.scan()
        silent = empty_world.stash.faults.add("silent", only="sceneUpdate")
        accepting = asyncio.create_task(accept(runtime))
        async with asyncio.timeout(10):
            while not silent.hits:  # noqa: ASYNC110  a server has no event for it
                await asyncio.sleep(0.002)
        job = (await other.jobs.newest(kind=ACCEPT))[0]
        async with asyncio.timeout(1):
            await other.jobs.ask(job.id, "cancel")
            with pytest.raises(JobCancelledError):
                await accepting
        assert await states(runtime, 1) == "started planned planned"
        batch = await runtime.history.batch(1)
        assert batch is not None
        assert batch.state is BatchState.INTERRUPTED
        empty_world.stash.faults.clear()
        assert (await runtime.resume_job(job.id)).state is JobState.DONE
        await agree(runtime, empty_world, 1)
        assert await states(runtime, 1) == "done done done"


async def test_opening_a_second_winnow_leaves_a_write_under_way_alone(empty_world: DemoWorld) -> None:
    films(empty_world, 2)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        silent = empty_world.stash.faults.add("silent", only="sceneUpdate")
        accepting = asyncio.create_task(accept(runtime))
        async with asyncio.timeout(10):
            while not silent.hits:  # noqa: ASYNC110  a server has no event for it
                await asyncio.sleep(0.002)
        async with desk_of(empty_world) as other:
            assert other.recovered == ()
            assert await states(other, 1) == "started planned"
            assert (await other.jobs.newest(kind=ACCEPT))[0].state is JobState.RUNNING
        empty_world.stash.faults.release()
        assert len((await accepting).done) == 2
        await agree(runtime, empty_world, 1)


async def test_a_second_accept_at_once_is_refused_and_its_plan_given_up(empty_world: DemoWorld) -> None:
    films(empty_world, 2)
    async with desk_of(empty_world) as runtime, desk_of(empty_world) as other:
        await runtime.matching.scan()
        silent = empty_world.stash.faults.add("silent", only="sceneUpdate")
        first = await only(runtime, 1)
        second = await only(runtime, 2)
        accepting = asyncio.create_task(accept(runtime, first.id))
        async with asyncio.timeout(10):
            while not silent.hits:  # noqa: ASYNC110  a server has no event for it
                await asyncio.sleep(0.002)
        for one in (runtime, other):
            with pytest.raises(JobRunningError, match="already under way"):
                await accept(one, second.id)
        empty_world.stash.faults.release()
        await accepting
        assert [one.state for one in await runtime.history.batches()] == [BatchState.DONE] * 3
        assert await states(runtime, 2) == "dropped"
    async with desk_of(empty_world) as runtime:
        assert runtime.recovered == ()
        assert len((await accept(runtime, second.id)).done) == 1


# -- two processes --------------------------------------------------------------------------------------------------


async def test_two_winnows_that_accept_on_one_scene_at_once_lose_nothing(empty_world: DemoWorld) -> None:
    """At different endpoints, in processes of their own; Stash replaces the whole list at every write."""
    count = 6
    films(empty_world, count)
    for number in range(1, count + 1):
        add_entry(empty_world, number, box=1)
    async with desk_of(empty_world) as runtime:
        await runtime.matching.scan()
        chosen = [
            [one.id for one in await everything(runtime, statuses=(Status.PENDING,), endpoint=box.endpoint)]
            for box in empty_world.boxes
        ]
        assert [len(ids) for ids in chosen] == [count, count]
        empty_world.stash.faults.latency = 0.005  # wide enough to meet each other
        common = {"config": str(empty_world.config_path), "action": "link", "step": "none", "nth": 1}
        data = str(empty_world.directory.parent / "data")
        processes = [begin(ledger_victim.run, **common, data=data, ids=ids) for ids in chosen]
        for process in processes:
            await asyncio.to_thread(process.join, 30)
            assert process.exitcode == 0
        empty_world.stash.faults.latency = 0
        for batch in await runtime.history.batches():
            for effect in await runtime.history.effects(batch.id):
                assert effect.state in (EffectState.DONE, EffectState.REFUSED)
                is_held = (effect.payload["endpoint"], effect.payload["stash_id"]) in {
                    (one.endpoint, one.stash_id)
                    for one in empty_world.stash.library.scenes[effect.payload["scene_id"]].stash_ids
                }
                assert is_held == (effect.state is EffectState.DONE)
        if await everything(runtime, statuses=(Status.PENDING,)):
            await accept(runtime)  # those that were refused, since the other one was just writing
        for scene in empty_world.stash.library.scenes.values():
            assert len(scene.stash_ids) == 2
