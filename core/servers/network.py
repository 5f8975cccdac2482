"""Streams to strangers: a name is looked up, its addresses are checked, and one that was checked is connected to.

So a name cannot mean one address when it is checked and another when it is used, while TLS still asks for a
certificate of the name. Everything that fails here raises NoAnswerError with its words, or RefusedAddressError.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.servers.download_address import RefusedAddressError, Target, why_refused
from core.servers.words import why_no_connection


class NoAnswerError(Exception):
    """No answer, or not the whole of it: why, in words. `is_passing`: it may come the next time."""

    def __init__(self, words: str, *, is_passing: bool = True, is_slow: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.is_passing = is_passing
        self.is_slow = is_slow


def was_cut() -> NoAnswerError:
    """The other side hung up, or sent what is no HTTP."""
    return NoAnswerError("the connection was cut before the file was whole")


def was_silent() -> NoAnswerError:
    """The other side sent nothing for too long."""
    return NoAnswerError("nothing came for too long: is it overloaded?", is_slow=True)


class Stream(ABC):
    """An open connection."""

    @abstractmethod
    async def read_into(self, buffer: memoryview, seconds: float) -> int:
        """Put what is there into the buffer, waiting for the first of it; how many bytes, 0 at the end."""

    @abstractmethod
    async def write(self, data: bytes, seconds: float) -> None:
        """Send all of it."""

    @abstractmethod
    def close(self) -> None:
        """Close it at once."""

    @property
    @abstractmethod
    def has_news(self) -> bool:
        """Whether something can be read: on an idle connection that means that it was closed."""


async def connected(target: Target, context: ssl.SSLContext, *, allow_private: bool, seconds: float) -> Stream:
    """A stream to the host of an address, under TLS where that is what it asks for."""
    loop = asyncio.get_running_loop()
    failed: NoAnswerError
    sock: socket.socket | None = None
    try:
        async with asyncio.timeout(seconds):
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            allowed = [entry for entry in found if allow_private or why_refused(str(entry[4][0])) is None]
            if found and not allowed:
                raise RefusedAddressError(str(why_refused(str(found[0][4][0]))))
            sock = await _first(allowed)
            if target.scheme == "http":
                return _Plain(sock)
            reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=target.host)
            return _Tls(reader, writer)
    except UnicodeError:  # a host name that breaks the rules of names
        failed = NoAnswerError("its name cannot be resolved: check the address", is_passing=False)
    except OSError as error:
        words, is_passing = why_no_connection(_named(error))
        failed = NoAnswerError(words, is_passing=is_passing)
    except BaseException:
        if sock is not None:
            sock.close()
        raise
    if sock is not None:
        sock.close()
    raise failed


async def why_inside(host: str, port: int) -> str | None:
    """What kind of address of the own network a name leads to; None for a public one, or where none is known.

    For a request that goes another way: between this look and that one the name may come to mean something else.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    kinds = (why_refused(str(entry[4][0])) for entry in found)
    return next((kind for kind in kinds if kind is not None), None)


def _named(error: OSError) -> OSError:
    """The error in the words by which it is told from others; asyncio has words of its own for some."""
    if isinstance(error, socket.gaierror):
        return OSError("getaddrinfo")
    return OSError("refused") if isinstance(error, ConnectionRefusedError) else error


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


class _Plain(Stream):
    """A bare socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()

    async def read_into(self, buffer: memoryview, seconds: float) -> int:
        with _translated():
            async with asyncio.timeout(seconds):
                return await self._loop.sock_recv_into(self._sock, buffer)

    async def write(self, data: bytes, seconds: float) -> None:
        with _translated():
            async with asyncio.timeout(seconds):
                await self._loop.sock_sendall(self._sock, data)

    def close(self) -> None:
        self._sock.close()

    @property
    def has_news(self) -> bool:
        return _can_read(self._sock)


class _Tls(Stream):
    """A connection under TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read_into(self, buffer: memoryview, seconds: float) -> int:
        with _translated():
            async with asyncio.timeout(seconds):
                piece = await self._reader.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    async def write(self, data: bytes, seconds: float) -> None:
        with _translated():
            async with asyncio.timeout(seconds):
                self._writer.write(data)
                await self._writer.drain()

    def close(self) -> None:
        self._writer.transport.abort()

    @property
    def has_news(self) -> bool:
        sock = self._writer.get_extra_info("socket")
        return self._reader.at_eof() or sock is None or _can_read(sock)


def _can_read(sock: Any) -> bool:
    if sock.fileno() < 0:
        return True
    waiting = select.poll()
    waiting.register(sock.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise was_silent() from None
    except OSError:
        raise was_cut() from None
