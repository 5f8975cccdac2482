"""Moves that are cut short, cancelled, or meet another one: done once, and in one place."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from move_cases import STAMP, Bench, effects_for, lying, put

import core.ledger.carrying
import core.ledger.move
import core.media.moving
from core.errors import EffectRefusedError
from core.ledger.effects import parsed
from core.ledger.move import MovedImage, MoveFile
from core.ledger.move_plan import Base, MovePayload, stamp_of

pytest_plugins = ["move_fixtures"]

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
    assert lying(inbox, over) == {"in/p.jpg": b"picture", "faces/Ann/p.jpg": b"picture"}  # nothing half done stays
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


async def test_what_was_carried_to_and_fro_comes_back_all_the_way(
    bench: Bench, inbox: Path, over: Path, tmp_path: Path
) -> None:
    """Into a folder, from there to another file system, and back: on its way it gets another inode."""
    (tmp_path / "review").mkdir()
    first = await bench.apply(effects_for(put(inbox / "p.jpg"), tmp_path / "review"))
    second = await bench.apply(effects_for(tmp_path / "review" / "Ann" / "p.jpg", over))
    for batch in (second, first):
        assert (await bench.ledger.undo_batch(batch)).not_done == []
    assert lying(inbox, over, tmp_path / "review") == {"in/p.jpg": b"picture"}


async def test_an_undo_on_another_inode_that_was_not_written_down_is_found_again(
    inbox: Path, base: Path, tmp_path: Path
) -> None:
    (effect,) = effects_for(put(inbox / "p.jpg"), base)
    handler = MoveFile()
    before = await handler.inspect(effect.payload)
    after = await handler.perform(effect.payload, before)
    place = Path(after["place"])
    shutil.copy2(place, tmp_path / "copy")
    place.unlink()
    (tmp_path / "copy").rename(inbox / "p.jpg")
    assert await handler.revert(effect.payload, before, after) == ""
    assert lying(inbox, base) == {"in/p.jpg": b"picture"}


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
