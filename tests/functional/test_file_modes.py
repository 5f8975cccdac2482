"""What Winnow keeps is for its owner's eyes, whatever the user's mask lets through."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import command
from tui_driver import opened

from core.demo.drawing import draw
from core.demo.world import DemoWorld


@pytest.fixture
def open_mask() -> Iterator[None]:
    """A mask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def shared(folder: Path) -> dict[str, str]:
    """Files and folders below that others could open, the uppermost included: nobody gets past a closed folder."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o077:
        return {}
    found = {str(folder): oct(mode)}
    for one in folder.rglob("*"):
        mode = stat.S_IMODE(one.lstat().st_mode)
        if mode & 0o077 and not one.is_symlink():
            found[str(one)] = oct(mode)
    return found


async def test_data_trash_and_cache_are_closed(tmp_path: Path, open_mask: None) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    draw("hills", 933, 0.0, 320, 240).save(pictures / "a.png")
    (pictures / "b.png").write_bytes((pictures / "a.png").read_bytes())
    config = tmp_path / "config" / "winnow.toml"
    env = {"WINNOW_CONFIG": str(config), "WINNOW_DATA_DIR": str(tmp_path / "data" / "winnow")}
    config.parent.mkdir()
    config.write_text(f'[duplicates]\nfolders = ["{pictures}"]\n[trash]\ndirectory = "{tmp_path / "trash" / "own"}"\n')
    assert (await command(tmp_path, "--scan-only", "--desk", "duplicates", **env)).status == 0
    assert (await command(tmp_path, "duplicates", "plan", **env)).status == 0
    applied = await command(tmp_path, "duplicates", "apply", "1", "--yes", **env)
    assert len(list((tmp_path / "trash").rglob("*.trashed"))) == 1, applied
    assert shared(tmp_path / "data" / "winnow") == {}
    assert shared(tmp_path / "trash" / "own") == {}


async def test_what_the_app_keeps_is_closed(world: DemoWorld, tmp_path: Path, open_mask: None) -> None:
    async with opened(world, tmp_path, size=(120, 40)) as driver:
        await driver.scan()
        await driver.go("2", "matching")
        driver.app.pictures  # noqa: B018  it is made when it is wanted first
        data = driver.app.data_dir
    assert shared(data) == {}


@pytest.mark.parametrize(
    "text", ['[stash]\nurl = "http://a"\napi_key = "{key}"\n', '[stash]\nurl = "http://me:{key}@a"\n']
)
async def test_a_configuration_that_others_can_read_is_warned_about(tmp_path: Path, text: str) -> None:
    key = "pLanTed-K3y-0123"
    config = tmp_path / "winnow.toml"
    env = {"WINNOW_CONFIG": str(config), "WINNOW_DATA_DIR": str(tmp_path / "data")}
    for mode, is_told in ((0o600, False), (0o640, True), (0o604, True)):
        config.write_text(text.format(key=key))
        config.chmod(mode)
        ran = await command(tmp_path, "list", "matching", **env)
        assert ("can be read by others" in ran.err) == is_told, ran
        assert key not in ran.err + ran.out
