"""The duplicates desk over the demo world: what is found, decided, applied and taken back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from duplicates_desk import all_bytes, desk_over, group_with, groups_of, in_stash, on_disk

from core.demo.duplicate_cases import EXPECTED
from core.demo.world import DemoWorld
from core.errors import UsageError
from core.model.groups import GroupFilter, GroupStatus, Mark


async def test_every_planted_group_is_found_and_no_other(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        report = await runtime.duplicates.scan()
        assert report.is_ok
        found = {
            (one.kind, frozenset(member.file.name for member in one.members)): one for one in await groups_of(runtime)
        }
    expected = {(one.kind, frozenset(Path(path).name for path in one.paths)): one for one in EXPECTED}
    rough = next(key for key in found if "orbit.mp4" in key[1])  # of the matching cases: two lengths in one scene
    assert found.pop(rough).gate is not None
    assert set(found) == set(expected)
    for key, group in found.items():
        wanted = expected[key]
        assert (group.gate.code if group.gate else None) == wanted.gate, wanted.case
        if wanted.keeper:
            assert group.keeper is not None
            assert group.keeper.file.shown_path.endswith(wanted.keeper), wanted.case


async def test_a_second_scan_hashes_nothing_again_and_keeps_what_was_decided(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        first = await runtime.duplicates.scan()
        group = await group_with(runtime, "lighthouse.mp4")
        await runtime.duplicates.keep_suggested([group.id])
        second = await runtime.duplicates.scan()
        assert first.hashed > 0
        assert second.hashed == 0
        again = await runtime.duplicates.group(group.id)
        assert again.status is GroupStatus.DECIDED
        assert [one.mark for one in again.members] == [Mark.KEEP, Mark.TRASH]
        assert (second.counts.new, second.counts.withdrawn) == (0, 0)


async def test_what_the_rules_decide_goes_to_the_trash_and_comes_back_as_it_was(duplicates_world: DemoWorld) -> None:
    disk, stash, everything = (
        on_disk(duplicates_world),
        in_stash(duplicates_world),
        all_bytes(duplicates_world.directory),
    )
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        plan = await desk.plan_by_rule()
        assert on_disk(duplicates_world) == disk
        refused = {member.file.name for item in plan.refused for member in item.group.members}
        assert "skyline (night cut).mp4" in refused  # two cuts: frames tell them apart
        report = await desk.apply(plan)
        assert report.not_done == []
        gone = {Path(path).name for path in set(disk) - set(on_disk(duplicates_world))}
        assert "juggling.mp4" in gone
        assert {"marbles.funscript", "marbles.en.srt"} <= gone
        assert all_bytes(duplicates_world.directory) == everything
        assert len(await desk.trash.held()) == len(gone)
        assert {one.status for one in await groups_of(runtime, GroupFilter(statuses=(GroupStatus.RESOLVED,)))}
        batch = await runtime.history.last_undoable()
        assert batch is not None
        assert (await runtime.history.undo_batch(batch.id)).not_done == []
        assert on_disk(duplicates_world) == disk
        assert in_stash(duplicates_world) == stash
        assert await desk.trash.held() == []
        assert await group_with(runtime, "lighthouse.mp4")


async def test_marks_wait_until_they_are_applied_and_are_undone_one_by_one(duplicates_world: DemoWorld) -> None:
    disk = on_disk(duplicates_world)
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "valley.jpg")
        keeper = group.members[0].file.id
        await desk.keep_only(group.id, group.members[1].file.id)
        await desk.swap(group.id, keeper)
        marks = {one.file.id: one.mark for one in (await desk.group(group.id)).members}
        assert marks[keeper] is Mark.KEEP
        assert list(marks.values()).count(Mark.TRASH) == len(group.members) - 1
        assert on_disk(duplicates_world) == disk
        for _ in range(2):
            batch = await runtime.history.last_undoable()
            assert batch is not None
            await runtime.history.undo_batch(batch.id)
        assert {one.mark for one in (await desk.group(group.id)).members} == {Mark.NONE}
        assert (await desk.plan_marked()).items == ()


async def test_not_every_file_of_a_group_can_be_marked_to_go(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        await runtime.duplicates.scan()
        group = await group_with(runtime, "pier.jpg")
        report = await runtime.duplicates.mark(group.id, {one.file.id: Mark.TRASH for one in group.members})
        assert "one has to stay" in report.not_done[0].words


async def test_what_is_no_duplicate_stays_away_after_a_rename_until_a_new_member_comes(
    duplicates_world: DemoWorld,
) -> None:
    place = duplicates_world.directory / "camera"
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "IMG_0001.jpg")
        await desk.keep_all([group.id])
        (place / "IMG_0001.jpg").rename(place / "renamed.jpg")
        await desk.scan()
        names = {member.file.name for one in await groups_of(runtime) for member in one.members}
        assert "renamed.jpg" not in names
        (kept,) = await desk.kept()
        assert kept.contents.title == group.members[0].file.name
        (place / "third.jpg").write_bytes((place / "renamed.jpg").read_bytes())
        await desk.scan()
        assert len((await group_with(runtime, "third.jpg")).members) == 3
        (place / "third.jpg").unlink()
        await desk.withdraw([kept.contents.id])
        await desk.scan()
        assert await group_with(runtime, "renamed.jpg")


async def test_a_file_that_changed_after_the_plan_stays(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "valley.jpg")
        await desk.keep_suggested([group.id])
        plan = await desk.plan_marked()
        victim = plan.accepted[0].removals[0].file
        assert victim.path is not None
        Path(victim.path).write_bytes(Path(victim.path).read_bytes() + b"more")
        report = await desk.apply(plan)
        assert any("changed since" in one.words for one in report.not_done)
        assert Path(victim.path).exists()
        assert all("Stash" not in one.title for one in report.done if str(victim.name) in one.title)


async def test_nothing_goes_when_the_one_that_was_to_stay_is_gone(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "lighthouse.mp4")
        await desk.keep_suggested([group.id])
        plan = await desk.plan_marked()
        keeper = plan.accepted[0].kept[0]
        assert keeper.path is not None
        Path(keeper.path).unlink()
        before = on_disk(duplicates_world)
        report = await desk.apply(plan)
        assert any("stays:" in one.words for one in report.not_done)
        assert on_disk(duplicates_world) == before


async def test_a_stored_plan_is_applied_once_and_refuses_what_changed(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        stored = await desk.store_plan(await desk.plan_by_rule(is_verifying=False))
        changed = next(item for item in stored.accepted if item.group.members[0].file.name == "valley.jpg")
        path = changed.kept[0].path
        assert path is not None
        os.utime(path, ns=(1, 1))
        loaded = await desk.load_plan(stored.id)
        assert changed.group.id in {item.group.id for item in loaded.refused}
        await desk.apply(loaded)
        with pytest.raises(UsageError, match="applied already"):
            await desk.load_plan(stored.id)
        with pytest.raises(UsageError, match="no plan"):
            await desk.load_plan(999)


async def test_an_unmounted_folder_is_not_deleted_files(duplicates_world: DemoWorld) -> None:
    films = duplicates_world.directory / "library" / "films"
    async with desk_over(duplicates_world) as runtime:
        await runtime.duplicates.scan()
        films.rename(films.with_name("films-away"))
        report = await runtime.duplicates.scan()
        assert report.is_ok
        for group in await groups_of(runtime):
            if any("films" in member.file.shown_path for member in group.members):
                assert group.gate is not None
        plan = await runtime.duplicates.plan_by_rule(is_verifying=False)
        assert all("films" not in one.file.shown_path for item in plan.accepted for one in item.removals)
        films.with_name("films-away").rename(films)
        await runtime.duplicates.scan()
        assert (await group_with(runtime, "lighthouse.mp4")).gate is None


async def test_a_missing_folder_fails_alone_and_keeps_its_files(duplicates_world: DemoWorld) -> None:
    camera = duplicates_world.directory / "camera"
    async with desk_over(duplicates_world) as runtime:
        await runtime.duplicates.scan()
        camera.rename(camera.with_name("away"))
        report = await runtime.duplicates.scan()
        assert not report.is_ok
        assert [bool(run.error) for run in report.sources] == [False, True]
        assert (await group_with(runtime, "IMG_0001.jpg")).members
        plan = await runtime.duplicates.plan_by_rule(is_verifying=False)
        assert all(one.file.name != "IMG_0001.jpg" for item in plan.accepted for one in item.removals)


async def test_two_files_of_one_name_in_the_trash_both_come_back(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        plan = await desk.plan_by_rule(is_verifying=False)
        await desk.apply(plan)
        held = await desk.trash.held()
        assert len({one.place for one in held}) == len(held)
        film = next(one for one in held if one.path.endswith("marbles.mp4"))
        report = await desk.trash.restore([film.id])
        assert report.not_done == []
        assert Path(film.path).exists()
        assert Path(film.path).with_suffix(".funscript").exists()  # what went with it came back with it


async def test_a_taken_place_is_not_overwritten(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "IMG_0001.jpg")
        await desk.keep_suggested([group.id])
        await desk.apply(await desk.plan_marked())
        (one,) = await desk.trash.held()
        Path(one.path).write_bytes(b"somebody else's")
        assert (await desk.trash.restore([one.id])).not_done == []
        assert Path(one.path).read_bytes() == b"somebody else's"
        assert Path(one.path).with_name("IMG_0001 (restored).jpg").exists()


async def test_only_emptying_deletes_and_that_cannot_be_undone(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "IMG_0001.jpg")
        await desk.keep_suggested([group.id])
        await desk.apply(await desk.plan_marked())
        assert await desk.trash.held(older_than_days=1) == []
        held = await desk.trash.held()
        report = await desk.trash.empty(held)
        assert report.not_done == []
        assert not Path(held[0].place).exists()
        assert await desk.trash.held() == []
        batch = (await runtime.history.batches(1))[0]
        refused = await runtime.history.undo_batch(batch.id)
        assert "cannot come back" in refused.not_done[0].words


async def test_without_access_only_stash_can_delete_and_only_when_that_is_asked_for(
    duplicates_world: DemoWorld,
) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = next(
            one for one in await groups_of(runtime) if any("offline" in m.file.stash_path for m in one.members)
        )
        away = next(one for one in group.members if "offline" in one.file.stash_path)
        await desk.mark(group.id, {away.file.id: Mark.TRASH})
        plan = await desk.plan_marked([group.id])
        assert plan.accepted == ()
        assert "missing" in plan.refused[0].refusal or "reached" in plan.refused[0].refusal


async def test_one_rule_put_first_changes_the_keeper(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "lighthouse.mp4")
        usual = await desk.plan_by_rule(is_verifying=False)
        other = await desk.plan_by_rule("metadata", is_verifying=False)
        kept = [
            next(item.kept[0].name for item in plan.accepted if item.group.id == group.id) for plan in (usual, other)
        ]
        assert kept == ["lighthouse.mp4", "lighthouse (1).mp4"]
        with pytest.raises(UsageError, match="no rule"):
            await desk.plan_by_rule("smallest")


async def test_a_group_can_be_looked_at(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "storm at sea.mp4")
        checks = await desk.compare_frames(group.id)
        assert all(one.is_alike for one in checks)
        first, second = group.members[0].file, group.members[1].file
        shown = await desk.picture(first, 1.0)
        assert shown is not None
        assert shown.startswith(b"\xff\xd8")
        assert await desk.difference(first, second, 1.0, 1.0)
