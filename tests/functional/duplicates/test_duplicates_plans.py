"""Plans against what a person decided since, and the sidecars of films that go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from duplicates_desk import desk_over, group_with, on_disk

from core.demo.world import DemoWorld
from core.duplicates.removal import sidecars
from core.model.groups import Mark
from core.runtime import EffectState


async def test_no_rule_removes_what_a_person_keeps(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "valley.jpg")
        other = next(one.file for one in group.members if one.file.id != group.keeper_id)
        await desk.mark(group.id, {other.id: Mark.KEEP})
        plan = await desk.plan_by_rule(is_verifying=False)
        refusals = {item.group.id: item.refusal for item in plan.refused}
        assert refusals[group.id] == f"{other.name} is marked to be kept"


async def test_a_stored_plan_gives_way_to_marks_that_were_changed_since(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "valley.jpg")
        await desk.keep_suggested([group.id])
        stored = await desk.store_plan(await desk.plan_marked([group.id]))
        assert stored.files == 2
        assert (await desk.load_plan(stored.id)).files == 2
        for marks in ({one.file.id: Mark.KEEP for one in group.members}, {}):
            await desk.clear(group.id)
            await desk.mark(group.id, marks)
            (refused,) = (await desk.load_plan(stored.id)).refused
            assert "marks were changed" in refused.refusal


async def test_what_cannot_be_moved_is_refused_before_anything_is_merged(
    duplicates_world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that is mounted read-only: else Stash would hold the merged metadata, and every file still."""
    held = duplicates_world.directory / "library"
    real = os.statvfs

    def read_only(path: str | Path) -> os.statvfs_result:
        found = list(real(path))
        if Path(path).is_relative_to(held):
            found[8] |= os.ST_RDONLY
        return os.statvfs_result(found)

    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        stored = await desk.store_plan(await desk.plan_by_rule(is_verifying=False))
        monkeypatch.setattr(os, "statvfs", read_only)
        plan = await desk.load_plan(stored.id)
        assert {item.refusal for item in plan.refused if "mounted read-only" in item.refusal}
        gone = [one.file for item in plan.accepted for one in item.removals]
        assert not [file for file in gone if file.path is not None and Path(file.path).is_relative_to(held)]
        assert (await desk.plan_marked([plan.refused[0].group.id])).files == 0


def test_a_film_takes_no_sidecar_of_another_one_along(tmp_path: Path) -> None:
    for name in ("film.mp4", "film.cd2.mp4", "film.srt", "film.en.srt", "film.cd2.srt", "film.cd2.en.srt"):
        (tmp_path / name).write_bytes(name.encode())
    found = [Path(one.path).name for one in sidecars(tmp_path / "film.mp4", {str(tmp_path / "film.mp4")})]
    assert found == ["film.en.srt", "film.srt"]
    found = [Path(one.path).name for one in sidecars(tmp_path / "film.cd2.mp4", set())]
    assert found == ["film.cd2.en.srt", "film.cd2.srt"]


async def test_two_films_of_one_stem_go_with_their_one_sidecar(duplicates_world: DemoWorld) -> None:
    films = duplicates_world.directory / "library" / "films"
    (films / "storm at sea.srt").write_bytes(b"1")
    disk = on_disk(duplicates_world)
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "storm at sea.mkv")
        web = next(one.file.id for one in group.members if "(web)" in one.file.name)
        await desk.keep_only(group.id, web)
        report = await desk.apply(await desk.plan_marked([group.id]))
        assert report.not_done == []
        assert not list(films.glob("storm at sea.*"))
        assert {one.state for one in await runtime.history.effects(report.batch_id)} == {EffectState.DONE}
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
    assert on_disk(duplicates_world) == disk


@pytest.mark.parametrize("is_kept_there", [False, True])
async def test_stash_deletes_nothing_for_good_that_was_replaced_or_has_no_copy(
    duplicates_world: DemoWorld, *, is_kept_there: bool
) -> None:
    """Stash does not know yet what became of its files, and Winnow can see it."""
    films = duplicates_world.directory / "library" / "films"
    kept, victim = films / "lighthouse.mp4", films / "incoming" / "lighthouse (1).mp4"
    victim.write_bytes(b"somebody's new film")
    if not is_kept_there:
        kept.unlink()
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, victim.name)
        going = next(one.file.id for one in group.members if one.file.name == victim.name)
        await desk.mark(group.id, {going: Mark.TRASH})
        report = await desk.apply(await desk.plan_marked([group.id], is_permanent=True))
        assert ("another size" if is_kept_there else "is missing") in report.not_done[0].words
    assert victim.read_bytes() == b"somebody's new film"


async def test_what_only_a_sidecar_holds_is_not_deleted_for_good(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "marbles.mp4")
        await desk.keep_suggested([group.id])
        report = await desk.apply(await desk.plan_marked([group.id], is_permanent=True))
        assert report.not_done == []
        held = {Path(one.path).name for one in await desk.trash.held()}
        assert held == {"marbles.funscript", "marbles.en.srt", "marbles.de.vtt"}
        for one in await desk.trash.held():
            assert Path(one.place).exists()
