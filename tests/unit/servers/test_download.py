"""Downloads from a site that behaves, and from one that does everything a site can do wrong."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from downloads import HASTY, downloader_of, left_in, refused
from PIL import Image

from core.demo.web import DemoWeb, drawn
from core.intake.download import Limits, Reason
from core.media.kinds import What
from core.servers.call import MEBIBYTE
from core.servers.http import Http

LARGE = random.Random(3).randbytes(5 * MEBIBYTE + 12345)  # several flushes


@pytest.fixture
async def web() -> AsyncIterator[DemoWeb]:
    """The running site."""
    async with DemoWeb.open(files=drawn() | {"large.bin": LARGE, "empty.jpg": b""}) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """Connections with little patience between attempts."""
    async with Http(HASTY) as running:
        yield running


# -- what goes well ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hills.jpg", "clock.png", "balls.webp", "rings.gif"])
async def test_a_picture_is_fetched_whole(web: DemoWeb, http: Http, tmp_path: Path, name: str) -> None:
    seen: list[tuple[int, int | None]] = []
    url = web.url("files", name)
    got = await downloader_of(http).fetch(url, tmp_path, "t-1_A", on_progress=lambda *at: seen.append(at))
    content = web.files[name]
    assert (got.path, got.name, got.size, got.final_url) == (tmp_path / name, name, len(content), url)
    assert got.path.read_bytes() == content
    assert got.kind.what is What.IMAGE
    assert got.content_type.startswith("image/")
    assert got.etag.startswith('"')
    assert got.last_modified.endswith("GMT")
    assert left_in(tmp_path) == [name]
    assert seen[-1] == (len(content), len(content))
    assert web.requests[0].headers["user-agent"].startswith("Winnow/")
    assert "range" not in web.requests[0].headers


async def test_a_large_file_comes_in_several_writes(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    got = await downloader_of(http).fetch(web.url("files", "large.bin"), tmp_path, "t")
    assert got.path.read_bytes() == LARGE
    assert left_in(tmp_path) == ["large.bin"]
    assert got.kind.what is What.OTHER


async def test_nothing_is_ever_overwritten(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    (tmp_path / "hills.jpg").write_text("mine")
    tasks = [downloader_of(http).fetch(web.url("files"), tmp_path, f"t{number}") for number in range(5)]
    paths = {(await task).name for task in asyncio.as_completed(tasks)}
    assert paths == {f"hills ({number}).jpg" for number in range(2, 7)}
    assert (tmp_path / "hills.jpg").read_text() == "mine"


async def test_redirects_are_followed(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    for status in (301, 302, 303, 307, 308):
        got = await downloader_of(http).fetch(web.url("redirect", status=status), tmp_path, "t")
        assert got.final_url == web.url("files")
    five = web.url("files", "clock.png")
    for _ in range(5):
        five = web.url("redirect", to=five)
    assert (await downloader_of(http).fetch(five, tmp_path, "t")).name == "clock.png"


async def test_what_is_no_picture_is_told_by_its_kind(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    got = await downloader_of(http).fetch(web.url("page"), tmp_path, "t")
    assert (got.name, got.kind.what, got.content_type) == ("hills.html", What.PAGE, "text/html")


async def test_the_content_decides_and_not_the_header_or_the_name(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    web.files["wrong.png"] = web.files["hills.jpg"]
    got = await downloader_of(http).fetch(web.url("typed", "wrong.png", type="Text/Plain; charset=x"), tmp_path, "t")
    assert (got.name, got.kind.format, got.content_type) == ("wrong.jpg", "jpeg", "text/plain")


async def test_a_packed_file_is_unpacked(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    got = await downloader_of(http).fetch(web.url("gzip"), tmp_path, "t")
    assert got.path.read_bytes() == web.files["hills.jpg"]
    assert web.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="../../../etc/cron.d/x"', "x.jpg"),
        ("attachment; filename*=UTF-8''..%2F..%2Fx%00y.jpg", "xy.jpg"),
        ('attachment; filename=".bashrc"', "bashrc.jpg"),
        ('attachment; filename="/"', "download.jpg"),
        ('attachment; filename="a.exe"', "a.exe.jpg"),
        ('attachment; filename="naïve 日本.jpg"', "naïve 日本.jpg"),
        ('attachment; filename="' + "é" * 600 + '.jpg"', "é" * 98 + ".jpg"),
        ('attachment; filename="CON"', "_CON.jpg"),
        ("attachment; filename=", "hills.jpg"),
    ],
)
async def test_a_name_of_the_servers_choice_is_safe(
    web: DemoWeb, http: Http, tmp_path: Path, disposition: str, name: str
) -> None:
    got = await downloader_of(http).fetch(web.url("named", disposition=disposition), tmp_path, "t")
    assert got.name == name
    assert left_in(tmp_path) == [name]


async def test_eight_at_a_time_from_one_server_and_no_more(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    downloader = downloader_of(http, per_host=3)
    urls = [web.url("slow", pause=0.02, piece=2048) for _ in range(6)]
    await asyncio.gather(*(downloader.fetch(url, tmp_path, f"t{number}") for number, url in enumerate(urls)))
    assert http.channels[0].pace.concurrency == 3
    assert http.channels[0].counters.requests == 6


# -- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "words", "requests"),
    [
        (404, Reason.REFUSED, r"no such file.*404 Not Found", 1),
        (403, Reason.REFUSED, r"refuses access.*403 Forbidden", 1),
        (401, Reason.REFUSED, r"asks for a login.*401", 1),
        (410, Reason.REFUSED, r"gone for good", 1),
        (418, Reason.REFUSED, r"418 I'm a Teapot, which is no file", 1),
        (499, Reason.REFUSED, r"499, which is no file", 1),
        (204, Reason.BROKEN, r"204 No Content, which is no file", 1),
        (304, Reason.BROKEN, r"304 Not Modified, which is no file", 1),
        (302, Reason.BROKEN, r"302 Found, which is no file", 1),
        (500, Reason.SERVER, r"the server failed \(500 Internal Server Error\)", 3),
        (503, Reason.SERVER, r"503 Service Unavailable", 3),
        (429, Reason.RATE_LIMITED, r"slow down \(429\)", 3),
    ],
)
async def test_a_status_that_is_no_file(
    web: DemoWeb, http: Http, tmp_path: Path, code: int, reason: Reason, words: str, requests: int
) -> None:
    url = web.url("status", code=code, token="sEcReT")
    error = await refused(downloader_of(http), url, tmp_path, reason, words)
    assert error.status == code
    assert len(web.requests) == requests
    assert error.is_passing == (requests > 1)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("code", [429, 503])
async def test_a_server_that_names_a_time_is_waited_for(web: DemoWeb, http: Http, tmp_path: Path, code: int) -> None:
    got = await downloader_of(http).fetch(web.url("status", code=code, times=1, after=1), tmp_path, "t")
    assert got.name == "hills.jpg"
    first, second = web.requests
    assert second.at - first.at >= 0.99


@pytest.mark.parametrize("code", [429, 503])
async def test_a_time_that_is_too_long_is_not_waited_for(web: DemoWeb, http: Http, tmp_path: Path, code: int) -> None:
    reason = Reason.RATE_LIMITED if code == 429 else Reason.SERVER
    error = await refused(downloader_of(http), web.url("status", code=code, after=3600), tmp_path, reason, str(code))
    assert (error.retry_after, error.is_passing, len(web.requests)) == (3600, True, 1)


async def test_a_loop_ends(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    await refused(downloader_of(http), web.url("loop"), tmp_path, Reason.REDIRECTS, "more than 5 times")
    assert len(web.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"])
async def test_a_redirect_off_the_web_is_not_followed(web: DemoWeb, http: Http, tmp_path: Path, to: str) -> None:
    await refused(downloader_of(http), web.url("redirect", to=to), tmp_path, Reason.REDIRECTS, "does not follow")
    assert len(web.requests) == 1


async def test_ten_gigabytes_are_refused_before_the_body(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    words = "with 9,537 MiB it is larger than the 200 MiB allowed"
    await refused(downloader_of(http), web.url("huge"), tmp_path, Reason.TOO_LARGE, words)
    assert http.channels[0].counters.bytes_received == 0


async def test_an_endless_file_is_refused_when_it_is_too_large(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    downloader = downloader_of(http, max_bytes=5 * MEBIBYTE)
    await refused(downloader, web.url("endless"), tmp_path, Reason.TOO_LARGE, "larger than the 5 MiB allowed")


async def test_what_unpacks_to_too_much_is_refused(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    web.files["zeros.jpg"] = bytes(50 * MEBIBYTE)
    downloader = downloader_of(http, max_bytes=5 * MEBIBYTE)
    await refused(downloader, web.url("gzip", "zeros.jpg"), tmp_path, Reason.TOO_LARGE, "larger than the 5 MiB allowed")


async def test_a_trickle_ends(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    downloader = downloader_of(http, slow_seconds=0.3, slow_bytes=10_000)
    url = web.url("slow", piece=10, pause=0.02)
    error = await refused(downloader, url, tmp_path, Reason.SLOW, "less than 33333 bytes a second")
    assert error.is_passing
    assert len(web.requests) == 1
    assert left_in(tmp_path) == [".winnow-token.part", ".winnow-token.source"]


async def test_a_download_that_is_not_done_in_time_ends(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    downloader = downloader_of(http, total_seconds=0.3)
    await refused(downloader, web.url("slow", piece=10, pause=0.02), tmp_path, Reason.SLOW, "not done after 0 seconds")


async def test_an_empty_file_is_no_file(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    await refused(downloader_of(http), web.url("plain", "empty.jpg"), tmp_path, Reason.BROKEN, "an empty file")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://me:sEcReT@x/", "nonsense", "", "http://[sEcReT", "data:image/png;base64,AA"]
)
async def test_what_is_no_address_is_refused(http: Http, tmp_path: Path, url: str) -> None:
    await refused(downloader_of(http), url, tmp_path, Reason.ADDRESS, "correct the address")


@pytest.mark.parametrize("token", ["", "a/b", "../x", "a" * 65, "a b", "a\n"])
async def test_a_token_is_a_plain_word(http: Http, tmp_path: Path, token: str) -> None:
    with pytest.raises(ValueError, match="a token has"):
        await downloader_of(http).fetch("http://127.0.0.1:1/", tmp_path, token)


async def test_nobody_listens(http: Http, tmp_path: Path) -> None:
    await refused(
        downloader_of(http), "http://127.0.0.1:1/x?key=sEcReT", tmp_path, Reason.UNREACHABLE, "nothing listens"
    )


async def test_a_picture_with_too_many_pixels_is_still_a_picture(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(out, "PNG")
    web.files["vast.jpg"] = out.getvalue()
    got = await downloader_of(http).fetch(web.url("files", "vast.jpg"), tmp_path, "t")
    assert (got.name, got.kind.what) == ("vast.png", What.IMAGE)


def test_the_limits_are_those_of_the_manual() -> None:
    limits = Limits()
    assert (limits.max_bytes, limits.max_redirects, limits.attempts) == (200 * MEBIBYTE, 5, 3)
    assert not limits.allow_private
