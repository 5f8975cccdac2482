"""The duplicates screens: the list, files side by side, the plan and its one confirmation, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_driver import SIZES, Driver, opened

from core.demo.world import DemoWorld
from core.model.groups import GroupFilter, Mark
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.removal import RemovalDialog
from tui.screens.compare import CompareScreen
from tui.widgets.group_list import GroupList

HOSTILE_FILE = "b][red]\x1b[2J\u202e"  # in a folder called "["
SHOWN = "b][red]␛[2J"


async def searched(driver: Driver) -> GroupList:
    """Go to the list and scan; the list with its rows."""
    await driver.go("3", "duplicates")
    await driver.shows("No scan for duplicates has been made yet.")
    await driver.press("S")
    await driver.until(lambda: driver.said("scan for duplicates is done"), "the end of the scan")
    await driver.shows("lighthouse.mp4")
    return driver.app.screen.query_one(GroupList)


async def on_group(driver: Driver, name: str) -> int:
    """Put the cursor on the group that holds a file of this name, by keys; the group's id."""
    groups = driver.app.screen.query_one(GroupList)
    await driver.press("g")
    for _ in groups.ids:
        key = groups.cursor_id
        assert key is not None
        group = await driver.app.runtime.duplicates.group(key)
        if any(one.file.name == name for one in group.members):
            return key
        await driver.press("j")
    raise AssertionError(f"no group holds {name}:\n{driver.text}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_group_is_compared_decided_applied_and_undone(
    duplicates_world: DemoWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    film = duplicates_world.directory / "library" / "films" / "incoming" / "lighthouse (1).mp4"
    async with opened(duplicates_world, tmp_path / "data", size=size) as driver:
        await searched(driver)
        key = await on_group(driver, "lighthouse.mp4")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, CompareScreen))
        await driver.shows("same bytes", "suggested to keep", "lighthouse.mp4")
        await driver.press("right", "t")
        await driver.shows("✗ to the trash")
        await driver.press("t")
        await driver.shows("no mark yet")
        await driver.press("left", "o")
        await driver.until(lambda: driver.screen.current_id != key, "the next group")
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen.query(GroupList))
        await driver.shows("1 decided")
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.screen, RemovalDialog))
        await driver.shows("1 file of 1 group to the trash")
        await driver.press("enter")
        assert isinstance(driver.screen, RemovalDialog)  # Enter is never yes
        assert film.exists()
        await driver.press("y")
        await driver.until(lambda: not film.exists(), "the file in the trash")
        await driver.lacks("1 decided")
        await driver.press("u")
        await driver.until(lambda: isinstance(driver.screen, ConfirmDialog))
        await driver.press("y")
        await driver.until(film.exists, "the file back")
        await driver.shows("1 decided")


async def test_marks_swap_merging_and_no_duplicates(duplicates_world: DemoWorld, tmp_path: Path) -> None:
    async with opened(duplicates_world, tmp_path / "data", size=SIZES[1]) as driver:
        await searched(driver)
        desk = driver.app.runtime.duplicates

        async def marks(key: int) -> list[Mark]:
            return [one.mark for one in (await desk.group(key)).members]

        key = await on_group(driver, "storm at sea.mp4")
        await driver.press("a")
        await driver.shows("marked 1 group as the rules say")
        assert await marks(key) == [Mark.KEEP, Mark.TRASH, Mark.TRASH]
        await on_group(driver, "storm at sea.mp4")
        await driver.press("enter")
        await driver.shows("metadata merged first")
        await driver.press("m")
        await driver.lacks("metadata merged first")
        await driver.press("right", "w")
        await driver.shows("in place of")
        assert (await marks(key)).count(Mark.KEEP) == 1
        await driver.press("c")
        await driver.shows("alike: error")
        await driver.press("backspace")
        await driver.shows("no mark yet")
        assert set(await marks(key)) == {Mark.NONE}
        await driver.press("d")
        await driver.shows("without duplicates")
        await driver.press("escape")
        assert key not in list(await desk.ids(GroupFilter()))


async def test_filters_say_what_is_shown_and_lead_back(duplicates_world: DemoWorld, tmp_path: Path) -> None:
    async with opened(duplicates_world, tmp_path / "data", size=SIZES[1]) as driver:
        groups = await searched(driver)
        total = len(groups.ids)
        for key, words in (("v", "only videos"), ("t", "same bytes"), ("c", "a rule decides"), ("z", "from 1.0 MiB")):
            await driver.press("x")
            await driver.until(lambda: len(groups.ids) == total)
            await driver.press(key)
            await driver.shows(words, "shows all")
        await driver.press("x", "slash", *"harbour", "enter")
        await driver.until(lambda: len(groups.ids) == 1)
        await driver.press("escape")
        await driver.until(lambda: len(groups.ids) == total)
        await driver.press("w")
        await driver.shows("weak pairs")
        await driver.press("x", "A")
        await driver.until(lambda: isinstance(driver.screen, RemovalDialog))
        await driver.shows("5 groups cannot")
        await driver.press("escape")
        await driver.until(lambda: not isinstance(driver.screen, RemovalDialog))


async def test_a_hostile_name_is_shown_literally_on_every_screen(duplicates_world: DemoWorld, tmp_path: Path) -> None:
    camera = duplicates_world.directory / "camera" / "["
    camera.mkdir()
    (camera / f"{HOSTILE_FILE}.jpg").write_bytes((camera.parent / "IMG_0001.jpg").read_bytes())
    (camera / f"{HOSTILE_FILE}broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    async with opened(duplicates_world, tmp_path / "data", size=SIZES[1]) as driver:
        await searched(driver)
        await on_group(driver, f"{HOSTILE_FILE}.jpg")
        await driver.shows(SHOWN)
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, CompareScreen))
        await driver.shows(SHOWN)
        await driver.press("a", "escape")
        await driver.until(lambda: driver.app.screen.query(GroupList))
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.screen, RemovalDialog))
        await driver.press("y")
        await driver.until(lambda: not (camera / f"{HOSTILE_FILE}.jpg").exists() or driver.said("not"), "applied")
        await driver.go("5", "jobs")
        await driver.until(lambda: driver.screen.query("RecordTable"))
        jobs = await driver.app.runtime.jobs.newest()
        scan = next(job for job in jobs if job.kind == "duplicates.scan")
        await driver.move_to(str(scan.id))
        await driver.shows(SHOWN)  # the log names the broken file
        await driver.go("6", "history")
        await driver.shows(SHOWN)
        assert "\x1b" not in driver.text
        assert "\u202e" not in driver.text
