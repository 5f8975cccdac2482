"""`kill -9` in the middle of removing duplicates, and of taking it back: no byte is lost, nothing is done twice."""

from __future__ import annotations

from itertools import product
from typing import Any

import duplicates_victim
import pytest
from duplicates_desk import all_bytes, desk_over, in_stash, on_disk
from soaking import cases
from victims import begin, dead

from core.demo.world import DemoWorld
from core.duplicates.applying import APPLY
from core.runtime import EffectState


async def killed(world: DemoWorld, **given: Any) -> None:
    given |= {"config": str(world.config_path), "data": str(world.directory.parent / "data")}
    await dead(begin(duplicates_victim.run, **given))


async def planned(world: DemoWorld) -> int:
    async with desk_over(world) as runtime:
        await runtime.duplicates.scan()
        plan = await runtime.duplicates.plan_by_rule(is_verifying=False)
        return (await runtime.duplicates.store_plan(plan)).id


@pytest.mark.parametrize(
    ("step", "number"),
    cases(
        [("started", 16), ("performed", 1), ("performed", 3), ("done", 16)],
        product(["started", "performed", "done"], [1, 3, 16, 29, 41]),
    ),
)
async def test_an_apply_that_was_killed_is_finished_and_undone(
    duplicates_world: DemoWorld, step: str, number: int
) -> None:
    disk, stash = on_disk(duplicates_world), in_stash(duplicates_world)
    everything = all_bytes(duplicates_world.directory)
    plan_id = await planned(duplicates_world)
    await killed(duplicates_world, does="apply", plan=plan_id, step=step, number=number)
    assert all_bytes(duplicates_world.directory) == everything
    async with desk_over(duplicates_world) as runtime:
        job = await runtime.jobs.resumable(APPLY)
        assert job is not None
        await runtime.resume_job(job.id)
        batch_id = int(job.parameters["batch_id"])
        assert {one.state for one in await runtime.history.effects(batch_id)} == {EffectState.DONE}
        gone = set(disk) - set(on_disk(duplicates_world))
        assert len(await runtime.duplicates.trash.held()) == len(gone)
        assert all_bytes(duplicates_world.directory) == everything
        assert (await runtime.history.undo_batch(batch_id)).not_done == []
    assert on_disk(duplicates_world) == disk
    assert in_stash(duplicates_world) == stash


@pytest.mark.parametrize(
    ("step", "number"),
    cases(
        [("undoing", 17), ("reverted", 1), ("reverted", 2), ("reverted", 17)],
        product(["undoing", "reverted"], [1, 2, 17, 29, 41]),
    ),
)
async def test_an_undo_that_was_killed_is_finished(duplicates_world: DemoWorld, step: str, number: int) -> None:
    disk, stash = on_disk(duplicates_world), in_stash(duplicates_world)
    everything = all_bytes(duplicates_world.directory)
    plan_id = await planned(duplicates_world)
    async with desk_over(duplicates_world) as runtime:
        report = await runtime.duplicates.apply(await runtime.duplicates.load_plan(plan_id))
        assert report.not_done == []
    await killed(duplicates_world, does="undo", batch=report.batch_id, step=step, number=number)
    assert all_bytes(duplicates_world.directory) == everything
    async with desk_over(duplicates_world) as runtime:
        if left := await runtime.history.last_undoable():
            assert (await runtime.history.undo_batch(left.id)).not_done == []
        assert {one.state for one in await runtime.history.effects(report.batch_id)} == {EffectState.UNDONE}
        assert await runtime.duplicates.trash.held() == []
    assert on_disk(duplicates_world) == disk
    assert in_stash(duplicates_world) == stash
