"""Scans that stand beside others, are cut short, or meet a stash-box that comes or goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from matching_desk import (
    add_entry,
    add_scene,
    asked,
    desk_of,
    entry_name,
    everything,
    forget_requests,
    groups_asked,
    link,
    looked_up,
    of_scene,
    only,
)

from core.demo.faults import RecordedRequest
from core.demo.world import DemoWorld
from core.errors import JobRunningError
from core.model.recommendations import RecommendationFilter, Status
from core.runtime import JobState, Runtime, ScanOptions

pytest_plugins = ["small_fixtures"]


async def cut_short_after_the_first_page(small: DemoWorld) -> None:
    """A scan that read a thousand scenes of the library and was stopped then; the Stash answers again."""
    silent_after_the_first_page(small)
    async with desk_of(small) as runtime:
        pages = []
        runtime.jobs.subscribe(lambda progress: pages.append(progress.done))
        task = await runtime.matching.start_scan()
        await until(lambda: 1000 in pages)
        task.cancel()
        await asyncio.wait({task})
    small.stash.on_request = None
    small.stash.faults.clear()


async def test_a_new_stash_box(small: DemoWorld) -> None:
    """Added in Stash later: scenes that were linked everywhere before are looked up there too"""
    second = small.stash.boxes.pop()
    link(small.stash.library.scenes[1], small, entry_name(1))
    add_entry(small, 1, box=1)
    async with desk_of(small) as runtime:
        await runtime.matching.scan()
        assert await of_scene(runtime, 1) == []
        small.stash.boxes.append(second)
        forget_requests(small)
        await runtime.matching.scan()
        assert (asked(small), groups_asked(small, 1)) == (0, 3)
        assert (await only(runtime, 1)).endpoint == second.endpoint


async def test_a_new_stash_box_while_the_scan_was_cut_short(small: DemoWorld) -> None:
    """What a crawl fetched before the stash-box was there is fetched again for it"""
    second = small.stash.boxes.pop()
    link(small.stash.library.scenes[1], small, entry_name(1))
    add_entry(small, 1, box=1)
    for number in range(1000, 2100):
        add_scene(small, number).files.clear()
    await cut_short_after_the_first_page(small)
    small.stash.boxes.append(second)
    async with desk_of(small) as runtime:
        assert (await runtime.matching.scan()).scenes == 1103
        assert [one.endpoint for one in await of_scene(runtime, 1)] == [second.endpoint]


async def test_a_first_crawl_goes_on_where_it_was(small: DemoWorld) -> None:
    """And what changed meanwhile in the part that was fetched already is found all the same"""
    for number in range(1000, 2100):
        add_scene(small, number).files.clear()
    await cut_short_after_the_first_page(small)
    forget_requests(small)
    add_scene(small, 4)
    add_entry(small, 4)
    del small.stash.library.scenes[2]
    async with desk_of(small) as runtime:
        report = await runtime.matching.scan()
        assert (report.scenes, report.pending) == (1103, 2)
        assert [one.variables["scenes"]["id"]["value"] for one in small.stash.log.of("WinnowCrawl")] == [1996]  # type: ignore[index]
        assert (await only(runtime, 4)).is_high_confidence


def silent_after_the_first_page(world: DemoWorld) -> None:
    """Let Stash answer one page of a crawl, and hold every other back."""

    def hold(request: RecordedRequest) -> None:
        if request.operation == "WinnowCrawl":
            world.stash.faults.add("silent", times=None, only="WinnowCrawl")

    world.stash.on_request = hold


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, for ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  there is no event for it
            await asyncio.sleep(0.002)


async def test_a_removed_stash_box(small: DemoWorld, scanned: Runtime) -> None:
    """Its proposals are withdrawn, and come back when it does; nothing else brings them back"""
    first = small.stash.boxes.pop(0)
    rival = add_entry(small, 2, copy=1)
    await scanned.matching.dismiss([(await only(scanned, 2)).id])
    report = await scanned.matching.scan()
    assert (report.counts.withdrawn, report.pending, [run.endpoint for run in report.endpoints]) == (
        1,
        0,
        [small.boxes[1].endpoint],
    )
    await scanned.matching.withdraw([one.id for one in await scanned.matching.dismissals()])
    assert await scanned.matching.count(RecommendationFilter()) == 0
    async with desk_of(small, max_phash_distance=6) as changed:  # computes everything anew
        await changed.matching.scan()
        assert await changed.matching.count(RecommendationFilter()) == 0
    assert asked(small) == 0
    small.stash.boxes.insert(0, first)
    await scanned.matching.scan()
    assert groups_asked(small) == 3
    assert {one.candidate.id for one in await everything(scanned, statuses=[Status.PENDING])} == {
        entry_name(1),
        entry_name(2),
        rival.id,
    }


async def test_two_scans_at_once(small: DemoWorld) -> None:
    """The second is refused in words, here and in another Winnow"""
    small.boxes[0].faults.add("silent", times=None)
    async with desk_of(small) as one, desk_of(small) as other:
        task = await one.matching.start_scan()
        for runtime in (one, other):
            with pytest.raises(JobRunningError, match="already under way"):
                await runtime.matching.scan()
        small.boxes[0].faults.clear()
        await task
        assert looked_up(await other.matching.scan()) == 0


@pytest.mark.parametrize("is_undone", [False, True])
async def test_a_decision_made_during_a_crawl_stands(small: DemoWorld, *, is_undone: bool) -> None:
    """The crawl reads a scene before it is linked and takes it after: the accept is not undone by old news"""
    for number in range(1000, 2000):
        add_scene(small, number).files.clear()
    add_scene(small, 2001)
    add_entry(small, 2001)
    async with desk_of(small) as one, desk_of(small) as other:
        await one.matching.scan()
        wanted = await only(one, 2001)
        if is_undone:
            await other.matching.accept(await other.matching.plan_accept([wanted.id]))
        forget_requests(small)
        small.stash.faults.add("silent", times=None, only="configuration")
        task = await one.matching.start_scan(ScanOptions(is_full=True))
        job = (await one.jobs.newest())[0]
        await small.stash.log.wait_for("configuration")
        await one.jobs.ask(job.id, "pause")
        while (await one.jobs.newest())[0].state is not JobState.PAUSED:  # noqa: ASYNC110  seen in the database alone
            await asyncio.sleep(0.005)
        small.stash.faults.clear()
        await small.stash.log.wait_for("WinnowCrawl", 2)  # the second page is there, and waits
        if is_undone:
            batch = await other.history.last_undoable()
            assert batch is not None
            await other.history.undo_batch(batch.id)
        else:
            await other.matching.accept(await other.matching.plan_accept([wanted.id]))
        await one.jobs.ask(job.id, "")
        await task
        expected = Status.PENDING if is_undone else Status.ACCEPTED
        assert (await only(one, 2001)).status is expected
        await one.matching.scan()
        assert (await only(one, 2001)).status is expected


async def test_two_winnows_lose_no_decision(empty_world: DemoWorld) -> None:
    """One scans, again and again, while another decides and takes back: every decision stands in the end"""
    world = empty_world
    for number in range(1, 25):
        add_scene(world, number)
        for box in (0, 1):
            add_entry(world, number, box=box)
    async with desk_of(world) as scanning, desk_of(world) as deciding:
        await scanning.matching.scan()
        rows = await everything(deciding)
        is_over = False

        async def scan() -> None:
            number = 0
            while not is_over:
                await scanning.matching.scan(ScanOptions(is_full=number % 2 == 0))
                number += 1

        async def decide() -> dict[int, Status]:
            expected = {one.id: Status.PENDING for one in rows}
            desk, history = deciding.matching, deciding.history
            for number, one in enumerate(rows):
                if number % 3 == 0:
                    await desk.dismiss([one.id])
                    expected[one.id] = Status.DISMISSED
                elif number % 3 == 1:
                    report = await desk.accept(await desk.plan_accept([one.id]))
                    assert report.not_done == []
                    expected[one.id] = Status.ACCEPTED
                    if number % 2:
                        assert (await history.undo_batch(report.batch_id)).not_done == []
                        expected[one.id] = Status.PENDING
            return expected

        scans = asyncio.create_task(scan())
        expected = await decide()
        is_over = True
        await scans
        for options in (ScanOptions(), ScanOptions(is_full=True)):
            await scanning.matching.scan(options)
            assert {one.id: one.status for one in await everything(deciding)} == expected
        held = {
            (scene.id, stash_id.endpoint)
            for scene in world.stash.library.scenes.values()
            for stash_id in scene.stash_ids
        }
        assert held == {(one.scene_id, one.endpoint) for one in rows if expected[one.id] is Status.ACCEPTED}
