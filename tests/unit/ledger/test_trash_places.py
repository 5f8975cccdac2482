"""The trash on another file system, and the system's own trash."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from file_systems import other_file_system
from trash_bench import bench_in, facts, files_in, going, made

from core.ledger import carrying, trash_moves
from core.ledger.trash_place import trash_place, trash_root
from core.media import moving
from core.store.journal_records import EffectState

CONTENT = bytes(range(256)) * 64


FullAfter = Callable[[Path, int, int], AbstractContextManager[None]]


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


@pytest.fixture
def full_after(monkeypatch: pytest.MonkeyPatch) -> FullAfter:
    """Writes below a folder fail with an error after so many pieces of a KiB."""
    real = os.write

    @contextmanager
    def full(folder: Path, pieces: int, number: int) -> Iterator[None]:
        left = pieces

        def write(descriptor: int, data: memoryview) -> int:
            nonlocal left
            if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(folder):
                left -= 1
                if left < 0:
                    raise OSError(number, os.strerror(number))
            return real(descriptor, data)

        with monkeypatch.context() as patch:
            patch.setattr(moving, "CHUNK", 1024)
            patch.setattr(os, "write", write)
            yield
            assert left < 0

    return full


# -- another file system ----------------------------------------------------------------------------------------------


async def test_a_trash_on_another_file_system(elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path) -> None:
    before = facts(going_file)
    async with bench_in(tmp_path / "bench", directory=elsewhere / "made" / "trash") as bench:
        report = await bench.put(going(going_file, kept))
        assert report.not_done == []
        (one,) = await bench.trash.held()
        assert files_in(elsewhere) == [Path(one.place)]
        assert facts(Path(one.place)) == before
        assert files_in(tmp_path / "library") == [kept]
        assert (await bench.ledger.undo_batch(report.batch_id)).not_done == []
    assert facts(going_file) == before
    assert files_in(elsewhere) == []


def test_each_file_system_has_a_trash_of_its_own(elsewhere: Path, tmp_path: Path) -> None:
    """Where no folder was set, so that nothing has to be copied."""
    roots = [trash_root(made(folder / "deep" / "going.jpg"), "") for folder in (elsewhere, tmp_path)]
    assert [root.parent.stat().st_dev for root in roots] == [elsewhere.stat().st_dev, tmp_path.stat().st_dev]
    assert all(root.name.startswith(".winnow-trash") for root in roots)
    assert trash_root(elsewhere / "going.jpg", str(tmp_path / "set")) == tmp_path / "set"


@pytest.mark.parametrize("is_back", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
async def test_a_disk_that_fills_in_the_middle_of_a_copy_costs_nothing(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path, full_after: FullAfter, number: int, is_back: bool
) -> None:
    before = facts(going_file)
    async with bench_in(tmp_path / "bench", directory=elsewhere / "trash") as bench:
        payload = going(going_file, kept)
        if not is_back:
            with full_after(elsewhere, 3, number):
                words = await bench.refused(payload)
            assert facts(going_file) == before
            assert files_in(elsewhere) == []
        else:
            report = await bench.put(payload)
            held = files_in(elsewhere)
            with full_after(tmp_path / "library", 3, number):
                (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
            words = refused.words
            assert [facts(one) for one in held] == [before]
            assert files_in(tmp_path / "library") == [kept]
            assert words.endswith("It stays in the trash")
            assert len(await bench.trash.held()) == 1
        assert str(going_file) in words
        assert ("check the disk" if number == errno.EIO else "make room there and try again") in words
        if not is_back:  # with room again it goes
            assert (await bench.put(payload)).not_done == []
            assert [facts(one) for one in files_in(elsewhere)] == [before]


async def test_too_little_room_is_told_before_a_byte_is_written(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "free_bytes", lambda folder: len(CONTENT) - 1)
    async with bench_in(tmp_path / "bench", directory=elsewhere / "trash") as bench:
        assert "make room there" in await bench.refused(going(going_file, kept))
    assert going_file.exists()
    assert files_in(elsewhere) == []


async def test_a_copy_that_reads_back_otherwise_is_no_copy(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def lossy(descriptor: int, data: memoryview) -> int:
        is_copy = Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(elsewhere)
        return real(descriptor, bytes(len(data)) if is_copy else data)

    monkeypatch.setattr(os, "write", lossy)
    async with bench_in(tmp_path / "bench", directory=elsewhere / "trash") as bench:
        assert "does not hold what was written" in await bench.refused(going(going_file, kept))
    assert facts(going_file)[0] == CONTENT
    assert files_in(elsewhere) == []


async def test_what_an_earlier_try_left_is_made_anew(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path
) -> None:
    """A copy that a sudden end left unfinished, or finished beside its original."""
    before = facts(going_file)
    place = trash_place(going_file, going(going_file).identity, elsewhere)
    made(place.with_name(f".winnow-{place.parent.name}.part"), CONTENT[:100])
    made(place, CONTENT[:100])
    async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
        assert (await bench.put(going(going_file, kept))).not_done == []
    assert files_in(elsewhere) == [place]
    assert facts(place) == before


async def test_what_a_try_that_was_cut_short_left_goes_at_the_next_start(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy stands in the trash, the original in its place: it was not done, and nobody need try again."""
    before = facts(going_file)
    with monkeypatch.context() as patch:
        patch.setattr(trash_moves, "sync_folder", _die)
        with pytest.raises(_DiedError):
            async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
                await bench.put(going(going_file, kept))
    assert len(files_in(elsewhere)) == 1
    async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
        await bench.ledger.recover()
        assert await bench.states(1) == [EffectState.PLANNED]
        assert files_in(elsewhere) == []
        assert facts(going_file) == before


