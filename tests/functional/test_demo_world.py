"""The demo world as a whole: real media, the same world again over the same folder, a process of its own."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core.demo.cases import CLIPS, Case, entry_id
from core.demo.world import DemoWorld
from core.errors import UsageError
from core.media.checksums import checksums
from core.media.video import probe
from core.model.fingerprints import phash_distance

WRITE = """mutation W($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"""
SUBMIT = """mutation S($input: FingerprintSubmission!) { submitFingerprint(input: $input) }"""
COVER = b"\xff\xd8\xff\xe0 a picture of the demo \xff\xd9"


async def post(server: Any, query: str, variables: dict[str, Any]) -> Any:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            server.endpoint, json={"query": query, "variables": variables}, headers={"ApiKey": server.api_key}
        )
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]


async def get(url: str, key: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url, headers={"ApiKey": key})


@pytest.mark.slow
async def test_real_media_with_real_hashes(drawn_world: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn_world, tmp_path, dirs_exist_ok=True)
    async with DemoWorld.open(tmp_path) as world:
        settings = tomllib.loads(world.config_path.read_text("utf-8"))
        mapping = settings["stash"]["path_map"][0]
        assert settings["stash"]["url"] == world.stash.base_url
        scenes = world.stash.library.scenes
        for case in (Case.CERTAIN_BOTH, Case.HOSTILE_NAME, Case.FAR_EAST):
            file = scenes[case].files[0]
            path = Path(file.path.replace(mapping["stash"], mapping["local"], 1))
            sums = checksums(path)
            assert file.fingerprints["oshash"] == f"{sums.oshash:016x}"
            assert (file.size, file.duration) == (sums.size, probe(path).duration)
        phashes = [
            int(file.fingerprints["phash"], 16)
            for scene in scenes.values()
            for file in scene.files
            if len(file.fingerprints.get("phash", "")) == 16
        ]
        assert len(phashes) > 20
        apart = min(phash_distance(a, b) for i, a in enumerate(phashes) for b in phashes[:i])
        assert apart > 10  # no clip is another's neighbour by accident
        entry = world.boxes[0].library.scenes[entry_id(0, Case.CERTAIN_BOTH)]
        cover = await get(world.boxes[0].image_url(entry.images[0]), "")
        screenshot = await get(f"{world.stash.base_url}/scene/1/screenshot", world.stash.api_key)
        assert (cover.headers["content-type"], screenshot.headers["content-type"]) == ("image/jpeg", "image/jpeg")
        assert cover.content == screenshot.content
        svg = await get(f"{world.stash.base_url}/scene/{Case.NO_FILE}/screenshot", world.stash.api_key)
        assert svg.headers["content-type"].startswith("image/svg+xml")
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "library").rglob("*.mp4")}
    assert made.keys() >= {tmp_path / "library" / plan.path for plan in CLIPS}
    async with DemoWorld.open(tmp_path):
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "library").rglob("*.mp4")} == made


async def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    stash_id = entry_id(0, Case.CERTAIN_BOX1)
    async with DemoWorld.open(tmp_path, media=False) as world:
        links = [{"endpoint": world.boxes[0].endpoint, "stash_id": stash_id}]
        cover = "data:image/jpeg;base64," + base64.b64encode(COVER).decode()
        given = {"id": "2", "stash_ids": links, "tag_ids": ["1", "3"], "studio_id": "1", "cover_image": cover}
        await post(world.stash, WRITE, {"input": given})
        vote = {"hash": "00000000000000ff", "algorithm": "OSHASH", "duration": 60}
        await post(world.boxes[0], SUBMIT, {"input": {"scene_id": stash_id, "fingerprint": vote}})
        old_endpoint = world.boxes[0].endpoint
        with (tmp_path / "changes.jsonl").open("ab") as file:
            file.write(b'{"scene": 3, "ti')  # killed while writing
    (tmp_path / "ports.json").unlink()  # the ports are not to be had again
    async with DemoWorld.open(tmp_path, media=False) as world:
        scene = world.stash.library.scenes[Case.CERTAIN_BOX1]
        assert world.boxes[0].endpoint != old_endpoint
        assert scene.stash_id_at(world.boxes[0].endpoint) == stash_id
        assert [tag.id for tag in scene.tags] == [1, 3]
        assert scene.studio is world.stash.library.studios[1]
        screenshot = await get(f"{world.stash.base_url}/scene/2/screenshot", world.stash.api_key)
        assert screenshot.content == COVER
        entry = world.boxes[0].library.scenes[stash_id]
        assert [p.submissions for p in entry.fingerprints if p.value == 255] == [1]
        assert world.stash.library.scenes[Case.CERTAIN_BOX2].title


async def test_stash_fetches_a_cover_from_a_stash_box(tmp_path: Path) -> None:
    async with DemoWorld.open(tmp_path, media=False) as world:
        image = world.boxes[0].library.scenes[entry_id(0, Case.CERTAIN_BOTH)].images[0]
        image.source = COVER
        url = world.boxes[0].image_url(image)
        await post(world.stash, WRITE, {"input": {"id": "1", "cover_image": url}})
        screenshot = await get(f"{world.stash.base_url}/scene/1/screenshot", world.stash.api_key)
        assert screenshot.content == COVER


def test_a_process_of_its_own(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "core.demo",
        "--dir",
        str(tmp_path),
        "--no-media",
        "--scenes",
        "300",
        "--rate",
        "0",
    ]
    command += ["--fault", "box2:status:status=504,times=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            answer = msgspec.json.decode(process.stdout.readline())
            stash, (box1, box2) = answer["stash"], answer["boxes"]
            query = {"query": "{ findScenes(filter: {per_page: 0}) { count } }"}
            url = f"{stash['url']}/graphql"
            found = httpx.post(url, json=query, headers={"ApiKey": stash["api_key"]}).json()
            assert found["data"]["findScenes"]["count"] == 300 + len(Case)
            me = {"query": "{ me { name } }"}
            statuses = [
                httpx.post(box["endpoint"], json=me, headers={"ApiKey": box["api_key"]}).status_code
                for box in (box1, box2)
            ]
            assert statuses == [200, 504]
            process.stdin.close()
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_a_wrong_fault_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core.demo", "--dir", str(tmp_path), "--no-media", "--fault", "box1:explode"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "box1:explode" in done.stderr
    assert "rate-limit" in done.stderr


async def test_media_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "library").write_text("a file in the way")
    with pytest.raises(UsageError, match="media cannot be made"):
        async with DemoWorld.open(tmp_path):
            pytest.fail("a world without its media")
