"""Servers that answer badly, late, partly or not at all: what Winnow says, and what it never does."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from raw_server import HANG_UP, HOLD, RawRequest, RawServer, Reply, answer, data, running

from core.demo.faults import FaultKind
from core.demo.library import BoxScene, DemoScene, DemoStashId, box_prints, video
from core.demo.world import DemoWorld
from core.errors import (
    AuthenticationError,
    GraphQLError,
    MalformedAnswerError,
    RateLimitedError,
    ServerError,
    UncertainWriteError,
    UnreachableError,
)
from core.model import Algorithm, Fingerprint, Scene, StashBox, StashId
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient

SECRET = "sEcReT-0123456789"
IMPATIENT = Policy(
    attempts=3,
    rate_limited_attempts=3,
    wait_initial=0.02,
    wait_max=0.2,
    wait_jitter=0.01,
    read_seconds=5,
    answer_seconds=5,
)
LOGIN = "<!doctype html><title>Login</title><form><input type=password name=password></form>"
PAGE = "<html><body><h1>504 Gateway Time-out</h1></body></html>"
ENDPOINT = "https://box.example/graphql"
A, B = "0192f000-0000-7000-8000-00000000000a", "0192f000-0000-7000-8000-00000000000b"
OSHASH = Fingerprint(Algorithm.OSHASH, 77)
GROUPS = [[OSHASH], [Fingerprint(Algorithm.OSHASH, 78)], [Fingerprint(Algorithm.OSHASH, 79)]]
FIELD = "findScenesBySceneFingerprints"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(IMPATIENT) as http:
        yield http


@pytest.fixture
async def raw() -> AsyncIterator[RawServer]:
    async with running() as server:
        yield server


@pytest.fixture
def stash(http: Http, raw: RawServer) -> StashClient:
    return StashClient(http, raw.url, SECRET)


@pytest.fixture
def box(http: Http, raw: RawServer) -> StashBoxClient:
    return StashBoxClient(http, StashBox(f"{raw.url}/graphql", "Meadow", SECRET, 60_000))


@pytest.fixture
def demo_stash(http: Http, empty_world: DemoWorld) -> StashClient:
    return StashClient(http, empty_world.stash.base_url, empty_world.stash.api_key)


@pytest.fixture
def demo_box(http: Http, empty_world: DemoWorld) -> StashBoxClient:
    demo = empty_world.boxes[0]
    demo.library.add(*(BoxScene(name, name, box_prints(oshash=value)) for name, value in ((A, 77), (B, 79))))
    return StashBoxClient(http, StashBox(demo.endpoint, "Meadow", demo.api_key, 60_000))


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


# -- keys ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_key_is_answered_401_without_a_body(http: Http, empty_world: DemoWorld) -> None:
    with pytest.raises(AuthenticationError, match=r"refuses the key: check api_key under \[stash\]") as caught:
        await StashClient(http, empty_world.stash.base_url, "wrong").status()
    assert caught.value.status == 401
    assert empty_world.stash.base_url in str(caught.value)


async def test_no_key_names_the_key_to_set(http: Http, empty_world: DemoWorld) -> None:
    with pytest.raises(AuthenticationError, match=r"asks for a key: set api_key under \[stash\]"):
        await StashClient(http, empty_world.stash.base_url).status()
    demo = empty_world.boxes[0]
    with pytest.raises(AuthenticationError, match="asks for a key: set the API key of the stash-box Meadow"):
        await StashBoxClient(http, StashBox(demo.endpoint, "Meadow")).look_up([[OSHASH]])


async def test_a_key_that_no_header_can_carry_is_refused_unseen(http: Http) -> None:
    for key in ("a\nb", "schlüssel", "a\x00b"):
        with pytest.raises(AuthenticationError, match="characters that no key has") as caught:
            StashClient(http, "http://nas.example", key)
        assert key not in str(caught.value)


async def test_a_picture_without_the_key_is_a_redirect_to_the_login_page(http: Http, empty_world: DemoWorld) -> None:
    with pytest.raises(AuthenticationError, match="login page"):
        await StashClient(http, empty_world.stash.base_url).screenshot(1)
    with pytest.raises(AuthenticationError, match="refuses the key"):
        await StashClient(http, empty_world.stash.base_url, "wrong").screenshot(1)


async def test_the_lock_against_public_access_is_told_in_the_servers_words(raw: RawServer, stash: StashClient) -> None:
    raw.reply = lambda _: answer("Stash is exposed to the public internet", 403, "text/plain")
    with pytest.raises(AuthenticationError, match="exposed to the public internet"):
        await stash.status()


# -- not GraphQL at all --------------------------------------------------------------------------------------------


async def test_a_login_page_is_told_in_words(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.faults.add(FaultKind.LOGIN_PAGE)
    with pytest.raises(MalformedAnswerError, match=r"login page .* is the address right"):
        await demo_stash.status()


async def test_a_redirect_is_not_followed(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.faults.add(FaultKind.REDIRECT)
    with pytest.raises(AuthenticationError, match="login page"):
        await demo_stash.status()
    assert len(empty_world.stash.log.requests) == 1


async def test_an_upgrade_to_https_names_the_address_to_use(raw: RawServer, stash: StashClient) -> None:
    target = f"https://127.0.0.1:{raw.port}/graphql"
    raw.reply = lambda _: answer("", 308, Location=f"{target}?apikey=abc")
    with pytest.raises(MalformedAnswerError, match=f"use {target} as its address") as caught:
        await stash.status()
    assert "abc" not in str(caught.value)
    assert len(raw.requests) == 1


async def test_a_redirect_elsewhere_says_where(raw: RawServer, stash: StashClient) -> None:
    raw.reply = lambda _: answer("", 302, Location="https://user:pw@portal.example/x")
    with pytest.raises(MalformedAnswerError, match=r"redirects to https://portal\.example/x") as caught:
        await stash.status()
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer("<html>hello</html>", content_type="text/html"), "web page .*address right"),
        (answer("nothing here", 404, "text/plain"), "no GraphQL at this address"),
        (answer("token is malformed", 500, "text/plain"), "500, saying .token is malformed."),
        (answer('{"data": {"version": '), "not GraphQL, or broken"),
        (answer(""), "not GraphQL, or broken"),
        (answer("[]"), "not GraphQL, or broken"),
        (answer('{"ok": true}'), "not GraphQL, or broken"),
        (answer('{"data": {"version": 7, "systemStatus": {}}}'), r"another shape than agreed: .*\$\.version"),
        (answer('{"data": null}'), "another shape than agreed"),
        (answer('{"data": {}}', 418), "418"),
        (answer(b"\x1f\x8b broken", Content_Encoding="gzip"), "cannot be unpacked"),
        (answer(gzip.compress(b'{"data": null}')[:-9], Content_Encoding="gzip"), "cannot be unpacked"),
        (answer(b"x", Content_Encoding="br"), "cannot be unpacked"),
    ],
)
async def test_what_is_no_answer_is_malformed(raw: RawServer, stash: StashClient, reply: Reply, words: str) -> None:
    raw.reply = lambda _: reply
    with pytest.raises(MalformedAnswerError, match=words):
        await stash.status()
    assert len(raw.requests) == 1


async def test_malformed_json_of_a_stash(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.faults.add(FaultKind.MALFORMED)
    with pytest.raises(MalformedAnswerError):
        await demo_stash.status()


async def test_a_packed_answer_is_unpacked_and_broken_unicode_does_no_harm(raw: RawServer, stash: StashClient) -> None:
    body = b'{"data": {"version": {"version": "v\xff1"}, "systemStatus": {"os": "linux"}}}'
    raw.reply = lambda _: answer(gzip.compress(body), Content_Encoding="gzip")
    assert (await stash.status()).version == "v�1"
    assert raw.requests[0].headers["accept"] == "application/json"
    assert raw.requests[0].headers["user-agent"].startswith("Winnow/")


# -- too much ------------------------------------------------------------------------------------------------------


async def test_an_answer_of_a_hundred_megabytes_is_refused_early(
    demo_stash: StashClient, empty_world: DemoWorld
) -> None:
    empty_world.stash.faults.add(FaultKind.HUGE, megabytes=100)
    with pytest.raises(MalformedAnswerError, match="larger than 64 MiB"):
        await demo_stash.status()
    assert len(empty_world.stash.log.requests) == 1


async def test_a_declared_size_is_believed_before_anything_is_read(raw: RawServer, stash: StashClient) -> None:
    raw.reply = lambda _: Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n{",))
    async with asyncio.timeout(3):
        with pytest.raises(MalformedAnswerError, match="larger than 64 MiB"):
            await stash.status()


async def test_what_unpacks_to_too_much_is_refused(raw: RawServer, stash: StashClient) -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        for _ in range(100):
            file.write(bytes(1 << 20))
    raw.reply = lambda _: answer(packed.getvalue(), Content_Encoding="gzip")
    with pytest.raises(MalformedAnswerError, match="larger than 64 MiB"):
        await stash.status()
    assert stash.channel.counters.bytes_received == 0


# -- refusals ------------------------------------------------------------------------------------------------------


async def test_the_words_of_a_422_are_kept(demo_box: StashBoxClient, empty_world: DemoWorld) -> None:
    fault = empty_world.boxes[0].faults.add(
        FaultKind.REFUSE, times=None, only=FIELD, message="Cannot query field 'reports' on type 'Fingerprint'."
    )
    with pytest.raises(GraphQLError, match="Cannot query field 'reports'") as caught:
        await demo_box.look_up(GROUPS)
    assert (caught.value.status, caught.value.data) == (422, None)
    assert empty_world.boxes[0].endpoint in str(caught.value)
    assert fault.hits == 1


@pytest.mark.parametrize("status", [200, 400, 422])
async def test_errors_are_read_whatever_the_status(raw: RawServer, stash: StashClient, status: int) -> None:
    raw.reply = lambda _: data({"version": None}, [{"message": "database is locked"}, None, {}], status)
    with pytest.raises(GraphQLError, match="database is locked; an error without words") as caught:
        await stash.status()
    assert caught.value.data == {"version": None}


async def test_an_endpoint_that_hides_its_schema_is_asked_for_the_least(raw: RawServer, box: StashBoxClient) -> None:
    def reply(request: RawRequest) -> Reply:
        if request.operation == "WinnowStashBoxFeatures":
            return data(None, [{"message": "introspection disabled"}])
        return data({FIELD: [[{"id": A, "fingerprints": [{"hash": "4d", "algorithm": "OSHASH", "duration": 9}]}]]})

    raw.reply = reply
    assert await box.accepted_algorithms() == {Algorithm.OSHASH, Algorithm.PHASH}
    [answered] = await box.look_up([[OSHASH]])
    assert answered is not None
    assert answered[0].fingerprints[0].value == 77
    assert b"reports" not in raw.requests[-1].body


# -- busy and broken gateways --------------------------------------------------------------------------------------


async def test_429_waits_as_long_as_it_says_and_the_whole_channel_with_it(raw: RawServer, http: Http) -> None:
    refused: list[float] = []

    def reply(request: RawRequest) -> Reply:
        if not refused:
            refused.append(request.at)
            return answer('{"errors": [{"message": "Too Many Attempts."}]}', 429, Retry_After="1")
        return data({"version": {"version": "1"}, "systemStatus": {}})

    raw.reply = reply
    clients = [StashClient(http, raw.url, SECRET, concurrency=1), StashClient(http, raw.url, SECRET, concurrency=1)]
    await asyncio.gather(*(client.status() for client in clients))
    assert len(raw.requests) == 3
    assert min(request.at for request in raw.requests[1:]) - refused[0] >= 0.99
    assert clients[0].channel.counters.retries == 1


async def test_429_without_retry_after_backs_off_further_each_time(raw: RawServer, stash: StashClient) -> None:
    raw.reply = lambda _: answer('{"errors": [{"message": "Too Many Attempts."}]}', 429)
    with pytest.raises(RateLimitedError, match='saying "Too Many Attempts') as caught:
        await stash.status()
    assert caught.value.retry_after is None
    first, second, third = (request.at for request in raw.requests)
    assert second - first >= 0.08
    assert third - second >= 0.16


async def test_429_retry_after_is_capped(raw: RawServer) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for text in ("3600", soon):
        raw.requests.clear()
        raw.reply = lambda _, text=text: answer("", 429, Retry_After=text)  # type: ignore[misc]  # bound per turn
        async with Http(Policy(rate_limited_attempts=2, retry_after_max=0.05)) as http:
            with pytest.raises(RateLimitedError) as caught:
                await StashClient(http, raw.url).status()
        assert len(raw.requests) == 2
        assert caught.value.retry_after is not None
        assert 3500 < caught.value.retry_after <= 3600


async def test_a_504_page_is_tried_again_and_then_told(raw: RawServer, stash: StashClient) -> None:
    fine = data({"version": {"version": "1"}, "systemStatus": {}})
    bad = answer(PAGE, 504, "text/html")
    raw.answers(WinnowStatus=[bad, fine, bad])
    assert (await stash.status()).version == "1"
    with pytest.raises(UnreachableError, match=r"does not answer \(504\): is it running") as caught:
        await stash.status()
    assert caught.value.status == 504
    assert len(raw.requests) == 2 + IMPATIENT.attempts
    assert "<" not in str(caught.value)


# -- broken connections --------------------------------------------------------------------------------------------


async def test_an_answer_cut_in_the_middle_is_asked_for_again(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.faults.add(FaultKind.CUT)
    empty_world.stash.faults.add(FaultKind.DROP)
    assert (await demo_stash.status()).is_ready
    assert demo_stash.channel.counters.retries == 2
    empty_world.stash.faults.add(FaultKind.CUT, times=None)
    with pytest.raises(UnreachableError, match="cut before the answer was whole"):
        await demo_stash.status()


async def test_nobody_listens(http: Http) -> None:
    async with running() as gone:
        url = gone.url
    with pytest.raises(UnreachableError, match="nothing listens there"):
        await StashClient(http, url, SECRET).status()


async def test_a_name_that_does_not_exist(http: Http) -> None:
    with pytest.raises(UnreachableError, match="name cannot be resolved"):
        await StashClient(http, "http://winnow.invalid", SECRET).status()


async def test_tls_where_none_is_spoken(http: Http, empty_world: DemoWorld) -> None:
    with pytest.raises(UnreachableError, match="try http:// instead"):
        await StashClient(http, empty_world.stash.base_url.replace("http:", "https:"), SECRET).status()


async def test_silence_ends_with_the_time_out(raw: RawServer) -> None:
    raw.reply = lambda _: HOLD
    async with Http(Policy(attempts=2, wait_initial=0.01, read_seconds=0.1)) as http:
        with pytest.raises(UnreachableError, match="too long"):
            await StashClient(http, raw.url).status()
    assert len(raw.requests) == 2


async def test_a_server_that_drips_is_bounded_as_a_whole(raw: RawServer) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

    listener = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    async with Http(Policy(attempts=1, answer_seconds=0.3)) as http:
        with pytest.raises(UnreachableError, match="too long"):
            await StashClient(http, url).status()
    listener.close()


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


# -- odd items in good answers -------------------------------------------------------------------------------------


async def crawled(client: StashClient, page_size: int = 10) -> list[Scene]:
    return [scene async for page in client.crawl(page_size=page_size) for scene in page]


async def test_odd_hashes_cost_only_themselves(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    file = video(1, "/data/odd.mp4", oshash=5)
    file.fingerprints |= {"phash": "12345678901234567", "md5": "not hexadecimal!", "sha256": "ab", "PHASH2": ""}
    empty_world.stash.library.add(DemoScene(1, "odd", [file]))
    [scene] = await crawled(demo_stash)
    assert scene.files[0].fingerprints == (Fingerprint(Algorithm.OSHASH, 5),)
    assert set(demo_stash.oddities.words) == {
        "1 x PHASH that is too long: skipped",
        "1 x MD5 that is not hexadecimal: skipped",
    }


async def test_nulls_where_lists_were_cost_only_themselves(raw: RawServer, stash: StashClient) -> None:
    scenes = [
        {"id": "1", "title": None, "files": None, "stash_ids": None},
        {"id": "2", "files": [None, {"id": "5", "fingerprints": None}], "stash_ids": [None]},
        {"id": "3", "files": [{"id": "6", "fingerprints": [None, {"type": "oshash", "value": None}]}]},
        {"id": "4", "files": "what?"},
        {"title": "no id"},
        None,
    ]
    raw.answers(WinnowCrawl=data({"findScenes": {"scenes": scenes}}))
    found = await crawled(stash)
    assert [scene.id for scene in found] == [1, 2, 3]
    assert found[1].files[0].fingerprints == ()
    words = " ".join(stash.oddities.words)
    assert "1 x scene whose files are null" in words
    assert "1 x OSHASH that is missing" in words
    assert "`$.files`): left out" in words


async def test_null_where_the_list_was_is_malformed(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(DemoScene(1))
    empty_world.stash.faults.add(FaultKind.NULL_LIST, only="findScenes")
    with pytest.raises(MalformedAnswerError, match=r"got `null` - at `\$\.findScenes\.scenes`"):
        await crawled(demo_stash)


async def test_pages_that_do_not_go_on_end_with_an_error(raw: RawServer, stash: StashClient) -> None:
    scenes = [{"id": str(number), "files": [], "stash_ids": []} for number in range(1, 11)]
    raw.answers(WinnowCrawl=data({"findScenes": {"scenes": scenes}}))
    with pytest.raises(MalformedAnswerError, match="pages do not go on after id 10"):
        await crawled(stash)


async def test_a_crawl_that_fails_later_gave_its_first_pages(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*(DemoScene(number) for number in range(1, 26)))
    pages: list[int] = []
    with pytest.raises(GraphQLError, match="database is locked"):
        async for page in demo_stash.crawl(page_size=10):
            pages.append(len(page))
            empty_world.stash.faults.add(FaultKind.ERROR, message="database is locked", only="findScenes", times=None)
    assert pages[:1] == [10]


async def test_inner_nulls_of_a_look_up_are_dropped_and_told(demo_box: StashBoxClient, empty_world: DemoWorld) -> None:
    empty_world.boxes[0].faults.add(FaultKind.INNER_NULLS, only=FIELD)
    assert await demo_box.look_up(GROUPS) == [(), (), ()]
    assert demo_box.oddities.words == ("2 x entry that came as null: left out",)


async def test_the_wrong_number_of_lists_is_malformed(demo_box: StashBoxClient, empty_world: DemoWorld) -> None:
    empty_world.boxes[0].faults.add(FaultKind.WRONG_LENGTH, only=FIELD)
    with pytest.raises(MalformedAnswerError, match="2 lists for 3 scenes"):
        await demo_box.look_up(GROUPS)


async def test_a_look_up_that_failed_in_part_keeps_its_whole_groups(
    demo_box: StashBoxClient, empty_world: DemoWorld
) -> None:
    empty_world.boxes[0].faults.add(FaultKind.PARTIAL, only=FIELD, message="studio lost")
    first, second, third = await demo_box.look_up(GROUPS)
    assert [candidate.id for candidate in first or ()] == [A]
    assert second == ()
    assert third is None
    assert demo_box.oddities.words == ("1 x scene the server failed for: studio lost",)


async def test_the_group_that_a_problem_names_is_the_one_that_failed(raw: RawServer, box: StashBoxClient) -> None:
    entry = {"id": A, "title": "t", "fingerprints": None, "images": None, "performers": [None], "tags": None}
    problems = [{"message": "boom", "path": [FIELD, 1, 0, "studio"]}]
    raw.answers(WinnowLookUp=data({FIELD: [[entry], [entry, None], None, "text"]}, problems))
    first, *others = await box.look_up([*GROUPS, [OSHASH]])
    assert first is not None
    assert (first[0].id, first[0].fingerprints) == (A, ())
    assert others == [None, None, None]
    assert "boom" in " ".join(box.oddities.words)


@pytest.mark.parametrize("value", [None, {FIELD: None}, {FIELD: "x"}, {}])
async def test_a_look_up_without_lists_is_malformed(raw: RawServer, box: StashBoxClient, value: Any) -> None:
    raw.answers(WinnowLookUp=data(value))
    with pytest.raises(MalformedAnswerError):
        await box.look_up(GROUPS)


async def test_odd_remote_hashes_cost_only_themselves(raw: RawServer, box: StashBoxClient) -> None:
    prints = [
        {"hash": "zz", "algorithm": "OSHASH", "duration": 5},
        {"hash": "1" * 17, "algorithm": "PHASH", "duration": 5},
        {"hash": "4d", "algorithm": "BLAKE3", "duration": 5},
        {"hash": "4d", "algorithm": "OSHASH", "duration": None},
        None,
    ]
    raw.answers(WinnowLookUp=data({FIELD: [[{"id": A, "fingerprints": prints}]]}))
    [found] = await box.look_up([[OSHASH]])
    assert found is not None
    assert [(item.value, item.duration, item.reports) for item in found[0].fingerprints] == [(77, 0, None)]
    assert len(box.oddities) == 2


async def test_one_endpoint_failing_leaves_the_other_alone(
    http: Http, demo_box: StashBoxClient, empty_world: DemoWorld
) -> None:
    other = empty_world.boxes[1]
    other.faults.add(FaultKind.REFUSE, times=None)
    second = StashBoxClient(http, StashBox(other.endpoint, "Harbour", other.api_key, 60_000))
    one, two = await asyncio.gather(demo_box.look_up(GROUPS), second.look_up(GROUPS), return_exceptions=True)
    assert isinstance(one, list)
    assert isinstance(two, GraphQLError)


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
