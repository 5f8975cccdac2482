"""The dashboard: figures, scans, empty states, a server that is gone, a terminal that is too small."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_driver import SIZES, opened

from core.config import load_settings
from core.demo.world import DemoWorld
from core.runtime import SCAN, JobState
from core.settings import Settings
from core.settings_duplicates import DuplicatesSettings


@pytest.mark.parametrize("size", SIZES)
async def test_a_scan_by_key_fills_the_card(world: DemoWorld, tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(world, tmp_path / "data", size=size) as driver:
        await driver.shows("No scan has been made yet", "✓ online")
        await driver.scan()
        await driver.shows(
            "25  wait for a decision", "15  certain", "2  of scenes with several", "Next scan    in 7 days"
        )
        await driver.shows("Last scan    just now", "25 new; 49 look-ups of 28 scenes", "✓  Harbour", "✓  Meadow")
        assert all(len(line) <= size[0] for line in driver.lines)


async def test_a_failing_endpoint_is_named_in_words_and_the_other_counts(world: DemoWorld, tmp_path: Path) -> None:
    world.boxes[0].faults.add("refuse", times=None, message="the disk is full")
    async with opened(world, tmp_path / "data") as driver:
        await driver.press("s")
        await driver.shows("✗  Meadow (just now)", "the disk is full", "✓  Harbour", "wait for a decision")


async def test_a_scan_can_be_paused_goes_on_and_is_stopped(world: DemoWorld, tmp_path: Path) -> None:
    world.boxes[0].faults.add("silent")
    async with opened(world, tmp_path / "data") as driver:
        await driver.press("S")
        await driver.shows("full matching scan")
        await driver.press("p")
        await driver.shows("‖ paused")
        await driver.press("p")
        await driver.lacks("‖ paused")
        await driver.press("x")
        await driver.until(lambda: not driver.app.progress)
        (job,) = await driver.app.runtime.jobs.newest(kind=SCAN)
        assert job.state is JobState.CANCELLED
        await driver.shows("■ stopped", "goes on where it was")
        world.boxes[0].faults.release()
        await driver.press("S")
        await driver.shows("wait for a decision")
        assert len(await driver.app.runtime.jobs.newest(kind=SCAN)) == 1  # the same job went on


async def test_an_empty_library_says_what_to_do(empty_world: DemoWorld, tmp_path: Path) -> None:
    async with opened(empty_world, tmp_path / "data") as driver:
        await driver.press("s")
        await driver.shows("The library holds no scenes", "Settings > Library")


async def test_a_server_that_is_gone_shows_what_is_stored_stays_and_it_recovers(
    world: DemoWorld, tmp_path: Path
) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        world.stash.faults.add("unauthorized", times=None)
        driver.app.server.check()
        await driver.shows("Stash cannot be used", "✗ offline", "25  wait for a decision")
        await driver.go("5", "jobs")
        await driver.shows("matching scan", "✗ offline")
        await driver.go("1", "dashboard")
        world.stash.faults.clear()
        driver.app.server.check()
        await driver.lacks("Stash cannot be used")
        await driver.shows("✓ online")
        assert driver.said("answers again")


async def test_accepting_all_needs_a_yes_and_enter_is_none(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        await driver.press("A")
        await driver.shows("Link 15 scenes")
        await driver.press("enter")
        await driver.press("escape")
        await driver.shows("25  wait for a decision")
        assert not await driver.app.runtime.history.batches()
        await driver.press("A")
        await driver.shows("Link 15 scenes")
        await driver.press("y")
        await driver.shows("10  wait for a decision")
        await driver.press("u")
        await driver.shows("Undo accept 15 matches")
        await driver.press("enter")
        await driver.shows("Undo accept 15 matches")  # still asking
        await driver.press("y")
        await driver.shows("25  wait for a decision")


async def test_a_small_terminal_gets_a_message_and_its_keys_do_nothing_unseen(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        for size in ((59, 24), (80, 14), (20, 5)):
            await driver.pilot.resize_terminal(*size)
            await driver.shows("Too small")
            await driver.press("s", "3")
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("No scan has been made yet")
        assert driver.app.current_mode == "dashboard"
        await driver.press("A", "question_mark")
        await driver.pilot.resize_terminal(20, 5)
        await driver.shows("Too small")
        await driver.pilot.resize_terminal(120, 40)
        await driver.shows("Dashboard")


async def test_scans_that_are_due_start_by_themselves_but_the_first_is_the_persons(
    world: DemoWorld, tmp_path: Path
) -> None:
    from tui.schedule import Schedule

    settings = load_settings(world.config_path)
    async with opened(world, tmp_path / "data", settings=settings) as driver:
        schedule = Schedule(driver.app)
        schedule.begin()
        await schedule.start_what_is_due()
        assert not await driver.app.runtime.jobs.newest()
        await driver.scan()
        await schedule.start_what_is_due()
        assert len(await driver.app.runtime.jobs.newest()) == 1  # not due yet
        clock = driver.app.clock
        start = clock.now()

        class Later:
            """A week and an hour later."""

            def now(self) -> float:
                return start + 169 * 3600

            def monotonic(self) -> float:
                return clock.monotonic()

        driver.app.clock = Later()
        driver.app.runtime.jobs.clock = Later()
        await schedule.start_what_is_due()
        await driver.until(lambda: driver.said("scheduled scan has started"))
        await schedule.start_what_is_due()  # nothing twice
        assert len(await driver.app.runtime.jobs.newest()) == 2


async def test_folders_alone_need_no_server(world: DemoWorld, tmp_path: Path) -> None:
    """A configuration without a Stash opens the app when there is something else to search."""
    media = tmp_path / "media"
    media.mkdir()
    settings = Settings(duplicates=DuplicatesSettings(folders=(str(media),)))
    async with opened(world, tmp_path / "data", settings=settings) as driver:
        await driver.shows("No Stash server is configured.", "`winnow init` connects one")
        await driver.lacks("cannot be used now")
        await driver.go("3", "duplicates")
        await driver.press("S")
        await driver.until(lambda: driver.said("scan for duplicates is done"))
