"""Folders remember their mount point: what a share leaves behind that is not mounted is never taken for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.ledger.bases import base_of
from core.store.database import Database


class Disks:
    """Which mount point everything lies under."""

    def __init__(self, root: Path) -> None:
        self.share = root / "nas"
        self.folder = self.share / "faces"
        self.share.mkdir()
        self.now = self.share

    def unmount(self) -> None:
        self.now = Path("/")


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disks:
    found = Disks(tmp_path)
    monkeypatch.setattr("core.ledger.bases.mount_of", lambda _: found.now)
    return found


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "winnow.db") as opened:
        yield opened


async def mount(database: Database, disks: Disks) -> Path:
    return (await base_of(database, str(disks.folder))).mount


async def test_the_share_is_remembered(database: Database, disks: Disks) -> None:
    disks.folder.mkdir()
    assert await mount(database, disks) == disks.share
    disks.unmount()
    assert await mount(database, disks) == disks.share
    disks.folder.rmdir()
    assert await mount(database, disks) == disks.share


@pytest.mark.parametrize("mark", ["NOT_MOUNTED", ".hidden.jpg", ".Trash-0/"])
async def test_a_mark_in_the_mount_point_is_no_use_of_it(database: Database, disks: Disks, mark: str) -> None:
    disks.folder.mkdir()
    await mount(database, disks)
    disks.unmount()
    place = disks.folder / mark.rstrip("/")
    place.mkdir() if mark.endswith("/") else place.touch()
    assert await mount(database, disks) == disks.share


@pytest.mark.parametrize("name", ["Ada/", "a.jpg", "b.mp4"])
async def test_a_folder_that_is_in_use_elsewhere_counts_there(database: Database, disks: Disks, name: str) -> None:
    disks.folder.mkdir()
    await mount(database, disks)
    disks.unmount()
    place = disks.folder / name.rstrip("/")
    place.mkdir() if name.endswith("/") else place.touch()
    assert await mount(database, disks) == Path("/")


async def test_a_share_that_is_mounted_later_counts_though_it_is_empty(database: Database, disks: Disks) -> None:
    disks.folder.mkdir()
    disks.unmount()
    assert await mount(database, disks) == Path("/")
    disks.now = disks.share
    assert await mount(database, disks) == disks.share
    disks.unmount()
    assert await mount(database, disks) == disks.share


async def test_nothing_is_remembered_of_a_folder_that_is_not_there(database: Database, disks: Disks) -> None:
    other = disks.share.with_name("other")
    assert await mount(database, disks) == disks.share
    disks.now = other
    disks.folder.mkdir()
    assert await mount(database, disks) == other
    disks.now = disks.share
    assert await mount(database, disks) == other
