"""Servers that lie about a file, names that change what they mean, certificates of somebody else."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from downloads import HASTY, downloader_of, left_in, refused
from raw_server import HANG_UP, HOLD, RawServer, Reply, answer, running

from core.intake.download import Reason
from core.servers.http import Http

PUBLIC = "93.184.215.14"
BODY = b"0123456789" * 50
ETAG = '"one"'


@pytest.fixture
async def raw() -> AsyncIterator[RawServer]:
    """A server that answers with any bytes."""
    async with running() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """Connections with little patience between attempts."""
    async with Http(HASTY) as running_http:
        yield running_http


def part(body: bytes, content_range: str, **headers: str) -> Reply:
    """A 206."""
    return answer(body, 206, "image/jpeg", Content_Range=content_range, **headers)


def cut(at: int = 100, **headers: str) -> Reply:
    """The first bytes of the body, then nothing more."""
    whole = answer(BODY, 200, "image/jpeg", **({"ETag": ETAG} | headers)).parts[0]
    return Reply((whole[: len(whole) - len(BODY) + at],), closes=True)


def whole(**headers: str) -> Reply:
    """All of the body."""
    return answer(BODY, 200, "image/jpeg", **({"ETag": ETAG} | headers))


def one_after_the_other(raw: RawServer, *replies: Reply) -> None:
    """Answer with each in turn."""
    waiting = list(replies)
    raw.reply = lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


# -- lies about ranges ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        part(BODY[100:], "bytes 100-499/500", ETag='"two"'),  # another file
        part(BODY[100:], "bytes 100-499/501", ETag=ETAG),  # another size, and not to its end
        part(BODY[90:], "bytes 90-499/500", ETag=ETAG),  # begins elsewhere
        part(BODY[100:], "bytes 100-499", ETag=ETAG),
        part(BODY[100:], "nonsense", ETag=ETAG),
        part(BODY[100:], f"bytes 100-{'9' * 5000}/{'9' * 5000}", ETag=ETAG),
        answer(BODY[100:], 206, "image/jpeg", ETag=ETAG),
        part(gzip.compress(BODY[100:]), "bytes 100-499/500", ETag=ETAG, Content_Encoding="gzip"),
        part(BODY[100:200], "bytes 100-199/500", ETag=ETAG),  # less than was asked for
        answer(b"", 416, Content_Range="bytes */500"),
    ],
)
async def test_a_lying_part_begins_anew(raw: RawServer, http: Http, tmp_path: Path, lie: Reply) -> None:
    one_after_the_other(raw, cut(), lie, whole())
    got = await downloader_of(http).fetch(f"{raw.url}/a.bin", tmp_path, "t")
    assert got.path.read_bytes() == BODY
    assert [request.headers.get("range") for request in raw.requests] == [None, "bytes=100-", None]
    assert left_in(tmp_path) == ["a.bin"]


async def test_a_part_without_validators_of_its_own_goes_on(raw: RawServer, http: Http, tmp_path: Path) -> None:
    one_after_the_other(raw, cut(), part(BODY[100:], "bytes 100-499/*"))
    got = await downloader_of(http).fetch(f"{raw.url}/a.bin", tmp_path, "t")
    assert got.path.read_bytes() == BODY


async def test_a_weak_etag_is_no_validator(raw: RawServer, http: Http, tmp_path: Path) -> None:
    date = "Sat, 01 Mar 2025 10:00:00 GMT"
    one_after_the_other(raw, cut(ETag='W/"x"', Last_Modified=date), part(BODY[100:], "bytes 100-499/500"))
    assert (await downloader_of(http).fetch(f"{raw.url}/a.bin", tmp_path, "t")).path.read_bytes() == BODY
    assert raw.requests[1].headers["if-range"] == date
    one_after_the_other(raw, cut(ETag='W/"x"'), whole())
    assert (await downloader_of(http).fetch(f"{raw.url}/b.bin", tmp_path, "t")).path.read_bytes() == BODY
    assert "range" not in raw.requests[3].headers


async def test_a_part_that_nobody_asked_for(raw: RawServer, http: Http, tmp_path: Path) -> None:
    raw.reply = lambda _: part(BODY, "bytes 0-499/500", ETag=ETAG)
    await refused(downloader_of(http), raw.url, tmp_path, Reason.BROKEN, "parts of a file that were not asked for")
    assert len(raw.requests) == 2


# -- lies about the rest -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "reason", "words"),
    [
        (HANG_UP, Reason.UNREACHABLE, "cut before"),
        (Reply((b"nonsense\r\n\r\n",), closes=True), Reason.UNREACHABLE, "cut before"),
        (Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",)), Reason.UNREACHABLE, "cut"),
        (Reply((b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",), closes=True), Reason.UNREACHABLE, "cut before"),
        (Reply((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",)), Reason.UNREACHABLE, "cut before"),
        (Reply((b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,), closes=True), Reason.UNREACHABLE, "cut before"),
        (answer(b"\x1f\x8b broken", Content_Encoding="gzip"), Reason.BROKEN, "cannot be unpacked"),
        (answer(gzip.compress(BODY)[:-9], Content_Encoding="gzip"), Reason.BROKEN, "cannot be unpacked"),
        (answer(b"x", Content_Encoding="br"), Reason.BROKEN, "cannot be unpacked"),
        (answer(b""), Reason.BROKEN, "empty file"),
        (answer("", 302, Location="http://[sEcReT"), Reason.REDIRECTS, "does not follow"),
        (answer("", 302, Location="http://a b/"), Reason.REDIRECTS, "does not follow"),
    ],
)
async def test_answers_that_make_no_sense(
    raw: RawServer, http: Http, tmp_path: Path, reply: Reply, reason: Reason, words: str
) -> None:
    raw.reply = lambda _: reply
    await refused(downloader_of(http), raw.url, tmp_path, reason, words)
    assert left_in(tmp_path) == []


async def test_a_server_that_says_nothing(raw: RawServer, http: Http, tmp_path: Path) -> None:
    raw.reply = lambda _: HOLD
    downloader = downloader_of(http, read_seconds=0.1, attempts=2)
    await refused(downloader, raw.url, tmp_path, Reason.SLOW, "nothing came for too long")
    assert len(raw.requests) == 2


async def test_an_announced_size_that_is_no_number_is_counted(raw: RawServer, http: Http, tmp_path: Path) -> None:
    raw.reply = lambda _: Reply((b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(3000),), closes=True)
    downloader = downloader_of(http, max_bytes=2000)
    await refused(downloader, raw.url, tmp_path, Reason.TOO_LARGE, "larger than")


async def test_chunks_and_names_in_raw_utf8(raw: RawServer, http: Http, tmp_path: Path) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=日本.txt\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw.reply = lambda _: Reply((head.encode(), b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n"))
    got = await downloader_of(http).fetch(raw.url, tmp_path, "t")
    assert (got.name, got.path.read_bytes()) == ("日本.txt", b"abcde")


async def test_an_idle_connection_that_was_closed_is_not_used(raw: RawServer, http: Http, tmp_path: Path) -> None:
    raw.reply = lambda _: Reply(whole().parts, closes=True)
    for number in range(3):
        await downloader_of(http).fetch(raw.url, tmp_path, f"t{number}")
        await asyncio.sleep(0.05)
    assert http.channels[0].counters.retries == 0


# -- credentials ---------------------------------------------------------------------------------------------------


async def test_a_password_is_for_its_host_alone(raw: RawServer, http: Http, tmp_path: Path) -> None:
    async with running() as other:
        other.reply = lambda _: whole()
        raw.reply = lambda request: answer("", 302, Location="/b" if request.path == "/a" else f"{other.url}/c")
        url = f"http://me:sEcReT@127.0.0.1:{raw.port}/a"
        got = await downloader_of(http).fetch(url, tmp_path, "t")
    sent = "Basic " + base64.b64encode(b"me:sEcReT").decode()
    assert [request.headers.get("authorization") for request in raw.requests] == [sent, sent]
    assert "authorization" not in other.requests[0].headers
    assert "sEcReT" not in repr(got)
    assert got.final_url == f"{other.url}/c"


async def test_a_password_is_not_shown_when_it_fails(raw: RawServer, http: Http, tmp_path: Path) -> None:
    raw.reply = lambda _: answer("sEcReT", 403)
    url = f"http://me:sEcReT@127.0.0.1:{raw.port}/a?token=sEcReT"
    error = await refused(downloader_of(http), url, tmp_path, Reason.REFUSED, "refuses access")
    assert str(error).startswith(f"http://127.0.0.1:{raw.port}/a?...: ")
    assert error.server == f"http://127.0.0.1:{raw.port}/a?..."
