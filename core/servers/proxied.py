"""Downloads through the proxy that the environment names, over httpcore, which httpx is made of."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass

import httpcore

from core.servers.download_address import PORTS, Target
from core.servers.network import NoAnswerError, was_cut, was_silent
from core.servers.words import why_no_connection

_IDLE: Final = 16
_IDLE_SECONDS: Final = 15

Headers = list[tuple[bytes, bytes]]


class Proxied:
    """Connections through proxies."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    @asynccontextmanager
    async def get(
        self, proxy: str, target: Target, headers: Headers, *, connect: float, read: float
    ) -> AsyncIterator[tuple[int, Headers, AsyncIterator[bytes]]]:
        """Status, headers and body of the answer to a GET. Raises NoAnswerError until the block is left."""
        port = None if target.port == PORTS[target.scheme] else target.port
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=port, target=target.path)
        seconds = {"connect": connect, "read": read, "write": read}
        with _translated():
            pool = self._pool(proxy)
            async with (
                pool.stream("GET", url, headers=headers, extensions={"timeout": seconds}) as response,
                aclosing(response.aiter_stream()) as parts,  # type: ignore[type-var]  # it is a generator
            ):
                yield response.status, response.headers, parts

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _pool(self, proxy: str) -> httpcore.AsyncConnectionPool:
        if proxy not in self._pools:
            self._pools[proxy] = httpcore.AsyncConnectionPool(
                ssl_context=self._context,
                proxy=_proxy_of(proxy),
                max_connections=None,
                max_keepalive_connections=_IDLE,
                keepalive_expiry=_IDLE_SECONDS,
            )
        return self._pools[proxy]


def proxy_for(target: Target, known: Mapping[str, str]) -> str:
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


@contextmanager
def _translated() -> Iterator[None]:
    """What httpcore raises in our words; its own exceptions may hold the request."""
    failed: NoAnswerError
    try:
        yield
        return
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError) as error:
        words, is_passing = why_no_connection(error)
        failed = NoAnswerError(f"through the proxy: {words}", is_passing=is_passing)
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ImportError):
        failed = NoAnswerError("this address, or the proxy to it, cannot be used: check it", is_passing=False)
    except httpcore.TimeoutException:
        failed = was_silent()
    except (httpcore.NetworkError, httpcore.ProtocolError):
        failed = was_cut()
    raise failed
