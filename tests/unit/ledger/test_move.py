"""Moves: under the first free name, over file systems, with what goes with a file, and back again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from move_cases import STAMP, Bench, effects_for, lying, put, states

from core.errors import LedgerError, UndoRefusedError
from core.ledger.move import MoveFile
from core.ledger.move_plan import sidecars_of
from core.store.journal_records import EffectState

pytest_plugins = ["move_fixtures"]

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
