"""One stash-box goes wrong in every way there is: the other's results stand, and the failure is told in words."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from matching_desk import (
    LOOK_UP,
    add_entry,
    add_scene,
    desk_of,
    entry_name,
    everything,
    forget_requests,
    groups_asked,
    of_scene,
    only,
    phash,
    run_of,
)

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.graphql_errors import ResolverError
from core.demo.stash_objects import phash_text
from core.demo.stash_server import ConfiguredBox
from core.demo.world import DemoWorld
from core.errors import JobCancelledError, StoreFullError
from core.model.recommendations import Status
from core.runtime import JobState, ScanOptions
from core.store import scenes

WORDS: dict[FaultKind, tuple[dict[str, Any], str]] = {
    FaultKind.STATUS: ({"status": 504}, "the server behind it does not answer (504)"),
    FaultKind.REFUSE: ({"message": "no such field"}, "no such field"),
    FaultKind.RATE_LIMIT: ({}, "Too Many Attempts."),
    FaultKind.CUT: ({}, "cut before the answer was whole"),
    FaultKind.DROP: ({}, "cut before the answer was whole"),
    FaultKind.MALFORMED: ({}, "is not GraphQL, or broken"),
    FaultKind.LOGIN_PAGE: ({}, "this is a login page"),
    FaultKind.REDIRECT: ({}, "login"),
    FaultKind.UNAUTHORIZED: ({}, "the API key of the stash-box Meadow in the settings of Stash"),
    FaultKind.ERROR: ({"message": "database is down"}, "database is down"),
    FaultKind.PARTIAL: ({"message": "studio lost"}, "studio lost"),
    FaultKind.INNER_NULLS: ({}, "came as null"),
    FaultKind.NULL_LIST: ({}, "got `null`"),
    FaultKind.WRONG_LENGTH: ({}, "2 lists for 3 scenes"),
    FaultKind.HUGE: ({"megabytes": 70}, "larger than 64 MiB"),
}


@pytest.fixture
def small(empty_world: DemoWorld) -> DemoWorld:
    """Three scenes; both stash-boxes know them all."""
    for number in (1, 2, 3):
        add_scene(empty_world, number)
        for box in (0, 1):
            add_entry(empty_world, number, box=box)
    return empty_world


@pytest.mark.parametrize("kind", WORDS)
async def test_every_fault_of_one_stash_box(small: DemoWorld, kind: FaultKind) -> None:
    """Nothing of the other endpoint is lost, nothing is withdrawn, and the next scan goes on"""
    bad, good = small.boxes
    given, words = WORDS[kind]
    async with desk_of(small) as runtime:
        desk = runtime.matching
        await desk.scan()
        for number in (1, 2, 3):
            del small.stash.library.scenes[number].files[0].fingerprints["oshash"]
        forget_requests(small)
        bad.faults.add(kind, times=None, only=LOOK_UP, **given)
        report = await desk.scan()
        run = run_of(report, bad.endpoint)
        assert not report.is_ok
        assert words in run.error
        assert run_of(report, good.endpoint).looked_up == 3
        assert [one.evidence.total_local_fingerprints for one in await everything(runtime, endpoint=good.endpoint)] == [
            1,
            1,
            1,
        ]
        pending = await everything(runtime, statuses=[Status.PENDING], endpoint=bad.endpoint)
        assert len(pending) == 3
        states = {state.endpoint: state.last_error for state in (await desk.summary()).endpoints}
        assert words in states[bad.endpoint]
        assert states[good.endpoint] == ""
        job = (await runtime.jobs.newest())[0]
        assert job.state is JobState.DONE
        assert any(words in line.text for line in await runtime.jobs.log_lines(job.id) if line.level == "error")
        bad.faults.clear()
        forget_requests(small)
        report = await desk.scan()
        assert report.is_ok
        assert 1 <= groups_asked(small) <= 3
        assert groups_asked(small, 1) == 0


@pytest.mark.parametrize("retry_after", [None, 0.0, 0.04, 3600.0])
async def test_a_rate_limit_that_passes(small: DemoWorld, retry_after: float | None) -> None:
    """429 with and without Retry-After: waited for, and nothing is lost"""
    small.boxes[0].faults.add(FaultKind.RATE_LIMIT, times=1, only=LOOK_UP, retry_after=retry_after)
    async with desk_of(small) as runtime:
        report = await runtime.matching.scan()
        assert report.is_ok
        assert run_of(report, small.boxes[0].endpoint).matched == 3


async def test_a_stash_box_whose_address_is_none(small: DemoWorld) -> None:
    """What stands in the settings of Stash for one stash-box stops no other"""
    small.stash.boxes.insert(0, ConfiguredBox("ftp://broken/graphql", "k", "Broken"))
    small.stash.boxes.insert(0, ConfiguredBox("https://keyed.example/graphql", "ключ", "Keyed"))
    async with desk_of(small) as runtime:
        report = await runtime.matching.scan()
        assert not report.is_ok
        assert "Broken" in run_of(report, "ftp://broken/graphql").error
        assert "Keyed" in run_of(report, "https://keyed.example/graphql").error
        assert "ключ" not in run_of(report, "https://keyed.example/graphql").error
        assert [run_of(report, box.endpoint).matched for box in small.boxes] == [3, 3]


@pytest.mark.parametrize("poisonous", [[7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [60]])
async def test_a_poison_scene(empty_world: DemoWorld, poisonous: list[int]) -> None:
    """A server refuses any request with certain scenes in it: they are found, and all others looked up"""
    world = empty_world
    for number in range(1, 101):
        add_scene(world, number)
        add_entry(world, number)
    poison = {phash_text(phash(10 * number if len(poisonous) > 1 else number)) for number in poisonous}
    box = world.boxes[0]
    find = box.resolvers[LOOK_UP]

    def refuse(given: dict[str, Any], context: Any) -> Any:
        if any(entry["hash"] in poison for group in given["fingerprints"] for entry in group):
            raise ResolverError("Internal system error. Error <nil pointer>")
        return find(given, context)

    box.resolvers = {**box.resolvers, LOOK_UP: refuse}
    async with desk_of(world) as runtime:
        report = await runtime.matching.scan()
        run = run_of(report, box.endpoint)
        assert (run.looked_up, run.matched, len(run.refused)) == (100 - len(poison),) * 2 + (len(poison),)
        assert "Internal system error. Error <nil pointer>" in run.error
        forget_requests(world)
        box.resolvers = {**box.resolvers, LOOK_UP: find}
        report = await runtime.matching.scan()
        assert (report.is_ok, groups_asked(world), report.pending) == (True, len(poison), 100)


async def test_a_server_that_refuses_everything_is_soon_left_alone(empty_world: DemoWorld) -> None:
    """Scene after scene refused: it is not the scenes, and 5,000 of them are not tried one by one"""
    world = empty_world
    for number in range(1, 401):
        add_scene(world, number)
    world.boxes[0].faults.add(FaultKind.ERROR, times=None, only=LOOK_UP, message="database is down")
    async with desk_of(world) as runtime:
        report = await runtime.matching.scan()
        assert "database is down" in run_of(report, world.boxes[0].endpoint).error
        assert len(world.boxes[0].log.of(LOOK_UP)) < 30
        assert run_of(report, world.boxes[1].endpoint).looked_up == 400


@pytest.mark.parametrize("server", ["stash", "box1"])
async def test_the_stop_button_stops(small: DemoWorld, server: str) -> None:
    """ "stop buttons nobody reads": within a second, though a server is silent; the next scan goes on"""
    silent = next(one for one in small.servers if one.name == server)
    field = "findScenes" if server == "stash" else LOOK_UP
    silent.faults.add(FaultKind.SILENT, times=None, only=field)
    async with desk_of(small) as runtime:
        scan = asyncio.create_task(runtime.matching.scan())
        await silent.log.wait_for(field)
        if server == "box1":
            await small.boxes[1].log.wait_for(LOOK_UP)
            async with asyncio.timeout(10):
                while not await everything(runtime):  # noqa: ASYNC110  seen in the database alone
                    await asyncio.sleep(0.005)
        job = (await runtime.jobs.newest())[0]
        began = time.monotonic()
        await runtime.jobs.ask(job.id, "cancel")
        with pytest.raises(JobCancelledError, match="its state is saved"):
            await scan
        assert time.monotonic() - began < 1.0
        assert (await runtime.jobs.newest())[0].state is JobState.CANCELLED
        silent.faults.clear()
        forget_requests(small)
        report = await runtime.matching.scan()
        assert report.pending == 6
        assert (groups_asked(small), groups_asked(small, 1)) == (3, 0 if server == "box1" else 3)


async def test_a_cancelled_full_scan_goes_on_where_it_was(empty_world: DemoWorld) -> None:
    """What --full has asked again already is not asked a third time"""
    world = empty_world
    for number in range(1, 201):
        add_scene(world, number)
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
        forget_requests(world)
        box = world.boxes[0]
        box.on_request = lambda request: _silence_after(world, request, 2)
        enough = asyncio.Event()
        runtime.jobs.subscribe(
            lambda progress: enough.set() if progress.total == 400 and progress.done == 280 else None
        )
        scan = asyncio.create_task(runtime.matching.scan(ScanOptions(is_full=True)))
        # All 200 of the second, and the 80 of the two requests that the first answers.
        async with asyncio.timeout(10):
            await enough.wait()
        await runtime.jobs.ask((await runtime.jobs.newest())[0].id, "cancel")
        with pytest.raises(JobCancelledError):
            await scan
        box.on_request = None
        box.faults.clear()
        forget_requests(world)
        report = await runtime.matching.scan(ScanOptions(is_full=True))
        assert groups_asked(world, 1) == 0
        assert 0 < groups_asked(world) < 200
        assert report.as_result()["looked_up"] == groups_asked(world)
        forget_requests(world)
        await runtime.matching.scan(ScanOptions(is_full=True))
        assert groups_asked(world) == 200


def _silence_after(world: DemoWorld, request: RecordedRequest, count: int) -> None:
    box = world.boxes[0]
    if LOOK_UP in request.fields and len(box.log.of(LOOK_UP)) >= count:
        box.faults.add(FaultKind.SILENT, times=None, only=LOOK_UP)


async def test_a_full_disk_during_the_look_ups(small: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends as a failed job in its own words, not as a group of exceptions"""

    async def full(*_: object) -> None:
        raise StoreFullError("winnow.db: the disk is full")

    async with desk_of(small) as runtime:
        with monkeypatch.context() as patch:
            patch.setattr(scenes, "put_lookups", full)
            with pytest.raises(StoreFullError, match="the disk is full"):
                await runtime.matching.scan()
        job = (await runtime.jobs.newest())[0]
        assert (job.state, job.error) == (JobState.FAILED, "winnow.db: the disk is full")
        assert (await runtime.matching.scan()).pending == 6


async def test_half_an_answer_is_never_certain(small: DemoWorld) -> None:
    """An entry that comes as null might be the rival: what is left is not accepted in bulk for its absence"""
    rival = add_entry(small, 1, copy=1)
    async with desk_of(small) as runtime:
        await runtime.matching.scan()
        before = {one.id: one.is_ambiguous for one in await of_scene(runtime, 1, small.boxes[0].endpoint)}
        assert list(before.values()) == [True, True]
        small.boxes[0].faults.add(FaultKind.INNER_NULLS, times=None, only=LOOK_UP)
        await runtime.matching.scan(ScanOptions(is_full=True))
        after = await of_scene(runtime, 1, small.boxes[0].endpoint)
        assert {one.id: one.is_ambiguous for one in after} == before
        assert {one.candidate.id for one in after} == {rival.id, entry_name(1)}
        assert (await only(runtime, 2, small.boxes[0].endpoint)).is_high_confidence
