"""The way to servers that nobody configured: an address is looked up, checked, and that very one is connected to.

So a name cannot mean one address when it is checked and another when it is used, while certificate and Host header
are still those of the name. httpcore, which httpx is made of, is used here because it takes a `network` of our own.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from core.servers.download_address import PORTS, RefusedAddressError, Target, why_refused
from core.servers.network import Network
from core.servers.words import why_no_connection

_IDLE: Final = 16  # connections kept for the next download
_IDLE_SECONDS: Final = 15


class NoAnswerError(Exception):
    """No answer, or not the whole of it: why, in words. `is_passing`: it may come the next time."""

    def __init__(self, words: str, *, is_passing: bool = True, is_slow: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.is_passing = is_passing
        self.is_slow = is_slow


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer whose body is still on its way. Header names are in lower case; `parts` is to be read once."""

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes]


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
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    @asynccontextmanager
    async def get(
        self, target: Target, headers: Mapping[str, str], *, connect_seconds: float, read_seconds: float
    ) -> AsyncIterator[Incoming]:
        """One GET, no redirect followed, nothing unpacked. Its body may be left unread.

        Raises RefusedAddressError before anything is sent, NoAnswerError at any time until the block is left.
        """
        proxy = _proxy(target, self._proxies)
        if proxy and not self._allow_private:
            kind = "loopback" if target.host == "localhost" else why_refused(target.host)
            if kind not in (None, "unknown"):
                raise RefusedAddressError(str(kind))
        sent = {"Host": target.authority, "User-Agent": self._user_agent, "Accept": "*/*", **headers}
        if target.basic:
            sent["Authorization"] = target.basic
        port = None if target.port == PORTS[target.scheme] else target.port
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=port, target=target.path)
        seconds = {"connect": connect_seconds, "read": read_seconds, "write": read_seconds}
        with _translated():
            pool = self._pool(proxy)
            async with (
                pool.stream("GET", url, headers=list(sent.items()), extensions={"timeout": seconds}) as response,
                aclosing(response.aiter_stream()) as parts,  # type: ignore[type-var]  # it is a generator
            ):
                yield Incoming(response.status, _headers(response.headers), parts)

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _pool(self, proxy: str) -> httpcore.AsyncConnectionPool:
        if proxy not in self._pools:
            self._pools[proxy] = httpcore.AsyncConnectionPool(
                ssl_context=self._context,
                proxy=_proxy_of(proxy) if proxy else None,
                max_connections=None,
                max_keepalive_connections=_IDLE,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=None if proxy else Network(allow_private=self._allow_private),
            )
        return self._pools[proxy]


def _proxy(target: Target, known: Mapping[str, str]) -> str:
    """The proxy the environment names for an address, or ""."""
    proxy = known.get(target.scheme) or known.get("all") or ""
    if not proxy or proxy_bypass(target.authority):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxy_of(text: str) -> httpcore.Proxy:
    parts = urlsplit(text)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 1080)
    return httpcore.Proxy(f"{parts.scheme}://{host}:{port}", auth=auth)


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


@contextmanager
def _translated() -> Iterator[None]:
    """What httpcore raises in our words; its own exceptions may hold the request."""
    failed: NoAnswerError
    try:
        yield
        return
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError) as error:
        words, is_passing = why_no_connection(error)
        failed = NoAnswerError(words, is_passing=is_passing)
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ImportError):
        failed = NoAnswerError("this address, or the proxy to it, cannot be used: check it", is_passing=False)
    except httpcore.TimeoutException:
        failed = NoAnswerError("nothing came for too long: is it overloaded?", is_slow=True)
    except (httpcore.NetworkError, httpcore.ProtocolError):
        failed = NoAnswerError("the connection was cut before the file was whole")
    raise failed
