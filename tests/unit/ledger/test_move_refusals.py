"""Moves that are refused: another file than was looked at, a share that is away, what the system says."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from move_cases import Bench, effects_for, lying, put, states

import core.ledger.carrying
import core.ledger.move
import core.media.moving
from core.store.journal_records import EffectState

pytest_plugins = ["move_fixtures"]

# -- what is refused --------------------------------------------------------------------------------------------------


async def refused(bench: Bench, effects: Any, words: str) -> None:
    batch = await bench.apply(effects)
    (effect,) = await bench.effects(batch)
    assert effect.state is EffectState.REFUSED
    assert words in effect.words


@pytest.mark.parametrize("change", ["written to", "replaced", "gone", "a link"])
async def test_another_file_than_was_looked_at(bench: Bench, inbox: Path, base: Path, change: str) -> None:
    path = put(inbox / "p.jpg")
    effects = effects_for(path, base)
    match change:
        case "written to":
            path.write_bytes(b"another")
        case "replaced":
            path.rename(inbox / "was.jpg")
            put(path)
        case "gone":
            path.unlink()
        case _:
            path.rename(inbox / "was.jpg")
            path.symlink_to(inbox / "was.jpg")
    before = lying(inbox)
    await refused(bench, effects, "is gone" if change in ("gone", "a link") else "is not the file that was looked at")
    assert lying(inbox) == before
    assert list(base.iterdir()) == []


async def test_other_bytes_with_the_same_size_and_time(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(inbox / "p.jpg")
    (effect,) = effects_for(path, base)
    effect.payload["sha256"] = "0" * 64
    await refused(bench, [effect], "holds something else than when it was hashed")
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


async def test_a_share_that_is_not_mounted_is_no_empty_folder(bench: Bench, inbox: Path, base: Path) -> None:
    """An empty mount point is there, and lies under another mount point than when the base was set up."""
    path = put(inbox / "p.jpg")
    await refused(bench, effects_for(path, base, mount=base), f"lay under {base} and lies under")
    assert list(base.iterdir()) == []


async def test_a_base_below_a_mount_point_that_is_empty(bench: Bench, inbox: Path, base: Path) -> None:
    """The share /mnt/nas is away: neither /mnt/nas/media nor /mnt/nas/media/faces is made."""
    path = put(inbox / "p.jpg")
    away = base / "media" / "faces"
    await refused(bench, effects_for(path, away), "is not there, nor the folder above it: is its disk or share mounted")
    assert list(base.iterdir()) == []


async def test_a_base_that_is_not_there_yet_is_made_in_a_folder_that_is(bench: Bench, inbox: Path, base: Path) -> None:
    await bench.apply(effects_for(put(inbox / "p.jpg"), base / "new"))
    assert lying(inbox, base) == {"faces/new/Ann/p.jpg": b"picture"}
    other = put(inbox / "q.jpg")
    await refused(bench, effects_for(other, base / "newer", mount=base), "lay under")
    assert not (base / "newer").exists()


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_a_folder_that_leads_elsewhere(bench: Bench, inbox: Path, base: Path, kind: str) -> None:
    path = put(inbox / "p.jpg")
    if kind == "file":
        put(base / "Ann")
    else:
        (base / "Ann").symlink_to(inbox)
    await refused(bench, effects_for(path, base), "is not a folder of its own")
    assert path.exists()


@pytest.mark.parametrize(("folder", "name"), [("..", "p"), ("a/b", "p"), ("Ann", "../p"), ("Ann", ".."), ("", "p")])
async def test_a_name_that_leads_outside(bench: Bench, inbox: Path, base: Path, folder: str, name: str) -> None:
    path = put(inbox / "p.jpg")
    await refused(bench, effects_for(path, base, folder=folder, name=name), "is no place below a folder")
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


async def test_a_file_that_is_there_already(bench: Bench, base: Path) -> None:
    path = put(base / "Ann" / "p.jpg")
    await refused(bench, effects_for(path, base), "lies in the folder it is to go to already")
    assert lying(base) == {"faces/Ann/p.jpg": b"picture"}


REASONS = [
    (errno.ENOSPC, "the disk it goes to is full"),
    (errno.EDQUOT, "the disk it goes to is full"),
    (errno.EROFS, "mounted read-only"),
    (errno.EACCES, "the system does not permit it"),
    (errno.ENAMETOOLONG, "its name is too long for the file system it goes to; shorten it"),
    (errno.EIO, "check the disk or the share"),
]


@pytest.mark.parametrize(("number", "words"), REASONS)
async def test_what_the_system_refuses(
    bench: Bench, inbox: Path, base: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source))

    path = put(inbox / "p.jpg")
    effects = effects_for(path, base)
    monkeypatch.setattr(core.ledger.carrying, "move_new", fail)
    await refused(bench, effects, words)
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}
    monkeypatch.undo()
    batch = await bench.apply(effects_for(path, base))
    monkeypatch.setattr(core.ledger.carrying, "move_new", fail)
    (outcome,) = (await bench.ledger.undo_batch(batch)).not_done
    assert words in outcome.words
    assert lying(inbox, base) == {"faces/Ann/p.jpg": b"picture"}
    monkeypatch.undo()
    assert (await bench.ledger.undo_batch(batch)).not_done == []


async def test_a_folder_that_cannot_be_made(
    bench: Bench, inbox: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    effects = effects_for(put(inbox / "p.jpg"), base)
    monkeypatch.setattr(Path, "mkdir", fail)
    await refused(bench, effects, f"the folder {base}/Ann: it lies on, or goes to, a file system that is mounted read-")
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


async def test_a_full_disk_before_a_copy(
    bench: Bench, inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.media.moving, "free_bytes", lambda _: 3)
    await refused(bench, effects_for(put(inbox / "p.jpg"), over), "the disk it goes to is full")
    assert lying(inbox, over) == {"in/p.jpg": b"picture"}


async def test_a_copy_that_does_not_hold_what_was_written(
    bench: Bench, inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.media.moving, "_copied", lambda reading, writing, _: "0" * 64)
    await refused(bench, effects_for(put(inbox / "p.jpg"), over), "the system refused")
    assert lying(inbox, over) == {"in/p.jpg": b"picture"}


async def test_an_original_that_cannot_be_deleted_stays_alone(
    bench: Bench, inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox / "p.jpg")
    unlink = Path.unlink

    def fail(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            raise PermissionError(errno.EPERM, "no", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    await refused(bench, effects_for(path, over), "the system does not permit it")
    assert lying(inbox, over) == {"in/p.jpg": b"picture"}


async def test_an_original_that_changes_while_it_is_copied_stays_alone(
    bench: Bench, inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox / "p.jpg")
    copy = core.media.moving.copy_verified

    def copy_then_write(*given: Any, **more: Any) -> str:
        digest = copy(*given, **more)
        path.write_bytes(b"later")
        return digest

    monkeypatch.setattr(core.ledger.carrying, "copy_verified", copy_then_write)
    await refused(bench, effects_for(path, over), "it changed since")
    assert lying(inbox, over) == {"in/p.jpg": b"later"}


async def test_a_file_in_two_places_of_which_none_can_be_deleted_is_named(
    bench: Bench, inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.ENOENT if self.name.endswith(".part") else errno.EIO, "no", str(self))

    def missing(self: Path, missing_ok: bool = False) -> None:
        if self.name.endswith(".part"):
            raise FileNotFoundError
        fail(self)

    effects = effects_for(put(inbox / "p.jpg"), over)
    monkeypatch.setattr(Path, "unlink", missing)
    batch = await bench.apply(effects)
    (effect,) = await bench.effects(batch)
    assert effect.state is EffectState.FAILED
    assert "delete one of them yourself" in effect.words


async def test_a_move_whose_folder_cannot_be_flushed_is_a_move(
    bench: Bench, inbox: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says after the fact does not count: it is looked at what became of the file."""
    (base / "Ann").mkdir()
    effects = effects_for(put(inbox / "p.jpg"), base)
    sync = core.media.moving.sync_folder

    def fail(folder: Path) -> None:
        if folder == inbox:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))
        sync(folder)

    monkeypatch.setattr(core.ledger.carrying, "sync_folder", fail)
    batch = await bench.apply(effects)
    assert await states(bench, batch) == [EffectState.DONE]
    assert lying(inbox, base) == {"faces/Ann/p.jpg": b"picture"}
    monkeypatch.setattr(core.ledger.carrying, "sync_folder", sync)
    assert (await bench.ledger.undo_batch(batch)).not_done == []
