"""Moves: under the first free name, over file systems, back again, and refused where something is not as it was."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from move_cases import SHARED_MEMORY, STAMP, Bench, bench_over, effects_for, lying

import core.ledger.carrying
import core.ledger.move
import core.media.moving
from core.errors import EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import parsed
from core.ledger.move import MovedImage, MoveFile
from core.ledger.move_plan import Base, MovePayload, sidecars_of, stamp_of
from core.store.journal import EffectState


def has_other_file_system(folder: Path) -> bool:
    return SHARED_MEMORY.is_dir() and SHARED_MEMORY.stat().st_dev != folder.stat().st_dev


@pytest.fixture(params=["within a file system", "over file systems"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if request.param == "within a file system":
        folder = tmp_path / "faces"
        folder.mkdir()
        yield folder
        return
    if not has_other_file_system(tmp_path):
        pytest.skip("there is no second file system at /dev/shm")
    outer = Path(tempfile.mkdtemp(dir=SHARED_MEMORY, prefix="winnow-test-"))
    (outer / "faces").mkdir()
    yield outer / "faces"
    shutil.rmtree(outer)


@pytest.fixture
def over(base: Path, tmp_path: Path) -> Path:
    """The base, where it is on another file system."""
    if base.is_relative_to(tmp_path):
        pytest.skip("of copies alone")
    return base


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_over(tmp_path / "data") as found:
        yield found


def put(path: Path, content: bytes = b"picture") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def states(bench: Bench, batch: int) -> list[EffectState]:
    return [one.state for one in await bench.effects(batch)]


# -- there and back ---------------------------------------------------------------------------------------------------


async def test_a_file_is_moved_and_comes_back(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(inbox / "p.jpg")
    os.utime(path, ns=(1, 1_600_000_000_123_456_789))
    path.chmod(0o640)
    batch = await bench.apply(effects_for(path, base))
    assert lying(inbox, base) == {"faces/Ann/p.jpg": b"picture"}
    found = (base / "Ann" / "p.jpg").stat()
    assert (found.st_mtime_ns, found.st_mode & 0o777) == (1_600_000_000_123_456_789, 0o640)
    assert (await bench.effects(batch))[0].title == f"move p.jpg to {base}/Ann"
    report = await bench.ledger.undo_batch(batch)
    assert report.not_done == []
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}
    assert path.stat().st_mtime_ns == 1_600_000_000_123_456_789
    assert list(base.iterdir()) == []


async def test_a_name_that_is_taken_gets_a_time_then_a_number(bench: Bench, inbox: Path, base: Path) -> None:
    put(base / "Ann" / "p.jpg", b"other")
    for number in range(3):
        await bench.apply(effects_for(put(inbox / "p.jpg", b"%d" % number), base))
    assert lying(inbox, base) == {
        "faces/Ann/p.jpg": b"other",
        f"faces/Ann/p_{STAMP}.jpg": b"0",
        f"faces/Ann/p_{STAMP}_2.jpg": b"1",
        f"faces/Ann/p_{STAMP}_3.jpg": b"2",
    }
    for batch in (3, 2, 1):
        await bench.ledger.undo_batch(batch)
    assert lying(base) == {"faces/Ann/p.jpg": b"other"}
    assert lying(inbox) == {
        "in/p.jpg": b"2",
        "in/p (restored).jpg": b"1",
        "in/p (restored 2).jpg": b"0",
    }


@pytest.mark.parametrize("kind", ["folder", "dangling link", "link to the file", "hard link", "equal file"])
async def test_whatever_stands_at_the_name_is_left_alone(bench: Bench, inbox: Path, base: Path, kind: str) -> None:
    path, place = put(inbox / "p.jpg"), base / "Ann" / "p.jpg"
    (base / "Ann").mkdir()
    match kind:
        case "folder":
            place.mkdir()
        case "dangling link":
            place.symlink_to("nowhere")
        case "link to the file":
            place.symlink_to(path)
        case "hard link":
            other = put(base / "Ann" / "first.jpg")
            place.hardlink_to(other)
        case _:
            put(place)
    await bench.apply(effects_for(path, base))
    assert (base / "Ann" / f"p_{STAMP}.jpg").read_bytes() == b"picture"
    assert os.path.lexists(place)
    assert not path.exists()


async def test_a_name_that_was_chosen_and_one_that_is_no_utf8(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(Path(os.fsdecode(os.fsencode(inbox) + b"/caf\xe9.jpg")))
    batch = await bench.apply(effects_for(path, base, name="noface_caf_.jpg"))
    assert lying(inbox, base) == {"faces/Ann/noface_caf_.jpg": b"picture"}
    assert (await bench.ledger.undo_batch(batch)).not_done == []
    assert path.read_bytes() == b"picture"


async def test_an_empty_and_a_large_file(bench: Bench, inbox: Path, base: Path) -> None:
    large = os.urandom(1 << 20) * 34
    for name, content in (("empty", b""), ("large", large)):
        batch = await bench.apply(effects_for(put(inbox / name, content), base))
        assert lying(inbox, base) == {f"faces/Ann/{name}": content}
        await bench.ledger.undo_batch(batch)
        assert lying(inbox, base) == {f"in/{name}": content}
        (inbox / name).unlink()


# -- what goes with it ------------------------------------------------------------------------------------------------


def test_what_goes_with_a_file(inbox: Path) -> None:
    path = put(inbox / "p.jpg")
    mine = {put(inbox / name) for name in ("p.jpg.json", "p.json", "p.XMP", "p.info.json")}
    for name in ("p2.json", "other.txt", "p.jpg.jpg", "p.jpgx.json"):
        put(inbox / name)
    (inbox / "p.txt").symlink_to(path)
    assert set(sidecars_of(path)) == mine
    put(inbox / "p.png")
    assert sidecars_of(path) == [inbox / "p.jpg.json"]


async def test_sidecars_take_the_name_of_their_file_and_come_back_with_it(
    bench: Bench, inbox: Path, base: Path
) -> None:
    path = put(inbox / "p.jpg")
    put(inbox / "p.jpg.json", b"full")
    put(inbox / "p.txt", b"stem")
    put(base / "Ann" / "multi_p.jpg", b"other")
    before = lying(inbox, base)
    batch = await bench.apply(effects_for(path, base, name="multi_p.jpg"))
    assert lying(inbox, base) == {
        "faces/Ann/multi_p.jpg": b"other",
        f"faces/Ann/multi_p_{STAMP}.jpg": b"picture",
        f"faces/Ann/multi_p_{STAMP}.jpg.json": b"full",
        f"faces/Ann/multi_p_{STAMP}.txt": b"stem",
    }
    assert (await bench.ledger.undo_batch(batch)).not_done == []
    assert lying(inbox, base) == before


async def test_a_sidecar_does_not_go_without_its_file(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(inbox / "p.jpg")
    put(inbox / "p.json")
    effects = effects_for(path, base)
    path.write_bytes(b"changed")
    batch = await bench.apply(effects)
    assert await states(bench, batch) == [EffectState.REFUSED, EffectState.REFUSED]
    assert set(lying(inbox, base)) == {"in/p.jpg", "in/p.json"}


async def test_a_sidecar_that_is_gone_does_not_hold_its_file_back(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(inbox / "p.jpg")
    put(inbox / "p.json")
    batch = await bench.apply(effects_for(path, base))
    (base / "Ann" / "p.json").unlink()
    assert (await bench.ledger.preview_undo(batch)).not_done == []
    assert (await bench.ledger.undo_batch(batch)).not_done == []
    assert "p.json is not there any more" in (await bench.words(batch))[1]
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


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


# -- what an undo refuses ---------------------------------------------------------------------------------------------


async def test_a_place_that_is_taken_meanwhile(bench: Bench, inbox: Path, base: Path) -> None:
    path = put(inbox / "p.jpg")
    batch = await bench.apply(effects_for(path, base))
    put(path, b"new")
    (outcome,) = (await bench.ledger.undo_batch(batch)).outcomes
    assert outcome.words == "its place is taken: it lies beside it as p (restored).jpg"
    assert lying(inbox, base) == {"in/p.jpg": b"new", "in/p (restored).jpg": b"picture"}


@pytest.mark.parametrize(
    ("change", "words"), [("gone", "not there any more"), ("changed", "is not what was moved there")]
)
async def test_what_is_not_there_as_it_was_does_not_come_back(
    bench: Bench, inbox: Path, base: Path, change: str, words: str
) -> None:
    batch = await bench.apply(effects_for(put(inbox / "p.jpg"), base))
    place = base / "Ann" / "p.jpg"
    place.unlink() if change == "gone" else place.write_bytes(b"edited!")
    left = lying(inbox, base)
    for report in (await bench.ledger.preview_undo(batch), await bench.ledger.undo_batch(batch)):
        assert words in report.not_done[0].words
    assert lying(inbox, base) == left


async def test_a_base_or_an_old_place_that_is_not_mounted(bench: Bench, inbox: Path, base: Path) -> None:
    (effect,) = effects_for(put(inbox / "p.jpg"), base)
    handler = MoveFile()
    before = await handler.inspect(effect.payload)
    after = await handler.perform(effect.payload, before)
    away = {**effect.payload, "mount": "/elsewhere"}
    with pytest.raises(UndoRefusedError, match="is its disk or share mounted"):
        await handler.may_revert(away, before, after)
    with pytest.raises(UndoRefusedError, match="is its disk or share mounted"):
        await handler.revert(away, before, after)
    with pytest.raises(UndoRefusedError, match="cannot come back: its disk or share is not mounted at /elsewhere"):
        await handler.revert(effect.payload, {**before, "mount": "/elsewhere"}, after)
    with pytest.raises(LedgerError, match="is its disk or share mounted"):
        await handler.settle(effect.payload, {**before, "mount": "/elsewhere"})
    assert lying(inbox, base) == {"faces/Ann/p.jpg": b"picture"}


async def test_an_old_folder_that_is_gone_is_made_again(bench: Bench, inbox: Path, base: Path) -> None:
    batch = await bench.apply(effects_for(put(inbox / "day" / "p.jpg"), base))
    (inbox / "day").rmdir()
    put(base / "Ann" / "another.jpg")
    assert (await bench.ledger.undo_batch(batch)).not_done == []
    assert lying(inbox, base) == {"in/day/p.jpg": b"picture", "faces/Ann/another.jpg": b"picture"}


# -- cut short, within one effect -------------------------------------------------------------------------------------


async def test_every_step_can_be_done_twice(inbox: Path, base: Path) -> None:
    (effect,) = effects_for(put(inbox / "p.jpg"), base)
    handler = MoveFile()
    before = await handler.inspect(effect.payload)
    assert await handler.settle(effect.payload, before) is None
    after = await handler.perform(effect.payload, before)
    assert await handler.settle(effect.payload, before) == after
    assert await handler.settle(effect.payload, before) == after
    with pytest.raises(EffectRefusedError):
        await handler.perform(effect.payload, before)
    for _ in range(3):
        assert await handler.revert(effect.payload, before, after) == ""
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


@pytest.mark.parametrize("step", ["copied", "named"])
async def test_a_copy_that_was_cut_short_is_finished_and_not_made_twice(
    inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """An equal file that was there before is another one, and stays."""
    path = put(inbox / "p.jpg")
    put(over / "Ann" / "p.jpg")
    (effect,) = effects_for(path, over)
    handler = MoveFile()

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    def cut_short() -> Any:
        given = monkeypatch.context()
        where = "_write_mark" if step == "copied" else "_take_away"
        patch = given.__enter__()
        patch.setattr(core.ledger.carrying, where, die)
        if step == "copied":  # a dead process clears nothing away
            patch.setattr(Path, "unlink", lambda *_, **__: None)
        return given

    before = await handler.inspect(effect.payload)
    given = cut_short()
    with pytest.raises(SystemExit):
        core.ledger.move._moved(*_parsed(effect.payload, before), lambda: False)
    given.__exit__(None, None, None)
    assert await handler.settle(effect.payload, before) is None
    before = await handler.inspect(effect.payload)
    after = await handler.perform(effect.payload, before)
    assert lying(inbox, over) == {"faces/Ann/p.jpg": b"picture", f"faces/Ann/p_{STAMP}.jpg": b"picture"}
    assert await handler.settle(effect.payload, before) == after
    given = cut_short()
    with pytest.raises(SystemExit):
        core.ledger.move._back(*_parsed(effect.payload, before), _image(after), lambda: False)
    given.__exit__(None, None, None)
    assert await handler.revert(effect.payload, before, after) == ""
    assert lying(inbox, over) == {"in/p.jpg": b"picture", "faces/Ann/p.jpg": b"picture"}


def _parsed(payload: Any, before: Any) -> tuple[MovePayload, Any]:
    return parsed(payload, MovePayload), parsed(before, core.ledger.move._Before)


def _image(after: Any) -> MovedImage:
    return parsed(after, MovedImage)


async def test_a_second_name_of_a_move_without_atomic_renames_is_finished(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system knows no rename that does not overwrite, a file has two names for a moment."""
    monkeypatch.setattr(core.media.moving, "_rename_noreplace", lambda *_: errno.ENOSYS)
    path, base = put(inbox / "p.jpg"), tmp_path / "faces"
    (effect,) = effects_for(path, base)
    handler = MoveFile()
    before = await handler.inspect(effect.payload)
    (base / "Ann").mkdir(parents=True)
    (base / "Ann" / "p.jpg").hardlink_to(path)
    assert await handler.settle(effect.payload, before) is None
    after = await handler.perform(effect.payload, await handler.inspect(effect.payload))
    assert lying(inbox, base) == {"faces/Ann/p.jpg": b"picture"}
    path.hardlink_to(base / "Ann" / "p.jpg")
    assert await handler.revert(effect.payload, before, after) == ""
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