async def test_a_way_back_that_was_cut_short_is_finished_in_its_place(
    elsewhere: Path, tmp_path: Path, kept: Path, going_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy has its old name already, the file in the trash is still there: not a second one beside it."""
    before = facts(going_file)
    async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
        assert (await bench.put(going(going_file, kept))).not_done == []
    with monkeypatch.context() as patch:
        patch.setattr(carrying, "_take_away", _die)
        patch.setattr(trash_moves, "sync_folder", _die)
        with pytest.raises(_DiedError):
            async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
                await bench.ledger.undo_batch(1)
    assert going_file.exists()
    async with bench_in(tmp_path / "bench", directory=elsewhere) as bench:
        await bench.ledger.recover()
        assert await bench.states(1) == [EffectState.UNDONE]
        assert await bench.trash.held() == []
    assert files_in(tmp_path / "library") == sorted([kept, going_file])
    assert facts(going_file) == before
    assert files_in(elsewhere) == []


class _DiedError(BaseException):
    """A sudden end."""


def _die(*_: object, **__: object) -> None:
    raise _DiedError


# -- the system's trash -----------------------------------------------------------------------------------------------


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The desktop's trash in a home of our own; send2trash looks its place up when it is imported."""
    import send2trash.plat_other as theirs

    data = tmp_path / "home" / "share"
    data.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setattr(theirs, "XDG_DATA_HOME", os.fsencode(data))
    monkeypatch.setattr(theirs, "HOMETRASH_B", os.fsencode(data / "Trash"))
    monkeypatch.setattr(theirs, "HOMETRASH", str(data / "Trash"))
    return data


@pytest.mark.parametrize("name", ["going.jpg", "100% ünï.jpg", "home/share/media/going.jpg"])
async def test_the_systems_trash_takes_a_file_and_gives_it_back(desktop: Path, tmp_path: Path, name: str) -> None:
    kept, path = made(tmp_path / "kept.jpg"), made(tmp_path / name)
    before = facts(path)
    async with bench_in(tmp_path / "bench", use_system_trash=True) as bench:
        report = await bench.put(going(path, kept))
        assert report.not_done == []
        (one,) = await bench.trash.held()
        assert one.is_system
        assert Path(one.place) == desktop / "Trash" / "files" / path.name
        assert len(files_in(desktop / "Trash" / "info")) == 1
        assert (await bench.trash.empty([one])).outcomes == []  # the desktop's to empty
        assert (await bench.trash.restore([one.id])).not_done == []
    assert facts(path) == before
    assert files_in(desktop / "Trash") == []


async def test_two_files_of_one_path_in_the_systems_trash_are_told_apart(desktop: Path, tmp_path: Path) -> None:
    kept, path = made(tmp_path / "kept.jpg"), tmp_path / "again.jpg"
    contents = [b"%d" % 10**number for number in range(6)]
    async with bench_in(tmp_path / "bench", use_system_trash=True) as bench:
        for content in contents:
            await bench.put(going(made(path, content), kept))
        held = (await bench.trash.held())[::-1]
        assert [Path(one.place).read_bytes() for one in held] == contents
        await bench.trash.restore([held[3].id])
    assert path.read_bytes() == contents[3]


async def test_what_the_desktop_emptied_is_told(desktop: Path, tmp_path: Path) -> None:
    kept, path = made(tmp_path / "kept.jpg"), made(tmp_path / "going.jpg")
    async with bench_in(tmp_path / "bench", use_system_trash=True) as bench:
        report = await bench.put(going(path, kept))
        for one in files_in(desktop / "Trash"):
            one.unlink()
        (refused,) = (await bench.ledger.undo_batch(report.batch_id)).not_done
        assert "no longer in the trash" in refused.words
