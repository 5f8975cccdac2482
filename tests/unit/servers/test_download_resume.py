"""Downloads that are cut, cancelled, killed, gone on with, or have nowhere to go."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from downloads import HASTY, cancel_at, downloader_of, left_in, refused

from core.demo.web import DemoWeb, drawn
from core.errors import DownloadError
from core.intake.download import Reason
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


# -- cut, stopped, resumed -----------------------------------------------------------------------------------------


async def test_a_cut_connection_is_gone_on_with(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    at = 3 * MEBIBYTE
    got = await downloader_of(http).fetch(web.url("cut", "large.bin", at=at), tmp_path, "t")
    assert got.path.read_bytes() == LARGE
    first, second = web.requests
    assert "range" not in first.headers
    assert second.headers["range"] == f"bytes={at}-"
    assert second.headers["if-range"] == got.etag
    assert http.channels[0].counters.bytes_received == len(LARGE) - at


@pytest.mark.parametrize("way", ["cut-plain", "changing", "lying-range"])
async def test_what_cannot_be_gone_on_with_begins_anew(web: DemoWeb, http: Http, tmp_path: Path, way: str) -> None:
    got = await downloader_of(http).fetch(web.url(way), tmp_path, "t")
    content = web.files["hills.jpg"]
    assert got.path.read_bytes()[:-1] == content[:-1]
    assert got.size == len(content)
    assert "range" not in web.requests[-1].headers or way == "changing"
    assert left_in(tmp_path) == [got.name]


async def test_a_file_cut_to_the_last_attempt_is_kept_to_go_on_with(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    url = web.url("cut", "large.bin", at=1000, times=3)
    error = await refused(downloader_of(http), url, tmp_path, Reason.UNREACHABLE, "cut before the file was whole")
    assert error.is_passing
    assert left_in(tmp_path) == [".winnow-token.part", ".winnow-token.source"]
    got = await downloader_of(http).fetch(url, tmp_path, "token")
    assert got.path.read_bytes() == LARGE
    assert web.requests[-1].headers["range"] == "bytes=3000-"
    assert left_in(tmp_path) == ["large.bin"]


async def test_without_ranges_nothing_is_kept(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    url = web.url("cut-plain", times=3)
    await refused(downloader_of(http), url, tmp_path, Reason.UNREACHABLE, "cut before the file was whole")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("size", [10_000, 4 * MEBIBYTE])
async def test_a_download_that_was_cancelled_asks_only_for_the_rest(
    web: DemoWeb, http: Http, tmp_path: Path, size: int
) -> None:
    url = web.url("slow", "large.bin", piece=100_000, pause=0.01)
    await cancel_at(downloader_of(http), url, tmp_path, size)
    there = (tmp_path / ".winnow-token.part").stat().st_size
    assert there >= size
    async with Http(HASTY) as another:
        got = await downloader_of(another).fetch(url, tmp_path, "token")
    assert got.path.read_bytes() == LARGE
    assert web.requests[-1].headers["range"] == f"bytes={there}-"
    assert left_in(tmp_path) == ["large.bin"]


VICTIM = """
import asyncio, sys
from pathlib import Path
from core.intake.download import Downloader, Limits
from core.servers.http import Http

async def main():
    async with Http() as http:
        await Downloader(http, Limits(allow_private=True)).fetch(sys.argv[1], Path(sys.argv[2]), "token")

