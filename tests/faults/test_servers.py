"""Servers that answer badly, late or not at all: what Winnow says, and how long it goes on asking."""

from __future__ import annotations

import asyncio
import gzip
import io
import shutil
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from raw_server import HOLD, RawRequest, RawServer, Reply, answer, data, running
from server_cases import FIELD, GROUPS, IMPATIENT, OSHASH, PAGE, SECRET, A

from core.demo.faults import FaultKind
from core.demo.world import DemoWorld
from core.errors import AuthenticationError, GraphQLError, MalformedAnswerError, RateLimitedError, UnreachableError
from core.model.fingerprints import Algorithm
from core.model.stash_boxes import StashBox
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient

pytest_plugins = ["server_fixtures"]


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


# -- certificates --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program to make a certificate")
async def test_a_certificate_nobody_vouches_for(http: Http, tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1"]
    program = await asyncio.create_subprocess_exec(*made, cwd=tmp_path, stderr=asyncio.subprocess.DEVNULL)
    assert await program.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(UnreachableError, match=r"not trusted \(self.signed certificate\).* SSL_CERT_FILE"):
        await StashClient(http, f"https://127.0.0.1:{port}", SECRET).status()
    counters = http.channels[0].counters
    assert (counters.requests, counters.retries) == (1, 0)
    listener.close()
