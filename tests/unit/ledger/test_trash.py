"""Files go into the trash and come back as they were; only what was looked at goes, and never the last one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from soaking import cases
from trash_bench import TrashBench, bench_in, facts, files_in, going, made

from core.errors import UndoRefusedError, UsageError
from core.ledger.trash import TrashFile, trash_effect
from core.ledger.trash_deletion import TRASH_DELETE
from core.settings_duplicates import TrashSettings
from core.store import journal
from core.store.database import Database
from core.store.journal_records import EffectState


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[TrashBench]:
    async with bench_in(tmp_path / "bench") as bench:
        yield bench


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file that stays."""
    return made(tmp_path / "library" / "kept.jpg")


@pytest.fixture
def going_file(tmp_path: Path) -> Path:
    """The file that goes."""
    return made(tmp_path / "library" / "copies" / "going.jpg")


# -- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a.jpg", "Ünï cödé 日本.jpg", "new\nline.jpg", "x" * 251 + ".jpg", "\udcff bytes.jpg"]
)
async def test_bytes_name_mode_and_time_come_back(bench: TrashBench, kept: Path, tmp_path: Path, name: str) -> None:
    path = made(tmp_path / "library" / name, mode=0o604)
    before = facts(path)
    report = await bench.put(going(path, kept))
    assert report.not_done == []
    assert not path.exists()
    (one,) = await bench.trash.held()
    assert (one.path, one.size) == (str(path), len(before[0]))
    assert facts(Path(one.place)) == before
    assert (await bench.trash.restore([one.id])).not_done == []
    assert files_in(tmp_path / "library") == sorted([path, kept])
    assert facts(path) == before
    assert await bench.trash.held() == []
    assert files_in(tmp_path / "bench" / "trash") == []


@pytest.mark.parametrize("count", cases([100], [1000]))
async def test_many_files_of_one_name_all_come_back(bench: TrashBench, kept: Path, tmp_path: Path, count: int) -> None:
    paths = [made(tmp_path / "library" / str(number) / "IMG_0001.jpg", b"%d" % number) for number in range(count)]
    before = [facts(path) for path in paths]
    report = await bench.put(*(going(path, kept) for path in paths))
    assert len(report.done) == count
    assert not any(path.exists() for path in paths)
    held = await bench.trash.held()
    assert len({one.place for one in held}) == count
    assert {Path(one.place).read_bytes() for one in held} == {content for content, _, _ in before}
    assert (await bench.ledger.undo_batch(report.batch_id)).not_done == []
    assert [facts(path) for path in paths] == before


async def test_one_path_that_fills_again_and_again_loses_no_content(bench: TrashBench, kept: Path) -> None:
    path = kept.with_name("again.jpg")
    contents = [b"first", b"other"]
    for content in contents:
        assert (await bench.put(going(made(path, content), kept))).not_done == []
    newest, oldest = await bench.trash.held()
    assert (await bench.trash.restore([oldest.id, newest.id])).not_done == []
    assert path.read_bytes() == b"first"
    assert path.with_name("again (restored).jpg").read_bytes() == b"other"


async def test_a_taken_place_is_told_and_not_overwritten(bench: TrashBench, kept: Path, going_file: Path) -> None:
    await bench.put(going(going_file, kept))
    for name in (going_file.name, "going (restored).jpg"):
        made(going_file.with_name(name), b"somebody else's")
    (one,) = await bench.trash.held()
    report = await bench.trash.restore([one.id])
    beside = going_file.with_name("going (restored 2).jpg")
    assert report.not_done == []
    assert beside.name in report.done[0].words
    assert beside.read_bytes() == b"the same picture"
    assert going_file.read_bytes() == b"somebody else's"
    assert going_file.with_name("going (restored).jpg").read_bytes() == b"somebody else's"


async def test_a_symlink_in_the_place_is_not_followed(bench: TrashBench, kept: Path, going_file: Path) -> None:
    await bench.put(going(going_file, kept))
    going_file.symlink_to(going_file.with_name("nowhere"))
    (one,) = await bench.trash.held()
    assert (await bench.trash.restore([one.id])).not_done == []
    assert going_file.is_symlink()
    assert going_file.with_name("going (restored).jpg").is_file()
    assert not going_file.with_name("nowhere").exists()