asyncio.run(main())
"""


async def test_a_download_that_was_killed_asks_only_for_the_rest(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    url = web.url("slow", "large.bin", piece=100_000, pause=0.01)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", VICTIM, url, str(tmp_path))
    part = tmp_path / ".winnow-token.part"
    async with asyncio.timeout(20):
        while not (part.exists() and part.stat().st_size):  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    there = part.stat().st_size
    assert 0 < there < len(LARGE)
    got = await downloader_of(http).fetch(url, tmp_path, "token")
    assert got.path.read_bytes() == LARGE
    assert web.requests[-1].headers["range"] == f"bytes={there}-"
    assert left_in(tmp_path) == ["large.bin"]


async def test_a_part_of_another_address_is_not_gone_on_with(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    await cancel_at(downloader_of(http), web.url("slow", "large.bin", piece=100_000, pause=0.01), tmp_path, 10_000)
    got = await downloader_of(http).fetch(web.url("files"), tmp_path, "token")
    assert got.path.read_bytes() == web.files["hills.jpg"]
    assert "range" not in web.requests[-1].headers


async def test_a_part_that_became_another_file_meanwhile(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    url = web.url("slow", "large.bin", piece=100_000, pause=0.01)
    await cancel_at(downloader_of(http), url, tmp_path, 10_000)
    web.files["large.bin"] = LARGE[::-1]
    got = await downloader_of(http).fetch(url, tmp_path, "token")
    assert got.path.read_bytes() == LARGE[::-1]


@pytest.mark.parametrize("memory", [b"", b"{", b'{"address": 3}', None])
async def test_a_part_nobody_knows_begins_anew(web: DemoWeb, http: Http, tmp_path: Path, memory: bytes | None) -> None:
    (tmp_path / ".winnow-token.part").write_bytes(b"x" * 100)
    if memory is not None:
        (tmp_path / ".winnow-token.source").write_bytes(memory)
    got = await downloader_of(http).fetch(web.url("files"), tmp_path, "token")
    assert got.path.read_bytes() == web.files["hills.jpg"]
    assert "range" not in web.requests[0].headers


async def test_a_part_that_is_whole_already_begins_anew(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    size = len(web.files["hills.jpg"])
    await cancel_at(downloader_of(http), web.url("slow", piece=1000, pause=0.05), tmp_path, 1000)
    part = tmp_path / ".winnow-token.part"
    part.write_bytes(web.files["hills.jpg"])
    got = await downloader_of(http).fetch(web.url("slow", piece=1000, pause=0.05), tmp_path, "token")
    assert (got.size, got.path.read_bytes()) == (size, web.files["hills.jpg"])
    assert web.requests[-2].headers["range"] == f"bytes={size}-"


async def test_two_fetches_under_one_token(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    slow = asyncio.create_task(downloader_of(http).fetch(web.url("slow", piece=1000, pause=0.05), tmp_path, "token"))
    await asyncio.wait_for(web.asked.wait(), 10)
    with pytest.raises(DownloadError, match="being fetched already") as caught:
        await downloader_of(http).fetch(web.url("files"), tmp_path, "token")
    assert caught.value.reason == Reason.BUSY
    assert (await slow).name == "hills.jpg"


# -- disks ---------------------------------------------------------------------------------------------------------


async def test_a_folder_that_is_not_there(web: DemoWeb, http: Http, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="not there any more") as caught:
        await downloader_of(http).fetch(web.url("files"), tmp_path / "gone", "t")
    assert caught.value.reason == Reason.DISK
    assert web.requests == []


async def test_a_disk_that_is_full(web: DemoWeb, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("core.media.part_file.os.write", full)
    for name in ("hills.jpg", "large.bin"):
        await refused(downloader_of(http), web.url("files", name), tmp_path, Reason.DISK, "disk it goes to is full")
        assert left_in(tmp_path) == []


async def test_a_disk_with_too_little_room_is_told_before_it_is_full(
    web: DemoWeb, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.intake.download_attempt.free_bytes", lambda _: 4 * MEBIBYTE)
    await refused(downloader_of(http), web.url("files", "large.bin"), tmp_path, Reason.DISK, "disk it goes to is full")
    assert http.channels[0].counters.bytes_received == 0


async def test_a_folder_that_may_not_be_written(
    web: DemoWeb, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("core.media.part_file.move_new", denied)
    await refused(downloader_of(http), web.url("files"), tmp_path, Reason.DISK, "does not permit it")


async def test_a_name_that_does_not_last_is_taken_back(
    web: DemoWeb, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("core.intake.folder_syncs.sync_folder", broken)
    await refused(downloader_of(http), web.url("files"), tmp_path, Reason.DISK, "the system refused")
