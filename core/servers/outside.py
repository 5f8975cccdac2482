"""The way to servers that nobody configured, kept open from one download to the next."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.request import getproxies

from core.servers.download_address import RefusedAddressError, Target, why_refused_unresolved
from core.servers.network import NoAnswerError, connected
from core.servers.proxied import Proxied, proxy_for
from core.servers.wire import Headers, Wire

_IDLE: Final = 16  # connections kept for the next download, for each host
_IDLE_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long a connection may take to stand, and how long it may be silent then."""

    connect: float
    read: float


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer whose body is still on its way.

    Header names are in lower case. `parts` is to be read once; each holds until the next is asked for.
    """

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes | memoryview]


class Outside:
    """Connections to anybody. With `allow_private`, to addresses of the own network and machine too.

    Where the environment names a proxy for an address, it goes through that, and the proxy looks names up: then only
    addresses written as numbers, and localhost, can be checked.
    """

    def __init__(self, context: ssl.SSLContext, user_agent: str, *, allow_private: bool) -> None:
        self._context = context
        self._user_agent = user_agent
        self._allow_private = allow_private
        self._proxies = getproxies()
        self._proxied = Proxied(context)
        self._idle: dict[tuple[str, str, int], list[Wire]] = {}

    @asynccontextmanager
    async def get(self, target: Target, headers: Mapping[str, str], seconds: Seconds) -> AsyncIterator[Incoming]:
        """One GET, no redirect followed, nothing unpacked. Its body may be left unread.

        Raises RefusedAddressError before anything is sent, NoAnswerError at any time until the block is left.
        """
        named = {"Host": target.authority, "User-Agent": self._user_agent, "Accept": "*/*", **headers}
        if target.basic:
            named["Authorization"] = target.basic
        sent = [(name.encode(), value.encode()) for name, value in named.items()]
        proxy = proxy_for(target, self._proxies)
        if proxy:
            kind = why_refused_unresolved(target.host)
            if kind is not None and not self._allow_private:
                raise RefusedAddressError(kind)
            async with self._proxied.get(proxy, target, sent, connect=seconds.connect, read=seconds.read) as answer:
                yield Incoming(answer[0], _headers(answer[1]), answer[2])
            return
        wire, (status, found, parts) = await self._answered(target, sent, seconds)
        try:
            async with aclosing(parts):  # type: ignore[type-var]  # it is a generator
                yield Incoming(status, _headers(found), parts)
        finally:
            self._put_back(target, wire)

    async def aclose(self) -> None:
        """Close all connections that are not in use."""
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()
        await self._proxied.aclose()

    async def _answered(
        self, target: Target, sent: Headers, seconds: Seconds
    ) -> tuple[Wire, tuple[int, Headers, AsyncIterator[memoryview]]]:
        """The head of the answer, over a connection that was idle or a new one."""
        while (wire := self._take_idle(target)) is not None:
            try:
                return wire, await wire.get(target.path, sent, seconds.read)
            except NoAnswerError as error:
                wire.close()
                if error.is_slow:
                    raise
            except BaseException:
                wire.close()
                raise
        stream = await connected(target, self._context, allow_private=self._allow_private, seconds=seconds.connect)
        wire = Wire(stream)
        try:
            return wire, await wire.get(target.path, sent, seconds.read)
        except BaseException:
            wire.close()
            raise

    def _take_idle(self, target: Target) -> Wire | None:
        """A connection that still stands; those that do not are closed."""
        waiting = self._idle.get(target.origin, [])
        while waiting:
            wire = waiting.pop()
            if time.monotonic() - wire.idle_since < _IDLE_SECONDS and wire.is_reusable:
                return wire
            wire.close()
        return None

    def _put_back(self, target: Target, wire: Wire) -> None:
        waiting = self._idle.setdefault(target.origin, [])
        if wire.is_done and len(waiting) < _IDLE:
            waiting.append(wire)
        else:
            wire.close()


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Repeated ones are joined. UTF-8 where it is that: some servers put file names in as they are."""
    found: dict[str, str] = {}
    for name, value in raw:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        key = name.decode("latin-1").lower()
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
