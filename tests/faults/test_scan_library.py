"""The Stash goes wrong in the middle of a crawl, or Winnow is killed: nothing is lost, and the next scan goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from matching_desk import (
    LOOK_UP,
    add_entry,
    add_scene,
    desk_of,
    everything,
    forget_requests,
    groups_asked,
    link,
    only,
    touch,
)

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.world import DemoWorld
from core.errors import ServerError, UsageError
from core.model.recommendations import Status
from core.runtime import JobState, ScanOptions

ROOT = Path(__file__).parents[2]
WORDS: dict[FaultKind, tuple[dict[str, Any], str]] = {
    FaultKind.STATUS: ({"status": 504}, "does not answer (504)"),
    FaultKind.REFUSE: ({"message": "no such field"}, "no such field"),
    FaultKind.RATE_LIMIT: ({}, "slow down (429"),
    FaultKind.CUT: ({}, "cut before the answer was whole"),
    FaultKind.DROP: ({}, "cut before the answer was whole"),
    FaultKind.MALFORMED: ({}, "is not GraphQL, or broken"),
    FaultKind.LOGIN_PAGE: ({}, "this is a login page"),
    FaultKind.REDIRECT: ({}, "login"),
    FaultKind.UNAUTHORIZED: ({}, "api_key under [stash]"),
    FaultKind.ERROR: ({"message": "database is locked"}, "database is locked"),
    FaultKind.PARTIAL: ({"message": "disk image is malformed"}, "disk image is malformed"),
    FaultKind.NULL_LIST: ({}, "got `null`"),
    FaultKind.INNER_NULLS: ({}, "do not go on after id 0"),
}


@pytest.fixture
def small(empty_world: DemoWorld) -> DemoWorld:
    """Three scenes; the first stash-box knows them all."""
    for number in (1, 2, 3):
        add_scene(empty_world, number)
        add_entry(empty_world, number)
    return empty_world


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("kind", WORDS)
async def test_every_fault_of_the_stash(small: DemoWorld, kind: FaultKind, *, is_full: bool) -> None:
    """The job fails in words; what was known stays, decisions too; the next scan finds what changed meanwhile"""
    given, words = WORDS[kind]
    async with desk_of(small) as runtime:
        desk = runtime.matching
        await desk.scan()
        await desk.dismiss([(await only(runtime, 3)).id], reason="no")
        before = await everything(runtime)
        add_scene(small, 4)
        add_entry(small, 4)
        small.stash.faults.add(kind, times=None, only="findScenes", **given)
        with pytest.raises(ServerError) as failure:
            await desk.scan(ScanOptions(is_full=is_full))
        assert words in str(failure.value)
        job = (await runtime.jobs.newest())[0]
        assert (job.state, job.error) == (JobState.FAILED, str(failure.value))
        assert await everything(runtime) == before
        small.stash.faults.clear()
        small.stash.library.scenes[1].title = "Renamed meanwhile"
        touch(small.stash.library.scenes[1])
        report = await desk.scan(ScanOptions(is_full=is_full))
        assert (report.is_ok, report.scenes, report.pending) == (True, 4, 3)
        assert (await only(runtime, 1)).local_title == "Renamed meanwhile"
        assert (await only(runtime, 3)).status is Status.DISMISSED


@pytest.mark.parametrize("is_full", [False, True])
async def test_a_stash_that_leaves_a_scene_out(small: DemoWorld, *, is_full: bool) -> None:
    """Nobody can tell it from a deleted one; it is back with the next scan, and so are the decisions on it"""
    async with desk_of(small) as runtime:
        desk = runtime.matching
        await desk.scan()
        await desk.dismiss([(await only(runtime, 3)).id])
        small.stash.faults.add(FaultKind.WRONG_LENGTH, times=None, only="findScenes")
        assert (await desk.scan(ScanOptions(is_full=is_full))).scenes == 2
        small.stash.faults.clear()
        report = await desk.scan()
        assert (report.scenes, report.pending) == (3, 2)
        assert (await only(runtime, 3)).status is Status.DISMISSED


@pytest.mark.parametrize("is_off", [False, True])
async def test_no_stash_box_to_ask(small: DemoWorld, *, is_off: bool) -> None:
    """None configured, or all turned off: a good scan that says what to do about it"""
    endpoints = tuple(box.endpoint for box in small.boxes)
    if not is_off:
        small.stash.boxes.clear()
    async with desk_of(small, disabled_endpoints=endpoints if is_off else ()) as runtime:
        report = await runtime.matching.scan()
        assert (report.is_ok, report.scenes, report.endpoints) == (True, 3, [])
        assert ("turned off" if is_off else "add one in Stash") in report.notes[0]
    assert [len(box.log.requests) for box in small.boxes] == [0, 0]


async def test_an_endpoint_by_name(small: DemoWorld) -> None:
    """In another spelling it is the same; one that Stash does not have is named, with those it has"""
    async with desk_of(small) as runtime:
        report = await runtime.matching.scan(ScanOptions(endpoints=(small.boxes[0].endpoint.upper() + "/",)))
        assert [run.endpoint for run in report.endpoints] == [small.boxes[0].endpoint]
        with pytest.raises(UsageError, match="Stash has no such stash-box") as failure:
            await runtime.matching.scan(ScanOptions(endpoints=("https://nowhere.example/graphql",)))
        assert small.boxes[1].endpoint in str(failure.value)


async def test_a_failure_that_nothing_hangs_on_any_more(small: DemoWorld) -> None:
    """What an endpoint failed at was linked elsewhere meanwhile: nothing is wrong with it any longer"""
    bad = small.boxes[0]
    bad.faults.add(FaultKind.ERROR, times=None, only=LOOK_UP, message="database is down")
    async with desk_of(small) as runtime:
        await runtime.matching.scan()
        for number in (1, 2, 3):
            link(small.stash.library.scenes[number], small, "by hand")
        report = await runtime.matching.scan()
        states = {state.endpoint: state.last_error for state in (await runtime.matching.summary()).endpoints}
        assert (report.is_ok, states[bad.endpoint]) == (True, "")


async def test_a_stash_that_is_not_there(small: DemoWorld) -> None:
    async with desk_of(small) as runtime:
        await runtime.matching.scan()
        before = await everything(runtime)
        await small.stash.stop()
        with pytest.raises(ServerError, match="is it running"):
            await runtime.matching.scan()
        assert await everything(runtime) == before


@pytest.mark.slow
@pytest.mark.parametrize("is_full", [False, True])
async def test_killed_in_the_middle(empty_world: DemoWorld, *, is_full: bool) -> None:
    """kill -9 in the middle of a scan: the next one goes on and repeats no finished look-up"""
    world = empty_world
    for number in range(1, 241):
        add_scene(world, number)
        add_entry(world, number)
    if is_full:
        async with desk_of(world) as runtime:
            await runtime.matching.scan()
        forget_requests(world)
    options = ["--full"] if is_full else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "--scan-only", *options),
        *("--config", world.config_path, "--data-dir", world.directory.parent / "data"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(world.directory)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    box = world.boxes[0]
    calls = 0

    def kill(request: RecordedRequest) -> None:
        nonlocal calls
        calls += LOOK_UP in request.fields
        if calls == 6:
            process.send_signal(signal.SIGKILL)

    box.faults.latency = 0.15  # so that what was answered is written down before the end
    box.on_request = kill
    assert await process.wait() == -signal.SIGKILL
    box.on_request = None
    box.faults.clear()
    answered = {
        hash_of(group) for one in box.log.of(LOOK_UP) if one.variables for group in one.variables["fingerprints"]
    }
    forget_requests(world)
    async with desk_of(world) as runtime:
        assert any("was cut short" in words for words in runtime.recovered)
        report = await runtime.matching.scan(ScanOptions(is_full=is_full))
        assert (report.is_ok, report.pending) == (True, 240)
        asked_again = groups_asked(world)
        # Requests under way at that moment were sent and not answered: at most those are repeated.
        assert 240 - len(answered) <= asked_again <= 240 - 2 * 32
        assert sorted(one.scene_id for one in await everything(runtime)) == list(range(1, 241))
        forget_requests(world)
        assert (await runtime.matching.scan()).as_result()["looked_up"] == 0


def hash_of(group: list[dict[str, str]]) -> str:
    return group[0]["hash"]
