"""Product description, section 7, item by item, over the whole matching desk with real servers."""

from __future__ import annotations

import pytest
from matching_desk import (
    DAY,
    SetClock,
    add_entry,
    add_scene,
    asked,
    desk_of,
    everything,
    forget_requests,
    is_unmet,
    of_scene,
    only,
    run_of,
    words_of,
)

from core.demo.box_server import DemoBox, Flavour
from core.demo.cases import Case, entry_id
from core.demo.faults import FaultKind
from core.demo.world import DemoWorld
from core.errors import UsageError
from core.matching.evidence import to_record
from core.model.recommendations import RecommendationFilter, Status
from core.runtime import Runtime, ScanOptions

pytest_plugins = ["decision_fixtures"]


async def test_leading_zero(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "hashes compared as strings, so that a phash with a leading zero never matches" """
    stated = world.stash.library.scenes[Case.LEADING_ZERO].files[0].fingerprints["phash"]
    assert len(stated) == 15
    for box in world.boxes:
        one = await only(scanned_cases, Case.LEADING_ZERO, box.endpoint)
        assert (one.evidence.match_count, one.evidence.phash_distance, one.is_high_confidence) == (2, 0, True)


async def test_neighbours(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "neighbour hits shown as 0 % matches" """
    near = await only(scanned_cases, Case.NEAR)
    assert (near.evidence.match_percentage, near.evidence.phash_distance) == (50.0, 4)
    far = await only(scanned_cases, Case.NEAR_FAR)
    assert (far.evidence.match_percentage, far.evidence.phash_distance) == (50.0, 8)
    assert is_unmet(far, "phash_distance")
    assert not far.is_high_confidence
    assert near.score > far.score > 0


async def test_multi_file(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "multi-file scenes diluted to 33 %" """
    one = await only(scanned_cases, Case.MULTI_FILE)
    assert (one.evidence.match_percentage, one.evidence.total_local_fingerprints) == (100.0, 2)
    assert one.evidence.file_name == "orbit.mp4"
    assert one.local_path.endswith("night/orbit.mp4")
    assert one.is_high_confidence


async def test_md5(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "MD5 in the denominator after servers dropped it" """
    one = await only(scanned_cases, Case.MD5_LISTED)
    assert (one.evidence.total_local_fingerprints, one.evidence.match_percentage) == (2, 100.0)
    assert one.is_high_confidence


async def test_md5_dropped_by_the_server_meanwhile(empty_world: DemoWorld) -> None:
    """ "MD5 in the denominator after servers dropped it": until the server says otherwise it counts"""
    world, box = empty_world, empty_world.boxes[1]
    add_scene(world, 1, md5="ab" * 16)
    add_entry(world, 1, box=1)
    box.stores_md5 = True
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        assert (await only(runtime, 1)).evidence.total_local_fingerprints == 3
        box.compiler = DemoBox("upgraded", flavour=Flavour.STASH_BOX).compiler
        box.stores_md5 = False
        add_scene(world, 2)
        forget_requests(world)
        report = await runtime.matching.scan()
        assert run_of(report, box.endpoint).looked_up == 1  # the other one is not asked again, but computed anew
        one = await only(runtime, 1)
        assert (one.evidence.total_local_fingerprints, one.evidence.match_percentage) == (2, 100.0)
        assert box.log.violations == []


async def test_nine_minutes_is_never_accepted_in_bulk(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "a nine-minute mismatch accepted in bulk" """
    one = await only(scanned_cases, Case.NINE_MINUTES)
    assert not one.is_high_confidence
    assert "9 min shorter than every matching fingerprint" in words_of(one)
    desk = scanned_cases.matching
    bulk = await desk.plan_accept(wanted=RecommendationFilter(is_high_confidence=True))
    assert one.id not in {item.recommendation.id for item in bulk.items}
    everything_pending = await desk.plan_accept(wanted=RecommendationFilter())
    refusal = next(item.refusal for item in everything_pending.items if item.recommendation.id == one.id)
    assert "not of high confidence" in refusal
    assert "9 min shorter" in refusal
    assert all(accepted.is_high_confidence for accepted in everything_pending.accepted)
    await desk.accept(everything_pending)
    assert world.stash.library.scenes[Case.NINE_MINUTES].stash_ids == []


async def test_ambiguity_clears_after_a_dismissal(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "ambiguity that never clears after a dismissal"; withdrawn, it is back"""
    desk = scanned_cases.matching
    first, second = sorted(await of_scene(scanned_cases, Case.AMBIGUOUS), key=lambda one: one.candidate.title)
    assert first.is_ambiguous
    assert not first.is_high_confidence
    assert "2 candidates at this endpoint" in words_of(first)
    report = await desk.dismiss([second.id], reason="the other cut")
    assert len(report.done) == 1
    kept = await desk.get(first.id)
    assert kept is not None
    assert (kept.is_ambiguous, kept.is_high_confidence) == (False, True)
    for options in (ScanOptions(), ScanOptions(is_full=True)):
        await desk.scan(options)
        kept, gone = await desk.rows([first.id, second.id])
        assert (kept.status, gone.status) == (Status.PENDING, Status.DISMISSED)
        assert kept.is_high_confidence
    listed = await desk.dismissals()
    assert [(one.reason, one.candidate_id, one.scene_id) for one in listed] == [
        ("the other cut", second.candidate.id, int(Case.AMBIGUOUS))
    ]
    assert (await desk.withdraw([listed[0].id])).not_done == []
    rows = await desk.rows([first.id, second.id])
    assert [(one.status, one.is_ambiguous, one.is_high_confidence) for one in rows] == [
        (Status.PENDING, True, False)
    ] * 2
    assert await desk.dismissals() == []


async def test_frozen_evidence_full_scan(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "frozen evidence": what changed at the stash-box reaches the pending recommendation at the next look-up"""
    entry = world.boxes[0].library.scenes[entry_id(0, Case.CERTAIN_BOX1)]
    entry.title = "Renamed"
    for fingerprint in entry.fingerprints:
        fingerprint.reports = fingerprint.submissions + 1
    report = await scanned_cases.matching.scan(ScanOptions(is_full=True))
    assert report.counts.updated >= 1
    one = await only(scanned_cases, Case.CERTAIN_BOX1)
    assert one.candidate.title == "Renamed"
    assert not one.is_high_confidence
    assert is_unmet(one, "votes")


async def test_frozen_evidence_recheck(empty_world: DemoWorld) -> None:
    """ "frozen evidence" and "unmatched scenes never looked up again": both are asked again after recheck_days"""
    world, clock = empty_world, SetClock()
    add_scene(world, 1)
    add_scene(world, 2)
    entry = add_entry(world, 1)
    async with desk_of(world, clock=clock) as runtime:
        await runtime.matching.scan()
        entry.title = "Renamed"
        add_entry(world, 2)
        clock.at += 29 * DAY
        assert (await runtime.matching.scan()).as_result()["looked_up"] == 0
        assert await of_scene(runtime, 2) == []
        clock.at += 2 * DAY
        report = await runtime.matching.scan()
        assert run_of(report, world.boxes[0].endpoint).looked_up == 2
        assert (await only(runtime, 1)).candidate.title == "Renamed"
        assert (await only(runtime, 2)).is_high_confidence


@pytest.mark.parametrize("spelling", [str, str.upper, lambda url: url + "/"])
async def test_disabled_endpoints(world: DemoWorld, spelling: object) -> None:
    """ "disabled endpoints still queried": not one request, however the address is spelt"""
    assert callable(spelling)
    off, on = world.boxes
    image = off.library.scenes[entry_id(0, Case.CERTAIN_BOTH)].images[0]
    image.source = b"\xff\xd8\xff\xe0"
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
    forget_requests(world)
    async with desk_of(world, disabled_endpoints=(spelling(off.endpoint),), submit_fingerprints=True) as runtime:
        desk = runtime.matching
        report = await desk.scan(ScanOptions(is_full=True))
        assert [run.endpoint for run in report.endpoints] == [on.endpoint]
        one = await only(runtime, Case.CERTAIN_BOTH, off.endpoint)
        assert await desk.cover(one) is None
        accepted = await desk.accept(await desk.plan_accept([one.id]), is_by_person=True)
        assert len(accepted.done) == 1
        assert "turned off" in accepted.not_done[0].words
        with pytest.raises(UsageError, match="turned off"):
            await desk.scan(ScanOptions(endpoints=(off.endpoint,)))
        states = {state.endpoint: state.is_enabled for state in (await desk.summary()).endpoints}
        assert states == {off.endpoint: False, on.endpoint: True}
    assert not off.log.requests
    assert not off.log.counts
    assert asked(world, 1)


async def test_a_disabled_endpoint_that_is_misspelt_is_told(world: DemoWorld) -> None:
    """ "disabled endpoints still queried": a turned-off address that is none of Stash's is named in the log"""
    async with desk_of(world, disabled_endpoints=("https://stashdb.example/graphql",)) as runtime:
        report = await runtime.matching.scan()
        job = (await runtime.matching.summary()).last_scan
        assert job is not None
        lines = [line.text for line in await runtime.jobs.log_lines(job.id) if line.level == "warning"]
        assert any("https://stashdb.example/graphql" in line for line in lines)
        assert any("https://stashdb.example/graphql" in line for line in report.notes)


async def test_until_next_scan(world: DemoWorld, scanned_cases: Runtime) -> None:
    """'"until next scan" dismissals that last for ever': the next scan brings it back"""
    desk = scanned_cases.matching
    one = await only(scanned_cases, Case.CERTAIN_BOX1)
    await desk.dismiss([one.id], is_until_next_scan=True)
    assert (await only(scanned_cases, Case.CERTAIN_BOX1)).status is Status.DISMISSED
    await desk.scan(ScanOptions(endpoints=(world.boxes[1].endpoint,)))  # not a scan of its endpoint
    assert (await only(scanned_cases, Case.CERTAIN_BOX1)).status is Status.DISMISSED
    await desk.scan()
    back = await only(scanned_cases, Case.CERTAIN_BOX1)
    assert (back.id, back.status, back.is_high_confidence) == (one.id, Status.PENDING, True)
    assert await desk.dismissals() == []


async def test_nothing_a_server_refuses_is_sent(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "unknown fingerprint types that make a server refuse the batch"; degenerate and over-long hashes neither"""
    await scanned_cases.matching.scan(ScanOptions(is_full=True))
    for number, box in enumerate(world.boxes):
        if number == 0:
            assert box.log.violations == []
        assert not [words for words in box.log.violations if "MD5" not in words]
        assert not box.log.counts["(refused)"]
        assert asked(world, number) >= 2
    assert await of_scene(scanned_cases, Case.DEGENERATE) == []
    assert await of_scene(scanned_cases, Case.NO_FILE) == []
    assert await of_scene(scanned_cases, Case.BROKEN_HASH) == []
    for box in world.boxes:
        assert (await only(scanned_cases, Case.UNKNOWN_TYPE, box.endpoint)).is_high_confidence


async def test_one_422_ends_one_endpoint(world: DemoWorld) -> None:
    """ "one 422 ending the whole run and hiding the server's message" """
    bad, good = world.boxes
    bad.faults.add(FaultKind.REFUSE, times=None, only="findScenesBySceneFingerprints", message="no such field: reports")
    async with desk_of(world) as runtime:
        report = await runtime.matching.scan()
        assert not report.is_ok
        document = {one["endpoint"]: one for one in report.as_result()["endpoints"]}
        assert "no such field: reports" in document[bad.endpoint]["error"]
        assert document[bad.endpoint]["ok"] is False
        assert document[good.endpoint]["ok"] is True
        assert document[good.endpoint]["matched"] > 0
        assert await everything(runtime, endpoint=good.endpoint)
        states = {state.endpoint: state for state in (await runtime.matching.summary()).endpoints}
        assert "no such field: reports" in states[bad.endpoint].last_error
        assert states[good.endpoint].last_error == ""
        bad.faults.clear()
        forget_requests(world)
        report = await runtime.matching.scan()
        assert report.is_ok
        assert asked(world, 0) > 0
        assert asked(world, 1) == 0
        states = {state.endpoint: state for state in (await runtime.matching.summary()).endpoints}
        assert states[bad.endpoint].last_error == ""


async def test_an_empty_selection(world: DemoWorld, scanned_cases: Runtime) -> None:
    """'an empty selection meaning "all"'"""
    desk = scanned_cases.matching
    before = world.stash.log.counts["sceneUpdate"]
    with pytest.raises(UsageError):
        await desk.plan_accept()
    plan = await desk.plan_accept([])
    assert plan.items == ()
    assert (await desk.accept(plan)).outcomes == []
    assert (await desk.dismiss([])).outcomes == []
    assert (await desk.withdraw([])).outcomes == []
    both = await desk.plan_accept([], wanted=RecommendationFilter(is_high_confidence=True))
    assert both.items == ()
    assert await scanned_cases.history.batches() == []
    assert world.stash.log.counts["sceneUpdate"] == before


async def test_a_list_is_not_applied_to_what_changed(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "an old result list applied to a changed disk": a plan made before a decision does not overrule it"""
    desk = scanned_cases.matching
    one = await only(scanned_cases, Case.CERTAIN_BOX1)
    plan = await desk.plan_accept([one.id])
    await desk.dismiss([one.id], reason="meanwhile")
    report = await desk.accept(plan)
    assert "dismissed" in report.not_done[0].words
    assert report.done == []
    assert world.stash.library.scenes[Case.CERTAIN_BOX1].stash_ids == []
    assert (await only(scanned_cases, Case.CERTAIN_BOX1)).status is Status.DISMISSED


async def test_what_was_certain_and_is_no_longer(empty_world: DemoWorld) -> None:
    """ "an old result list applied to a changed disk": a rival that came after the list was shown keeps it from it"""
    world = empty_world
    add_scene(world, 1)
    add_entry(world, 1)
    async with desk_of(world) as runtime, desk_of(world) as other:
        await runtime.matching.scan()
        plan = await runtime.matching.plan_accept(wanted=RecommendationFilter(is_high_confidence=True))
        assert len(plan.accepted) == 1
        add_entry(world, 1, copy=1)
        await other.matching.scan(ScanOptions(is_full=True))
        report = await runtime.matching.accept(plan)
        assert "2 candidates at this endpoint" in report.not_done[0].words
        assert world.stash.library.scenes[1].stash_ids == []
        again = await runtime.matching.plan_accept([plan.accepted[0].id])  # chosen by itself, rival and all
        assert len((await runtime.matching.accept(again)).done) == 1


async def test_the_document_of_a_recommendation(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Section 1: everything a decision needs to be shown is stored, in this shape"""
    one = await only(scanned_cases, Case.MULTI_FILE)
    entry = world.boxes[0].library.scenes[entry_id(0, Case.MULTI_FILE)]
    record = to_record(
        one.scene_id, one.candidate, one.evidence, is_high_confidence=one.is_high_confidence, reasons=one.reasons
    )
    assert list(record) == [
        "local_scene_id",
        "endpoint",
        "stashbox_scene_id",
        "stashbox_scene_title",
        "stashbox_studio",
        "stashbox_performers",
        "stashbox_date",
        "stashbox_cover_url",
        "matching_fingerprints",
        "total_local_fingerprints",
        "match_count",
        "match_percentage",
        "duration_local",
        "duration_remote",
        "high_confidence",
        "phash_distance",
        "reasons",
    ]
    assert record["local_scene_id"] == Case.MULTI_FILE
    assert record["stashbox_scene_id"] == entry.id
    assert entry.studio is not None
    assert record["stashbox_studio"] == entry.studio.name
    assert record["stashbox_performers"] == [cast.performer.name for cast in entry.performers]
    assert record["stashbox_date"] == entry.date
    assert record["stashbox_cover_url"] == world.boxes[0].image_url(entry.images[0])
    assert (record["match_count"], record["duration_local"], record["duration_remote"]) == (2, 32.0, 32)
    assert {row["algorithm"] for row in record["matching_fingerprints"]} == {"OSHASH", "PHASH"}
    assert {row["distance"] for row in record["matching_fingerprints"]} == {0, 2}
    assert all(len(row["hash"]) == 16 for row in record["matching_fingerprints"])
    assert record["high_confidence"] is True
    assert len(record["reasons"]) == 9


async def test_the_other_cases(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Every remaining case of the generated world, with the reason that keeps it from bulk acceptance"""
    for case, code in {
        Case.TRAILER: "scene_duration",
        Case.MAGNET: "coherent",
        Case.REPORTED: "votes",
        Case.NO_DURATION: "duration",
        Case.OSHASH_ONLY: "match_count",
    }.items():
        one = await only(scanned_cases, case)
        assert is_unmet(one, code), (case, one.reasons)
        assert not one.is_high_confidence
    deleted = await of_scene(scanned_cases, Case.DELETED)
    assert all(one.status is not Status.PENDING for one in deleted)
    assert await of_scene(scanned_cases, Case.LINKED_BOTH) == []
    assert [one.endpoint for one in await of_scene(scanned_cases, Case.LINKED_BOX1)] == [world.boxes[1].endpoint]
    for case in (Case.UNMATCHED, Case.UNMATCHED_TOO):
        assert await of_scene(scanned_cases, case) == []
