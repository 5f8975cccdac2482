"""One attempt at a download: along its redirects, to an answer, and that into the part file."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from core.finishing import to_its_end
from core.intake.download_words import (
    bad_redirect,
    bad_status,
    broken,
    no_answer,
    rate_limited,
    refused_address,
    too_large,
    too_many_redirects,
    too_slow,
)
from core.media.moving import free_bytes
from core.media.part_file import PartFile, Source
from core.servers.call import MEBIBYTE
from core.servers.download_address import BadAddressError, RefusedAddressError, Target, redirected
from core.servers.http import Channel, Http
from core.servers.network import NoAnswerError, was_cut
from core.servers.outside import Incoming, Seconds
from core.servers.unpacking import UnpackableError, Unpacker
from core.servers.words import retry_after

FLUSH: Final = 2 * MEBIBYTE  # bytes gathered before they are written
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a download may take. Times in seconds.

    `total_seconds` bounds one fetch with all its attempts, waits for a turn and between attempts not counted;
    `read_seconds` a silence; less than `slow_bytes` in `slow_seconds` is a trickle and ends it. `allow_private`: the
    own network and machine may be fetched from. `per_host`: downloads at once from one server.
    """

    max_bytes: int = 200 * MEBIBYTE
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    total_seconds: float = 900.0
    slow_bytes: int = 30 * 1024
    slow_seconds: float = 30.0
    max_redirects: int = 5
    allow_private: bool = False
    attempts: int = 3
    per_host: int = 8


class _AnewError(Exception):
    """What the server sent does not go on from what is there: ask for all of it."""


