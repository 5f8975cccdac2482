"""Where a download leads: into the own network, to another address than was checked, over TLS, through a proxy."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from downloads import HASTY, downloader_of, left_in, refused
from raw_server import RawRequest, RawServer, Reply, answer, read_request, running

from core.errors import DownloadError
from core.intake.download import Downloader, Limits, Reason
from core.servers.http import Http

PUBLIC = "93.184.215.14"
BODY = b"0123456789" * 50


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


def whole() -> Reply:
    """All of the body."""
    return answer(BODY, 200, "image/jpeg", ETag='"one"')


# -- where names lead ----------------------------------------------------------------------------------------------


class Names:
    """A resolver of our own: the addresses of a name, one list for each time it is asked; and what was connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.connected: list[str] = []
        self.port = 0
        loop = asyncio.get_running_loop()
        real = loop.sock_connect

        async def look_up(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
            self.asked.append(host)
            found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            kinds = {True: socket.AF_INET6, False: socket.AF_INET}
            return [(kinds[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

        async def connect(sock: socket.socket, address: tuple[str, int]) -> None:
            self.connected.append(address[0])
            await real(sock, ("127.0.0.1", self.port))

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        monkeypatch.setattr(loop, "sock_connect", connect)


async def test_this_machine_is_refused(raw: RawServer, http: Http, tmp_path: Path) -> None:
    for url in (
        raw.url,
        f"http://localhost:{raw.port}/",
        f"http://2130706433:{raw.port}",
        f"http://0x7f.1:{raw.port}/",
    ):
        await refused(Downloader(http), url, tmp_path, Reason.ADDRESS, r"not on the public internet \(loopback\)")
    assert raw.requests == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "224.0.0.1", "0.0.0.0"])
async def test_a_name_that_leads_into_the_own_network_is_refused(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names = Names(monkeypatch, [address])
    await refused(Downloader(http), "http://site.example/a.jpg", tmp_path, Reason.ADDRESS, "not on the public internet")
    assert names.connected == []


async def test_the_address_that_was_checked_is_the_one_connected_to(
    raw: RawServer, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, [PUBLIC], ["127.0.0.1"])  # a second question would get another answer
    names.port = raw.port
    raw.reply = lambda _: whole()
    await Downloader(http).fetch("http://site.example/a.bin", tmp_path, "t")
    assert (names.asked, names.connected) == (["site.example"], [PUBLIC])
    assert raw.requests[0].headers["host"] == "site.example"


async def test_of_mixed_addresses_the_public_ones_are_used(
    raw: RawServer, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, ["127.0.0.1", "10.0.0.1", PUBLIC])
    names.port = raw.port
    raw.reply = lambda _: whole()
    await Downloader(http).fetch("http://site.example/a.bin", tmp_path, "t")
    assert names.connected == [PUBLIC]


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/x", "http://inner.example/x", "http://[::1]/", "http://169.254.169.254/"]
)
async def test_a_redirect_into_the_own_network_is_refused(
    raw: RawServer, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    inner = to.partition("//")[2].partition("/")[0].strip("[]").replace("inner.example", "192.168.1.1")
    names = Names(monkeypatch, [PUBLIC], [inner])
    names.port = raw.port
    raw.reply = lambda _: answer("", 302, Location=to)
    await refused(Downloader(http), "http://site.example/a", tmp_path, Reason.ADDRESS, "not on the public internet")
    assert names.connected == [PUBLIC]
    assert len(raw.requests) == 1


async def test_a_connection_to_this_machine_is_not_shared_with_who_may_not(
    raw: RawServer, http: Http, tmp_path: Path
) -> None:
    raw.reply = lambda _: whole()
    await downloader_of(http).fetch(f"{raw.url}/a", tmp_path, "t")
    with pytest.raises(DownloadError, match="loopback"):
        await Downloader(http, Limits()).fetch(f"{raw.url}/a", tmp_path, "t")


# -- TLS, proxies --------------------------------------------------------------------------------------------------


@pytest.fixture
async def tls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[int, Path, list[RawRequest]]]:
    """A site with a certificate for pictures.example: its port, its certificate, what it was asked."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=pictures.example"]
    made += ["-addext", "subjectAltName=DNS:pictures.example"]
    program = await asyncio.create_subprocess_exec(*made, cwd=folder, stderr=asyncio.subprocess.DEVNULL)
    assert await program.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    requests: list[RawRequest] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                requests.append(await read_request(reader))
                writer.write(whole().parts[0])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield listener.sockets[0].getsockname()[1], folder / "cert.pem", requests
    listener.close()


async def test_tls_checks_the_name_and_not_the_address(
    tls: tuple[int, Path, list[RawRequest]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate, requests = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    names = Names(monkeypatch, [PUBLIC])
    names.port = port
    async with Http(HASTY) as http:
        for number in range(2):
            got = await Downloader(http).fetch("https://pictures.example/a.bin", tmp_path, f"t{number}")
            assert got.path.read_bytes() == BODY
        assert [request.headers["host"] for request in requests] == ["pictures.example"] * 2
        assert names.connected == [PUBLIC]  # the second came over the same connection
        words = r"certificate is not trusted \(.*other\.example"
        (tmp_path / "other").mkdir()
        await refused(Downloader(http), "https://other.example/a", tmp_path / "other", Reason.UNREACHABLE, words)
    (tmp_path / "other").rmdir()
    assert left_in(tmp_path) == ["a (2).bin", "a.bin"]


async def test_a_site_that_speaks_no_tls(http: Http, tmp_path: Path) -> None:
    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    await refused(downloader_of(http), url, tmp_path, Reason.UNREACHABLE, "does not speak TLS")
    listener.close()


@pytest.fixture
def proxied(raw: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names the raw server as a proxy."""
    monkeypatch.setenv("HTTP_PROXY", f"http://me:sEcReT@127.0.0.1:{raw.port}")
    monkeypatch.setenv("NO_PROXY", "direct.example")


async def test_a_proxy_of_the_environment_is_used(
    raw: RawServer, proxied: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw.reply = lambda _: whole()
    async with Http(HASTY) as http:
        await Downloader(http).fetch("http://site.example/a.bin", tmp_path, "t")
        assert raw.requests[0].path == "http://site.example/a.bin"
        assert raw.requests[0].headers["proxy-authorization"].startswith("Basic ")
        (tmp_path / "a.bin").unlink()
        plain = ("127.0.0.1", "localhost", "10.0.0.1", "[::ffff:127.0.0.1]", "[fe80::1]", "[::]", "0.0.0.0")
        other = (
            "2130706433",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "0",
            "127.0.0.1.",
            "localhost.",
            "LOCALHOST",
            "a.localhost",
        )
        for host in (*plain, *other):
            url = f"http://{host}/"
            await refused(Downloader(http), url, tmp_path, Reason.ADDRESS, "not on the public internet")
        assert len(raw.requests) == 1
        Names(monkeypatch, ["10.0.0.1"])
        await refused(Downloader(http), "http://direct.example/", tmp_path, Reason.ADDRESS, "private")