async def test_a_move_that_is_cancelled_is_waited_for(inbox: Path, over: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy stops on request, and nobody else begins before it did."""
    (effect,) = effects_for(put(inbox / "p.jpg"), over)
    handler, begun = MoveFile(), asyncio.Event()
    loop, copied = asyncio.get_running_loop(), core.media.moving._copied

    def slow(reading: int, writing: int, is_stopped: Callable[[], bool]) -> str:
        loop.call_soon_threadsafe(begun.set)
        while not is_stopped():
            pass
        return copied(reading, writing, is_stopped)

    monkeypatch.setattr(core.media.moving, "_copied", slow)
    task = asyncio.create_task(handler.perform(effect.payload, await handler.inspect(effect.payload)))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lying(inbox, over) == {"in/p.jpg": b"picture"}


async def test_two_that_want_one_name_at_once(bench: Bench, inbox: Path, base: Path) -> None:
    given = [effects_for(put(inbox / f"{n}" / "p.jpg", b"%d" % n), base, part="") for n in range(8)]
    batches = [await bench.ledger.submit("sort", "sort", effects) for effects in given]
    await asyncio.gather(*(bench.ledger.apply(batch) for batch in batches))
    assert sorted(lying(inbox, base).values()) == [b"%d" % n for n in range(8)]
    assert not any(one.startswith("in/") for one in lying(inbox, base))


def test_a_stamp_and_a_base(tmp_path: Path) -> None:
    assert len(stamp_of(1_700_000_000.5)) == len(STAMP)
    assert Base.of(tmp_path / "not there").mount == Base.of(tmp_path).mount