@dataclass(slots=True)
class Fetching:
    """The state of one fetch, through all attempts. `headers` are those of the last answer, `final` its address.

    `buffer` has FLUSH bytes: what comes is gathered there before it is written.
    """

    http: Http
    limits: Limits
    target: Target
    part: PartFile
    buffer: memoryview
    on_progress: OnProgress | None = None
    final: Target = field(init=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    total: int | None = None
    is_resumable: bool = False
    _source: Source | None = None
    _gathered: int = 0
    _seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.final = self.target
        self._seconds = self.limits.total_seconds
        source = self.part.source
        if self.part.size and (source is None or source.address != self._digest or not _validator(source)):
            self.part.restart()  # of another address, or of nobody knows what
        self.is_resumable = self.part.size > 0

    @property
    def size(self) -> int:
        """Bytes that came so far, earlier runs included."""
        return self.part.size + self._gathered

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.target.url.encode()).hexdigest()

    async def attempt(self, number: int) -> None:
        """Fetch what is missing. Raises FailedError, and OSError when it cannot be written."""
        if self.size and not self.is_resumable:
            await self._begin_anew()
        try:
            await self._follow(number)
        except _AnewError:
            await self._begin_anew()
            try:
                await self._follow(number)
            except _AnewError:
                raise broken(self.final, "it sends parts of a file that were not asked for") from None

    async def flush(self) -> None:
        """Write what was gathered, to its end even when cancelled."""
        if self._gathered:
            await self._in_thread(self.write)

    def write(self, *, is_last: bool = False) -> None:
        """Write what was gathered, and unless nothing is missing, what to go on by. Raises OSError."""
        gathered, self._gathered = self._gathered, 0
        if self._source is not None and not is_last:
            self.part.remember(self._source)
        self.part.write(self.buffer[:gathered])

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await to_its_end(asyncio.to_thread(work))

    async def _begin_anew(self) -> None:
        self._gathered, self._source, self.is_resumable = 0, None, False
        await self._in_thread(self.part.restart)

    async def _follow(self, number: int) -> None:
        """Redirects by hand, each checked as the first address was, to the answer that counts."""
        target = self.target
        for _ in range(self.limits.max_redirects + 1):
            self.final = target
            channel = self.http.channel(target.url, concurrency=self.limits.per_host)
            async with channel.pace.turn():
                channel.counters.requests += 1
                channel.counters.retries += number > 1
                async with self._asked(target) as incoming:
                    location = incoming.headers.get("location", "")
                    if incoming.status not in (301, 302, 303, 307, 308) or not location:
                        await self._take(incoming, channel, number)
                        return
            try:
                target = redirected(target, location)
            except BadAddressError as error:
                raise bad_redirect(target, str(error)) from None
        raise too_many_redirects(self.target, self.limits.max_redirects)

    @asynccontextmanager
    async def _asked(self, target: Target) -> AsyncIterator[Incoming]:
        """The answer to one request, and whatever goes wrong with it in words."""
        limits, began = self.limits, time.monotonic()
        outside = self.http.outside(allow_private=limits.allow_private)
        try:
            async with (
                asyncio.timeout(max(self._seconds, 0)),
                outside.get(
                    target, self._request_headers(), Seconds(limits.connect_seconds, limits.read_seconds)
                ) as incoming,
            ):
                yield incoming
        except TimeoutError:
            raise too_slow(target, f"it was not done after {limits.total_seconds:.0f} seconds") from None
        except RefusedAddressError as error:
            raise refused_address(target, error.kind) from None
        except NoAnswerError as error:
            raise no_answer(target, error) from None
        except UnpackableError:
            raise broken(target, "the file is packed in a way that cannot be unpacked: try another link") from None
        finally:
            self._seconds -= time.monotonic() - began

    def _request_headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if self.size and (source := self._source or self.part.source):
            headers |= {"Range": f"bytes={self.size}-", "If-Range": _validator(source)}
        return headers

    async def _take(self, incoming: Incoming, channel: Channel, number: int) -> None:
        """Judge the answer's head, then take its body."""
        headers, policy, target = incoming.headers, self.http.policy, self.final
        if incoming.status == 429:
            asked = retry_after(headers.get("retry-after"))
            wait = min(policy.wait_max, policy.wait_initial * 2**number) if asked is None else asked
            failed = rate_limited(target, asked, 0.0, longest=policy.retry_after_max)
            channel.pace.pause(min(wait, policy.retry_after_max))
            raise failed
        if incoming.status == 416 and self.size:
            raise _AnewError
        if incoming.status not in (200, 203, 206):
            asked = retry_after(headers.get("retry-after"))
            raise bad_status(target, incoming.status, asked, longest=policy.retry_after_max)
        unpacker = Unpacker(headers.get("content-encoding"))
        if incoming.status == 206:
            self.total = self._goes_on(headers, unpacker)
        else:
            if self.size:
                await self._begin_anew()
            self.total = _length(headers) if unpacker.is_idle else None
        announced = self.total or _length(headers)
        if announced is not None and announced > self.limits.max_bytes:
            raise too_large(target, self.limits.max_bytes, announced)
        self.headers = headers
        self._note_source(unpacker, goes_on=incoming.status == 206)
        await self._ensure_room()
        before = self.size
        await self._receive(incoming.parts, unpacker)
        channel.counters.bytes_received += self.size - before

    def _goes_on(self, headers: Mapping[str, str], unpacker: Unpacker) -> int | None:
        """How large all of it is, when a 206 goes on where the part ends. Raises _AnewError when it does not."""
        source = self._source or self.part.source
        found = _RANGE.fullmatch(headers.get("content-range", "").strip())
        if not self.size or source is None or found is None or not unpacker.is_idle:
            raise _AnewError
        first, last, total = int(found[1]), int(found[2]), None if found[3] == "*" else int(found[3])
        is_same = all(
            not new or not known or new == known
            for new, known in (
                (headers.get("etag"), source.etag),
                (headers.get("last-modified"), source.modified),
                (total, source.total),
            )
        )
        if first != self.size or not is_same or (total is not None and last != total - 1):
            raise _AnewError
        return last + 1

    def _note_source(self, unpacker: Unpacker, *, goes_on: bool) -> None:
        """What a later request can go on by; a 206 need not repeat it."""
        known = (self._source or self.part.source) if goes_on else None
        etag, modified = (known.etag, known.modified) if known else ("", "")
        headers = self.headers
        source = Source(self._digest, headers.get("etag", etag), headers.get("last-modified", modified), self.total)
        can_range = headers.get("accept-ranges", "").strip().lower() != "none"
        self.is_resumable = bool(unpacker.is_idle and can_range and _validator(source))
        self._source = source if self.is_resumable else None

    async def _ensure_room(self) -> None:
        missing = (self.total or 0) - self.size
        if missing > FLUSH and await asyncio.to_thread(free_bytes, self.part.folder) < missing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.part.folder))

    async def _receive(self, parts: AsyncIterator[bytes | memoryview], unpacker: Unpacker) -> None:
        limits, loop = self.limits, asyncio.get_running_loop()
        window_ends, window_began_at = loop.time() + limits.slow_seconds, self.size
        async for part in parts:
            for piece in unpacker.pieces(part):
                if self.size + len(piece) > limits.max_bytes:
                    raise too_large(self.final, limits.max_bytes)
                await self._gather(memoryview(piece))
            if self.on_progress is not None:
                self.on_progress(self.size, self.total)
            if loop.time() >= window_ends:
                if self.size - window_began_at < limits.slow_bytes:
                    rate = limits.slow_bytes / limits.slow_seconds
                    raise too_slow(self.final, f"it came with less than {rate:.0f} bytes a second")
                window_ends, window_began_at = loop.time() + limits.slow_seconds, self.size
        unpacker.ensure_whole()
        if self.total is not None and self.size != self.total:
            raise no_answer(self.final, was_cut())
        if not self.size:
            raise broken(self.final, "it sent an empty file: check the address")

    async def _gather(self, piece: memoryview) -> None:
        while piece:
            taken = min(len(piece), FLUSH - self._gathered)
            self.buffer[self._gathered : self._gathered + taken] = piece[:taken]
            self._gathered += taken
            piece = piece[taken:]
            if self._gathered == FLUSH:
                await self.flush()


def _validator(source: Source) -> str:
    """What If-Range may carry: a strong ETag, else the time of modification."""
    return source.etag if source.etag.startswith('"') else source.modified


def _length(headers: Mapping[str, str]) -> int | None:
    found = _LENGTH.fullmatch(headers.get("content-length", "").strip())
    return None if found is None else int(found[0])