async def test_a_folder_that_is_gone_is_made_again(bench: TrashBench, kept: Path, going_file: Path) -> None:
    before = facts(going_file)
    report = await bench.put(going(going_file, kept))
    going_file.parent.rmdir()
    undone = await bench.ledger.undo_batch(report.batch_id)
    assert (undone.not_done, [one.words for one in undone.done]) == ([], [""])  # in its place: nothing to tell
    assert facts(going_file) == before


async def test_a_file_is_restored_once(bench: TrashBench, kept: Path, going_file: Path) -> None:
    await bench.put(going(going_file, kept))
    (one,) = await bench.trash.held()
    await bench.trash.restore([one.id, one.id])
    with pytest.raises(UsageError, match="was restored already"):
        await bench.trash.restore([one.id])
    with pytest.raises(UsageError, match="99 is not in the trash"):
        await bench.trash.restore([99])


# -- what does not go -------------------------------------------------------------------------------------------------


async def test_other_bytes_under_the_same_size_and_time_stay(bench: TrashBench, kept: Path, going_file: Path) -> None:
    md5 = hashlib.md5(going_file.read_bytes()).hexdigest()
    payload = going(going_file, kept, md5=md5)
    made(going_file, b"quite another one")  # longer
    assert "changed since" in await bench.refused(payload)
    made(going_file, b"another content!")  # in place: inode, size and time are those that were looked at
    assert "holds something else than when it was hashed" in await bench.refused(payload)
    assert going_file.read_bytes() == b"another content!"


async def test_another_file_in_the_place_stays(bench: TrashBench, kept: Path, going_file: Path) -> None:
    payload = going(going_file, kept)
    other = made(going_file.with_name("other.jpg"))
    other.replace(going_file)
    assert "is not the file that was looked at" in await bench.refused(payload)
    assert going_file.exists()


async def test_a_symlink_in_place_of_the_file_stays(bench: TrashBench, kept: Path, going_file: Path) -> None:
    payload = going(going_file, kept)
    going_file.rename(going_file.with_name("moved.jpg"))
    going_file.symlink_to(kept)
    assert "scan again" in await bench.refused(payload)
    assert going_file.is_symlink()
    assert kept.read_bytes() == b"the same picture"


async def test_a_hard_link_is_no_survivor(bench: TrashBench, going_file: Path) -> None:
    link = going_file.with_name("link.jpg")
    link.hardlink_to(going_file)
    words = await bench.refused(going(going_file, link))
    assert "the same file under another name" in words
    assert going_file.exists()
    assert link.exists()


async def test_the_last_copy_stays(bench: TrashBench, going_file: Path) -> None:
    assert "no file would be left" in await bench.refused(going(going_file))
    assert going_file.exists()


@pytest.mark.parametrize("how", ["gone", "changed", "symlink", "cut"])
async def test_a_file_stays_when_its_survivor_is_none_any_more(
    bench: TrashBench, kept: Path, going_file: Path, how: str
) -> None:
    payload = going(going_file, kept)
    kept.unlink()
    if how == "changed":
        made(kept, b"another")
    elif how == "symlink":
        kept.symlink_to(going_file)
    elif how == "cut":
        made(kept, b"")
    assert "copies/going.jpg stays: " in await bench.refused(payload)
    assert facts(going_file)[0] == b"the same picture"


async def test_of_two_that_spare_each_other_one_stays(bench: TrashBench, kept: Path, going_file: Path) -> None:
    report = await bench.put(going(going_file, kept), going(kept, going_file))
    assert [one.words.partition(" stays: ")[1] for one in report.not_done] == [" stays: "]
    assert kept.exists()
    assert not going_file.exists()


async def test_a_refused_file_does_not_keep_the_others(bench: TrashBench, kept: Path, tmp_path: Path) -> None:
    first, second, third = (made(tmp_path / "library" / f"{n}.jpg", b"%d" % n) for n in range(3))
    plan = [going(one, kept) for one in (first, second, third)]
    made(second, b"changed")
    report = await bench.put(*plan)
    assert [second.name in one.title for one in report.not_done] == [True]
    assert [one.exists() for one in (first, second, third)] == [False, True, False]


# -- an undo that must not lose anything ------------------------------------------------------------------------------


