"""The demo Stash answers records with their files, images, files and configuration as the real one does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.demo.stash_objects import (
    DemoEntity,
    DemoGallery,
    DemoGroup,
    DemoGroupPlace,
    DemoImage,
    DemoMarker,
    DemoScene,
    still,
    video,
)
from core.demo.world import DemoWorld

MD5 = "0123456789abcdef0123456789abcdef"


async def ask(world: DemoWorld, query: str, variables: dict[str, Any] | None = None) -> Any:
    """The whole answer."""
    async with httpx.AsyncClient(headers={"Accept": "application/json", "ApiKey": world.stash.api_key}) as client:
        response = await client.post(world.stash.endpoint, json={"query": query, "variables": variables or {}})
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def filled(empty_world: DemoWorld) -> DemoWorld:
    library = empty_world.stash.library
    library.groups[4] = DemoGroup(4, "Trilogy")
    library.galleries[6] = DemoGallery(6, "Holidays")
    library.tags[2] = DemoEntity(2, "Landscape")
    library.add(
        DemoScene(
            1,
            "one",
            [video(11, "/data/a.mp4", oshash=5, phash=9), video(12, "/data/b.mp4")],
            groups=(DemoGroupPlace(library.groups[4], 3),),
            galleries=(library.galleries[6],),
            markers=(DemoMarker(1, "start", 1.5, library.tags[2]),),
            play_history=("2024-01-11T18:07:53+02:00", "2024-02-11T18:07:53+02:00"),
            o_history=("2024-01-11T18:07:53+02:00",),
            play_duration=12.5,
            resume_time=3.0,
        )
    )
    library.add_images(
        DemoImage(1, "still", [still(21, "/data/a.jpg", md5=MD5), video(22, "/data/clip.mp4")], o_counter=2),
        DemoImage(2, "other", [still(23, "/data/b.png", width=10, height=20)]),
    )
    library.loose_files[31] = video(31, "/data/loose.mp4")
    return empty_world


async def test_scene_with_everything(filled: DemoWorld) -> None:
    query = """{ findScene(id: 1) { play_count o_counter play_history o_history play_duration resume_time last_played_at
      groups { group { id name } scene_index } galleries { id title } scene_markers { id title seconds
      end_seconds primary_tag { name } } files { id format video_codec frame_rate bit_rate mod_time } } }"""
    scene = (await ask(filled, query))["data"]["findScene"]
    assert (scene["play_count"], scene["o_counter"], scene["play_duration"], scene["resume_time"]) == (2, 1, 12.5, 3.0)
    assert scene["last_played_at"] == scene["play_history"][1]
    assert scene["groups"] == [{"group": {"id": "4", "name": "Trilogy"}, "scene_index": 3}]
    assert scene["galleries"] == [{"id": "6", "title": "Holidays"}]
    marker = {"id": "1", "title": "start", "seconds": 1.5, "end_seconds": None, "primary_tag": {"name": "Landscape"}}
    assert scene["scene_markers"] == [marker]
    assert [file["id"] for file in scene["files"]] == ["11", "12"]


async def test_images_have_files_of_two_kinds(filled: DemoWorld) -> None:
    query = """query I($after: Int!) { findImages(
        image_filter: {id: {value: $after, modifier: GREATER_THAN}}, filter: {per_page: 1, sort: "id"}
      ) { count images { id o_counter files { id } visual_files { __typename ... on BaseFile { id path }
        ... on ImageFile { width fingerprints { type value } } ... on VideoFile { duration } } } } }"""
    found = (await ask(filled, query, {"after": 0}))["data"]["findImages"]
    assert found["count"] == 2
    (image,) = found["images"]
    assert (image["o_counter"], image["files"]) == (2, [{"id": "21"}])
    assert image["visual_files"] == [
        {
            "__typename": "ImageFile",
            "id": "21",
            "path": "/data/a.jpg",
            "width": 640,
            "fingerprints": [{"type": "md5", "value": MD5}],
        },
        {"__typename": "VideoFile", "id": "22", "path": "/data/clip.mp4", "duration": 60.0},
    ]
    assert (await ask(filled, query, {"after": 2}))["data"]["findImages"]["images"] == []
    by_md5 = await ask(filled, f'{{ findImage(checksum: "{MD5}") {{ id }} }}')
    assert by_md5["data"]["findImage"] == {"id": "1"}
    assert (await ask(filled, "{ findImage(id: 9) { id } }"))["data"]["findImage"] is None


async def test_files_by_path_and_orphans(filled: DemoWorld) -> None:
    query = """query F($f: FileFilterType) { findFiles(file_filter: $f, filter: {sort: "id", per_page: -1}) {
      count files { __typename id path ... on VideoFile { duration } } } }"""

    async def found(criteria: dict[str, Any]) -> list[str]:
        answer = (await ask(filled, query, {"f": criteria}))["data"]["findFiles"]
        assert answer["count"] == len(answer["files"])
        return [file["id"] for file in answer["files"]]

    assert await found({"path": {"value": "/data/a.jpg", "modifier": "EQUALS"}}) == ["21"]
    none = {"value": 0, "modifier": "EQUALS"}
    assert await found({"scene_count": none, "image_count": none}) == ["31"]
    one = (await ask(filled, '{ findFile(path: "/data/b.png") { id __typename } }'))["data"]["findFile"]
    assert one == {"id": "23", "__typename": "ImageFile"}
    missing = await ask(filled, "{ findFile(id: 99) { id } }")
    assert "not found" in missing["errors"][0]["message"]
    unknown = await ask(filled, "{ findFiles(ids: [11, 99]) { count } }")
    assert "file with id 99 not found" in unknown["errors"][0]["message"]


async def test_scenes_by_hash_and_by_file(filled: DemoWorld) -> None:
    by_hash = await ask(filled, '{ findSceneByHash(input: {oshash: "0000000000000005"}) { id } }')
    assert by_hash["data"]["findSceneByHash"] == {"id": "1"}
    query = """query S($f: SceneFilterType) { findScenes(scene_filter: $f) { scenes { id } } }"""
    for criteria, ids in (
        ({"oshash": {"value": "0000000000000005", "modifier": "EQUALS"}}, ["1"]),
        ({"file_count": {"value": 1, "modifier": "GREATER_THAN"}}, ["1"]),
        ({"files_filter": {"path": {"value": "/data/b.mp4", "modifier": "EQUALS"}}}, ["1"]),
        ({"files_filter": {"path": {"value": "/data/b.png", "modifier": "EQUALS"}}}, []),
    ):
        found = (await ask(filled, query, {"f": criteria}))["data"]["findScenes"]["scenes"]
        assert [scene["id"] for scene in found] == ids


async def test_configuration_and_pictures(filled: DemoWorld) -> None:
    filled.stash.disk.trash = "/data/.bin"
    filled.stash.excludes = ["sample"]
    query = """{ configuration { general { stashes { path excludeVideo excludeImage } deleteTrashPath excludes
      imageExcludes videoExtensions imageExtensions } } systemStatus { os databaseSchema } }"""
    general = (await ask(filled, query))["data"]["configuration"]["general"]
    assert general["stashes"] == [{"path": "/data", "excludeVideo": False, "excludeImage": False}]
    assert (general["deleteTrashPath"], general["excludes"]) == ("/data/.bin", ["sample"])
    assert {"mp4", "mkv"} <= set(general["videoExtensions"])
    place = filled.directory / "library" / "a.jpg"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"a picture")
    headers = {"ApiKey": filled.stash.api_key}
    async with httpx.AsyncClient(headers=headers, base_url=filled.stash.base_url) as client:
        there, absent = await client.get("/image/1/thumbnail"), await client.get("/image/2/image")
        unknown = await client.get("/image/7/image")
    assert (there.content, there.headers["content-type"]) == (b"a picture", "image/jpeg")
    assert absent.headers["content-type"].startswith("image/svg+xml")
    assert unknown.status_code == 404
