"""Accept, dismiss, withdraw and undo, and what the next scans make of them."""

from __future__ import annotations

import asyncio

import pytest
from decision_cases import accept, held, undo_last
from matching_desk import (
    add_entry,
    add_scene,
    desk_of,
    entry_name,
    link,
    of_scene,
    only,
    touch,
    words_of,
)

from core.demo.cases import Case
from core.demo.faults import FaultKind, RecordedRequest
from core.demo.world import DemoWorld
from core.errors import JobRunningError, UsageError
from core.model.recommendations import RecommendationFilter, Status
from core.runtime import JobState, Runtime, ScanOptions

pytest_plugins = ["decision_fixtures"]


async def test_accept_all_with_exclusions_and_an_endpoint(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "lists what it is about to do, lets rows be taken out, takes an endpoint filter, then applies"; undone whole"""
    desk, endpoint = scanned_cases.matching, world.boxes[0].endpoint
    before = held(world)
    left_out = await only(scanned_cases, Case.CERTAIN_BOX1)
    wanted = RecommendationFilter(is_high_confidence=True, endpoint=endpoint)
    plan = await desk.plan_accept(wanted=wanted, exclude=[left_out.id])
    assert {one.endpoint for one in plan.accepted} == {endpoint}
    assert left_out.id not in {item.recommendation.id for item in plan.items}
    assert plan.refused == ()
    assert len(plan.accepted) == await desk.count(wanted) - 1 > 4
    report = await desk.accept(plan)
    assert (len(report.done), report.not_done) == (len(plan.accepted), [])
    for one in plan.accepted:
        assert world.stash.library.scenes[one.scene_id].stash_id_at(endpoint) == one.candidate.id
    assert {one.status for one in await desk.rows([one.id for one in plan.accepted])} == {Status.ACCEPTED}
    assert world.stash.library.scenes[Case.CERTAIN_BOX1].stash_ids == []
    await desk.scan()
    await desk.scan(ScanOptions(is_full=True))
    assert {one.status for one in await desk.rows([one.id for one in plan.accepted])} == {Status.ACCEPTED}
    report = await undo_last(scanned_cases)
    assert report.not_done == []
    assert held(world) == before
    rows = await desk.rows([one.id for one in plan.accepted])
    assert {(one.status, one.is_high_confidence) for one in rows} == {(Status.PENDING, True)}


async def test_undo_after_a_scan_of_a_scene_linked_everywhere(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Accepted at both stash-boxes, scanned_cases, undone: both are pending again at once, with their evidence"""
    ids = [one.id for one in await of_scene(scanned_cases, Case.CERTAIN_BOTH)]
    await accept(scanned_cases, *ids)
    await scanned_cases.matching.scan(ScanOptions(is_full=True))
    assert {one.status for one in await scanned_cases.matching.rows(ids)} == {Status.ACCEPTED}
    assert await scanned_cases.matching.scene(Case.CERTAIN_BOTH) is not None
    await undo_last(scanned_cases)
    rows = await scanned_cases.matching.rows(ids)
    assert [(one.status, one.is_high_confidence) for one in rows] == [(Status.PENDING, True)] * 2


async def test_the_plan_refuses(world: DemoWorld, scanned_cases: Runtime) -> None:
    desk = scanned_cases.matching
    first, second = await of_scene(scanned_cases, Case.AMBIGUOUS)
    done = await only(scanned_cases, Case.CERTAIN_BOX1)
    await desk.dismiss([done.id])
    plan = await desk.plan_accept([first.id, second.id, done.id, first.id])
    assert [(item.recommendation.id, item.refusal) for item in plan.items] == [
        (first.id, "two candidates of the same scene at one endpoint: choose one"),
        (second.id, "two candidates of the same scene at one endpoint: choose one"),
        (done.id, "it is dismissed, not pending"),
    ]
    assert (await desk.accept(plan)).outcomes == []
    await desk.dismiss([second.id])
    plan = await desk.plan_accept([first.id, second.id])  # one of them alone is a choice
    assert [one.id for one in plan.accepted] == [first.id]
    await desk.withdraw([one.id for one in await desk.dismissals() if one.candidate_id == second.candidate.id])
    with pytest.raises(UsageError, match="there is no recommendation 999"):
        await desk.plan_accept([999])
    with pytest.raises(UsageError, match="there is no recommendation 999"):
        await desk.dismiss([first.id, 999])
    again = await desk.get(first.id)
    assert again is not None
    assert (again.status, again.is_ambiguous, again.reasons) == (Status.PENDING, True, first.reasons)


async def test_one_of_two_rivals(world: DemoWorld, scanned_cases: Runtime) -> None:
    """The other is superseded, for as long as the link stands, and full scans change nothing about it"""
    desk = scanned_cases.matching
    first, second = await of_scene(scanned_cases, Case.AMBIGUOUS)
    await accept(scanned_cases, first.id)

    async def states() -> list[Status]:
        return [one.status for one in await desk.rows([first.id, second.id])]

    assert await states() == [Status.ACCEPTED, Status.SUPERSEDED]
    for options in (ScanOptions(), ScanOptions(is_full=True)):
        await desk.scan(options)
        assert await states() == [Status.ACCEPTED, Status.SUPERSEDED]
    assert (await desk.dismiss([second.id])).not_done[0].words.endswith("is superseded, not pending")
    await undo_last(scanned_cases)
    assert await states() == [Status.PENDING, Status.PENDING]
    assert all(one.is_ambiguous for one in await desk.rows([first.id, second.id]))


async def test_a_dismissed_rival_stays_dismissed(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Its dismissal taken back after the other was accepted, it is superseded; with the undo both are pending"""
    desk = scanned_cases.matching
    first, second = await of_scene(scanned_cases, Case.AMBIGUOUS)
    await desk.dismiss([second.id])
    dismissed = await scanned_cases.history.last_undoable()
    await accept(scanned_cases, first.id)
    await desk.scan(ScanOptions(is_full=True))
    assert [one.status for one in await desk.rows([first.id, second.id])] == [Status.ACCEPTED, Status.DISMISSED]
    assert dismissed is not None
    await scanned_cases.history.undo_batch(dismissed.id)
    assert [one.status for one in await desk.rows([first.id, second.id])] == [Status.ACCEPTED, Status.SUPERSEDED]
    await undo_last(scanned_cases)
    assert [one.status for one in await desk.rows([first.id, second.id])] == [Status.PENDING, Status.PENDING]


async def test_a_link_taken_away_by_hand(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Pending again, with the reason, and never in bulk: somebody took it away on purpose"""
    desk = scanned_cases.matching
    one = await only(scanned_cases, Case.CERTAIN_BOX1)
    await accept(scanned_cases, one.id)
    await desk.scan()
    scene = world.stash.library.scenes[Case.CERTAIN_BOX1]
    scene.stash_ids.clear()
    touch(scene)
    for options in (ScanOptions(), ScanOptions(is_full=True), ScanOptions()):
        await desk.scan(options)
        again = await only(scanned_cases, Case.CERTAIN_BOX1)
        assert (again.status, again.is_high_confidence) == (Status.PENDING, False)
        assert "the link is gone from Stash" in words_of(again)
    plan = await desk.plan_accept(wanted=RecommendationFilter(endpoint=one.endpoint))
    assert one.id in {item.recommendation.id for item in plan.refused}
    await accept(scanned_cases, one.id)
    await desk.scan()
    assert (await only(scanned_cases, Case.CERTAIN_BOX1)).status is Status.ACCEPTED


async def test_a_link_taken_away_from_a_scene_linked_everywhere(world: DemoWorld, scanned_cases: Runtime) -> None:
    """It is not among the unlinked scenes that a later scan looks at first: the server's counts give it away"""
    ids = [one.id for one in await of_scene(scanned_cases, Case.CERTAIN_BOTH)]
    await accept(scanned_cases, *ids)
    await scanned_cases.matching.scan()
    scene = world.stash.library.scenes[Case.CERTAIN_BOTH]
    del scene.stash_ids[0]
    touch(scene)
    await scanned_cases.matching.scan()
    rows = await of_scene(scanned_cases, Case.CERTAIN_BOTH)
    assert sorted(one.status for one in rows) == [Status.ACCEPTED, Status.PENDING]


async def test_a_link_replaced_by_hand(world: DemoWorld, scanned_cases: Runtime) -> None:
    """The scene holds another id now: what Winnow accepted is no longer what stands there, and says so"""
    one = await only(scanned_cases, Case.CERTAIN_BOX1)
    await accept(scanned_cases, one.id)
    scene = world.stash.library.scenes[Case.CERTAIN_BOX1]
    scene.stash_ids[0].stash_id = "another"
    touch(scene)
    await scanned_cases.matching.scan()
    again = await only(scanned_cases, Case.CERTAIN_BOX1)
    assert again.status is Status.WITHDRAWN
    assert "another entry" in words_of(again)
    report = await undo_last(scanned_cases)
    assert "which Winnow did not write" in report.not_done[0].words
    assert scene.stash_ids[0].stash_id == "another"


async def test_what_changed_between_scan_and_accept(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Gone, linked to the same, to another: each is refused in words, the rest is linked, and the list is corrected"""
    desk, library = scanned_cases.matching, world.stash.library
    cases = (Case.CERTAIN_BOX1, Case.MULTI_FILE, Case.MD5_LISTED, Case.LEADING_ZERO)
    rows = {case: (await of_scene(scanned_cases, case, world.boxes[0].endpoint))[0] for case in cases}
    plan = await desk.plan_accept([one.id for one in rows.values()])
    del library.scenes[Case.CERTAIN_BOX1]
    link(library.scenes[Case.MULTI_FILE], world, rows[Case.MULTI_FILE].candidate.id)
    link(library.scenes[Case.MD5_LISTED], world, "another")
    report = await desk.accept(plan)
    words = {one.subject: one.words for one in report.not_done}
    assert "no longer in Stash" in words[rows[Case.CERTAIN_BOX1].id]
    assert "linked to this very entry meanwhile" in words[rows[Case.MULTI_FILE].id]
    assert "conflict" in words[rows[Case.MD5_LISTED].id]
    assert [one.subject for one in report.done] == [rows[Case.LEADING_ZERO].id]
    assert [one.stash_id for one in library.scenes[Case.MD5_LISTED].stash_ids] == ["another"]
    now = {case: (await desk.rows([one.id]))[0].status for case, one in rows.items()}
    assert now == {
        Case.CERTAIN_BOX1: Status.WITHDRAWN,
        Case.MULTI_FILE: Status.WITHDRAWN,
        Case.MD5_LISTED: Status.WITHDRAWN,
        Case.LEADING_ZERO: Status.ACCEPTED,
    }


async def test_a_second_accept_at_once(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Refused in words; it leaves nothing behind that a later start would carry out"""
    one, two = await only(scanned_cases, Case.CERTAIN_BOX1), await only(scanned_cases, Case.MULTI_FILE)
    world.stash.faults.add(FaultKind.SILENT, times=None, only="findScene")
    first = asyncio.create_task(accept(scanned_cases, one.id))
    await world.stash.log.wait_for("findScene")
    async with desk_of(world) as other:
        with pytest.raises(JobRunningError, match="already under way"):
            await accept(other, two.id)
    world.stash.faults.clear()
    assert len((await first).done) == 1
    async with desk_of(world) as later:
        assert later.recovered == ()
        assert world.stash.library.scenes[Case.MULTI_FILE].stash_ids == []
        assert (await only(later, Case.MULTI_FILE)).status is Status.PENDING


async def test_a_batch_taken_up_again_overrules_no_later_decision(world: DemoWorld, scanned_cases: Runtime) -> None:
    """The Stash went away in the middle; what was dismissed before the rest is taken up again stays dismissed"""
    desk = scanned_cases.matching
    cases = (Case.CERTAIN_BOX1, Case.MULTI_FILE, Case.MD5_LISTED)
    rows = {case: await only(scanned_cases, case) for case in cases}

    def go_away(request: RecordedRequest) -> None:
        if "sceneUpdate" in request.fields:
            world.stash.faults.add(FaultKind.DROP, times=None, only="WinnowScene")

    world.stash.on_request = go_away
    report = await accept(scanned_cases, *(one.id for one in rows.values()))
    assert (len(report.done), bool(report.stopped_by)) == (1, True)
    world.stash.on_request = None
    world.stash.faults.clear()
    await desk.dismiss([rows[Case.MULTI_FILE].id])
    job = (await scanned_cases.jobs.newest(limit=1))[0]
    assert job.state is JobState.FAILED
    await scanned_cases.resume_job(job.id)
    status = {case: (await desk.rows([one.id]))[0].status for case, one in rows.items()}
    assert status == {
        Case.CERTAIN_BOX1: Status.ACCEPTED,
        Case.MULTI_FILE: Status.DISMISSED,
        Case.MD5_LISTED: Status.ACCEPTED,
    }
    assert world.stash.library.scenes[Case.MULTI_FILE].stash_ids == []
    assert len(world.stash.library.scenes[Case.MD5_LISTED].stash_ids) == 1


async def test_dismissals_survive_and_can_be_undone(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Many at once, as one batch; undone they are all back; a dismissal of one stash-box says nothing at the other"""
    desk = scanned_cases.matching
    both = await of_scene(scanned_cases, Case.CERTAIN_BOTH)
    await desk.dismiss([both[0].id, (await only(scanned_cases, Case.CERTAIN_BOX2)).id], reason="not mine")
    assert [one.status for one in await desk.rows([one.id for one in both])] == [Status.DISMISSED, Status.PENDING]
    assert {one.reason for one in await desk.dismissals()} == {"not mine"}
    await desk.scan(ScanOptions(is_full=True))
    async with desk_of(world, max_phash_distance=6) as other:
        await other.matching.scan()
        assert {one.status for one in await other.matching.rows([both[0].id])} == {Status.DISMISSED}
    report = await undo_last(scanned_cases)
    assert (len(report.done), await desk.dismissals()) == (2, [])
    assert {one.status for one in await of_scene(scanned_cases, Case.CERTAIN_BOTH)} == {Status.PENDING}
    report = await desk.withdraw([1, 77])
    assert [one.words for one in report.not_done] == [
        "dismissal 1 is no longer in force",
        "there is no dismissal 77; `winnow dismissals` lists them",
    ]


async def test_another_candidate_still_surfaces(empty_world: DemoWorld) -> None:
    """A dismissal is of one candidate; a new one for the same scene is proposed"""
    world = empty_world
    add_scene(world, 1)
    add_entry(world, 1)
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        await runtime.matching.dismiss([(await only(runtime, 1)).id])
        add_entry(world, 1, copy=1)
        await runtime.matching.scan(ScanOptions(is_full=True))
        states = {one.candidate.id: (one.status, one.is_high_confidence) for one in await of_scene(runtime, 1)}
        assert states == {
            entry_name(1): (Status.DISMISSED, False),
            entry_name(1, copy=1): (Status.PENDING, True),
        }
