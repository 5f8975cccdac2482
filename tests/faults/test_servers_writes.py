"""Writes whose outcome is unknown, waits that are cancelled, and secrets that stay secret."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from raw_server import HANG_UP, HOLD, RawServer, Reply, answer, data, running
from server_cases import ENDPOINT, FIELD, OSHASH, PAGE, SECRET

from core.demo.faults import FaultKind
from core.demo.stash_objects import DemoScene, DemoStashId
from core.demo.world import DemoWorld
from core.errors import MalformedAnswerError, ServerError, UncertainWriteError, UnreachableError
from core.model.scenes import StashId
from core.model.stash_boxes import StashBox
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient

pytest_plugins = ["server_fixtures"]


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, for ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  the servers have no event for it
            await asyncio.sleep(0.001)


def linked(*links: StashId) -> dict[str, Any]:
    return {
        "sceneUpdate": {
            "id": "1",
            "stash_ids": [{"endpoint": link.endpoint, "stash_id": link.stash_id} for link in links],
        }
    }


# -- writes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DROP, FaultKind.MALFORMED])
async def test_a_write_whose_outcome_is_unknown_is_not_sent_again(
    demo_stash: StashClient, empty_world: DemoWorld, kind: FaultKind
) -> None:
    empty_world.stash.library.add(DemoScene(1))
    empty_world.stash.faults.add(kind, times=None, only="sceneUpdate")
    with pytest.raises(UncertainWriteError, match="may or may not have been made"):
        await demo_stash.write_stash_ids(1, [StashId(ENDPOINT, "a")])
    assert len(empty_world.stash.log.of("sceneUpdate")) == 1


@pytest.mark.parametrize(
    "reply",
    [
        HANG_UP,
        HOLD,
        answer(PAGE, 504, "text/html"),
        answer("{}"),
        data({"sceneUpdate": None}),
        data({"sceneUpdate": {"id": "1", "stash_ids": None}}),
        data({"sceneUpdate": None}, [{"message": "context canceled", "path": ["sceneUpdate", "stash_ids"]}]),
        Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n{",)),
    ],
)
async def test_every_other_unknown_outcome_of_a_write(raw: RawServer, reply: Reply) -> None:
    raw.answers(WinnowWriteStashIds=reply)
    async with Http(Policy(attempts=3, wait_initial=0.01, read_seconds=0.2)) as http:
        with pytest.raises(UncertainWriteError):
            await StashClient(http, raw.url).write_stash_ids(1, [StashId(ENDPOINT, "a")])
    assert len(raw.of("WinnowWriteStashIds")) == 1


async def test_a_write_is_sent_again_only_when_it_cannot_have_been_applied(raw: RawServer, stash: StashClient) -> None:
    link = StashId(ENDPOINT, "a")
    raw.answers(WinnowWriteStashIds=[answer("", 429, Retry_After="0"), data(linked(link))])
    assert await stash.write_stash_ids(1, [link]) == (link,)
    assert len(raw.of("WinnowWriteStashIds")) == 2


async def test_a_write_that_found_no_connection_was_not_made(http: Http) -> None:
    """The connection of an earlier request is still kept, but the server that held it is gone."""
    async with running() as gone:
        url = gone.url
        gone.answers()
        client = StashClient(http, url)
        await client.features()
    with pytest.raises(UnreachableError):
        await client.write_stash_ids(1, [])


async def test_a_scene_whose_links_are_unknown_cannot_be_written_over(raw: RawServer, stash: StashClient) -> None:
    raw.answers(WinnowScene=data({"findScene": {"id": "1", "stash_ids": None, "files": []}}))
    with pytest.raises(MalformedAnswerError, match="null instead of its stash ids"):
        await stash.scene(1)


async def test_what_a_scene_was_linked_to_survives_a_failed_write(
    demo_stash: StashClient, empty_world: DemoWorld
) -> None:
    held = DemoStashId(ENDPOINT, "old")
    empty_world.stash.library.add(DemoScene(1, "", [], [held]))
    empty_world.stash.faults.add(FaultKind.DROP, only="sceneUpdate")
    with pytest.raises(UncertainWriteError):
        await demo_stash.write_stash_ids(1, [])
    scene = await demo_stash.scene(1)
    assert scene is not None
    assert scene.stash_id_at(ENDPOINT) == "old"


# -- pace and cancelling -------------------------------------------------------------------------------------------


async def test_everything_that_talks_to_a_host_shares_its_limit(raw: RawServer, http: Http) -> None:
    raw.answers(WinnowLookUp=data({FIELD: [[]]}))
    one = StashBoxClient(http, StashBox(f"{raw.url}/graphql", "One", "", 1200))
    two = StashBoxClient(http, StashBox(f"{raw.url}/other/graphql", "Two", "", 6000))
    assert one.channel is two.channel
    await one.accepted_algorithms()
    await two.accepted_algorithms()
    raw.requests.clear()

    async def keep_asking(client: StashBoxClient) -> None:
        while True:
            await client.look_up([[OSHASH]])

    with suppress(TimeoutError):
        async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
            for client in (one, two, one, two):
                tasks.create_task(keep_asking(client))
    # 20 a second: 40 in two seconds, and the one at the start. No lower bound on time, but work never waits idly.
    assert 25 <= len(raw.requests) <= 41


async def test_cancelling_ends_every_wait_at_once(raw: RawServer) -> None:
    """While held by the server, while waiting for a turn, in a pause the server asked for, and in a back-off."""
    slow = Policy(attempts=5, wait_initial=30, wait_max=60, retry_after_max=600)
    cases = {
        "answer": (HOLD, 240, 1),
        "turn": (data({FIELD: [[]]}), 2, 2),
        "pause": (answer("", 429, Retry_After="300"), 240, 1),
        "back-off": (answer(PAGE, 504, "text/html"), 240, 1),
    }
    for name, (reply, rate, calls) in cases.items():
        raw.answers(WinnowLookUp=reply)
        raw.requests.clear()
        async with Http(slow) as http:
            box = StashBoxClient(http, StashBox(f"{raw.url}/graphql", "Meadow", "", 60_000))
            await box.accepted_algorithms()
            box.channel.pace.tighten(requests_per_minute=rate, concurrency=4)
            asking = [asyncio.create_task(box.look_up([[OSHASH]])) for _ in range(calls)]
            await until(lambda: raw.of("WinnowLookUp") and (name != "turn" or any(task.done() for task in asking)))  # noqa: B023  used within the turn
            began = time.monotonic()
            for task in asking:
                task.cancel()
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
            assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), name
            assert time.monotonic() - began < 1, name


async def test_leaving_a_crawl_early_leaves_nothing_running(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*(DemoScene(number) for number in range(1, 40)))
    pages = demo_stash.crawl(page_size=5)
    await anext(pages)
    await pages.aclose()
    assert not [task for task in asyncio.all_tasks() if "_fetch" in repr(task)]


# -- secrets -------------------------------------------------------------------------------------------------------


def everything_said(error: BaseException) -> str:
    """Messages, causes, and a traceback with the local variables of every frame."""
    trace = error.__traceback__
    ours = None if trace is None else trace.tb_next  # without the frame of the test, which knows the secret
    told = traceback.TracebackException(type(error), error, ours, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    return "".join(told.format()) + repr(chain) + "".join(str(vars(one)) for one in chain if one is not None)


@pytest.mark.parametrize(
    "reply",
    [
        answer("", 401),
        answer("", 302, Location=f"/login?apikey={SECRET}"),
        answer("", 302, Location=f"https://elsewhere.example/?apikey={SECRET}"),
        answer(PAGE, 504, "text/html"),
        answer("", 429),
        answer('{"data": {"configuration": {"general": {"stashBoxes": [{"api_key": "' + SECRET + '"'),
        data({"configuration": {"general": {"stashBoxes": [{"api_key": SECRET, "endpoint": 7}]}}}),
        data({"configuration": {"general": {"stashBoxes": None}}}, [{"message": "no"}]),
        HANG_UP,
        Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n{",)),
        Reply((b"what is HTTP?\r\n\r\n",), closes=True),
    ],
)
async def test_secrets_are_in_no_message_no_traceback_and_no_log(
    raw: RawServer, http: Http, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw.answers(WinnowStashBoxes=reply)
    client = StashClient(http, f"http://user:{SECRET}@127.0.0.1:{raw.port}/?apikey={SECRET}", SECRET)
    assert SECRET not in client.url
    with pytest.raises(ServerError) as caught:
        await client.stash_boxes()
    assert raw.requests[-1].headers["apikey"] == SECRET
    assert raw.requests[-1].headers["authorization"].startswith("Basic ")
    assert SECRET not in everything_said(caught.value)
    assert SECRET not in caplog.text
    assert raw.url in caplog.text
    assert "apikey=" not in caplog.text
