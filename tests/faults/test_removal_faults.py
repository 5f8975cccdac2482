"""Records are merged, removed and brought back over `kill -9`, cut connections and a Stash that goes away.

Whatever happens: no file is lost or held twice, journal, disk and Stash say the same, and the undo gives all back.
"""

from __future__ import annotations

import os
import signal
from itertools import product
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
import removal_victim
from soaking import cases
from stash_cases import Bench, agree, bench_of, local, state
from victims import begin, dead

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.world import DemoWorld
from core.store.journal_records import EffectState

EFFECTS = range(1, 10)
# each kind of effect once: what was done is lost sight of; and one that was not begun
KILLED = [*[("performed", nth) for nth in (1, 2, 3, 4, 6, 7, 9)], *[("started", nth) for nth in (1, 3, 4, 7)]]
KILLED_UNDOING = [*[("reverted", nth) for nth in (1, 2, 3, 4, 6, 7, 9)], *[("undoing", nth) for nth in (1, 3, 6, 9)]]
APPLYING = ("sceneMerge", "deleteFiles", "sceneDestroy", "imageUpdate", "imageIncrementO", "imageDestroy")
UNDOING = (
    "metadataScan",
    "sceneCreate",
    "sceneUpdate",
    "imageUpdate",
    "sceneAddPlay",
    "sceneAddO",
    "sceneDeletePlay",
    "sceneSaveActivity",
    "fileSetFingerprints",
    "imageIncrementO",
    "imageDecrementO",
)


def start(world: DemoWorld, *, batch: int = 0, step: str = "none", nth: int = 1) -> BaseProcess:
    return begin(
        removal_victim.run,
        url=world.stash.base_url,
        api_key=world.stash.api_key,
        files=str(local(world, "").resolve()),
        data=str(world.directory.parent / "bench"),
        batch=batch,
        step=step,
        nth=nth,
    )


async def killed_at_request(world: DemoWorld, field: str, *, batch: int = 0) -> None:
    """Dead when the first request of that field is about to be carried out; it is carried out."""
    pids: list[int] = []

    def kill(request: RecordedRequest) -> None:
        if field in request.fields and pids:
            os.kill(pids.pop(), signal.SIGKILL)

    world.stash.on_request = kill
    process = start(world, batch=batch)
    assert process.pid is not None
    pids.append(process.pid)
    await dead(process)
    world.stash.on_request = None


async def finish(world: DemoWorld, before: dict[str, Any]) -> None:
    """Start anew: what was begun is settled, the rest is carried out, and all of it can be taken back."""
    async with bench_of(world) as bench:
        assert bench.recovered
        await agree(bench, world, 1)
    async with bench_of(world) as bench:
        await bench.ledger.apply(1)
        assert {one.state for one in await bench.effects(1)} == {EffectState.DONE}
        await agree(bench, world, 1)
        assert len(state(world)) == len(before) - 3
        await bench.undo(1)
        await agree(bench, world, 1)
    assert state(world) == before


async def taken_back(world: DemoWorld, before: dict[str, Any]) -> None:
    """Start anew: the undo that was begun is finished, the rest follows."""
    async with bench_of(world) as bench:
        await agree(bench, world, 1)
        if any(one.state is EffectState.DONE for one in await bench.effects(1)):
            await bench.undo(1)
        assert {one.state for one in await bench.effects(1)} == {EffectState.UNDONE}
        await agree(bench, world, 1)
    assert state(world) == before


@pytest.mark.slow
@pytest.mark.parametrize(("step", "nth"), cases(KILLED, product(["started", "performed"], EFFECTS)))
async def test_killed_in_the_middle(twins: DemoWorld, step: str, nth: int) -> None:
    before = state(twins)
    await dead(start(twins, step=step, nth=nth))
    await finish(twins, before)


@pytest.mark.slow
@pytest.mark.parametrize("field", APPLYING)
async def test_killed_while_stash_carries_a_write_out(twins: DemoWorld, field: str) -> None:
    before = state(twins)
    await killed_at_request(twins, field)
    await finish(twins, before)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "nth"), cases(KILLED_UNDOING, product(["undoing", "reverted"], EFFECTS)))
