"""Disks that are full, read-only or not mounted: nothing is lost, nothing counts as gone, the words say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_cases import Place, agree, desk_over, in_review, several

from core.runtime import ReviewAction, ReviewFilter


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder)
    yield folder
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def mount(folder: Path, options: str = "size=1m") -> None:
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "winnow-test", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")


def read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)


async def test_over_file_systems_and_back(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path, final=disk / "faces")
    ids = await several(place, 3)
    before = place.tree
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert (len(report.done), len(list((disk / "faces" / "Ada").iterdir()))) == (3, 3)
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.tree == before
        assert len((await runtime.intake.approve(ids, "Bob")).done) == 3


async def test_a_full_disk_takes_what_fits_and_the_rest_waits(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path, final=disk / "faces")
    ids = [await in_review(place, f"{one}.jpg", bytes([one]) * 400_000) for one in range(3)]
    everything = place.all_bytes
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert len(report.done) == 2
        assert "full" in report.not_done[0].words
        assert len(await runtime.intake.ids(ReviewFilter())) == 1
        assert place.all_bytes == everything
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert place.all_bytes == everything


async def test_a_read_only_disk_is_said(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path, final=disk / "faces")
    ids = await several(place, 2)
    before = place.tree
    read_only(disk)
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert ["read-only" in one.words for one in report.not_done] == [True, True]
        assert place.tree == before
        assert len(await runtime.intake.ids(ReviewFilter())) == 2


async def test_a_base_that_is_not_mounted_is_not_an_empty_one(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path, final=disk)
    first, second = await several(place, 2)
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve([first], "Ada")
        assert len(report.done) == 1
        kept = tmp_path / "kept"
        shutil.copytree(disk, kept)
        unmount(disk)
        refused = await runtime.intake.approve([second], "Ada")
        assert "mounted" in refused.not_done[0].words
        assert list(disk.iterdir()) == []
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "mounted" in undone.not_done[0].words
        assert [one.folder for one in (await runtime.intake.people()).choices] == ["Ada"]
        mount(disk)
        shutil.copytree(kept, disk, dirs_exist_ok=True)
        assert len((await runtime.intake.approve([second], "Ada")).done) == 1
        assert (await runtime.intake.lines([first]))[0].action is ReviewAction.APPROVED


async def test_a_review_that_is_not_mounted_is_not_gone(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path)
    shutil.rmtree(place.review)
    place.review.symlink_to(disk, target_is_directory=True)
    ids = await several(place, 2)
    async with desk_over(place) as runtime:
        unmount(disk)
        for report in (await runtime.intake.approve(ids, "Ada"), await runtime.intake.reject(ids)):
            assert ["cannot be reached" in one for one in report.refused_before] == [True, True]
            assert report.outcomes == []
        assert len(await runtime.intake.ids(ReviewFilter())) == 2


async def test_a_review_on_a_read_only_disk_stays_as_it_is(tmp_path: Path, disk: Path) -> None:
    place = Place(tmp_path)
    shutil.rmtree(place.review)
    place.review.symlink_to(disk, target_is_directory=True)
    ids = await several(place, 2)
    everything = place.all_bytes
    read_only(disk)
    async with desk_over(place) as runtime:
        for report in (await runtime.intake.reject(ids), await runtime.intake.approve(ids, "Ada")):
            assert ["read-only" in one.words.lower() for one in report.not_done] == [True, True]
        await agree(runtime, place, ids)
    assert place.all_bytes == everything
