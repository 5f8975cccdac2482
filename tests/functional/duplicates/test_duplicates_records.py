"""The record that stays beside the file that stays, weak pairs, and what is said about an undo."""

from __future__ import annotations

from pathlib import Path

from duplicates_desk import desk_over, group_with, groups_of, in_stash, on_disk

from core.demo.duplicate_cases import DuplicateCase
from core.demo.duplicate_world import scene_id
from core.demo.stash_objects import DemoStashId
from core.demo.world import DemoWorld
from core.duplicates.removal import cannot_be_undone
from core.model.groups import GroupFilter, Mark
from core.model.library_records import Media, RecordRef

SEA = "storm at sea.mp4"


def with_history(world: DemoWorld) -> int:
    """Give the scene of the poorest file the history; its number."""
    number = scene_id(DuplicateCase.RE_ENCODED, 1)
    for record in (0, 2):
        world.stash.library.scenes[scene_id(DuplicateCase.RE_ENCODED, record)].stash_ids = []
    scene = world.stash.library.scenes[number]
    tags, people = world.stash.library.tags.values(), world.stash.library.performers.values()
    scene.stash_ids = [DemoStashId(world.boxes[0].endpoint, "5b6f7a00-0000-4000-8000-000000000001")]
    scene.tags, scene.performers, scene.organized = list(tags)[:4], list(people)[:3], True
    scene.play_history = tuple(f"2024-0{month}-01T10:00:00+02:00" for month in range(1, 8))
    scene.title, scene.details, scene.rating100 = "Storm", "A storm at sea.", 100
    return number


async def test_the_best_file_moves_into_the_record_with_the_history_and_back(duplicates_world: DemoWorld) -> None:
    number = with_history(duplicates_world)
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        disk, stash = on_disk(duplicates_world), in_stash(duplicates_world)
        group = await group_with(runtime, "storm at sea (web).mp4")
        best = next(one.file.id for one in group.members if one.file.name == SEA)
        await desk.keep_only(group.id, best, is_merging=True)
        group = await desk.group(group.id)
        assert group.record_keeper == RecordRef(Media.VIDEO, number)
        plan = await desk.plan_marked([group.id])
        assert [item.refusal for item in plan.items] == [""]
        report = await desk.apply(plan)
        assert [one.words for one in report.not_done] == []
        scene = duplicates_world.stash.library.scenes[number]
        assert [file.path.rsplit("/", 1)[-1] for file in scene.files] == [SEA]
        assert (scene.title, scene.rating100, len(scene.stash_ids)) == ("Storm", 100, 1)
        assert scene_id(DuplicateCase.RE_ENCODED) not in duplicates_world.stash.library.scenes
        undone = await runtime.history.undo_batch(report.batch_id)
        assert [one.words for one in undone.not_done] == []
        assert on_disk(duplicates_world) == disk
        assert in_stash(duplicates_world) == stash


async def test_a_weak_pair_is_shown_on_request_and_no_rule_touches_it(duplicates_world: DemoWorld) -> None:
    """Six bits apart, and of a file that cannot be decoded no second hash: only a person decides."""
    names = ("night one.jpg", "night two.jpg")
    base = 0x0F0F_3333_5A5A_C396
    for image in duplicates_world.stash.library.images.values():
        for file in image.files:
            if file.path.endswith(names):
                value = base if file.path.endswith(names[0]) else base ^ 0b11_0000_0011_0000_0000_0000_0000_0011
                file.fingerprints["phash"] = f"{value:x}"
                if file.path.endswith(names[1]):
                    path = duplicates_world.directory / "library" / file.path.removeprefix("/data/")
                    path.write_bytes(b"\xff\xd8" + bytes(file.size - 2))
    config = duplicates_world.config_path
    config.write_text(config.read_text().replace("[duplicates]\n", "[duplicates]\ndistance = 8\n"))
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        report = await desk.scan()
        (weak,) = await groups_of(runtime, GroupFilter(is_weak=True))
        assert {one.file.name for one in weak.members} == set(names)
        assert (weak.distance, weak.is_weak, report.weak) == (6, True, 1)
        assert weak.id not in {one.id for one in await groups_of(runtime)}
        plan = await desk.plan_by_rule()
        assert weak.id not in {item.group.id for item in plan.items}
        refused = await desk.keep_suggested([weak.id])
        assert "weak" in refused.refused_before[0]
        await desk.mark(weak.id, {one.file.id: Mark.TRASH for one in weak.members if one.file.name == names[1]})
        by_hand = await desk.plan_marked([weak.id])
        assert [len(item.removals) for item in by_hand.accepted] == [1]


async def test_a_file_whose_place_is_taken_comes_back_beside_it_and_that_is_said(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        group = await group_with(runtime, "lighthouse (1).mp4")
        await desk.keep_suggested([group.id])
        report = await desk.apply(await desk.plan_marked())
        place = next(Path(one.file.shown_path) for one in group.members if one.file.name == "lighthouse (1).mp4")
        place.write_bytes(b"somebody's new file")
        (held,) = await desk.trash.held()
        undone = await desk.trash.restore([held.id])
        assert place.read_bytes() == b"somebody's new file"
        (note,) = [one for one in undone.notes if "lies beside it" in one.words]
        name = note.words.rpartition(" as ")[2]
        assert (place.parent / name).exists()
        effects = await runtime.history.effects(report.batch_id)
        assert any(note.words in runtime.history.notes(one) for one in effects)


async def test_what_an_undo_cannot_bring_back_is_said_before_and_kept(duplicates_world: DemoWorld) -> None:
    async with desk_over(duplicates_world) as runtime:
        desk = runtime.duplicates
        await desk.scan()
        plan = await desk.plan_by_rule()
        assert cannot_be_undone(plan).startswith(
            "an undo brings 5 scenes and 2 images back into Stash under new numbers"
        )
        report = await desk.apply(plan)
        said = [words for one in await runtime.history.effects(report.batch_id) for words in runtime.history.notes(one)]
        assert any("gave way: rating" in words for words in said)
        assert any("back under a new number" in words for words in said)
