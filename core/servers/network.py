"""The sockets under `outside`: names looked up, addresses checked, and the checked ones connected to."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

import httpcore

from core.servers.download_address import RefusedAddressError, why_refused

READ: Final = 1 << 18  # bytes of one read

_KNOWN_SECONDS: Final = 0.01  # for so long an idle connection is taken to be as it was

# httpcore looks for this package several times a request, and each search that finds nothing costs 0.1 ms.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # how Python is told that there is none


class Network(httpcore.AsyncNetworkBackend):
    """Where httpcore gets its connections from: looked up, checked, connected."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that takes it. Raises RefusedAddressError when all are refused."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                allowed = [entry for entry in found if self._allow_private or why_refused(str(entry[4][0])) is None]
                if found and not allowed:
                    raise RefusedAddressError(str(why_refused(str(found[0][4][0]))))
                return _Plain(await _first(allowed))
        except TimeoutError:
            raise httpcore.ConnectTimeout("timed out") from None
        except (socket.gaierror, UnicodeError) as error:
            raise httpcore.ConnectError("getaddrinfo") from error
        except OSError as error:
            raise httpcore.ConnectError(os.strerror(error.errno) if error.errno else str(error)) from error

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def _first(found: list[tuple[Any, ...]]) -> socket.socket:
    """A connection to the first that takes one. Raises the last OSError."""
    failed: OSError = OSError("no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failed = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed


class _Plain(httpcore.AsyncNetworkStream):
    """A bare socket: large reads without a copy in between, which is what makes downloads fast."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._is_readable = False
        self._known_until = 0.0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What is there, and more than asked for where there is more: httpcore asks for little and takes any size."""
        self._known_until = 0.0
        with _network_errors():
            async with asyncio.timeout(timeout):
                return await self._loop.sock_recv(self._sock, max(READ, max_bytes))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        with _network_errors():
            async with asyncio.timeout(timeout):
                await self._loop.sock_sendall(self._sock, buffer)

    async def aclose(self) -> None:
        """Close it."""
        self._sock.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same connection under TLS, its certificate checked against the name."""
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    sock=self._sock, ssl=ssl_context, server_hostname=server_hostname, limit=READ
                )
        except TimeoutError:
            self._sock.close()
            raise httpcore.ConnectTimeout("timed out") from None
        except OSError as error:
            self._sock.close()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            self._sock.close()
            raise
        return _Tls(reader, writer)

    def get_extra_info(self, info: str) -> Any:
        """Whether something can be read, which for an idle connection means that it was closed.

        httpcore asks this of every idle connection several times a request; the system is not asked each time.
        """
        if info != "is_readable":
            return None
        now = self._loop.time()
        if now >= self._known_until:
            self._is_readable = _has_news(self._sock)
            self._known_until = now + _KNOWN_SECONDS
        return self._is_readable


class _Tls(httpcore.AsyncNetworkStream):
    """A connection under TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What is there, as above."""
        with _network_errors():
            async with asyncio.timeout(timeout):
                return await self._reader.read(max(READ, max_bytes))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        with _network_errors():
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        """Close it; nobody waits for the other side's goodbye."""
        self._writer.transport.abort()

    def get_extra_info(self, info: str) -> Any:
        """As above, and the TLS connection."""
        if info == "is_readable":
            sock = self._writer.get_extra_info("socket")
            return self._reader.at_eof() or sock is None or _has_news(sock)
        return self._writer.get_extra_info("ssl_object") if info == "ssl_object" else None


def _has_news(sock: Any) -> bool:
    if sock.fileno() < 0:
        return True
    waiting = select.poll()
    waiting.register(sock.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def _network_errors() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise httpcore.ReadTimeout("timed out") from None
    except OSError as error:
        raise httpcore.ReadError(str(error)) from error