async def test_what_is_no_longer_what_was_put_there_is_left_alone(
    bench: TrashBench, kept: Path, going_file: Path
) -> None:
    report = await bench.put(going(going_file, kept))
    (one,) = await bench.trash.held()
    Path(one.place).write_bytes(b"other")
    (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
    assert "is not what was put there" in refused.words
    (refused,) = (await bench.trash.empty([one])).not_done
    assert "is not what was put there" in refused.words
    assert Path(one.place).read_bytes() == b"other"
    Path(one.place).unlink()
    (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
    assert "no longer in the trash" in refused.words


async def test_a_trash_that_is_not_mounted_is_not_empty(
    bench: TrashBench, kept: Path, going_file: Path, tmp_path: Path
) -> None:
    report = await bench.put(going(going_file, kept))
    trash = tmp_path / "bench" / "trash"
    trash.rename(tmp_path / "away")
    held = await bench.trash.held()
    (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
    assert "is its disk mounted?" in refused.words
    (refused,) = (await bench.trash.empty(held)).not_done
    assert "is its disk mounted?" in refused.words
    assert await bench.trash.held() == held
    (tmp_path / "away").rename(trash)
    assert (await bench.ledger.undo_batch(report.batch_id)).not_done == []
    assert going_file.exists()


async def test_what_was_deleted_for_good_says_so(bench: TrashBench, kept: Path, going_file: Path) -> None:
    report = await bench.delete(going(going_file, kept))
    assert not going_file.exists()
    (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
    assert "only a backup can bring it back" in refused.words
    assert await bench.states(report.batch_id) == [EffectState.DONE]
    assert "no file would be left" in (await bench.delete(going(kept))).not_done[0].words
    assert kept.exists()


async def test_a_trash_that_cannot_be_made_leaves_the_file(tmp_path: Path, kept: Path, going_file: Path) -> None:
    in_the_way = made(tmp_path / "trash")
    async with bench_in(tmp_path / "bench", directory=in_the_way / "sub") as bench:
        words = await bench.refused(going(going_file, kept))
    assert str(going_file) in words
    assert going_file.exists()


async def test_the_whole_trash_moved_back_by_hand_is_no_loss(bench: TrashBench, kept: Path, going_file: Path) -> None:
    report = await bench.put(going(going_file, kept))
    (one,) = await bench.trash.held()
    shutil.move(one.place, going_file)
    with pytest.raises(UndoRefusedError, match="nothing that could be undone"):
        await bench.ledger.undo_batch(report.batch_id + 1)
    undone = await bench.ledger.undo_batch(report.batch_id)
    assert going_file.exists()
    assert "no longer in the trash" in undone.not_done[0].words


async def test_the_last_that_can_be_undone_is_none_whose_files_were_emptied(
    bench: TrashBench, kept: Path, tmp_path: Path
) -> None:
    paths = [made(tmp_path / "library" / f"{name}.jpg", name.encode()) for name in ("early", "late", "beside")]
    early = await bench.put(going(paths[0], kept))
    late = await bench.apply(
        [
            trash_effect(going(paths[1], kept), part="one"),
            trash_effect(going(paths[2], kept), part="two"),
        ]
    )

    async def last() -> int | None:
        async with bench.database.read() as reader:
            found = await journal.last_undoable(reader, without=(TRASH_DELETE,))
        return None if found is None else found.id

    assert await last() == late.batch_id
    held = {Path(one.path).stem: one for one in await bench.trash.held()}
    assert (await bench.trash.empty([held["late"]])).not_done == []
    assert await last() == late.batch_id  # the other file of it still comes back
    assert (await bench.trash.empty([held["beside"]])).not_done == []
    assert await last() == early.batch_id
    assert (await bench.trash.empty([held["early"]])).not_done == []
    assert await last() is None


async def test_a_file_that_came_back_beside_many_others_is_found_there(
    tmp_path: Path, kept: Path, going_file: Path
) -> None:
    """As after an undo that was cut short between the move and the journal."""
    async with Database.open(tmp_path / "winnow.db") as database:
        handler = TrashFile(TrashSettings(directory=str(tmp_path / "trash")), database)
        payload = msgspec.to_builtins(going(going_file, kept))
        before = await handler.inspect(payload)
        after = await handler.perform(payload, before)
        for name in ("going.jpg", "going (restored).jpg", *(f"going (restored {one}).jpg" for one in range(2, 12))):
            made(going_file.with_name(name), b"somebody else's")
        words = [await handler.revert(payload, before, after) for _ in range(2)]
    assert words == ["its place is taken: it lies beside it as going (restored 12).jpg"] * 2
