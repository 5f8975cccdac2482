"""Merging the record of a file that goes, and parting it again when the file is back."""

from __future__ import annotations

import shutil

import pytest
from stash_cases import ELSEWHERE, HILLS, NIGHT, OTHER_STILL, SEA, STILL, THERE, bench_of, local, state

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.stash_objects import DemoScene, DemoStashId
from core.demo.world import DemoWorld
from core.ledger.stash_merge import conflicts_of
from core.model.library_records import Media


async def test_a_merge_takes_everything_along_and_its_undo_gives_it_back(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 2, 1))
        library = twins.stash.library
        kept = library.scenes[1]
        assert 2 not in library.scenes
        assert not library.loose_files
        assert [file.path for file in kept.files] == [f"/data/{SEA}"]
        assert (kept.title, kept.code, kept.date, kept.rating100, kept.organized) == (
            "kept",
            "C-2",
            "2024-01",
            80,
            True,
        )
        assert {one.id for one in kept.tags} == {1, 2, 3}
        assert {(one.endpoint, one.stash_id) for one in kept.stash_ids} == {(THERE, "kept"), (ELSEWHERE, "lost")}
        assert (len(kept.play_history), len(kept.o_history), kept.play_duration) == (4, 1, 40.0)
        effect = (await bench.effects(batch))[0]
        assert conflicts_of(effect.before) == ['title: "kept" stays, "lost" goes']
        assert effect.before is not None
        assert "under a new number" in effect.before["cannot_come_back"]
        assert [one.id for one in kept.markers] == [5, 6]
        await bench.undo(batch)
    assert state(twins) == before
    assert local(twins, HILLS).exists()


async def test_a_copy_is_parted_from_the_scene_that_the_scan_puts_it_into(twins: DemoWorld) -> None:
    """Stash gives a file to the scene that holds the same content; the undo makes a scene of it nevertheless."""
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 3, 1))
        assert f"/data/{NIGHT}" not in state(twins)
        await bench.undo(batch)
    assert state(twins) == before
    assert len(twins.stash.log.of("sceneCreate")) == 1


async def test_undone_while_the_entry_still_stands(twins: DemoWorld) -> None:
    """Only the merge was done: the file is the keeper's further one, and no scan would part them."""
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done((await bench.removing(Media.VIDEO, 2, 1))[:1])
        assert [file.id for file in twins.stash.library.scenes[1].files] == [11, 21]
        await bench.undo(batch)
    assert state(twins) == before
    assert not twins.stash.log.of("metadataScan")


async def test_an_image_gives_what_it_has_and_goes(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.IMAGE, 2, 1))
        kept = twins.stash.library.images[1]
        assert list(twins.stash.library.images) == [1]
        assert (kept.title, kept.photographer, kept.rating100, kept.o_counter) == ("picture", "somebody", 40, 3)
        assert {one.id for one in kept.tags} == {1, 2}
        await bench.undo(batch)
    assert state(twins) == before


async def test_an_image_with_the_content_of_another_cannot_be_parted(twins: DemoWorld) -> None:
    copy = local(twins, OTHER_STILL)
    twins.stash.library.images[2].files[0].fingerprints["md5"] = (
        twins.stash.library.images[1].files[0].fingerprints["md5"]
    )
    shutil.copy2(local(twins, STILL), copy)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.IMAGE, 2, 1))
        report = await bench.ledger.undo_batch(batch)
        (refused,) = report.not_done
        assert "has no way to part them" in refused.words
        assert await bench.states(batch) == "done undone undone"
    assert copy.exists()
    assert [len(one.files) for one in twins.stash.library.images.values()] == [2]
    assert twins.stash.library.images[1].photographer == "somebody"


async def test_what_somebody_did_since_stays(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 2, 1))
        kept = twins.stash.library.scenes[1]
        kept.code = "theirs"
        kept.tags.append(twins.stash.library.tags[4])
        kept.stash_ids = [one for one in kept.stash_ids if one.endpoint != THERE]
        kept.stash_ids.append(DemoStashId("https://third.example/graphql", "theirs"))
        kept.play_history += ("2025-01-01T00:00:00+02:00",)
        kept.markers = kept.markers[1:]
        await bench.undo(batch)
        assert kept.code == "theirs"
        assert {one.id for one in kept.tags} == {1, 2, 4}
        assert [one.stash_id for one in kept.stash_ids] == ["theirs"]
        assert len(kept.play_history) == 2
        (back,) = [one for number, one in twins.stash.library.scenes.items() if number > 3]
        assert [one.id for one in back.markers] == [6], "one that was taken away since stays away"
        assert kept.markers == ()
        (back,) = [one for one in twins.stash.library.scenes.values() if one.title == "lost"]
        assert sorted(back.play_history) != []
        assert len(back.play_history) == 3


