"""Hostile disks: files that change in the middle of a move, one file seen twice, volumes that come and go."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import EffectRefusedError, UnreadableFileError
from core.ledger import trash, trash_checks, trash_deletion, trash_moves
from core.ledger.effects import Image, Payload
from core.ledger.trash import TrashFile
from core.ledger.trash_checks import GoingPayload, Survivor, identity_at
from core.ledger.trash_deletion import DeleteFile, EmptyPayload, EmptyTrashed
from core.media import moving
from core.model.library_files import FileIdentity
from core.path_text import packed
from core.settings_duplicates import TrashSettings
from core.store.database import Database

CONTENT = b"the same bytes" * 1000
OTHER = b"somebody else's only copy"


def going(victim: Path, *kept: Path) -> Payload:
    survivors = []
    for one in kept:
        identity = identity_at(one)
        assert identity is not None
        survivors.append(Survivor(packed(one), identity))
    identity = identity_at(victim)
    assert identity is not None
    payload: Payload = msgspec.to_builtins(GoingPayload(packed(victim), identity, tuple(survivors)))
    return payload


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("going.mp4", "kept.mp4"):
        (folder / name).write_bytes(CONTENT)
    return folder


@pytest.fixture
async def handler(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TrashFile]:
    async with Database.open(tmp_path_factory.mktemp("data") / "winnow.db") as database:
        yield TrashFile(TrashSettings(directory=str(tmp_path / "trash")), database)


@pytest.fixture
def across(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each folder is a file system of its own."""

    def move(source: Path, target: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source), None, str(target))
        moving.move_new(source, target)

    monkeypatch.setattr(trash, "move_new", move)
    monkeypatch.setattr(trash_moves, "move_new", move)


