"""metadataScan of the demo Stash, its jobs, and what is still done when a world is opened again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stash_write_cases import DELETE, DESTROY, DESTROY_IMAGES, JOB, MERGE, PRINTS, SCAN, TIME, ask, put, scan

from core.demo.clips import ClipPlan, ImagePlan, make_clip, make_image
from core.demo.stash_objects import (
    DemoEntity,
    DemoFile,
    DemoImage,
    DemoMarker,
    DemoScene,
    still,
    video,
)
from core.demo.world import DemoWorld, empty

pytest_plugins = ["stash_write_fixtures"]


async def test_a_scan_takes_up_what_is_there(with_media: DemoWorld) -> None:
    library = with_media.stash.library
    with_media.stash.excludes = [r"sample"]
    put(with_media, "films/sample.mp4")
    put(with_media, "films/broken.mp4")
    put(with_media, "films/empty.mp4", b"")
    put(with_media, "films/notes.txt")
    await scan(with_media, scanGeneratePhashes=True)
    (scene,), (image,) = library.scenes.values(), library.images.values()
    assert (scene.title, image.title) == ("", "")
    file = scene.files[0]
    assert (file.path, file.width, file.duration, file.format) == ("/data/films/hills.mp4", 320, 2.0, "mp4")
    assert (file.video_codec, sorted(file.fingerprints)) == ("h264", ["md5", "oshash", "phash"])
    picture = image.files[0]
    assert (picture.path, picture.width, picture.height, picture.format) == ("/data/stills/sea.jpg", 480, 320, "jpeg")
    assert list(picture.fingerprints) == ["md5"]
    assert any("broken.mp4" in words for words in with_media.stash.disk.complaints)
    before = (scene.updated_at, image.updated_at)
    await scan(with_media)
    assert (len(library.scenes), len(library.images)) == (1, 1)
    assert (scene.updated_at, image.updated_at) == before


async def test_moved_files_keep_their_rows(with_media: DemoWorld) -> None:
    library = with_media.stash.library
    await scan(with_media)
    (scene,) = library.scenes.values()
    row = scene.files[0].id
    source = with_media.directory / "library" / "films" / "hills.mp4"
    source.rename(source.with_name("moved.mp4"))
    await scan(with_media, "/data/films")
    assert [(file.id, file.path) for file in scene.files] == [(row, "/data/films/moved.mp4")]
    assert len(library.scenes) == 1


async def test_a_copy_joins_the_scene_that_holds_the_content(with_media: DemoWorld) -> None:
    library = with_media.stash.library
    await scan(with_media)
    folder = with_media.directory / "library"
    shutil.copy(folder / "films" / "hills.mp4", folder / "films" / "copy.mp4")
    shutil.copy(folder / "stills" / "sea.jpg", folder / "stills" / "copy.jpg")
    await scan(with_media, "/data/films/copy.mp4", "/data/stills/copy.jpg", "/elsewhere")
    assert [len(scene.files) for scene in library.scenes.values()] == [2]
    assert [len(image.files) for image in library.images.values()] == [2]


async def test_an_orphan_gets_a_new_scene(with_media: DemoWorld) -> None:
    library = with_media.stash.library
    await scan(with_media)
    ((number, scene),) = library.scenes.items()
    file = scene.files[0]
    await ask(with_media, DESTROY, {"ids": [str(number)]})
    await scan(with_media, "/data/films/hills.mp4")
    ((again, renewed),) = library.scenes.items()
    assert again == number + 1
    assert renewed.files == [file]
    await ask(with_media, DESTROY, {"ids": [str(again)], "delete_file": True})
    make_clip(str(with_media.directory), ClipPlan("films/hills.mp4", "hills", 1, seconds=2, frame_rate=8))
    await scan(with_media, "/data/films/hills.mp4")
    ((last, restored),) = library.scenes.items()
    assert (last, restored.files[0].id > file.id) == (again + 1, True)


async def test_jobs_wait_fail_and_are_forgotten(empty_world: DemoWorld) -> None:
    jobs = empty_world.stash.jobs
    jobs.hold()
    first, second = [await ask(empty_world, SCAN, {"paths": []}) for _ in range(2)]
    queue = await ask(empty_world, "{ jobQueue { id status } }")
    assert [job["status"] for job in queue] == ["RUNNING", "READY"]
    assert (await ask(empty_world, JOB, {"id": first}))["endTime"] is None
    jobs.fail_with = "disk on fire"
    jobs.release()
    await jobs.settled()
    failed = await ask(empty_world, JOB, {"id": first})
    assert (failed["status"], failed["error"]) == ("FAILED", "disk on fire")
    assert (await ask(empty_world, JOB, {"id": second}))["status"] == "FINISHED"
    assert await ask(empty_world, "{ jobQueue { id } }") is None
    for _ in range(10):
        await ask(empty_world, SCAN, {"paths": []})
    await jobs.settled()
    assert await ask(empty_world, JOB, {"id": second}) is None


async def test_a_world_may_end_with_a_job_under_way(tmp_path: Path) -> None:
    async with DemoWorld.open(tmp_path, library=empty) as world:
        world.stash.jobs.hold()
        await ask(world, SCAN, {"paths": []})
        await asyncio.sleep(0)


def fill_two(world: DemoWorld) -> None:
    library = world.stash.library
    library.tags[1] = DemoEntity(1, "Sea")
    marked = (DemoMarker(5, "start", 1.0, library.tags[1]),)
    library.add(DemoScene(1, "a", [video(11, "/data/a.mp4")]), DemoScene(2, "b", [video(21, "/data/b.mp4")]))
    library.scenes[2].markers, library.scenes[2].play_history = marked, (TIME,)
    library.add_images(DemoImage(1, "i", [still(31, "/data/a.jpg"), still(32, "/data/b.jpg")]))


@pytest.mark.parametrize("reopened", [1, 2])
async def test_what_was_done_is_still_done(tmp_path: Path, reopened: int) -> None:
    def everything(world: DemoWorld) -> tuple[Any, ...]:
        library = world.stash.library
        return library.scenes, library.images, library.loose_files

    fill: Callable[[DemoWorld], None] = fill_two
    async with DemoWorld.open(tmp_path, library=fill) as world:
        await ask(world, MERGE, {"source": ["2"], "destination": "1", "play_history": True})
        await ask(world, DELETE, ["21"])
        await ask(world, DESTROY_IMAGES, {"ids": ["1"]})
        await ask(world, PRINTS, {"id": "31", "fingerprints": [{"type": "phash", "value": "f"}]})
        make_image(str(tmp_path), ImagePlan("new.png", "sea", 2))
        await scan(world)
        left = everything(world)
        assert [image.id for image in world.stash.library.images.values()] == [2]
    for _ in range(reopened):
        async with DemoWorld.open(tmp_path, library=fill) as world:
            assert everything(world) == left
            assert list(left[0]) == [1]
            assert sorted(left[2]) == [31, 32]
            assert world.stash.library.new_id("scene") == 3
            assert isinstance(left[2][31], DemoFile)