async def test_a_keeper_that_is_gone_does_not_keep_the_other_from_coming_back(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 2, 1))
        del twins.stash.library.scenes[1]
        await bench.undo(batch)
    assert state(twins)[f"/data/{HILLS}"]["titles"][0] == "lost"


@pytest.mark.parametrize("what", ["keeper", "loser", "files"])
async def test_refused_when_it_is_not_as_planned(twins: DemoWorld, what: str) -> None:
    library = twins.stash.library
    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2, 1)
        if what == "files":
            library.scenes[2].files += library.scenes.pop(3).files
        else:
            del library.scenes[1 if what == "keeper" else 2]
        before = state(twins)
        batch = await bench.apply(effects)
        assert await bench.states(batch) == "refused refused refused"
        words = (await bench.words(batch))[0]
        expected = {"keeper": "which was to stay", "loser": "scene 2 is no longer", "files": "holds other files"}
        assert expected[what] in words
    assert state(twins) == before
    assert local(twins, HILLS).exists()


async def test_looked_at_anew_when_somebody_else_writes_at_that_moment(twins: DemoWorld) -> None:
    loser = twins.stash.library.scenes[2]
    seen = 0

    def change(request: RecordedRequest) -> None:
        nonlocal seen
        seen += request.operation == "WinnowHistory"
        if seen == 2 and request.operation == "WinnowHistory":
            loser.code = "changed"

    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2, 1)
        twins.stash.on_request = change
        await bench.done(effects)
    assert twins.stash.library.scenes[1].code == "changed"


async def test_a_merge_that_stash_only_claims(twins: DemoWorld) -> None:
    before = state(twins)
    twins.stash.faults.add(FaultKind.PRETEND, only="sceneMerge")
    async with bench_of(twins) as bench:
        batch = await bench.apply(await bench.removing(Media.VIDEO, 2, 1))
        assert await bench.states(batch) == "failed refused refused"
        assert "did not carry it out" in (await bench.words(batch))[0]
    assert state(twins) == before
    assert local(twins, HILLS).exists()


async def test_what_is_not_taken_is_written_again(twins: DemoWorld) -> None:
    """Something takes a field away once: it is written by itself then."""
    times = 0

    def spoil(scene: DemoScene) -> None:
        nonlocal times
        if scene.id == 1 and times == 0:
            times += 1
            scene.code, scene.play_history = "", scene.play_history[:1]

    twins.stash.on_change = spoil
    async with bench_of(twins) as bench:
        await bench.done(await bench.removing(Media.VIDEO, 2, 1))
    kept = twins.stash.library.scenes[1]
    assert (kept.code, len(kept.play_history)) == ("C-2", 4)


@pytest.mark.parametrize("media", Media)
async def test_a_merge_of_which_a_part_is_never_taken_is_taken_back(twins: DemoWorld, media: Media) -> None:
    before = state(twins)
    library = twins.stash.library

    def spoil(_: object) -> None:
        library.scenes[1].code = ""
        library.images[1].photographer = ""

    twins.stash.on_written = spoil
    async with bench_of(twins) as bench:
        batch = await bench.apply(await bench.removing(media, 2, 1))
        assert await bench.states(batch) == "failed refused refused"
        words = (await bench.words(batch))[0]
        assert ("did not take code" if media is Media.VIDEO else "did not take photographer") in words
        assert "taken back" in words
    assert state(twins) == before


async def test_a_tag_that_is_gone_does_not_keep_the_rest_from_coming_back(twins: DemoWorld) -> None:
    library = twins.stash.library
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 2, 1))
        for scene in library.scenes.values():
            scene.tags = [one for one in scene.tags if one.id != 3]
        del library.tags[3]
        report = await bench.ledger.undo_batch(batch)
        assert ["did not take tag_ids" in one.words for one in report.not_done] == [True]
    assert state(twins)[f"/data/{HILLS}"]["titles"][1] == "C-2"


async def test_a_scan_that_takes_too_long_or_fails(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        bench.ledger._books._handlers["stash.merge"]._back._rescan_seconds = 0.2  # type: ignore[union-attr]
        batch = await bench.done(await bench.removing(Media.VIDEO, 2, 1))
        twins.stash.jobs.hold()
        report = await bench.ledger.undo_batch(batch)
        assert "its other jobs come first" in report.not_done[0].words
        twins.stash.jobs.fail_with = "disk went away"
        twins.stash.jobs.release()
        await twins.stash.jobs.settled()
        twins.stash.jobs.fail_with = "disk went away"
        report = await bench.ledger.undo_batch(batch)
        assert "disk went away" in report.not_done[0].words
        await bench.undo(batch)
    assert state(twins) == before
