"""Deleting a file for good through Stash, where Winnow cannot reach it."""

from __future__ import annotations

from pathlib import Path

import pytest
from stash_cases import HILLS, NIGHT, SEA, bench_of, fill, known_file, local, state

from core.demo.faults import FaultKind
from core.demo.world import DemoWorld, empty
from core.errors import UndoRefusedError
from core.ledger.stash_delete_file import DeletePayload, delete_file_effect
from core.ledger.stash_records import FileName
from core.model.library_records import Media
from core.store.journal_records import NewEffect


def deleting(record: int, number: int, name: str, *, with_record: bool = True) -> NewEffect:
    """Delete through Stash; the sea is to stay."""
    return delete_file_effect(
        DeletePayload(
            Media.VIDEO,
            record,
            FileName(number, f"/data/{name}"),
            is_record_going=with_record,
            keeper_id=1,
            keeper_file=FileName(11, f"/data/{SEA}"),
        )
    )


async def test_deleted_for_good_through_stash(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        merged = (await bench.removing(Media.VIDEO, 2, 1))[0]
        batch = await bench.done([merged, deleting(1, 21, HILLS, with_record=False), deleting(3, 31, NIGHT)])
        assert set(state(twins)) == {f"/data/{SEA}", "/data/sea.jpg", "/data/hills.jpg"}
        assert (local(twins, SEA).exists(), local(twins, HILLS).exists(), local(twins, NIGHT).exists()) == (
            True,
            False,
            False,
        )
        preview = await bench.ledger.preview_undo(batch)
        assert ["deleted for good" in one.words for one in preview.not_done] == [True, True]
        with pytest.raises(UndoRefusedError):
            await bench.ledger._books.outer("stash.delete-file").revert(deleting(3, 31, NIGHT).payload, {}, {})


async def test_not_deleted_when_what_was_to_stay_is_gone(twins: DemoWorld) -> None:
    twins.stash.library.scenes[1].files.append(known_file(twins, 12, SEA))
    del twins.stash.library.scenes[1].files[0]
    async with bench_of(twins) as bench:
        batch = await bench.apply([deleting(3, 31, NIGHT), deleting(1, 11, SEA)])
        assert await bench.states(batch) == "refused refused"
        assert "which was to stay, is no longer in scene 1" in (await bench.words(batch))[0]
    assert local(twins, NIGHT).exists()


async def test_not_deleted_with_a_record_that_holds_more(twins: DemoWorld) -> None:
    twins.stash.library.scenes[3].files.append(known_file(twins, 99, HILLS))
    async with bench_of(twins) as bench:
        batch = await bench.apply([deleting(3, 31, NIGHT)])
        assert "is the primary file of scene 3" in (await bench.words(batch))[0]
    assert local(twins, NIGHT).exists()
    assert local(twins, HILLS).exists()


@pytest.mark.parametrize("field", ["sceneDestroy", "deleteFiles"])
async def test_a_deletion_that_stash_only_claims(twins: DemoWorld, field: str) -> None:
    twins.stash.faults.add(FaultKind.PRETEND, only=field)
    async with bench_of(twins) as bench:
        record = deleting(3, 31, NIGHT)
        if field == "deleteFiles":
            await bench.done((await bench.removing(Media.VIDEO, 3, 1))[:1])
            record = deleting(1, 31, NIGHT, with_record=False)
        batch = await bench.apply([record])
        assert await bench.states(batch) == "failed"
        assert "was deleted, but still holds it" in (await bench.words(batch))[0]


async def test_a_newer_stash_removes_entries_without_looking_at_the_disk(tmp_path: Path, drawn_twins: Path) -> None:
    async with DemoWorld.open(tmp_path / "world", library=empty, stash_version="0.31") as world:
        fill(world, drawn_twins)
        before = state(world)
        async with bench_of(world) as bench:
            batch = await bench.done(await bench.three())
            assert not world.stash.log.of("deleteFiles")
            assert len(world.stash.log.of("destroyFiles")) == 3
            await bench.undo(batch)
        assert state(world) == before
