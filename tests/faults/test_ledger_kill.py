"""`kill -9` at every recorded step of a batch accept and of its undo: nothing half done, nothing done twice."""

from __future__ import annotations

import os
import signal
from multiprocessing.process import BaseProcess
from typing import Any

import ledger_victim
import pytest
from ledger_cases import FILL, agree, held, writes
from matching_desk import desk_of
from victims import begin, dead

from core.demo.cases import Case
from core.demo.faults import RecordedRequest
from core.demo.world import DemoWorld
from core.matching.accept import ACCEPT
from core.model.recommendations import RecommendationFilter
from core.runtime import BatchState, EffectState, JobState, Runtime

CASES = (Case.METADATA, Case.CERTAIN_BOX1, Case.LINKED_BOX1)  # a link and its metadata each: six effects


def start(world: DemoWorld, **given: Any) -> BaseProcess:
    given |= {"config": str(world.config_path), "data": str(world.directory.parent / "data")}
    return begin(ledger_victim.run, **given)


async def killed(world: DemoWorld, **given: Any) -> None:
    await dead(start(world, **given))


async def chosen(runtime: Runtime) -> list[int]:
    """One recommendation for each of the cases."""
    ids: list[int] = []
    for case in CASES:
        ids += list(await runtime.matching.ids(RecommendationFilter(scene_id=int(case))))[:1]
    assert len(ids) == len(CASES)
    return ids


async def scanned(world: DemoWorld) -> list[int]:
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        return await chosen(runtime)


async def finish(runtime: Runtime, world: DemoWorld, batch_id: int) -> None:
    """Resume the job that was cut short; everything is accepted then, and each scene was written as often as needed."""
    job = await runtime.jobs.resumable(ACCEPT)
    assert job is not None
    assert job.state is JobState.INTERRUPTED
    assert (await runtime.resume_job(job.id)).state is JobState.DONE
    await agree(runtime, world, batch_id)
    assert {one.state for one in await runtime.history.effects(batch_id)} == {EffectState.DONE}
    batch = await runtime.history.batch(batch_id)
    assert batch is not None
    assert batch.state is BatchState.DONE
    assert sorted(writes(world)) == sorted([*CASES, *CASES])  # a link and its metadata, once each


async def undo(runtime: Runtime, world: DemoWorld, batch_id: int, before: dict[int, Any]) -> None:
    report = await runtime.history.undo_batch(batch_id)
    assert report.not_done == []
    assert held(world) == before
    await agree(runtime, world, batch_id)


@pytest.mark.slow
# a link (odd), and metadata (even) with a scene already done
@pytest.mark.parametrize(
    ("step", "nth"), [("started", 1), ("started", 4), ("performed", 1), ("performed", 4), ("done", 4)]
)
async def test_killed_in_the_middle_of_a_batch_accept(world: DemoWorld, step: str, nth: int) -> None:
    ids = await scanned(world)
    before = held(world)
    await killed(world, action="accept", ids=ids, step=step, nth=nth)
    async with desk_of(world) as runtime:
        words = "\n".join(runtime.recovered)
        assert "batch 1 (accept 3 matches) was cut short" in words
        assert ("was cut short before it was done; nothing was changed" in words) == (step == "started")
        assert ("was cut short after it was done; it is recorded now" in words) == (step == "performed")
        assert "job" in words
        await agree(runtime, world, 1)
        effects = await runtime.history.effects(1)
        done = nth - 1 if step == "started" else nth
        assert [one.state for one in effects] == [EffectState.DONE] * done + [EffectState.PLANNED] * (6 - done)
        batch = await runtime.history.batch(1)
        assert batch is not None
        assert batch.state is BatchState.INTERRUPTED
    async with desk_of(world) as runtime:
        assert runtime.recovered == ()
        await finish(runtime, world, 1)
        await undo(runtime, world, 1, before)


@pytest.mark.slow
async def test_killed_between_the_plan_and_the_first_effect(world: DemoWorld) -> None:
    ids = await scanned(world)
    before = held(world)
    await killed(world, action="accept", ids=ids, step="submitted", nth=0)
    async with desk_of(world) as runtime:
        assert "batch 1 (accept 3 matches) was cut short: 6 of 6 were not started and wait as before" in (
            runtime.recovered
        )
        assert held(world) == before
        await agree(runtime, world, 1)
        # What was planned is still pending, and can be accepted by a new plan, to which the old one gives way.
        report = await runtime.matching.accept(await runtime.matching.plan_accept(ids))
        assert len(report.done) == 3
        assert {one.state for one in await runtime.history.effects(1)} == {EffectState.DROPPED}
        await undo(runtime, world, report.batch_id, before)


@pytest.mark.slow
async def test_killed_while_the_server_carries_the_write_out(world: DemoWorld) -> None:
    ids = await scanned(world)
    before = held(world)
    pids: list[int] = []

    def kill(request: RecordedRequest) -> None:
        if "sceneUpdate" in request.fields and pids:
            os.kill(pids.pop(), signal.SIGKILL)

    world.stash.on_request = kill
    process = start(world, action="accept", ids=ids, step="none", nth=1)
    assert process.pid is not None
    pids.append(process.pid)
    await dead(process)
    world.stash.on_request = None
    async with desk_of(world) as runtime:
        assert "was cut short after it was done; it is recorded now" in runtime.recovered[0]
        await agree(runtime, world, 1)
        await finish(runtime, world, 1)
        await undo(runtime, world, 1, before)


@pytest.mark.slow
# newest first: metadata (odd), and a link (even)
@pytest.mark.parametrize(
    ("step", "nth"), [("undoing", 1), ("undoing", 4), ("reverted", 1), ("reverted", 4), ("undone", 1)]
)
async def test_killed_in_the_middle_of_an_undo(world: DemoWorld, step: str, nth: int) -> None:
    ids = await scanned(world)
    before = held(world)
    async with desk_of(world) as runtime:
        report = await runtime.matching.accept(await runtime.matching.plan_accept(ids), metadata=FILL)
        assert len(report.done) == 6
    await killed(world, action="undo", batch=1, step=step, nth=nth)
    async with desk_of(world) as runtime:
        words = "\n".join(runtime.recovered)
        assert ("the undo that was cut short is finished" in words) == (step != "undone")
        await agree(runtime, world, 1)
        states = [one.state for one in await runtime.history.effects(1)]
        assert states == [EffectState.DONE] * (6 - nth) + [EffectState.UNDONE] * nth
        await undo(runtime, world, 1, before)
        count = writes(world)
        assert {one: count.count(one) for one in set(count)} == {int(case): 4 for case in CASES}


@pytest.mark.slow
async def test_a_server_away_at_the_next_start_leaves_it_open_for_the_one_after(world: DemoWorld) -> None:
    ids = await scanned(world)
    before = held(world)
    await killed(world, action="accept", ids=ids, step="performed", nth=2)
    world.stash.faults.add("drop", times=None)
    async with desk_of(world) as runtime:
        words = "\n".join(runtime.recovered)
        assert "was cut short, and what became of it cannot be seen now" in words
        assert EffectState.STARTED in {one.state for one in await runtime.history.effects(1)}
        batch = await runtime.history.batch(1)
        assert batch is not None
        assert batch.state is BatchState.INTERRUPTED
    world.stash.faults.clear()
    async with desk_of(world) as runtime:
        assert "was cut short after it was done; it is recorded now" in "\n".join(runtime.recovered)
        await agree(runtime, world, 1)
        await finish(runtime, world, 1)
        await undo(runtime, world, 1, before)
