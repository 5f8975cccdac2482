"""A volume that went away is never taken for deleted files, also after a sudden end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from file_systems import other_file_system
from trash_bench import bench_in, facts, going, made

from core.errors import UndoRefusedError
from core.ledger.trash import TrashFile
from core.ledger.trash_checks import GoingPayload
from core.ledger.trash_deletion import DeleteFile, EmptyPayload, EmptyTrashed, empty_effect
from core.path_text import packed
from core.settings_duplicates import TrashSettings
from core.store.database import Database
from core.store.journal_records import EffectRecord, EffectState

CONTENT = b"the only bytes of their kind"


class SuddenEndError(BaseException):
    """The process ended here."""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file that stays."""
    return made(tmp_path / "library" / "kept.jpg")


@pytest.fixture
def going_file(tmp_path: Path) -> Path:
    """The file that goes."""
    return made(tmp_path / "library" / "copies" / "going.jpg", CONTENT)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    with other_file_system(tmp_path) as folder:
        yield folder


def end(name: str, _: EffectRecord) -> None:
    """End as soon as a file was moved."""
    if name == "performed":
        raise SuddenEndError


def on_other_volume(given: GoingPayload) -> dict[str, Any]:
    """A plan of a file whose volume is no longer mounted at its folder."""
    payload: dict[str, Any] = msgspec.to_builtins(given)
    payload["identity"]["device"] += 1
    return payload


async def test_a_file_whose_folder_is_not_there_is_not_gone(tmp_path: Path, kept: Path, going_file: Path) -> None:
    payload = going(going_file, kept)
    going_file.parent.rename(tmp_path / "unmounted")
    async with bench_in(tmp_path / "bench") as bench:
        words = await bench.refused(payload)
        (refused,) = (await bench.delete(payload)).not_done
    assert words == refused.words
    assert "Nothing counts as gone; check that its disk or share is mounted" in words


async def test_an_empty_mount_point_is_no_deletion(tmp_path: Path, kept: Path, going_file: Path) -> None:
    """After a sudden end: the folder is there, but it is the one below the volume."""
    given = going(going_file, kept)
    going_file.unlink()
    payload = on_other_volume(given)
    assert await DeleteFile().settle(payload, {}) is None
    async with Database.open(tmp_path / "winnow.db") as database:
        system = TrashFile(TrashSettings(use_system_trash=True), database)
    assert await system.settle(payload, {"place": "", "is_system": True}) is None
    assert await DeleteFile().settle(msgspec.to_builtins(given), {}) == {}  # on its own volume it is gone


async def test_a_file_that_was_touched_is_not_deleted(kept: Path, going_file: Path) -> None:
    payload = msgspec.to_builtins(going(going_file, kept))
    os.utime(going_file)
    assert await DeleteFile().settle(payload, {}) is None


async def test_an_empty_mount_point_is_no_emptied_trash(tmp_path: Path, kept: Path, going_file: Path) -> None:
    trash = tmp_path / "bench" / "trash"
    async with bench_in(tmp_path / "bench") as bench:
        await bench.put(going(going_file, kept))
        (one,) = await bench.trash.held()
        away = EmptyPayload(packed(one.place), replace(one.identity, device=one.identity.device + 1), one.id)
        shutil.move(trash, tmp_path / "unmounted")
        trash.mkdir()
        (refused,) = (await bench.apply([empty_effect(away, "going.jpg")])).not_done
        assert "is its disk mounted?" in refused.words
        assert await EmptyTrashed().settle(msgspec.to_builtins(away), {}) is None
        assert await bench.trash.held() == [one]


