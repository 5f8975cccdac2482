"""What leaves Stash with a file, what never does, and how it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from stash_cases import HILLS, MOVE, NIGHT, SEA, STILL, bench_of, known_file, local, state

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.stash_objects import DemoScene
from core.demo.world import DemoWorld
from core.ledger.stash_entry import entry_effect
from core.ledger.stash_places import GoingFile
from core.ledger.stash_primary import primary_effect
from core.ledger.stash_records import FileName
from core.ledger.stash_remove_entry import remove_entry_effect
from core.model.library_records import Media
from core.store.journal_records import NewEffect


def going(number: int, name: str, record: int, *, media: Media = Media.VIDEO, with_record: bool = True) -> NewEffect:
    """Remove an entry, with nothing before it."""
    file = FileName(number, f"/data/{name}")
    return remove_entry_effect(GoingFile(media, record, file, is_record_going=with_record, is_recorded=False))


@pytest.mark.parametrize("number", [2, 3])
async def test_a_scene_goes_and_comes_back(twins: DemoWorld, number: int) -> None:
    """Scene 3 has the content of scene 1: the scan puts it there."""
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, number))
        assert number not in twins.stash.library.scenes
        assert not twins.stash.library.loose_files
        await bench.undo(batch)
    assert state(twins) == before


async def test_an_image_goes_and_comes_back(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.IMAGE, 2))
        assert list(twins.stash.library.images) == [1]
        await bench.undo(batch)
    assert state(twins) == before


async def test_nothing_on_disk_is_ever_deleted(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        await bench.done(await bench.removing(Media.VIDEO, 2))
        await bench.done(await bench.removing(Media.IMAGE, 2))
        log = twins.stash.log
        given = [one.variables or {} for name in ("sceneDestroy", "imageDestroy") for one in log.of(name)]
        assert [one["input"]["delete_file"] for one in given] == [False, False]
        assert [one.partition(" ")[0] for one in twins.stash.disk.complaints] == ["file", "file"]  # not there
        aside = twins.directory.parent / "bench" / "aside"
        assert len(list(aside.iterdir())) == 2


async def test_refused_while_the_file_is_there(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        batch = await bench.apply([going(21, HILLS, 2)])
        assert "the file is still there" in (await bench.words(batch))[0]
        assert await bench.states(batch) == "refused"
    assert state(twins) == before


async def test_refused_when_the_folder_is_gone_or_no_path_is_known(twins: DemoWorld) -> None:
    library = twins.stash.library
    library.scenes[2].files[0].path = "/elsewhere/hills.mp4"
    local(twins, NIGHT).rename(twins.directory / "aside.mp4")
    local(twins, "copy").rmdir()
    async with bench_of(twins) as bench:
        effects = [going(31, NIGHT, 3), remove_entry_effect(_elsewhere())]
        batch = await bench.apply(effects)
        words = await bench.words(batch)
        assert "is the disk mounted?" in words[0]
        assert "no local path is known" in words[1]
    assert set(library.scenes) == {1, 2, 3}


def _elsewhere() -> GoingFile:
    return GoingFile(Media.VIDEO, 2, FileName(21, "/elsewhere/hills.mp4"), is_record_going=True)


async def test_a_file_that_appears_in_its_place_is_not_deleted(twins: DemoWorld) -> None:
    """Somebody puts a file there between the two writes: a Stash before 0.31 would delete it with its entry."""
    place = local(twins, HILLS)
    content = place.read_bytes()

    def appear(request: RecordedRequest) -> None:
        if "sceneDestroy" in request.fields:
            place.write_bytes(content)

    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2)
        twins.stash.on_request = appear
        batch = await bench.apply(effects)
        assert await bench.states(batch) == "done done failed"
        assert "the file is still there" in (await bench.words(batch))[0]
    assert place.read_bytes() == content
    assert not twins.stash.log.of("deleteFiles")


async def test_a_record_that_holds_more_than_expected_stays(twins: DemoWorld) -> None:
    library = twins.stash.library
    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2)
        library.scenes[2].files.append(known_file(twins, 99, NIGHT))
        batch = await bench.apply(effects)
        assert "is the primary file of scene 2" in (await bench.words(batch))[0]
        library.scenes[2].files.reverse()
        await bench.done(effects[2:])
    assert [file.id for file in library.scenes[2].files] == [99]


async def test_a_keeper_never_goes_with_its_last_file(twins: DemoWorld) -> None:
    """Its own file left Stash between the merge and the removal of the other one."""
    library = twins.stash.library
    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2, 1)
        batch = await bench.apply(effects[:2])
        del library.scenes[1].files[0]
        going_now = GoingFile(Media.VIDEO, 1, FileName(21, f"/data/{HILLS}"))
        again = await bench.apply([remove_entry_effect(going_now)])
        assert "the only file of scene 1 by now" in (await bench.words(again))[0]
        assert 1 in library.scenes
        assert await bench.states(batch) == "done done"


async def test_a_file_that_stash_found_in_the_trash_is_not_deleted_there(twins: DemoWorld) -> None:
    library = twins.stash.library
    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2)
        await bench.apply(effects[:2])
        library.scenes[2].files[0].path = "/data/trash/hills.mp4"
        batch = await bench.apply([going(21, HILLS, 2)])
        assert "knows /data/hills.mp4 as /data/trash/hills.mp4 now" in (await bench.words(batch))[0]
    assert not twins.stash.log.of("deleteFiles")


async def test_what_is_gone_already_is_done(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        effects = await bench.removing(Media.VIDEO, 2)
        scene = twins.stash.library.scenes[2]
        twins.stash.library.forget(scene)
        twins.stash.library.loose_files.clear()
        local(twins, HILLS).unlink()
        await bench.done([going(21, HILLS, 2)])
        assert not twins.stash.log.of("sceneDestroy")
        assert effects


async def test_an_entry_left_over_goes(twins: DemoWorld) -> None:
    twins.stash.library.forget(twins.stash.library.scenes[2])
    local(twins, HILLS).unlink()
    async with bench_of(twins) as bench:
        await bench.done([going(21, HILLS, 2)])
    assert not twins.stash.library.loose_files


@pytest.mark.parametrize("field", ["sceneDestroy", "deleteFiles"])
async def test_stash_says_it_was_done_and_it_was_not(twins: DemoWorld, field: str) -> None:
    before = state(twins)
    twins.stash.faults.add(FaultKind.PRETEND, only=field)
    async with bench_of(twins) as bench:
        batch = await bench.apply(await bench.removing(Media.VIDEO, 2))
        assert await bench.states(batch) == "done done failed"
        assert "was removed, but it is still there" in (await bench.words(batch))[0]
        await bench.undo(batch)
    assert state(twins) == before


async def test_nothing_recorded_cannot_come_back(twins: DemoWorld) -> None:
    local(twins, HILLS).unlink()
    async with bench_of(twins) as bench:
        batch = await bench.done([going(21, HILLS, 2)])
        preview = await bench.ledger.preview_undo(batch)
        assert "nothing of it was written down" in preview.not_done[0].words


# -- several files in one record --------------------------------------------------------------------------------------


@pytest.fixture
def double(twins: DemoWorld) -> DemoScene:
    """Scene 1 holds two files of other content, the first being primary."""
    library = twins.stash.library
    scene = library.scenes[1]
    scene.files += library.scenes.pop(2).files
    return scene


async def test_a_further_file_goes_and_comes_back_into_its_scene(twins: DemoWorld, double: DemoScene) -> None:
    before = state(twins)
    phashes = [file.fingerprints["phash"] for file in double.files]
    async with bench_of(twins) as bench:
        batch = await bench.done(await bench.removing(Media.VIDEO, 1, file=1))
        assert [file.path for file in double.files] == [f"/data/{SEA}"]
        await bench.undo(batch)
        assert [file.path for file in double.files] == [f"/data/{SEA}", f"/data/{HILLS}"]
        assert [file.fingerprints.get("phash") for file in double.files] == phashes
    after = state(twins)
    assert after[f"/data/{HILLS}"]["titles"] == before[f"/data/{HILLS}"]["titles"]


async def test_a_primary_file_goes_when_another_is_made_primary(twins: DemoWorld, double: DemoScene) -> None:
    async with bench_of(twins) as bench:
        record = await bench.record(Media.VIDEO, 1)
        first, *others = await bench.removing(Media.VIDEO, 1, file=0)
        batch = await bench.done([primary_effect(record, record.files[1], part="part"), first, *others])
        assert [file.path for file in double.files] == [f"/data/{HILLS}"]
        await bench.undo(batch)
    assert [file.path for file in double.files] == [f"/data/{SEA}", f"/data/{HILLS}"]


async def test_another_primary_file_is_left_alone_when_the_old_one_is_gone(twins: DemoWorld, double: DemoScene) -> None:
    async with bench_of(twins) as bench:
        record = await bench.record(Media.VIDEO, 1)
        batch = await bench.done([primary_effect(record, record.files[1])])
        assert [file.id for file in double.files] == [21, 11]
        del double.files[1]
        await bench.undo(batch)
        assert [file.id for file in double.files] == [21]
        gone = await bench.apply([primary_effect(record, record.files[0])])
        assert "no longer holds that file" in (await bench.words(gone))[0]


async def test_both_files_of_a_scene_go_and_make_one_scene_again(twins: DemoWorld, double: DemoScene) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        one = await bench.removing(Media.VIDEO, 1, file=1, part="one")
        first = await bench.done(one)
        second = await bench.done(await bench.removing(Media.VIDEO, 1, part="two"))
        assert set(twins.stash.library.scenes) == {3}
        await bench.undo(second)
        await bench.undo(first)
    assert {path: held["files"][0][0] for path, held in state(twins).items()} == {
        path: held["files"][0][0] for path, held in before.items()
    }
    assert double.title == state(twins)[f"/data/{HILLS}"]["titles"][0]


async def test_undoing_a_note_of_what_still_stands_changes_nothing(twins: DemoWorld) -> None:
    before = state(twins)
    async with bench_of(twins) as bench:
        record = await bench.record(Media.IMAGE, 1)
        batch = await bench.done([entry_effect(record, record.files[0])])
        await bench.undo(batch)
        local(twins, STILL).unlink()
        twins.stash.library.forget(twins.stash.library.images[1])
        refused = await bench.apply([entry_effect(record, record.files[0])])
        assert "image 1 is no longer in Stash" in (await bench.words(refused))[0]
    assert set(state(twins)) == set(before)
    assert not twins.stash.log.of("metadataScan")


async def test_refused_while_the_file_is_not_back(twins: DemoWorld, tmp_path: Path) -> None:
    async with bench_of(twins) as bench:
        first, move, last = await bench.removing(Media.VIDEO, 2)
        batch = await bench.done([first, move, last])
        (tmp_path / "bench" / "aside").rename(tmp_path / "elsewhere")
        report = await bench.ledger.undo_batch(batch)
        assert ["it is not in the trash" in one.words for one in report.not_done] == [True, False]
        assert "what followed from it still stands" in report.not_done[1].words
        assert move.kind == MOVE