async def test_killed_in_the_middle_of_an_undo(twins: DemoWorld, step: str, nth: int) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        await bench.done(await bench.three())
    await dead(start(twins, batch=1, step=step, nth=nth))
    await taken_back(twins, before)


@pytest.mark.slow
@pytest.mark.parametrize("field", UNDOING)
async def test_killed_while_stash_carries_a_write_of_an_undo_out(twins: DemoWorld, field: str) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        await bench.done(await bench.three())
    await killed_at_request(twins, field, batch=1)
    await twins.stash.jobs.settled()
    await taken_back(twins, before)


# -- a server that breaks off or goes away ----------------------------------------------------------------------------


async def undone(bench: Bench, world: DemoWorld, before: dict[str, Any]) -> None:
    report = await bench.ledger.undo_batch(1)
    assert report.not_done == []
    assert state(world) == before


@pytest.mark.parametrize("field", APPLYING)
async def test_a_connection_cut_after_a_write(twins: DemoWorld, field: str) -> None:
    """Looked at, found to be done, and not done twice."""
    before = state(twins)
    async with bench_of(twins) as bench:
        effects = await bench.three()
        twins.stash.faults.add(FaultKind.CUT, only=field)
        await bench.apply(effects)
        states = {one.state for one in await bench.effects(1)}
        assert states <= {EffectState.DONE, EffectState.FAILED, EffectState.REFUSED}
        if field in ("sceneMerge", "imageUpdate", "imageIncrementO"):
            assert states == {EffectState.DONE}
        assert set(twins.stash.log.counts) >= {"sceneMerge", "imageDestroy"}
        await undone(bench, twins, before)


@pytest.mark.parametrize(
    ("kind", "field"),
    cases(
        [*product([FaultKind.DROP], APPLYING), (FaultKind.ERROR, "sceneMerge"), (FaultKind.ERROR, "imageDestroy")],
        product([FaultKind.ERROR], APPLYING),
    ),
)
async def test_a_write_that_does_not_arrive(twins: DemoWorld, field: str, kind: FaultKind) -> None:
    """Its part stops there, the others go on, and what was done of it can be taken back."""
    before = state(twins)
    async with bench_of(twins) as bench:
        effects = await bench.three()
        twins.stash.faults.add(kind, only=field)
        await bench.apply(effects)
        assert len(set(before) - set(state(twins))) <= 3
        await undone(bench, twins, before)


@pytest.mark.parametrize("after", cases([1, 9, 20], range(1, 36)))
async def test_a_stash_that_goes_away_and_comes_again(twins: DemoWorld, after: int) -> None:
    before = state(twins)
    seen = 0

    def go(_: RecordedRequest) -> None:
        nonlocal seen
        seen += 1
        if seen == after:
            twins.stash.faults.add(FaultKind.DROP, times=None)

    async with bench_of(twins) as bench:
        effects = await bench.three()
        twins.stash.on_request = go
        batch = await bench.ledger.submit("resolve", "resolve", effects)
        report = await bench.ledger.apply(batch)
        twins.stash.on_request = None
        twins.stash.faults.clear()
        assert report.stopped_by or {one.state for one in await bench.effects(1)} == {EffectState.DONE}
        await bench.ledger.apply(batch)
        assert {one.state for one in await bench.effects(1)} == {EffectState.DONE}
        await agree(bench, twins, 1)
        await undone(bench, twins, before)


@pytest.mark.parametrize("after", cases([3, 12, 25], range(1, 41)))
async def test_a_stash_that_goes_away_in_an_undo(twins: DemoWorld, after: int) -> None:
    before = state(twins)
    seen = 0

    def go(_: RecordedRequest) -> None:
        nonlocal seen
        seen += 1
        if seen == after:
            twins.stash.faults.add(FaultKind.DROP, times=None)

    async with bench_of(twins) as bench:
        await bench.done(await bench.three())
        twins.stash.on_request = go
        await bench.ledger.undo_batch(1)
        twins.stash.on_request = None
        twins.stash.faults.clear()
    async with bench_of(twins) as bench:
        if any(one.state is EffectState.DONE for one in await bench.effects(1)):
            await bench.undo(1)
        await agree(bench, twins, 1)
    assert state(twins) == before
