"""The demo servers answer as the real ones: status, body, order and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_server_cases import UPDATE, ask

from core.demo.box_library import BoxFingerprint, BoxScene, box_prints
from core.demo.box_server import DemoBox
from core.demo.stash_objects import DemoScene, DemoStashId, video
from core.demo.world import DemoWorld, empty
from core.errors import UsageError

pytest_plugins = ["demo_server_fixtures"]

LOOKUP = """query Lookup($f: [[FingerprintQueryInput!]!]!) {
  findScenesBySceneFingerprints(fingerprints: $f) { id title fingerprints { hash algorithm duration submissions } }
}"""
A, B = "0192f000-0000-7000-8000-00000000000a", "0192f000-0000-7000-8000-00000000000b"
PHASH = 0x9C3A5F0E71D2B486


async def test_crawl_pages_by_id(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    library = empty_world.stash.library
    for number in (30, 4, 7, 12):
        library.add(DemoScene(number, f"scene {number}", [video(number, f"/data/{number}.mp4", phash=PHASH)]))
    query = """query Crawl($after: Int!) {
      findScenes(scene_filter: {id: {value: $after, modifier: GREATER_THAN}},
                 filter: {per_page: 2, sort: "id", direction: ASC}) {
        count scenes { id title files { id path fingerprints { type value } fingerprint(type: "phash") } } } }"""
    first = (await ask(client, empty_world.stash, query, {"after": 0}))["data"]["findScenes"]
    second = (await ask(client, empty_world.stash, query, {"after": 7}))["data"]["findScenes"]
    assert [scene["id"] for scene in first["scenes"]] == ["4", "7"]
    assert [scene["id"] for scene in second["scenes"]] == ["12", "30"]
    assert second["count"] == 2
    file = first["scenes"][0]["files"][0]
    assert file["fingerprints"] == [{"type": "phash", "value": f"{PHASH:x}"}]
    assert file["fingerprint"] == f"{PHASH:x}"


async def test_lookup_keeps_order_and_length(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    box.library.add(
        BoxScene(A, "near", box_prints(phashes=[PHASH ^ 0b1111])), BoxScene(B, "exact", box_prints(oshash=77))
    )
    groups = [
        [{"hash": "1", "algorithm": "OSHASH"}],
        [{"hash": f"{PHASH:x}", "algorithm": "PHASH"}, {"hash": "4d", "algorithm": "OSHASH"}],
        [],
    ]
    data = (await ask(client, box, LOOKUP, {"f": groups}))["data"]["findScenesBySceneFingerprints"]
    assert [sorted(scene["title"] for scene in group) for group in data] == [[], ["exact", "near"], []]
    assert {p["hash"] for group in data for scene in group for p in scene["fingerprints"]} == {
        f"{PHASH ^ 0b1111:016x}",
        f"{77:016x}",
    }
    box.phash_distance = 3
    data = (await ask(client, box, LOOKUP, {"f": groups}))["data"]["findScenesBySceneFingerprints"]
    assert [scene["title"] for scene in data[1]] == ["exact"]
    assert box.log.violations == []


async def test_lookup_refusals(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    many = [[{"hash": "1", "algorithm": "OSHASH"}]] * 41
    assert (await ask(client, box, LOOKUP, {"f": many}))["errors"][0]["message"] == "too many scenes"
    wrong = [[{"hash": "xyz", "algorithm": "OSHASH"}]]
    answer = await ask(client, box, LOOKUP, {"f": wrong})
    assert answer["data"] is None
    assert answer["errors"][0]["message"].startswith("invalid fingerprint hash")
    box.library.add(BoxScene(A, "nothing", [BoxFingerprint("PHASH", 0, 60)]))
    long = [[{"hash": "f" * 17, "algorithm": "OSHASH"}]]
    answer = await ask(client, box, LOOKUP, {"f": long})
    assert answer["data"]["findScenesBySceneFingerprints"][0][0]["title"] == "nothing"
    assert any("not a hash" in violation for violation in box.log.violations)
    lower = {"query": LOOKUP, "variables": {"f": [[{"hash": "1", "algorithm": "phash"}]]}}
    response = await client.post(box.endpoint, json=lower, headers={"ApiKey": box.api_key})
    assert response.status_code == 422
    assert "phash" in response.json()["errors"][0]["message"]


async def test_box_keys(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    answer = await ask(client, box, "{ me { name } version { version } }", key="")
    assert answer["data"] is None
    assert {error["message"] for error in answer["errors"]} == {"not authorized"}
    response = await client.post(box.endpoint, json={"query": "{ me { name } }"}, headers={"ApiKey": "wrong"})
    assert (response.status_code, response.content) == (401, b"")
    assert (await ask(client, box, "{ __typename }", key=""))["data"] == {"__typename": "Query"}


async def test_second_box_knows_no_reports(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    query = 'query { findScene(id: "' + A + '") { fingerprints { reports } } }'
    body = {"query": query}
    box1, box2 = empty_world.boxes
    first = await client.post(box1.endpoint, json=body, headers={"ApiKey": box1.api_key})
    second = await client.post(box2.endpoint, json=body, headers={"ApiKey": box2.api_key})
    assert (first.status_code, second.status_code) == (200, 422)
    assert "reports" in second.json()["errors"][0]["message"]
    assert second.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    fields = '{ __type(name: "Fingerprint") { fields { name } } }'
    data = (await ask(client, box2, fields, key=""))["data"]
    assert "reports" not in {field["name"] for field in data["__type"]["fields"]}


async def test_stash_turns_strangers_away(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    body = {"query": "{ version { version } }"}
    wrong = await client.post(stash.endpoint, json=body, headers={"ApiKey": "wrong"})
    none = await client.post(stash.endpoint, json=body)
    page = await client.get(f"{stash.base_url}/scene/1/screenshot")
    assert (wrong.status_code, wrong.content, wrong.headers["www-authenticate"]) == (401, b"", "FormBased")
    assert (none.status_code, none.content) == (401, b"")
    assert page.status_code == 302
    assert "html" in (await client.get(f"{stash.base_url}{page.headers['location']}")).headers["content-type"]


@pytest.mark.parametrize(("accept", "status"), [("application/json", 422), ("*/*", 400), ("", 422)])
async def test_refused_document_by_accept(
    empty_world: DemoWorld, client: httpx.AsyncClient, accept: str, status: int
) -> None:
    stash = empty_world.stash
    headers = {"ApiKey": stash.api_key, "Accept": accept}
    response = await client.post(stash.endpoint, json={"query": "{ nonsense }"}, headers=headers)
    assert response.status_code == status
    assert "nonsense" in response.json()["errors"][0]["message"]


async def test_update_writes_what_is_present(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    scene = stash.library.add(DemoScene(1, "old", [video(1, "/a.mp4")], [DemoStashId("e1", A)]))
    scene.urls = ["https://a.test"]
    before = scene.updated_at
    kept = {"endpoint": "e1", "stash_id": A, "updated_at": scene.stash_ids[0].updated_at}
    added = {"endpoint": "e2", "stash_id": B}
    answer = await ask(client, stash, UPDATE, {"input": {"id": "1", "stash_ids": [kept, added, added]}})
    data = answer["data"]["sceneUpdate"]
    assert data["title"] == "old"
    assert data["urls"] == ["https://a.test"]
    assert data["stash_ids"][0] == kept
    assert [link["stash_id"] for link in data["stash_ids"]] == [A, B]
    assert data["updated_at"] > before
    answer = await ask(client, stash, UPDATE, {"input": {"id": "1", "stash_ids": None, "title": None}})
    assert answer["data"]["sceneUpdate"]["stash_ids"] == []
    assert answer["data"]["sceneUpdate"]["title"] == ""


async def test_update_refuses_two_ids_at_one_endpoint(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    scene = stash.library.add(DemoScene(1, "old", stash_ids=[DemoStashId("e1", A)]))
    pair = [{"endpoint": "e1", "stash_id": A}, {"endpoint": "e1", "stash_id": B}]
    answer = await ask(client, stash, UPDATE, {"input": {"id": "1", "stash_ids": pair}})
    assert "UNIQUE constraint failed" in answer["errors"][0]["message"]
    assert answer["data"] == {"sceneUpdate": None}
    assert [link.stash_id for link in scene.stash_ids] == [A]


async def test_unknown_id_fails_the_query(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    empty_world.stash.library.add(DemoScene(1))
    answer = await ask(client, empty_world.stash, '{ findScenes(ids: ["1", "9"]) { count } }')
    assert answer == {"data": None, "errors": [{"message": "scene with id 9 not found", "path": ["findScenes"]}]}


async def test_ports_are_kept(tmp_path: Any) -> None:
    async with DemoWorld.open(tmp_path, library=empty) as world:
        first = [server.base_url for server in world.servers]
    async with DemoWorld.open(tmp_path, library=empty) as world:
        assert [server.base_url for server in world.servers] == first


async def test_requests_that_are_not_graphql(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    key = {"ApiKey": stash.api_key}
    json = {"Content-Type": "application/json", **key}
    for content in (b"{", b"[]", b'{"query": 3}', b'{"query": "{ version { hash } }", "variables": []}'):
        response = await client.post(stash.endpoint, content=content, headers=json)
        assert response.status_code == 400, content
        assert "could not be decoded" in response.json()["errors"][0]["message"]
    plain = await client.post(stash.endpoint, content=b"{}", headers={"Content-Type": "text/plain", **key})
    assert (plain.status_code, plain.json()["errors"][0]["message"]) == (400, "transport not supported")
    got = await client.get(stash.endpoint, params={"query": "{ version { version } }"}, headers=key)
    assert got.json()["data"]["version"]["version"].startswith("v0.30")
    mutation = {"query": UPDATE, "variables": '{"input": {"id": "1"}}'}
    assert (await client.get(stash.endpoint, params=mutation, headers=key)).status_code == 406


async def test_stash_without_login(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    stash.requires_login = False
    body = {"query": "{ configuration { general { username stashBoxes { endpoint name max_requests_per_minute } } } }"}
    data = (await client.post(stash.endpoint, json=body)).json()["data"]["configuration"]["general"]
    assert [box["endpoint"] for box in data["stashBoxes"]] == [box.endpoint for box in empty_world.boxes]
    wrong = await client.post(stash.endpoint, json=body, headers={"ApiKey": "any"})
    assert wrong.status_code == 401  # a key that is not the configured one is refused even here


async def test_deleted_scenes_and_md5(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box1, box2 = empty_world.boxes
    for box in (box1, box2):
        box.library.add(BoxScene(A, "gone", [*box_prints(oshash=5), BoxFingerprint("MD5", 0xAB, 60)], deleted=True))
    md5, oshash = {"hash": f"{0xAB:032x}", "algorithm": "MD5"}, {"hash": "5", "algorithm": "OSHASH"}

    async def titles(box: DemoBox, entry: dict[str, str]) -> list[str]:
        data = (await ask(client, box, LOOKUP, {"f": [[entry]]}))["data"]["findScenesBySceneFingerprints"]
        return [scene["title"] for scene in data[0]]

    assert (await titles(box1, oshash), await titles(box2, oshash)) == ([], ["gone"])
    assert await titles(box2, md5) == []
    assert box2.log.violations
    box2.stores_md5 = True
    assert await titles(box2, md5) == ["gone"]
    found = await ask(client, box1, "query F($id: ID!) { findScene(id: $id) { deleted title } }", {"id": A})
    assert found["data"]["findScene"] == {"deleted": True, "title": "gone"}


async def test_search(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    box.library.add(BoxScene(A, "Green Hills", urls=["https://s.test/1"]), BoxScene(B, "Blue Hills"))
    query = "query S($term: String!) { searchScene(term: $term) { title urls { url site { name } } } }"

    async def titles(term: str) -> list[str]:
        return [scene["title"] for scene in (await ask(client, box, query, {"term": term}))["data"]["searchScene"]]

    assert await titles("green hills") == ["Green Hills", "Blue Hills"]
    assert await titles(B) == ["Blue Hills"]
    assert await titles("https://S.test/1") == ["Green Hills"]
    assert await titles("nothing") == []


async def test_newer_stash_knows_more(tmp_path: Path, client: httpx.AsyncClient) -> None:
    fields = '{ __type(name: "SceneFilterType") { inputFields { name } } }'
    async with DemoWorld.open(tmp_path, library=empty, stash_version="0.31") as world:
        world.stash.library.add(DemoScene(1, "s", [video(1, "/1.mp4"), video(2, "/2.mp4")]))
        names = {field["name"] for field in (await ask(client, world.stash, fields))["data"]["__type"]["inputFields"]}
        assert "stash_ids_endpoint" in names
        done = await ask(client, world.stash, 'mutation { destroyFiles(ids: ["2"]) }')
        assert done["data"] == {"destroyFiles": True}
        assert len(world.stash.library.scenes[1].files) == 1


async def test_one_folder_is_one_world(tmp_path: Path) -> None:
    async with DemoWorld.open(tmp_path, library=empty):
        with pytest.raises(UsageError, match="in use"):
            async with DemoWorld.open(tmp_path, library=empty):
                pytest.fail("a second world over the same folder")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="another --dir"):
        async with DemoWorld.open(tmp_path / "file" / "world", library=empty):
            pytest.fail("a world in a file")