def contents(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# -- across file systems ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("across")
async def test_what_replaced_a_file_while_it_was_copied_is_not_deleted(
    films: Path, handler: TrashFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = films / "going.mp4"
    payload = going(victim, films / "kept.mp4")

    def copy(source: Path, target: Path) -> str:
        digest = moving.copy_verified(source, target)
        (films / "new.tmp").write_bytes(OTHER)
        (films / "new.tmp").rename(source)
        return digest

    monkeypatch.setattr(trash_moves, "copy_verified", copy)
    before = await handler.inspect(payload)
    with pytest.raises(EffectRefusedError):
        await handler.perform(payload, before)
    assert victim.read_bytes() == OTHER


@pytest.mark.usefixtures("across")
async def test_two_that_move_one_file_at_once_do_not_spoil_each_others_copy(
    films: Path, handler: TrashFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two Winnows with databases of their own and one trash do."""
    payload = going(films / "going.mp4", films / "kept.mp4")
    loop = asyncio.get_running_loop()
    second: list[asyncio.Future[Any]] = []

    def copy(source: Path, target: Path) -> str:
        if second:
            target.write_bytes(source.read_bytes()[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        digest = moving.copy_verified(source, target)
        again = asyncio.run_coroutine_threadsafe(handler.perform(payload, before), loop)
        second.append(asyncio.wrap_future(again, loop=loop))
        assert isinstance(again.exception(timeout=10), EffectRefusedError)
        return digest

    monkeypatch.setattr(trash_moves, "copy_verified", copy)
    before = await handler.inspect(payload)
    after = await handler.perform(payload, before)
    assert contents(tmp_path) == [CONTENT, CONTENT]
    assert Path(after["place"]).read_bytes() == CONTENT


async def test_a_move_that_could_not_be_flushed_is_recorded_as_done(
    films: Path, handler: TrashFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = going(films / "going.mp4", films / "kept.mp4")

    def sync(folder: Path) -> None:
        if folder == films:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))

    monkeypatch.setattr(trash, "sync_folder", sync)
    before = await handler.inspect(payload)
    after = await handler.perform(payload, before)
    assert Path(after["place"]).read_bytes() == CONTENT
    assert await handler.revert(payload, before, after) == ""
    assert (films / "going.mp4").read_bytes() == CONTENT


# -- one file, seen twice ---------------------------------------------------------------------------------------------


@pytest.fixture
def twice(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder again, as a second mount of one share shows it: under another device number."""
    again = tmp_path / "again"
    again.symlink_to(films)

    def look(path: Path) -> FileIdentity | None:
        found = identity_at(path)
        if found is None or again not in path.parents:
            return found
        return FileIdentity(found.device + 1, found.inode + 1, found.size, found.mtime_ns)

    for module in (trash, trash_checks, trash_deletion, trash_moves):
        monkeypatch.setattr(module, "identity_at", look)
    return again


def on_second_mount(films: Path, again: Path) -> Payload:
    payload = going(films / "going.mp4", films / "going.mp4")
    identity = trash_checks.identity_at(again / "going.mp4")
    return payload | {"path": str(again / "going.mp4"), "identity": msgspec.to_builtins(identity)}


@pytest.mark.parametrize("kind", ["trash", "for good"])
async def test_the_only_file_stays_when_two_mounts_show_it(
    films: Path, twice: Path, handler: TrashFile, kind: str
) -> None:
    chosen: TrashFile | DeleteFile = handler if kind == "trash" else DeleteFile()
    payload = on_second_mount(films, twice)
    before = await chosen.inspect(payload)
    with pytest.raises(EffectRefusedError, match="same file in another place"):
        await chosen.perform(payload, before)
    assert (films / "going.mp4").read_bytes() == CONTENT
    assert sorted(one.name for one in films.iterdir()) == ["going.mp4", "kept.mp4"]


async def test_what_a_person_keeps_in_a_linked_folder_stays(films: Path, tmp_path: Path, handler: TrashFile) -> None:
    """Another copy is left in any case, and yet this one is to stay, too."""
    (tmp_path / "linked").symlink_to(films)
    payload = going(films / "going.mp4", tmp_path / "linked" / "going.mp4", films / "kept.mp4")
    before = await handler.inspect(payload)
    with pytest.raises(EffectRefusedError, match="same file in another place"):
        await handler.perform(payload, before)
    assert contents(films) == [CONTENT, CONTENT]


async def test_a_deletion_that_was_cut_short_in_the_middle_puts_the_file_back(films: Path) -> None:
    payload = going(films / "going.mp4", films / "kept.mp4")
    given = msgspec.convert(payload, GoingPayload)
    moving.move_new(given.place, trash_moves.hidden_place(given.place, given.identity))
    assert await DeleteFile().settle(payload, {}) is None
    assert contents(films) == [CONTENT, CONTENT]
    assert given.place.exists()


# -- volumes ----------------------------------------------------------------------------------------------------------


def renumbered(image: Image) -> Image:
    """As it was written down before the system started anew and gave the volume another number."""
    return {**image, "identity": {**image["identity"], "device": image["identity"]["device"] + 77}}


async def test_a_file_comes_back_after_its_volume_got_another_number(films: Path, handler: TrashFile) -> None:
    payload = going(films / "going.mp4", films / "kept.mp4")
    before = await handler.inspect(payload)
    after = await handler.perform(payload, before)
    assert await handler.revert(renumbered(payload), before, renumbered(after)) == ""
    assert (films / "going.mp4").read_bytes() == CONTENT


async def test_another_volume_at_the_same_place_is_no_emptied_trash(tmp_path: Path) -> None:
    root = tmp_path / ".winnow-trash"
    root.mkdir()
    identity = FileIdentity(root.stat().st_dev + 77, 5, 10, 0)
    payload = msgspec.to_builtins(EmptyPayload(str(root / "token" / "film.mp4.trashed"), identity, 1))
    with pytest.raises(EffectRefusedError, match="mounted"):
        await EmptyTrashed().inspect(payload)
    assert await EmptyTrashed().settle(payload, {}) is None


async def test_a_deletion_is_not_taken_for_done_on_another_volume(films: Path) -> None:
    payload = renumbered(going(films / "going.mp4", films / "kept.mp4"))
    (films / "going.mp4").rename(films / "elsewhere.mp4")
    assert await DeleteFile().settle(payload, {}) is None


async def test_a_folder_that_cannot_be_looked_into_is_said_and_not_raised(films: Path, handler: TrashFile) -> None:
    """What the start meets when it settles: it must not break off with what the system says."""
    payload = going(films / "going.mp4", films / "kept.mp4")
    before = await handler.inspect(payload)
    films.rename(films.with_name("moved"))
    films.touch()
    with pytest.raises(UnreadableFileError):
        await handler.settle(payload, before)
