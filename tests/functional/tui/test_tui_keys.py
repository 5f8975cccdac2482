"""Keys in force: remapped, unbound, shown in the footer, the help and the palette, whatever has the focus."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.command import CommandPalette
from textual.widgets import Input
from tui_driver import SIZES, Driver, opened

from core.demo.world import DemoWorld
from core.settings import Settings
from tui.app import WinnowApp
from tui.command import Command
from tui.command_table import COMMANDS
from tui.keymap import load_keymap
from tui.screens.base import Dialog
from tui.screens.help import HelpScreen
from tui.widgets.footer import Footer

_ANSWERED_BY = {
    "app": ("tui.app", "WinnowApp"),
    "nav": ("tui.widgets.record_table", "RecordTable"),
    "dashboard": ("tui.screens.dashboard", "DashboardScreen"),
    "matching": ("tui.screens.matching", "MatchingScreen"),
    "detail": ("tui.screens.match_detail", "MatchDetailScreen"),
    "duplicates": ("tui.screens.duplicates", "DuplicatesScreen"),
    "compare": ("tui.screens.compare", "CompareScreen"),
    "intake": ("tui.screens.intake", "IntakeScreen"),
    "person": ("tui.dialogs.person", "PersonDialog"),
    "jobs": ("tui.screens.jobs", "JobsScreen"),
    "history": ("tui.screens.history", "HistoryScreen"),
    "dismissals": ("tui.screens.dismissals", "DismissalsScreen"),
    "settings": ("tui.screens.settings", "SettingsScreen"),
    "messages": ("tui.screens.messages", "MessagesScreen"),
    "error": ("tui.screens.error", "ErrorScreen"),
}


@pytest.mark.parametrize("command", [one for one in COMMANDS.values() if one.scope != "dialog"], ids=lambda one: one.id)
def test_every_command_is_answered_where_it_is_bound(command: Any) -> None:
    module, name = _ANSWERED_BY[command.scope]
    owner = getattr(importlib.import_module(module), name)
    assert callable(getattr(owner, f"action_{command.action.partition('(')[0]}", None))
    assert any(binding.id == command.id for binding in owner.BINDINGS)


def names_all(driver: Driver, commands: list[Command]) -> bool:
    """Whether the sentence of every command stands on the screen, wrapped or not."""
    text = " ".join(driver.text.split())
    return all(command.words in text for command in commands)


async def test_the_palette_and_the_help_name_every_command_of_the_screen(world: DemoWorld, tmp_path: Path) -> None:
    """Every screen: each of its commands has a line in the help and an entry in the palette."""
    async with opened(world, tmp_path / "data", size=(120, 180)) as driver:
        await driver.scan()
        modes = (
            "matching", "duplicates", "intake", "jobs", "history", "dismissals", "settings", "messages", "dashboard",
            "detail",
        )  # fmt: skip
        for key, mode in zip("2345678912", modes, strict=True):
            if mode == "messages":
                await driver.press(key)
                await driver.until(lambda: driver.screen.SCOPE == "messages")
            elif mode == "detail":
                await driver.go(key, "matching")
                await driver.shows("Certain both")
                await driver.press("enter")
                await driver.until(lambda: driver.screen.SCOPE == "detail")
            else:
                await driver.go(key, mode)
            commands = driver.screen.commands
            await driver.press("question_mark")
            await driver.until(lambda: isinstance(driver.screen, HelpScreen))
            await driver.until(partial(names_all, driver, commands), "every command")
            await driver.press("escape")
            await driver.until(lambda: not isinstance(driver.screen, HelpScreen))
            await driver.press("ctrl+p")
            await driver.until(lambda: isinstance(driver.screen, CommandPalette))
            await driver.until(partial(names_all, driver, commands), "every command")
            await driver.press("escape")
            await driver.until(lambda: not isinstance(driver.screen, CommandPalette))
            if mode == "messages":
                await driver.press("escape")


async def test_the_palette_does_what_a_key_would(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.press("colon")
        await driver.until(lambda: isinstance(driver.screen, CommandPalette))
        await driver.press(*"dismissals")
        await driver.shows("withdraw it")
        await driver.press("enter")
        await driver.until(lambda: driver.app.current_mode == "dismissals")


@pytest.mark.parametrize("key", ["f6", "Z", "ctrl+g"])
async def test_a_remapped_command_works_in_every_focus(world: DemoWorld, tmp_path: Path, key: str) -> None:
    own = tmp_path / "keybindings.toml"
    own.write_text(f'[app]\nshow-jobs = "{key}"\nshow-history = []\n[dialog]\ncancel = ["f7"]\n')
    async with opened(world, tmp_path / "data", keymap=load_keymap(own)) as driver:
        await driver.press("3", "4")  # the shipped keys mean nothing now
        await driver.press(key)
        await driver.until(lambda: driver.app.current_mode == "jobs")
        await driver.go("8", "settings")
        await driver.move_to("matching.min_matching_fingerprints")
        await driver.press("enter")
        await driver.until(lambda: bool(driver.screen.query(Input)))
        await driver.press("escape")  # unbound here
        assert driver.screen.query(Input)
        await driver.press("f7")
        await driver.until(lambda: not driver.screen.query(Input))


async def test_what_is_typed_goes_into_the_field_and_the_footer_knows(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.go("8", "settings")
        await driver.move_to("matching.min_matching_fingerprints")
        await driver.press("enter")
        await driver.until(lambda: bool(driver.screen.query(Input)))
        field = driver.screen.query_one(Input)
        await driver.press("end", "y", "q", "3")
        assert field.value == "2yq3"
        assert [hint[0] for hint in driver.screen.query_one(Footer).hints] == ["dialog.cancel"]


async def test_an_unbound_command_stays_in_the_palette(world: DemoWorld, tmp_path: Path) -> None:
    own = tmp_path / "keybindings.toml"
    own.write_text("[app]\nshow-history = []\n")
    async with opened(world, tmp_path / "data", keymap=load_keymap(own)) as driver:
        await driver.press("ctrl+p", *"go to what was applied", "enter")
        await driver.until(lambda: driver.app.current_mode == "history")


async def test_mistakes_in_the_users_file_are_told_and_the_app_starts(world: DemoWorld, tmp_path: Path) -> None:
    own = tmp_path / "keybindings.toml"
    own.write_text('[app]\nhepl = "f9"\nshow-jobs = "f8"\n')
    async with opened(world, tmp_path / "data", keymap=load_keymap(own)) as driver:
        assert driver.said("did you mean help?")
        await driver.press("f8")
        await driver.until(lambda: driver.app.current_mode == "jobs")
        await driver.press("9")
        await driver.shows("did you mean help?")


@pytest.mark.parametrize("size", SIZES)
async def test_without_a_configuration_the_way_on_is_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    app = WinnowApp(Settings(), tmp_path / "data", keymap=load_keymap())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = "\n".join("".join(part.text for part in line) for line in app.screen._compositor.render_strips())
        assert "winnow init" in text
        assert "winnow demo" in text
        assert "Undo" not in text
        await pilot.press("1", "2", "u", "escape")  # nothing to go to, nothing breaks
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "q")
    assert app.return_value == 0
    assert not (tmp_path / "data").exists()


def test_no_dialog_confirms_on_enter() -> None:
    keys = load_keymap().keys
    assert "enter" not in keys["dialog.confirm"]
    assert Dialog.SCOPE == "dialog"


async def burst(driver: Driver, *keys: str) -> None:
    """Keys that arrive all at once, as over a slow line."""
    for key in keys:
        driver.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await driver.pilot.pause()


async def test_keys_typed_in_a_burst_keep_their_order(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        await driver.go("2", "matching")
        await driver.press("slash")
        await driver.until(lambda: isinstance(driver.app.focused, Input))
        await burst(driver, "x", "y", "backspace", "backspace", "n", "e", "a", "r")
        await driver.until(lambda: driver.screen.query_one("#find", Input).value == "near")


async def test_enter_pressed_twice_at_once_closes_a_dialog_once(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        await driver.go("2", "matching")
        before = len(await driver.pending())
        await driver.until(lambda: driver.screen.rows.cursor_row)
        await driver.press("d")
        await driver.until(lambda: isinstance(driver.screen, Dialog))
        await burst(driver, "enter", "enter")
        await driver.until(lambda: not isinstance(driver.screen, Dialog))
        await driver.shows("takes it back")
        assert len(await driver.pending()) == before - 1
        await driver.press("ctrl+p")
        await driver.until(lambda: isinstance(driver.screen, CommandPalette))
        await burst(driver, "pagedown", "h", "i", "s", "pageup", "enter", "enter", "enter")
        await driver.until(lambda: not isinstance(driver.screen, CommandPalette))


async def test_of_a_long_paste_a_field_takes_what_it_has_room_for(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        await driver.go("2", "matching")
        await driver.until(lambda: driver.screen.rows.cursor_row)
        await driver.press("d")
        await driver.until(lambda: isinstance(driver.screen, Dialog))
        field = driver.screen.query_one(Input)
        field.post_message(events.Paste("ab" * 2500 + "\nmore"))
        await driver.until(lambda: len(field.value) == 500)


async def test_keys_are_no_search_once_the_last_found_line_is_dismissed(world: DemoWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path / "data") as driver:
        await driver.scan()
        await driver.go("2", "matching")
        await driver.press("slash", *"trailer")
        await driver.until(lambda: len(driver.screen.rows.ids) == 1)
        await driver.press("enter")
        await driver.until(lambda: driver.screen.rows.has_focus and driver.screen.rows.cursor_row)
        await driver.press("d")
        await driver.until(lambda: isinstance(driver.screen, Dialog))
        await driver.press("enter")
        await driver.shows("Nothing pending matches the filter.")
        await driver.press("x")
        await driver.until(lambda: len(driver.screen.rows.ids) > 1 and driver.screen.rows.has_focus)