@pytest.mark.parametrize("what", ["file", "trash"])
async def test_a_place_that_cannot_be_looked_at_does_not_stop_the_start(
    tmp_path: Path, kept: Path, going_file: Path, what: str
) -> None:
    """A sudden end, then a disk that answers with errors: what became of it stays open, and Winnow starts."""

    trash = tmp_path / "bench" / "trash"
    async with bench_in(tmp_path / "bench", on_step=end) as bench:
        with pytest.raises(SuddenEndError):
            await bench.put(going(going_file, kept))
    broken = going_file.parent if what == "file" else trash
    broken.rename(tmp_path / "away")
    made(broken)  # a file where a folder was: looking below it is an error of its own
    async with bench_in(tmp_path / "bench") as bench:
        (words,) = await bench.ledger.recover()
        assert "cannot be seen now" in words
        assert str(broken) in words
        assert await bench.states(1) == [EffectState.STARTED]
        broken.unlink()
        (tmp_path / "away").rename(broken)
        await bench.ledger.recover()
        assert await bench.states(1) == [EffectState.DONE]
        assert (await bench.ledger.undo_batch(1)).not_done == []
    assert facts(going_file)[0] == CONTENT


async def test_a_trash_that_is_not_mounted_leaves_open_what_became_of_a_file(
    tmp_path: Path, elsewhere: Path, kept: Path, going_file: Path
) -> None:
    """The file is in that trash: to call it not done would lose it."""
    volume = elsewhere / "volume"
    async with bench_in(tmp_path / "bench", directory=volume / "trash", on_step=end) as bench:
        with pytest.raises(SuddenEndError):
            await bench.put(going(going_file, kept))
    volume.rename(elsewhere / "away")
    async with bench_in(tmp_path / "bench", directory=volume / "trash") as bench:
        (words,) = await bench.ledger.recover()
        assert "is its disk mounted?" in words
        assert await bench.states(1) == [EffectState.STARTED]
        (elsewhere / "away").rename(volume)
        await bench.ledger.recover()
        assert [one.path for one in await bench.trash.held()] == [str(going_file)]
        assert (await bench.ledger.undo_batch(1)).not_done == []
    assert facts(going_file)[0] == CONTENT


async def test_a_file_does_not_come_back_below_another_volume(tmp_path: Path, kept: Path, going_file: Path) -> None:
    """Onto an empty mount point it would be hidden by the volume."""
    given = going(going_file, kept)
    payload = msgspec.to_builtins(given)
    async with Database.open(tmp_path / "winnow.db") as database:
        trash = TrashFile(TrashSettings(directory=str(tmp_path / "trash")), database)
        before = await trash.inspect(payload)
    after = await trash.perform(payload, before)
    with pytest.raises(UndoRefusedError, match="its file system is not mounted"):
        await trash.revert(on_other_volume(given), before, after)
    await trash.revert(payload, before, after)
    await trash.revert(payload, before, after)  # a second time finds it back
    assert facts(going_file)[0] == CONTENT


async def test_a_trash_whose_disk_is_not_mounted_is_not_made_in_its_mount_point(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = [disk]
    monkeypatch.setattr("core.ledger.bases.mount_of", lambda _: mounted[0])
    monkeypatch.setattr("core.ledger.trash.mount_of", lambda _: mounted[0])
    files = [tmp_path / name for name in ("one.jpg", "two.jpg", "three.jpg")]
    for file in files:
        file.write_bytes(CONTENT)
    async with bench_in(tmp_path / "bench", directory=disk / "trash") as bench:
        assert len((await bench.put(going(files[0], kept))).done) == 1
        assert len((await bench.put(going(files[1], kept))).done) == 1
        shutil.move(disk / "trash", tmp_path / "unmounted")
        mounted[0] = tmp_path
        (refused,) = (await bench.put(going(files[2], kept))).not_done
        assert "its disk is not mounted at" in refused.words
        assert not (disk / "trash").exists()
        assert files[2].read_bytes() == CONTENT
        mounted[0] = disk
        shutil.move(tmp_path / "unmounted", disk / "trash")
        assert len((await bench.put(going(files[2], kept))).done) == 1
    assert not files[2].exists()
