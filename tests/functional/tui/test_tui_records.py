"""Jobs, history, dismissals, settings, messages, the report of a defect: each command of theirs, driven by keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Input
from tui_driver import SIZES, Driver, opened

from core.config import load_settings
from core.demo.world import DemoWorld
from core.runtime import SCAN, JobState, ScanOptions
from tui.screens.error import ErrorScreen
from tui.widgets.record_table import RecordTable

HOSTILE = "[/b][red]␛[2J"


async def _decide(driver: Driver) -> None:
    """Scan, dismiss the first three, accept what is certain: two batches."""
    desk = driver.app.runtime.matching
    await desk.scan()
    ids = await driver.pending()
    await desk.dismiss(ids[:3], reason="[/b] no")
    await desk.accept(await desk.plan_accept(ids[3:8]))


@pytest.mark.parametrize("size", SIZES)
async def test_history_undoes_a_batch_and_an_action_after_a_yes(
    world: DemoWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(world, tmp_path / "data", size=size) as driver:
        await _decide(driver)
        await driver.go("6", "history")
        await driver.shows("dismiss 3", "3 done", "Actions of batch")
        await driver.press("G")
        await driver.shows("Actions of batch 1", "dismiss Certain")
        await driver.press("enter", "j")
        await driver.press("t")
        await driver.shows("Undo this one action?")
        await driver.press("enter", "n")
        await driver.lacks("Undo this one action?")
        await driver.press("t")
        await driver.shows("Undo this one action?")
        await driver.press("y")
        await driver.shows("2 done, 1 undone")
        await driver.press("enter", "U")
        await driver.shows("Undo dismiss 3")
        await driver.press("y")
        await driver.shows("3 undone")
        assert all(len(line) <= size[0] for line in driver.lines)
        assert not await driver.app.runtime.matching.dismissals()


async def test_undo_under_one_key_takes_the_last_decision_from_anywhere(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.press("u")
        await driver.until(lambda: driver.said("nothing to undo"))
        await driver.app.runtime.matching.scan()
        await driver.app.runtime.matching.dismiss((await driver.pending())[:2])
        await driver.go("7", "dismissals")
        await driver.shows("Certain")
        await driver.press("u")
        await driver.shows("Undo dismiss 2")
        await driver.press("y")
        await driver.shows("Nothing is dismissed")


@pytest.mark.parametrize("size", SIZES)
async def test_dismissals_are_withdrawn_one_or_several(world: DemoWorld, tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(world, tmp_path / "data", size=size) as driver:
        await driver.go("7", "dismissals")
        await driver.shows("Nothing is dismissed")
        await _decide(driver)
        await driver.go("1", "dashboard")
        await driver.go("7", "dismissals")
        await driver.shows("for good", "Reason: [/b] no")
        await driver.press("w")
        await driver.until(lambda: driver.screen.query_one(RecordTable).row_count == 2)
        await driver.press("g", "space", "space")
        await driver.shows("2 dismissals selected")
        await driver.press("w")
        await driver.shows("Nothing is dismissed")


@pytest.mark.parametrize("size", SIZES)
async def test_jobs_show_their_log_and_are_paused_stopped_and_resumed(
    world: DemoWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(world, tmp_path / "data", size=size) as driver:
        await driver.go("5", "jobs")
        await driver.shows("Nothing has run yet")
        world.boxes[0].faults.add("silent")
        await driver.app.runtime.matching.start_scan(ScanOptions())
        await driver.shows("▶ running", "matching scan")
        await driver.press("p")
        await driver.shows("‖ paused")
        await driver.press("p")
        await driver.shows("▶ running")
        await driver.press("x")
        await driver.shows("■ stopped")
        await driver.shows("stopped on request")
        world.boxes[0].faults.release()
        await driver.press("r")
        await driver.shows("✓ done", "28 scenes; ")
        (job,) = await driver.app.runtime.jobs.newest(kind=SCAN)
        assert job.state is JobState.DONE
        await driver.press("enter", "g", "G", "ctrl+f", "ctrl+b", "j", "k")  # through the log
        assert all(len(line) <= size[0] for line in driver.lines)


async def test_a_job_that_fails_while_its_screen_is_open_says_why(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.go("5", "jobs")
        world.stash.faults.add("login-page", times=None)
        await driver.app.runtime.matching.start_scan(ScanOptions())
        await driver.shows("✗ failed")
        await driver.until(lambda: driver.said("failed"))


async def test_a_job_goes_on_when_its_screen_is_left(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        world.boxes[0].faults.add("silent")
        await driver.press("s")
        await driver.shows("▶ running")
        await driver.go("8", "settings")
        world.boxes[0].faults.release()
        await driver.until(lambda: driver.said("matching scan is done"))
        await driver.go("1", "dashboard")
        await driver.shows("25  wait for a decision")


@pytest.mark.parametrize("size", SIZES)
async def test_settings_are_changed_checked_and_reset_with_comments_kept(
    world: DemoWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    config = world.config_path
    config.write_text(config.read_text() + "\n[matching]  # mine\n# thirty is enough\nrecheck_days = 12\n")
    config.write_text(config.read_text() + '\n[notify]\napprise = ["json://a-secret", "json://b-secret"]\n')
    async with opened(world, tmp_path / "data", size=size) as driver:
        await driver.go("8", "settings")
        await driver.shows("stash.url", "a key is set", "matching.recheck_days", "12 days")
        assert world.stash.api_key not in driver.text
        await driver.move_to("notify.apprise")
        await driver.shows("2 keys set")
        assert "-secret" not in driver.text
        await driver.move_to("matching.min_matching_fingerprints")
        await driver.shows("May be: a whole number from 1 to 100")
        await driver.press("enter")
        await driver.until(lambda: bool(driver.screen.query(Input)))
        await driver.press("end", "0", "0")
        await driver.shows("a whole number from 1 to 100")
        await driver.press("enter")
        assert driver.screen.query(Input)  # not accepted
        await driver.press("backspace", "backspace", "backspace", "3", "enter")
        await driver.until(lambda: not driver.screen.query(Input))
        await driver.until(lambda: driver.app.runtime.settings.matching.min_matching_fingerprints == 3)
        text = config.read_text()
        assert "# thirty is enough" in text
        assert "[matching]  # mine" in text
        assert load_settings(config).matching.min_matching_fingerprints == 3
        await driver.press("r")
        await driver.until(lambda: driver.app.runtime.settings.matching.min_matching_fingerprints == 2)
        assert "min_matching_fingerprints" not in config.read_text()
        await driver.move_to("duplicates.distance")
        await driver.shows("By chance alone 100,000 unrelated files", "4 at 8")
        await driver.move_to("duplicates.keep")
        await driver.shows("each named after what it keeps", "change it in")
        await driver.press("g", "enter")  # the address is edited in the file
        await driver.until(lambda: driver.said("changed in the file"))


async def test_messages_are_kept_scrolled_and_copied(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        driver.app.say("[/b][red]\x1b[2J‮ said", severity="error")
        await driver.press("9")
        await driver.shows(HOSTILE, "✗")
        await driver.press("y", "g", "G")
        assert "said" in driver.app.clipboard
        await driver.press("escape")
        await driver.shows("Matching")


async def test_a_defect_has_a_report_without_keys_and_the_app_goes_on(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:

        async def break_down() -> None:
            raise ValueError(f"key {world.stash.api_key} [/b]")

        driver.screen.carry_out(break_down(), group="test")
        await driver.until(lambda: isinstance(driver.screen, ErrorScreen))
        await driver.shows("This is a defect of Winnow", "ValueError", "key *** [/b]")
        await driver.press("y")
        assert "ValueError" in driver.app.clipboard
        assert world.stash.api_key not in driver.app.clipboard
        (report,) = (tmp_path / "data" / "reports").iterdir()
        assert world.stash.api_key not in report.read_text()
        await driver.press("escape")
        await driver.shows("No scan has been made yet")


async def test_what_meets_a_screen_that_is_gone_because_the_app_ends_is_no_defect(
    world: DemoWorld, tmp_path: Path
) -> None:
    async with opened(world, tmp_path / "data") as driver:
        app = driver.app

        async def show() -> None:
            while app.is_running:  # noqa: ASYNC110  its end has no event
                await asyncio.sleep(0)
            app.screen.query_one("#gone")

        for group in ("one", "another"):
            driver.screen.carry_out(show(), group=group)
        await driver.pilot.pause()


async def test_hostile_names_are_shown_literally_in_records(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data", size=(120, 40)) as driver:
        desk = driver.app.runtime.matching
        await desk.scan()
        rows = [row for row in await desk.rows(await driver.pending()) if "\x1b" in row.local_title]
        assert rows
        await desk.dismiss([row.id for row in rows], reason="\x1b]0;x\x07 ‮")
        await driver.go("7", "dismissals")
        await driver.shows(HOSTILE, "␛]0;x␇")
        await driver.go("6", "history")
        await driver.shows(HOSTILE)
        await driver.press("u")
        await driver.shows("Undo dismiss", HOSTILE)
        assert "\x1b" not in driver.text
        driver.app.export_screenshot()


@pytest.mark.parametrize("theme", ["winnow-light", "terminal", "winnow-dark"])
async def test_every_theme_draws_every_screen(world: DemoWorld, tmp_path: Path, theme: str) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.press("ctrl+t")
        driver.app.theme = theme
        for key, mode in (("5", "jobs"), ("8", "settings"), ("1", "dashboard")):
            await driver.go(key, mode)
        await driver.press("ctrl+l")
        await driver.shows("Matching")


async def test_pasted_text_and_held_keys_decide_nothing(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await _decide(driver)
        before = [one.counts for one in await driver.app.runtime.history.batches()]
        await driver.go("6", "history")
        await driver.shows("Actions of batch")
        driver.app.post_message(Paste("Uytyyy\nq"))
        await driver.press(*"jjjjjjjjjjkkkk", "enter", "enter", "pagedown", "end", "home")
        await driver.shows("Actions of batch")
        assert [one.counts for one in await driver.app.runtime.history.batches()] == before


async def test_the_same_scan_twice_is_refused_in_words(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        world.boxes[0].faults.add("silent")
        await driver.press("s")
        await driver.shows("▶ running")
        await driver.press("s")
        await driver.until(lambda: driver.said("already under way"))
        world.boxes[0].faults.release()
        await driver.until(lambda: not driver.app.progress)
