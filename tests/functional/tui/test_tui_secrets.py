"""Passwords in addresses stand on no screen."""

from __future__ import annotations

from pathlib import Path

from tui_driver import opened

from core.demo.world import DemoWorld

PASSWORD = "P4ssword-on-a-screen"


async def test_an_address_is_shown_without_its_password(world: DemoWorld, tmp_path: Path) -> None:
    config = world.config_path
    text = config.read_text().replace('url = "http://', f'url = "http://me:{PASSWORD}@')
    immich = f'[intake.immich]\nurl = "https://me:{PASSWORD}@photos.example"\n'
    config.write_text(f'{text}\n{immich}[notify]\nurl = "https://me:{PASSWORD}@told.example/x"\n')
    async with opened(world, tmp_path / "data", size=(120, 40)) as driver:
        await driver.go("8", "settings")
        await driver.shows("stash.url", "//***@127.0.0.1")
        for setting in ("stash.url", "intake.immich.url", "notify.url"):
            await driver.move_to(setting)
            await driver.press("enter")
            await driver.pilot.pause()
            assert PASSWORD not in driver.text, setting
        await driver.shows("***@photos.example")
        for key in "1":
            await driver.press(key)
            await driver.pilot.pause()
            assert PASSWORD not in driver.text
