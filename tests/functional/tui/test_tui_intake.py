"""The review of the intake desk by keys alone: cleared, taken back, filtered, and what does not go smoothly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from intake_cases import Place, in_review
from review_cases import ADA, put, twenty
from tui_driver import SIZES, Driver, opened

from core.config import load_settings
from core.demo.immich_server import DemoImmich
from core.demo.immich_world import FacePlan
from core.demo.world import DemoWorld, empty
from core.model.incoming import Category
from core.runtime import ReviewAction, ReviewFilter
from tui.app import WinnowApp
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.person import PersonDialog
from tui.keymap import load_keymap
from tui.screens.intake import IntakeScreen
from tui.widgets.thumb import Thumb

HOSTILE = "a][red]\x1b[2J\u202e.jpg"
SHOWN = "a][red]␛[2J"


@asynccontextmanager
async def review(place: Place, *, size: tuple[int, int] = SIZES[1], images: str = "off") -> AsyncIterator[Driver]:
    """The app over a place, on its review."""
    app = WinnowApp(load_settings(place.config), place.data, images=images, keymap=load_keymap(), is_scheduling=False)
    async with app.run_test(size=size, notifications=False) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.is_open and app.current_mode == "dashboard", "the dashboard")
        await driver.go("4", "intake")
        await driver.until(lambda: isinstance(driver.screen, IntakeScreen))
        yield driver


async def waiting(driver: Driver) -> int:
    return len(await driver.app.runtime.intake.ids(ReviewFilter()))


async def settled(driver: Driver) -> None:
    """Wait until every decision is carried out and the list is read again."""
    screen = driver.screen
    await driver.until(lambda: not screen._going and not screen._is_reloading, "the decisions")


async def undone(driver: Driver, times: int) -> None:
    """Take that many batches back by the keys of the app."""
    for _ in range(times):
        said = len(driver.app.said)
        await driver.press("u")
        await driver.until(lambda: isinstance(driver.screen, ConfirmDialog), "the question")
        await driver.press("y")
        await driver.until(lambda said=said: len(driver.app.said) > said, "the undo")  # type: ignore[misc]


@pytest.mark.parametrize("size", SIZES)
async def test_a_queue_of_twenty_is_cleared_by_keys_and_all_of_it_undone(tmp_path: Path, size: tuple[int, int]) -> None:
    place = Place(tmp_path)
    await twenty(place)
    before = place.tree
    async with review(place, size=size) as driver:
        await driver.shows("20 pictures to decide", "several faces")
        # the unsure ones, all at once, each to whom it probably shows
        await driver.press("shift+tab")
        await driver.until(lambda: len(driver.screen.rows.ids) == 4, "the unsure ones")
        await driver.press("ctrl+a", "a")
        await driver.until(lambda: isinstance(driver.screen, ConfirmDialog), "the question")
        await driver.shows("File 4 pictures to these people?", "Ada Lindqvist", "Clara Öztürk")
        await driver.press("enter")
        assert isinstance(driver.screen, ConfirmDialog)  # Enter is never yes
        await driver.press("y")
        await driver.until(lambda: isinstance(driver.screen, IntakeScreen) and not driver.screen.rows.ids, "none left")
        await settled(driver)
        assert len(list((place.final / "Ada Lindqvist").iterdir())) == 2
        # one by one: as fast as the keys come
        await driver.press("x")
        await driver.until(lambda: len(driver.screen.rows.ids) == 16)
        await driver.press("o", "o", "o", "O")
        await driver.until(lambda: driver.screen.view.is_reversed)
        await settled(driver)
        await driver.until(lambda: driver.screen.rows.cursor_row is not None)
        await driver.press("g", "r", "r", "s")
        await settled(driver)
        assert await waiting(driver) == 14
        # somebody new, chosen by typing
        await driver.press("t")
        await driver.until(lambda: isinstance(driver.screen, PersonDialog))
        await driver.press("enter")
        assert isinstance(driver.screen, PersonDialog)  # nothing stands out yet
        await driver.press(*"Dora")
        await driver.shows("+ new person: Dora")
        await driver.press("enter")
        await driver.until(lambda: (place.final / "Dora").is_dir(), "her folder")
        await settled(driver)
        # the rest to the trash
        await driver.press("ctrl+a", "r")
        await driver.until(lambda: isinstance(driver.screen, ConfirmDialog), "the question")
        await driver.shows("Reject 13 pictures, to the trash?")
        await driver.press("y")
        await driver.shows("Nothing waits for a decision.")
        await settled(driver)
        assert await waiting(driver) == 0
        assert not list(place.review.rglob("*.jpg"))
        await undone(driver, 6)
        assert await waiting(driver) == 20
        assert place.tree == before
        await driver.shows("20 pictures to decide")


async def test_keys_that_come_faster_than_decisions_never_decide_twice(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ids = [await put(place, number, Category.LOW_CONFIDENCE, ADA) for number in range(6)]
    async with review(place) as driver:
        await driver.until(lambda: len(driver.screen.rows.ids) == 6 and driver.screen.rows.cursor_row is not None)
        for _ in range(5):
            driver.app.simulate_key("a")
        await driver.until(lambda: len(driver.screen.rows.ids) == 1, "one left")
        await settled(driver)
        lines = await driver.app.runtime.intake.lines(ids)
        assert [one.action for one in lines].count(ReviewAction.APPROVED) == 5
        assert not [one for one in driver.app.said if one.severity != "information"]
        await driver.shows("1 picture to Ada Lindqvist", "u takes it back")


async def test_a_picture_that_is_gone_is_refused_in_words_and_is_in_the_list_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (key,) = [await put(place, 1, Category.LOW_CONFIDENCE, ADA)]
    async with review(place) as driver:
        await driver.until(lambda: driver.screen.rows.cursor_row is not None)
        path = Path((await driver.app.runtime.intake.lines([key]))[0].path)
        path.rename(tmp_path / "elsewhere.jpg")
        await driver.press("a")
        await driver.until(lambda: driver.said(path.name), "why it was refused")
        await settled(driver)
        await driver.until(lambda: list(driver.screen.rows.ids) == [key], "the picture again")


async def test_tabs_filters_and_order_say_what_is_shown_and_lead_back(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await twenty(place)
    async with review(place, size=(140, 40)) as driver:
        rows = driver.screen.rows
        await driver.shows("All 20", "Unidentified 8", "Several faces 4")
        await driver.press("c", "c")
        await driver.until(lambda: len(rows.ids) == 8)
        await driver.shows("8 shown", "x shows all")
        await driver.press("v")
        await driver.shows("from drop folder")
        await driver.press("v", "x", "e")
        await driver.shows("No picture matches the filter.", "only approved")
        await driver.press("escape")
        await driver.until(lambda: len(rows.ids) == 20)
        await driver.press("slash", *"clara", "enter")
        await driver.until(lambda: len(rows.ids) == 2)
        await driver.shows("with “clara”")
        await driver.press("y")
        await driver.until(lambda: driver.said("lowconf_IMG_2414.jpg"))
        await driver.press("escape", "o")
        await driver.shows("by oldest first")
        assert await driver.pilot.click("CategoryTabs", offset=(10, 0))
        await driver.until(lambda: driver.screen.view.category is Category.DUPLICATES)


async def test_the_picture_has_frames_round_its_faces_and_can_be_shown_large(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await put(place, 1, Category.MULTIPLE_FACES, None)
    async with review(place, size=SIZES[0], images="halfcell") as driver:
        thumb: Any = driver.screen.query_one(Thumb)
        await driver.until(lambda: thumb.outcome is not None and not isinstance(thumb.outcome, str), "the picture")
        assert len(thumb.picture.marks) == 2
        small = thumb.outcome
        await driver.press("enter")
        await driver.until(lambda: thumb.outcome not in (None, small), "the large picture")
        assert thumb.outcome.rows > small.rows
        await driver.shows("Faces   2: unknown, unknown", "drop folder")
        await driver.press("escape")
        await driver.until(lambda: not driver.screen.has_class("-large"))


async def test_whom_to_choose_is_found_by_typing_ahead(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for number, person in enumerate(("Ada Lindqvist", "Clara Öztürk")):
        await put(place, number, Category.UNIDENTIFIED, None, name=f"{person[:3]}.jpg")
    await put(place, 5, Category.UNIDENTIFIED, ADA)
    async with review(place) as driver:
        await driver.until(lambda: len(driver.screen.rows.ids) == 3 and driver.screen.rows.cursor_row is not None)
        await driver.app.runtime.intake.approve([1], "Clara Öztürk")
        await driver.press("t")
        await driver.until(lambda: isinstance(driver.screen, PersonDialog))
        await driver.shows("suggested", "Clara Öztürk", "change nothing")
        await driver.lacks("in Immich, too")  # no Immich is set up
        await driver.press(*"ozt")
        await driver.lacks("Ada Lindqvist")
        for key in ("backspace", "backspace", "backspace", "down", "down", "enter"):
            driver.app.simulate_key(key)  # in a burst: none overtakes the one before
        await driver.until(lambda: len(list((place.final / "Clara Öztürk").iterdir())) == 2, "the second picture")
        await settled(driver)


async def test_hostile_names_are_shown_literally(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await in_review(place, HOSTILE, source="[b]\x1b[0m", prefix="")
    async with review(place) as driver:
        await driver.shows(SHOWN)
        await driver.press("i")
        await driver.shows("[b]␛[0m")
        await driver.press("t")
        await driver.until(lambda: isinstance(driver.screen, PersonDialog))
        await driver.shows(SHOWN)
        await driver.press(*"[/b] x", "enter")
        await driver.until(lambda: isinstance(driver.screen, IntakeScreen))
        await settled(driver)
        await driver.shows("[/b] x")
        await driver.go("6", "history")
        await driver.shows(SHOWN)
        assert "\x1b" not in driver.text
        assert "\u202e" not in driver.text


async def test_an_empty_review_says_why_and_the_dashboard_what_waits(tmp_path: Path) -> None:
    place = Place(tmp_path)
    async with review(place) as driver:
        await driver.shows("Nothing has come in yet.", "winnow intake add")
        await in_review(place, "one.jpg")
        await driver.go("1", "dashboard")
        await driver.shows("1  picture waits for a decision", "1 unidentified")
        await driver.go("4", "intake")
        await driver.shows("1 picture to decide")


async def test_a_desk_that_is_not_set_up_says_what_to_do(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.config.write_text(f'[duplicates]\nfolders = ["{place.final}"]\n')
    async with review(place, size=SIZES[0]) as driver:
        await driver.shows("The intake desk is not set up.", "enabled")
        await driver.go("1", "dashboard")
        await driver.shows("Not set up: `winnow init`")


async def test_pictures_are_taken_in_from_the_screen_and_jobs_and_dashboard_tell_of_it(tmp_path: Path) -> None:
    async with (
        DemoWorld.open(tmp_path / "world", media=False, library=empty, intake=True) as world,
        opened(world, tmp_path / "data", size=SIZES[1]) as driver,
    ):
        await driver.go("4", "intake")
        await driver.shows("Nothing has come in yet.")
        assert world.intake is not None
        await asyncio.to_thread(world.intake.fill)
        await driver.press("S")
        await driver.shows("multi_two friends.jpg", "unwanted_not again.jpg", "several faces")
        await driver.until(lambda: not driver.app.progress, "the end of the run")
        await driver.go("1", "dashboard")
        await driver.shows("7  pictures wait for a decision", "3 filed unasked", "success rate", "Next run")
        await driver.go("5", "jobs")
        await driver.shows("✓ done", "sort what came in")


async def test_the_face_is_assigned_on_request_and_an_immich_that_is_away_refuses(tmp_path: Path) -> None:
    async with DemoImmich.open(tmp_path / "immich") as server:
        place = Place(tmp_path, immich=(server.base_url, server.api_key))
        ada = server.world.add_person(server.owner, "Ada")
        server.world.add_seen(server.owner, "/mnt/library/before.jpg", FacePlan(ada))
        assets = [server.world.add_seen(server.owner, f"/mnt/library/{name}.jpg", FacePlan(None)) for name in "ab"]
        for number, asset in enumerate(assets):
            await in_review(place, f"{number}.jpg", asset_id=asset.id)
        async with review(place) as driver:
            await driver.until(lambda: len(driver.screen.rows.ids) == 2 and driver.screen.rows.cursor_row is not None)
            await driver.press("t")
            await driver.until(lambda: isinstance(driver.screen, PersonDialog))
            await driver.shows("☐ assign the face", "no folder yet")
            await driver.press(*"ada", "ctrl+o")
            await driver.shows("☑ assign the face")
            await driver.press("enter")
            await driver.until(lambda: isinstance(driver.screen, ConfirmDialog), "what an undo leaves")
            await driver.shows("stays Ada's after an undo")
            await driver.press("y")
            await driver.until(lambda: len(driver.screen.query("ReviewList")) and len(driver.screen.rows.ids) == 1)
            await settled(driver)
            assert [one.faces[0].person for one in assets].count(ada) == 1
            await driver.until(lambda: driver.screen.rows.cursor_row is not None)
            await server.stop()
            await driver.press("t")
            await driver.until(lambda: isinstance(driver.screen, PersonDialog))
            await driver.press(*"ada", "ctrl+o", "enter")
            await driver.until(lambda: driver.said("nothing listens there"), "why not")
            await settled(driver)
            assert len(driver.screen.rows.ids) == 1
            assert await waiting(driver) == 1
