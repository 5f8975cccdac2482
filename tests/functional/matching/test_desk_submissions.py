"""Telling a stash-box the hashes of what was accepted: only when that is on, and by a person."""

from __future__ import annotations

import pytest
from decision_cases import accept, undo_last
from matching_desk import (
    asked,
    desk_of,
    everything,
    forget_requests,
    link,
    of_scene,
    only,
)

from core.demo.cases import Case, entry_id
from core.demo.faults import FaultKind
from core.demo.world import DemoWorld
from core.errors import UndoRefusedError
from core.model.recommendations import Status
from core.runtime import Runtime

pytest_plugins = ["decision_fixtures"]


def _votes(world: DemoWorld, box: int, case: Case) -> list[tuple[int, int]]:
    entry = world.boxes[box].library.scenes[entry_id(box, case)]
    return [(one.value, one.duration) for one in entry.fingerprints if one.user_vote > 0]


@pytest.mark.parametrize(("is_on", "is_by_person"), [(False, True), (True, False), (True, True)])
async def test_submissions_only_when_on_and_by_a_person(world: DemoWorld, *, is_on: bool, is_by_person: bool) -> None:
    """ "off by default, only for matches a person accepted", and only for links that were really made"""
    async with desk_of(world, submit_fingerprints=is_on) as runtime:
        await runtime.matching.scan()
        rows = [
            *await of_scene(runtime, Case.CERTAIN_BOTH),
            *await of_scene(runtime, Case.MULTI_FILE),
            await only(runtime, Case.CERTAIN_BOX1),
        ]
        plan = await runtime.matching.plan_accept([one.id for one in rows])
        link(world.stash.library.scenes[Case.CERTAIN_BOX1], world, "another")  # a conflict
        forget_requests(world)
        report = await runtime.matching.accept(plan, is_by_person=is_by_person)
        assert len(report.not_done) == 1
    film = world.stash.library.scenes[Case.CERTAIN_BOTH].files[0]
    expected = {(int(value, 16), int(film.duration)) for value in film.fingerprints.values()}
    for box in (0, 1):
        told = _votes(world, box, Case.CERTAIN_BOTH)
        assert set(told) == (expected if is_on and is_by_person else set())
    assert _votes(world, 0, Case.CERTAIN_BOX1) == []
    assert len(_votes(world, 0, Case.MULTI_FILE)) == (4 if is_on and is_by_person else 0)
    if not (is_on and is_by_person):
        assert [len(box.log.requests) for box in world.boxes] == [0, 0]


async def test_a_failed_submission_is_told_and_the_link_stands(world: DemoWorld) -> None:
    """And it says beforehand that it cannot be undone; the link itself can"""
    world.boxes[0].faults.add(FaultKind.ERROR, times=None, only="submitFingerprints", message="read only today")
    async with desk_of(world, submit_fingerprints=True) as runtime:
        await runtime.matching.scan()
        one = await only(runtime, Case.CERTAIN_BOX1)
        report = await accept(runtime, one.id, is_by_person=True)
        assert len(report.done) == 1
        assert "read only today" in report.not_done[0].words
        assert "cannot be undone" in report.not_done[0].title
        assert (await only(runtime, Case.CERTAIN_BOX1)).status is Status.ACCEPTED
        batch = (await runtime.history.batches())[0]
        with pytest.raises(UndoRefusedError):
            await runtime.history.undo_batch(batch.id)
        assert (await undo_last(runtime)).not_done == []
        assert world.stash.library.scenes[Case.CERTAIN_BOX1].stash_ids == []


async def test_no_decision_asks_a_stash_box(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Everything a decision needs is stored: none of them contacts a stash-box"""
    forget_requests(world)
    one, two = await only(scanned_cases, Case.CERTAIN_BOX1), await only(scanned_cases, Case.MULTI_FILE)
    await accept(scanned_cases, one.id, is_by_person=True)
    await scanned_cases.matching.dismiss([two.id])
    await scanned_cases.matching.withdraw([row.id for row in await scanned_cases.matching.dismissals()])
    await undo_last(scanned_cases)
    assert [asked(world, box) for box in (0, 1)] == [0, 0]
    assert [len(box.log.requests) for box in world.boxes] == [0, 0]
    assert await everything(scanned_cases)
