"""The one door to the network: channels with a pace, retries, time-outs and bounds. Nothing else imports httpx.

Every channel belongs to an origin (scheme, host, port) and whoever talks to that host shares its pace. Secrets travel
in a `Credential` alone: never in an address, a message, a log line or a local variable of ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx
import sniffio  # noqa: F401  httpcore imports it in the middle of a request, where a finalizer may interrupt it
import stamina
import stamina.instrumentation

from core.errors import ConfigError, MalformedAnswerError, MediaError, RateLimitedError, ServerError, UnreachableError
from core.servers.address import Address, parse_address
from core.servers.call import MEBIBYTE, Answer, Call, Counters, Policy, user_agent
from core.servers.outside import Outside
from core.servers.pace import Pace
from core.servers.unpacking import UnpackableError, Unpacker
from core.servers.words import own_words, redirected, retry_after, uncertain, why_no_connection

_log = logging.getLogger("winnow.servers")

# UnicodeError: a host name that breaks the rules of international ones gets as far as the request.
_EXPECTED = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)

# Their lines hold addresses and headers of answers, in which a server may put a key; `_log` has one without secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
# Without this, stamina writes a warning to stderr at every retry, into the middle of a terminal application.
stamina.instrumentation.set_on_retry_hooks(())


class _FailedError(Exception):
    """One attempt that did not end in an answer: the error to raise, and whether and when to try again."""

    def __init__(self, error: ServerError | MediaError, *, again: bool, pause: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.again = again
        self.pause = pause


class _TooLargeError(Exception):
    """The answer went past its bound."""


class Http:
    """All connections of one Winnow: `async with Http() as http: http.channel(url)`.

    Entering it raises ConfigError when the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._client: httpx.AsyncClient | None = None
        self._channels: dict[tuple[str, str, int], Channel] = {}
        self._outside: dict[bool, Outside] = {}

    async def __aenter__(self) -> Self:
        try:
            self._client = httpx.AsyncClient(
                verify=trusted_certificates(),
                follow_redirects=False,
                timeout=httpx.Timeout(
                    self.policy.read_seconds, connect=self.policy.connect_seconds, pool=None
                ),  # channels bound the number of connections, so the pool never has to
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=15),
                headers={"User-Agent": user_agent(), "Accept-Encoding": "gzip"},
            )
        except (ValueError, httpx.InvalidURL, ImportError, OSError):  # their words may hold a proxy's password
            raise ConfigError(
                "the environment names a proxy or certificates that cannot be used: correct or unset"
                " HTTP_PROXY, HTTPS_PROXY, ALL_PROXY (http:// or https://), SSL_CERT_FILE, SSL_CERT_DIR"
            ) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for outside in self._outside.values():
            await outside.aclose()
        self._outside.clear()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def outside(self, *, allow_private: bool = False) -> Outside:
        """The way to servers that nobody configured, closed with the rest; see `outside`."""
        if self._client is None:
            raise RuntimeError("Http is not open: use `async with Http() as http`")
        if allow_private not in self._outside:
            self._outside[allow_private] = Outside(trusted_certificates(), user_agent(), allow_private=allow_private)
        return self._outside[allow_private]

    def channel(self, url: str, *, requests_per_minute: int | None = None, concurrency: int = 4) -> Channel:
        """The channel of the host behind `url`, one for everybody who asks.

        A later caller's lower limits hold for all. Raises ConfigError when `url` is not an address.
        """
        if self._client is None:
            raise RuntimeError("Http is not open: use `async with Http() as http`")
        address = parse_address(url)
        channel = self._channels.get(address.origin)
        if channel is None:
            channel = Channel(self._client, address, self.policy, Pace(concurrency=concurrency))
            self._channels[address.origin] = channel
        channel.pace.tighten(requests_per_minute=requests_per_minute, concurrency=concurrency)
        return channel

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel opened so far, for the figures of a report."""
        return tuple(self._channels.values())


class Channel:
    """The way to one host: paced, retried, bounded, counted."""

    def __init__(self, client: httpx.AsyncClient, address: Address, policy: Policy, pace: Pace) -> None:
        scheme, host, port = address.origin
        self.origin = f"{scheme}://{host}:{port}"
        self.pace = pace
        self.counters = Counters()
        self._client = client
        self._policy = policy

    async def send(self, call: Call) -> Answer:
        """Make one request, again where that is safe, and return the answer, an error of the server's own included.

        Raises UnreachableError, RateLimitedError, MalformedAnswerError (too large, redirected, unpackable) or
        AuthenticationError (redirected to a login page); for a write that may have been carried out
        UncertainWriteError; MediaError when an upload cannot be read. Cancelling it ends every wait at once.
        """
        policy = self._policy
        failure: ServerError | MediaError
        try:
            async for attempt in stamina.retry_context(
                on=self._decide,
                attempts=max(policy.attempts, policy.rate_limited_attempts),
                timeout=None,
                wait_initial=policy.wait_initial,
                wait_max=policy.wait_max,
                wait_jitter=policy.wait_jitter,
            ):
                with attempt:
                    return await self._attempt(call, attempt.num)
            raise AssertionError("a retry loop ends with an answer or an exception")
        except _FailedError as failed:
            failure = failed.error
        # Raised out here, so that the error carries no trace of the request, whose headers hold the key.
        raise failure

    @staticmethod
    def _decide(error: Exception) -> bool | float:
        """Whether to try again: no, after the usual back-off, or at once since the channel itself is paused."""
        if not isinstance(error, _FailedError) or not error.again:
            return False
        return True if error.pause is None else 0.0

    async def _attempt(self, call: Call, number: int) -> Answer:
        policy = self._policy
        failed: _FailedError | None = None
        answer: Answer | None = None
        async with self.pace.turn():
            began = time.monotonic()
            self.counters.requests += 1
            self.counters.retries += number > 1
            try:
                async with (
                    asyncio.timeout(call.seconds or policy.answer_seconds),
                    self._client.stream(
                        call.method, call.url, content=call.content, headers=call.sent_headers, auth=call.credential
                    ) as response,
                ):
                    body = b"".join([part async for part in _parts(response, call.max_bytes or policy.max_bytes)])
                    answer = Answer(response.status_code, _content_type(response), body)
                    self.counters.bytes_received += len(body)
                    failed = self._judge(call, answer, response.headers, number)
            except (*_EXPECTED, TimeoutError, _TooLargeError, UnpackableError) as error:
                failed = self._translate(call, error, number)
            except MediaError as error:  # what was to be sent cannot be read; the frames above it hold the key
                error.__context__ = None
                failed = _FailedError(error.with_traceback(None), again=False)
            _log.debug(
                "%s %s: %s, %.0f ms",
                call.method,
                call.shown_url,
                _outcome(answer, failed),
                1000 * (time.monotonic() - began),
            )
            if failed is not None and failed.pause is not None:
                self.pace.pause(failed.pause)
        if failed is not None:
            raise failed
        assert answer is not None
        return answer

    def _judge(self, call: Call, answer: Answer, headers: httpx.Headers, number: int) -> _FailedError | None:
        """What is wrong with a whole answer, if it is of no use to the caller."""
        server, status = call.shown_url, answer.status
        said = "" if call.is_private else own_words(answer, call.credential)
        if status == 429:
            asked = retry_after(headers.get("retry-after"))
            doubled = min(self._policy.wait_max, 4 * self._policy.wait_initial * 2 ** (number - 1))
            pause = doubled if asked is None else min(asked, self._policy.retry_after_max)
            error = RateLimitedError(
                f"it asked to slow down (429, {number} times){said}: allow it fewer requests a minute, or wait",
                server=server,
                retry_after=asked,
            )
            return _FailedError(error, again=number < self._policy.rate_limited_attempts, pause=pause)
        if 300 <= status < 400 and status != 304:
            return _FailedError(redirected(call, headers.get("location", ""), status), again=False)
        if status in (502, 503, 504) or 520 <= status <= 527:
            words = f"the server behind it does not answer ({status}){said}"
            if call.is_write:
                return _FailedError(uncertain(server, words, status), again=False)
            gone = UnreachableError(f"{words}: is it running?", server=server, status=status)
            return _FailedError(gone, again=number < self._policy.attempts)
        return None

    def _translate(self, call: Call, error: Exception, number: int) -> _FailedError:
        """Our words for what httpx says; its own exceptions hold the request and are never passed on."""
        server = call.shown_url
        may_repeat = number < self._policy.attempts
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.PoolTimeout):
            words, is_passing = why_no_connection(error)
            return _FailedError(UnreachableError(words, server=server), again=may_repeat and is_passing)
        if isinstance(error, httpx.InvalidURL | UnicodeError | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return _FailedError(UnreachableError("this address cannot be used: check it", server=server), again=False)
        if isinstance(error, _TooLargeError):
            limit = (call.max_bytes or self._policy.max_bytes) / MEBIBYTE
            words = f"the answer is larger than {limit:.0f} MiB, which no answer here should be"
        elif isinstance(error, UnpackableError | httpx.DecodingError):
            words = "the answer is packed in a way that cannot be unpacked"
        elif isinstance(error, httpx.TimeoutException | TimeoutError):
            words = "it took too long to answer"
        else:
            words = "the connection was cut before the answer was whole"
        if call.is_write:
            return _FailedError(uncertain(server, words), again=False)
        if isinstance(error, _TooLargeError | UnpackableError | httpx.DecodingError):
            return _FailedError(MalformedAnswerError(f"{words}: is the address right?", server=server), again=False)
        return _FailedError(UnreachableError(f"{words}: is it overloaded?", server=server), again=may_repeat)


def trusted_certificates() -> ssl.SSLContext:
    """The authorities that are trusted everywhere, read once for what the environment says of them: it takes 25 ms."""
    return _read_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _read_certificates(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


async def _parts(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece, unpacked, never more than `limit` bytes of it. Raises _TooLargeError, UnpackableError.

    Unpacked here and not by httpx, so that what it unpacks to is bounded.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _TooLargeError
    unpacker, left = Unpacker(response.headers.get("content-encoding")), limit
    async for part in response.aiter_raw():
        for piece in unpacker.pieces(part):
            left -= len(piece)
            if left < 0:
                raise _TooLargeError
            yield bytes(piece)
    unpacker.ensure_whole()


def _content_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _outcome(answer: Answer | None, failed: _FailedError | None) -> str:
    if answer is not None:
        return f"{answer.status}, {len(answer.body)} bytes"
    return type(failed.error).__name__ if failed is not None else "no answer"
