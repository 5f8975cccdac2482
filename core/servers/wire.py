"""HTTP/1.1 over one connection, for downloads: h11 reads heads and odd framings, plain bodies go past it.

A body whose length was announced is read into one buffer that is used again and again. Through h11 and httpcore each
byte is copied three times into memory that is fresh each time, which makes a download take twice as long.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

import h11

from core.servers.network import NoAnswerError, Stream, was_cut

READ: Final = 1 << 18  # bytes of one read
_HEAD_READ: Final = 1 << 14
_LONGEST_HEAD: Final = 1 << 17

Headers = list[tuple[bytes, bytes]]


class Wire:
    """One connection, for one request after the other. `idle_since`: monotonic time of the last answer's end."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = memoryview(bytearray(READ))
        self._is_done = False
        self.idle_since = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether the last answer was read to its end and another may follow."""
        return self._is_done

    @property
    def is_reusable(self) -> bool:
        """Whether it is done, and the other side has not hung up since."""
        return self._is_done and not self._stream.has_news

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    async def get(self, path: str, headers: Headers, seconds: float) -> tuple[int, Headers, AsyncIterator[memoryview]]:
        """Status, headers and body of the answer to a GET; `seconds` bound each silence.

        A piece of the body holds until the next is asked for. Raises NoAnswerError.
        """
        self._is_done = False
        wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        try:
            request = h11.Request(method="GET", target=path, headers=headers)
            sent = (wire.send(request) or b"") + (wire.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError:
            raise NoAnswerError("this address cannot be used: check it", is_passing=False) from None
        await self._stream.write(sent, seconds)
        response = await self._next(wire, seconds, _HEAD_READ)
        while isinstance(response, h11.InformationalResponse):
            response = await self._next(wire, seconds, _HEAD_READ)
        if not isinstance(response, h11.Response):
            raise was_cut()
        found = list(response.headers)
        length = _length(response)
        parts = self._framed(wire, seconds) if length is None else self._plain(wire, response, length, seconds)
        return response.status_code, found, parts

    async def _plain(
        self, wire: h11.Connection, response: h11.Response, length: int, seconds: float
    ) -> AsyncIterator[memoryview]:
        """As many bytes as were announced, what came with the head among them."""
        begun = wire.trailing_data[0]
        if begun:
            yield memoryview(begun)[:length]
        left = length - len(begun)
        while left > 0:
            count = await self._stream.read_into(self._buffer[: min(READ, left)], seconds)
            if not count:
                raise was_cut()
            left -= count
            yield self._buffer[:count]
        closes = any(name == b"connection" and b"close" in value.lower() for name, value in response.headers)
        self._is_done = left == 0 and response.http_version == b"1.1" and not closes
        self.idle_since = time.monotonic()

    async def _framed(self, wire: h11.Connection, seconds: float) -> AsyncIterator[memoryview]:
        """A body in chunks, to the end of the connection, or none at all."""
        while not isinstance(event := await self._next(wire, seconds, READ), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise was_cut()
            yield memoryview(event.data)
        self._is_done = wire.their_state is h11.DONE and not wire.trailing_data[0]
        self.idle_since = time.monotonic()

    async def _next(self, wire: h11.Connection, seconds: float, most: int) -> object:
        try:
            while (event := wire.next_event()) is h11.NEED_DATA:
                count = await self._stream.read_into(self._buffer[:most], seconds)
                wire.receive_data(bytes(self._buffer[:count]))
        except h11.RemoteProtocolError:
            raise was_cut() from None
        return event


def _length(response: h11.Response) -> int | None:
    """The announced length of a body that comes as it is; h11 has checked that there is one at most."""
    found = dict(response.headers)
    if b"transfer-encoding" in found or response.status_code in (204, 304):
        return None
    text = found.get(b"content-length")
    return None if text is None else int(text)
