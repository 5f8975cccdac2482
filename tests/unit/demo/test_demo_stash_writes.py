"""The demo Stash merges, destroys and deletes with the meaning, and the traps, of the real one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from stash_write_cases import DELETE, DESTROY, DESTROY_IMAGES, MERGE, PRINTS, TIME, UPDATE, ask, put

from core.demo.faults import FaultKind
from core.demo.stash_objects import (
    DemoScene,
    video,
)
from core.demo.world import DemoWorld

pytest_plugins = ["stash_write_fixtures"]


async def test_merge_moves_files_and_markers_and_nothing_else(filled: DemoWorld) -> None:
    library = filled.stash.library
    merged = await ask(filled, MERGE, {"source": ["2"], "destination": "1"})
    assert merged == {"id": "1", "files": [{"id": "11"}, {"id": "12"}, {"id": "21"}], "play_count": 0, "o_counter": 0}
    scene = library.scenes[1]
    assert [marker.title for marker in scene.markers] == ["start"]
    assert ([tag.id for tag in scene.tags], scene.groups, scene.stash_ids, scene.play_duration) == ([1], (), [], 0.0)
    assert 2 not in library.scenes
    assert not library.loose_files
    assert filled.stash.disk.exists("/data/b.mp4")


async def test_merge_with_values_and_histories(filled: DemoWorld) -> None:
    values = {"id": "1", "tag_ids": ["1", "2"], "groups": [{"group_id": "4", "scene_index": 2}], "play_duration": 30}
    given = {"source": ["2"], "destination": "1", "values": values | {"primary_file_id": "21"}, "play_history": True}
    merged = await ask(filled, MERGE, given)
    assert (merged["play_count"], merged["o_counter"], merged["files"][0]["id"]) == (2, 0, "11")
    scene = filled.stash.library.scenes[1]
    assert ([tag.id for tag in scene.tags], scene.groups[0].scene_index, scene.play_duration) == ([1, 2], 2, 30.0)
    assert scene.title == "kept"


@pytest.mark.parametrize(
    "given",
    [
        {"source": ["1"], "destination": "1"},
        {"source": ["2", "9"], "destination": "1"},
        {"source": ["2"], "destination": "9"},
        {"source": ["2"], "destination": "1", "values": {"id": "1", "tag_ids": ["77"]}},
    ],
)
async def test_a_refused_merge_changes_nothing(filled: DemoWorld, given: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        await ask(filled, MERGE, given)
    assert [len(scene.files) for scene in filled.stash.library.scenes.values()] == [2, 1]


async def test_update_sets_clears_and_leaves_alone(filled: DemoWorld) -> None:
    scene = filled.stash.library.scenes[2]
    await ask(filled, UPDATE, {"id": "2", "rating100": 80, "gallery_ids": ["6"]})
    assert (scene.rating100, len(scene.galleries), len(scene.groups), scene.play_duration) == (80, 1, 1, 30.0)
    cleared: dict[str, Any] = {
        "id": "2",
        "rating100": None,
        "groups": None,
        "gallery_ids": [],
        "tag_ids": None,
        "stash_ids": None,
    }
    await ask(filled, UPDATE, cleared | {"play_duration": 7.5, "resume_time": 9.0})
    assert (scene.rating100, scene.groups, scene.galleries, scene.tags, scene.stash_ids) == (None, (), (), [], [])
    assert (scene.play_duration, scene.resume_time) == (7.5, 0.0)
    turned = await ask(filled, UPDATE, {"id": "1", "primary_file_id": "12"})
    assert turned["files"] == [{"id": "12"}, {"id": "11"}]
    with pytest.raises(AssertionError, match="not associated"):
        await ask(filled, UPDATE, {"id": "1", "primary_file_id": "21"})


async def test_image_update(filled: DemoWorld) -> None:
    query = "mutation U($i: ImageUpdateInput!) { imageUpdate(input: $i) { id title files { id } tags { id } } }"
    given = {"id": "1", "title": " new ", "primary_file_id": "32", "tag_ids": ["2"]}
    image = await ask(filled, query, given)
    assert image == {"id": "1", "title": "new", "files": [{"id": "32"}, {"id": "31"}], "tags": [{"id": "2"}]}


async def test_destroy_leaves_files_unless_told_to(filled: DemoWorld) -> None:
    library, disk = filled.stash.library, filled.stash.disk
    with pytest.raises(AssertionError, match="scene with id 9 not found"):
        await ask(filled, DESTROY, {"ids": ["2", "9"]})
    assert 2 in library.scenes
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": False}) is True
    assert (list(library.scenes), list(library.loose_files), disk.exists("/data/b.mp4")) == ([1], [21], True)
    assert await ask(filled, DESTROY, {"ids": ["1"], "delete_file": True, "delete_generated": True}) is True
    assert (library.scenes, list(library.loose_files)) == ({}, [21])
    assert not any(disk.exists(f"/data/{name}") for name in ("a.mp4", "a2.mp4", "a.funscript"))
    assert await ask(filled, DELETE, ["21"]) is True
    assert (library.loose_files, disk.exists("/data/b.mp4")) == ({}, False)


async def test_destroying_what_is_missing_is_only_logged(filled: DemoWorld) -> None:
    (filled.directory / "library" / "b.mp4").unlink()
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": True}) is True
    assert "/data/b.mp4 does not exist" in filled.stash.disk.complaints[0]
    assert not filled.stash.library.loose_files


async def test_a_shared_file_stays(filled: DemoWorld) -> None:
    library = filled.stash.library
    library.scenes[2].files.append(library.scenes[1].files[0])
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": True}) is True
    assert filled.stash.disk.exists("/data/a.mp4")
    assert [file.id for file in library.scenes[1].files] == [11, 12]


async def test_delete_files_refuses_a_primary_one(filled: DemoWorld) -> None:
    for number in ("11", "31"):
        with pytest.raises(AssertionError, match="cannot delete primary file"):
            await ask(filled, DELETE, ["12", number])
    assert filled.stash.disk.exists("/data/a2.mp4")
    assert await ask(filled, DELETE, ["12", "32"]) is True
    assert not any(filled.stash.disk.exists(path) for path in ("/data/a2.mp4", "/data/b.jpg"))
    assert [file.id for file in filled.stash.library.images[1].files] == [31]


async def test_images_are_destroyed_as_scenes_are(filled: DemoWorld) -> None:
    library = filled.stash.library
    assert await ask(filled, DESTROY_IMAGES, {"ids": ["1"]}) is True
    assert (library.images, sorted(library.loose_files)) == ({}, [31, 32])
    single = "mutation D($i: ImageDestroyInput!) { imageDestroy(input: $i) }"
    with pytest.raises(AssertionError, match="image with id 1 not found"):
        await ask(filled, single, {"id": "1"})


async def test_stash_has_a_trash_of_its_own(filled: DemoWorld) -> None:
    filled.stash.disk.trash = "/data/.bin"
    put(filled, ".bin/b.mp4", b"earlier")
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": True}) is True
    kept = sorted(path.name for path in (filled.directory / "library" / ".bin").iterdir())
    assert len(kept) == 2
    assert kept[0] == "b.mp4"


async def test_nothing_outside_of_the_library_is_touched(filled: DemoWorld) -> None:
    outside = filled.directory / "outside.mp4"
    outside.write_bytes(b"precious")
    library = filled.stash.library
    library.add(DemoScene(7, "out", [video(71, "/data/../outside.mp4"), video(72, str(outside))]))
    assert await ask(filled, DESTROY, {"ids": ["7"], "delete_file": True}) is True
    assert outside.read_bytes() == b"precious"


async def test_fingerprints_of_images_and_loose_files(filled: DemoWorld) -> None:
    library = filled.stash.library
    library.loose_files[90] = video(90, "/data/loose.mp4", phash=3)
    phash = {"type": "phash", "value": "FF0000000000000a"}
    assert await ask(filled, PRINTS, {"id": "31", "fingerprints": [phash]}) is True
    assert library.images[1].files[0].fingerprints == {"md5": "aa", "phash": "ff0000000000000a"}
    assert await ask(filled, PRINTS, {"id": "90", "fingerprints": [{"type": "phash", "value": None}]}) is True
    assert library.loose_files[90].fingerprints == {}
    for kind in ("md5", "oshash"):
        with pytest.raises(AssertionError, match=f"cannot modify {kind}"):
            await ask(filled, PRINTS, {"id": "31", "fingerprints": [{"type": kind, "value": "00"}]})


async def test_plays_and_os_are_added(filled: DemoWorld) -> None:
    play = "mutation P($t: [Timestamp!]) { sceneAddPlay(id: 1, times: $t) { count history } }"
    async with httpx.AsyncClient(headers={"ApiKey": filled.stash.api_key}) as client:
        body = {"query": play, "variables": {"t": [TIME]}}
        answer = (await client.post(filled.stash.endpoint, json=body)).json()["data"]["sceneAddPlay"]
    assert answer == {"count": 1, "history": ["2024-01-11T16:07:53Z"]}
    assert (await ask(filled, "mutation { sceneAddO(id: 1) { count } }"))["count"] == 1
    activity = "mutation { sceneSaveActivity(id: 1, resume_time: 4.5, playDuration: 2.0) }"
    assert await ask(filled, activity) is True
    assert await ask(filled, activity) is True
    scene = filled.stash.library.scenes[1]
    assert (scene.resume_time, scene.play_duration) == (4.5, 4.0)
    assert await ask(filled, "mutation { imageIncrementO(id: 1) }") == 1


async def test_plays_are_taken_back_one_by_one(filled: DemoWorld) -> None:
    scene = filled.stash.library.scenes[2]
    one = 'mutation { sceneDeletePlay(id: 2, times: ["2024-01-11T16:07:53Z"]) { count } }'
    assert (await ask(filled, one))["count"] == 1
    assert (await ask(filled, "mutation { sceneDeletePlay(id: 2) { count } }"))["count"] == 0
    assert await ask(filled, "mutation { sceneResetO(id: 2) }") == 0
    assert (scene.play_history, scene.o_history, scene.updated_at) == ((), (), TIME)
    assert await ask(filled, "mutation { imageDecrementO(id: 1) }") == 0


async def test_a_file_and_markers_leave_for_a_scene_of_their_own(filled: DemoWorld) -> None:
    create = "mutation C($i: SceneCreateInput!) { sceneCreate(input: $i) { id title files { id } tags { id } } }"
    await ask(filled, MERGE, {"source": ["2"], "destination": "1"})
    with pytest.raises(AssertionError, match="cannot reassign primary file"):
        await ask(filled, create, {"file_ids": ["21", "11"]})
    made = await ask(filled, create, {"file_ids": ["21"], "title": "back", "tag_ids": ["2"]})
    assert made == {"id": "3", "title": "back", "files": [{"id": "21"}], "tags": [{"id": "2"}]}
    move = "mutation U($i: SceneMarkerUpdateInput!) { sceneMarkerUpdate(input: $i) { id scene { id } } }"
    assert await ask(filled, move, {"id": "5", "scene_id": "3"}) == {"id": "5", "scene": {"id": "3"}}
    scenes = filled.stash.library.scenes
    assert ([file.id for file in scenes[1].files], scenes[1].markers) == ([11, 12], ())
    assert [marker.title for marker in scenes[3].markers] == ["start"]
    assign = "mutation A($i: AssignSceneFileInput!) { sceneAssignFile(input: $i) }"
    assert await ask(filled, assign, {"scene_id": "3", "file_id": "12"}) is True
    assert [file.id for file in scenes[3].files] == [21, 12]
    mark = "mutation M($i: SceneMarkerCreateInput!) { sceneMarkerCreate(input: $i) { id } }"
    assert await ask(filled, "mutation { sceneMarkerDestroy(id: 5) }") is True
    given = {"title": "again", "seconds": 2.0, "scene_id": "3", "primary_tag_id": "1"}
    assert await ask(filled, mark, given) == {"id": "6"}


async def test_it_may_say_so_without_having_done_it(filled: DemoWorld) -> None:
    faults = filled.stash.faults
    faults.add(FaultKind.PRETEND, only="scenesDestroy")
    faults.add(FaultKind.PRETEND, only="sceneMerge")
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": True}) is True
    assert (await ask(filled, MERGE, {"source": ["2"], "destination": "1"}))["id"] == "1"
    assert (2 in filled.stash.library.scenes, filled.stash.disk.exists("/data/b.mp4")) == (True, True)
    filled.stash.disk.is_stuck = True  # the entry goes, the file cannot be removed: Stash says true
    assert await ask(filled, DESTROY, {"ids": ["2"], "delete_file": True}) is True
    assert (2 in filled.stash.library.scenes, filled.stash.disk.exists("/data/b.mp4")) == (False, True)


async def test_cut_after_the_write(filled: DemoWorld) -> None:
    filled.stash.faults.add(FaultKind.CUT)
    with pytest.raises(httpx.TransportError):
        await ask(filled, DESTROY, {"ids": ["2"]})
    assert 2 not in filled.stash.library.scenes
