"""What a demo server can be told to do wrong, and how long it stays silent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from demo_server_cases import UPDATE, ask

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.stash_objects import DemoScene
from core.demo.world import DemoWorld, empty
from core.errors import UsageError

pytest_plugins = ["demo_server_fixtures"]


async def test_faults_hit_and_pass(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[1]
    body = {"query": "{ me { name } }"}

    async def status() -> httpx.Response:
        return await client.post(box.endpoint, json=body, headers={"ApiKey": box.api_key})

    box.faults.add(FaultKind.STATUS, status=504, times=2)
    assert [(await status()).status_code for _ in range(3)] == [504, 504, 200]
    box.faults.add(FaultKind.RATE_LIMIT, retry_after=2)
    response = await status()
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")
    box.faults.add(FaultKind.CUT)
    with pytest.raises(httpx.RemoteProtocolError):
        await status()
    box.faults.add(FaultKind.DROP)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await status()
    box.faults.add(FaultKind.HUGE, megabytes=3)
    assert len((await status()).content) > 3_000_000
    box.faults.add(FaultKind.REDIRECT, only="findScene")
    assert (await status()).status_code == 200
    box.rate_limit = 1
    box.rate_window = 3600
    assert [(await status()).status_code for _ in range(2)] == [200, 429]
    assert box.log.counts["me"] > 5


async def test_a_silent_server_can_be_stopped(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    box.faults.add(FaultKind.SILENT, times=None)
    with pytest.raises(httpx.ReadTimeout):
        await client.post(box.endpoint, json={"query": "{ me { name } }"}, timeout=0.2)


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        (FaultKind.STATUS, 500, "<h1>500</h1>"),
        (FaultKind.REFUSE, 422, "GRAPHQL_VALIDATION_FAILED"),
        (FaultKind.RATE_LIMIT, 429, "Too Many Attempts."),
        (FaultKind.MALFORMED, 200, '{"id": '),
        (FaultKind.LOGIN_PAGE, 200, "<form"),
        (FaultKind.REDIRECT, 302, ""),
        (FaultKind.UNAUTHORIZED, 401, ""),
        (FaultKind.ERROR, 200, '"data":null'),
        (FaultKind.PARTIAL, 200, '"errors":[{'),
        (FaultKind.INNER_NULLS, 200, '"scenes":[null]'),
        (FaultKind.NULL_LIST, 200, '"scenes":null'),
        (FaultKind.WRONG_LENGTH, 200, '"scenes":[]'),
    ],
)
async def test_each_fault(
    empty_world: DemoWorld, client: httpx.AsyncClient, kind: FaultKind, status: int, content: str
) -> None:
    stash = empty_world.stash
    stash.library.add(DemoScene(1))
    fault = stash.faults.add(kind, only="findScenes")
    body = {"query": "{ findScenes { scenes { id } } }"}
    response = await client.post(stash.endpoint, json=body, headers={"ApiKey": stash.api_key})
    assert response.status_code == status
    assert content in response.text
    assert fault.hits == 1
    again = await client.post(stash.endpoint, json=body, headers={"ApiKey": stash.api_key})
    assert again.json() == {"data": {"findScenes": {"scenes": [{"id": "1"}]}}}


async def test_a_write_before_the_cut_is_done_and_before_the_drop_is_not(
    empty_world: DemoWorld, client: httpx.AsyncClient
) -> None:
    stash = empty_world.stash
    scene = stash.library.add(DemoScene(1, "old"))
    for kind, title in ((FaultKind.DROP, "dropped"), (FaultKind.CUT, "cut")):
        stash.faults.add(kind, only="sceneUpdate")
        with pytest.raises(httpx.TransportError):
            await ask(client, stash, UPDATE, {"input": {"id": "1", "title": title}})
    assert scene.title == "cut"
    assert [request.variables for request in stash.log.of("sceneUpdate")] == [
        {"input": {"id": "1", "title": "dropped"}},
        {"input": {"id": "1", "title": "cut"}},
    ]


async def test_a_test_may_step_between_read_and_write(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    stash = empty_world.stash
    scene = stash.library.add(DemoScene(1, "old"))

    def intrude(request: RecordedRequest) -> None:
        if "sceneUpdate" in request.fields:
            scene.urls = ["https://intruder.test"]

    stash.on_request = intrude
    data = (await ask(client, stash, UPDATE, {"input": {"id": "1", "title": "new"}}))["data"]["sceneUpdate"]
    assert (data["title"], data["urls"]) == ("new", ["https://intruder.test"])


async def test_a_silent_server_answers_when_released(empty_world: DemoWorld, client: httpx.AsyncClient) -> None:
    box = empty_world.boxes[0]
    box.faults.add(FaultKind.SILENT)
    waiting = asyncio.create_task(ask(client, box, "{ me { name } }"))
    await box.log.wait_for("me")
    assert not waiting.done()
    box.faults.release()
    assert (await waiting)["data"]["me"]["name"] == "demo"


async def test_faults_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_DEMO_FAULTS", "box2:status:status=502,times=0")
    async with DemoWorld.open(tmp_path, library=empty) as world:
        assert [fault.status for fault in world.boxes[1].faults.pending] == [502]
    monkeypatch.setenv("WINNOW_DEMO_FAULTS", "box3:status")
    with pytest.raises(UsageError, match="box3"):
        async with DemoWorld.open(tmp_path, library=empty):
            pytest.fail("a fault of no server")
