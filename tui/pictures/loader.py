"""Pictures brought from servers to the screen without ever holding up a key.

The newest request is served first, since it is what is on the screen now; what is no longer wanted by then is left
out. Reading, decoding and scaling run in two threads of their own, fetching is asynchronous.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from core.errors import DecodeError, WinnowError
from tui.pictures import decode
from tui.pictures.cache import ThumbnailCache
from tui.pictures.decode import Box, Drawn
from tui.pictures.detect import Drawing
from tui.pictures.marks import Mark

_T = TypeVar("_T")
_THREADS: Final = 2
MEMORY_BYTES: Final = 12 << 20


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture comes from. `key` tells it from every other, `label` stands in its place as text.

    `marks` are the places in it that are framed.
    """

    key: str
    label: str
    fetch: Callable[[], Awaitable[bytes | None]]
    marks: tuple[Mark, ...] = ()


Outcome = Drawn | str
"""A picture that can be drawn, or in words why there is none."""


_Key = tuple[str, tuple[Mark, ...], Box, Drawing]


@dataclass(slots=True)
class _Request:
    picture: Picture
    box: Box
    drawing: Drawing
    is_wanted: Callable[[], bool]
    deliver: Callable[[Outcome], None]

    @property
    def key(self) -> _Key:
        """What tells the drawn picture from every other."""
        return self.picture.key, self.picture.marks, self.box, self.drawing


class PictureLoader:
    """One a running app. Use it from the event loop alone."""

    def __init__(self, cache: ThumbnailCache, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._cache = cache
        self._memory: OrderedDict[_Key, Drawn] = OrderedDict()
        self._memory_bytes = memory_bytes
        self._used_bytes = 0
        self._waiting: list[_Request] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads: ThreadPoolExecutor | None = None

    def request(
        self,
        picture: Picture,
        box: Box,
        drawing: Drawing,
        *,
        is_wanted: Callable[[], bool],
        deliver: Callable[[Outcome], None],
    ) -> None:
        """Have a picture delivered. What is in memory is delivered before this returns."""
        request = _Request(picture, box, drawing, is_wanted, deliver)
        known = self._memory.get(request.key)
        if known is not None:
            self._memory.move_to_end(request.key)
            deliver(known)
            return
        self._waiting.append(request)
        if len(self._tasks) < _THREADS:
            task = asyncio.create_task(self._serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what was not delivered never is."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def prune(self) -> int:
        """Bring the disk cache within its bound."""
        return await self._in_thread(self._cache.prune)

    async def _serve(self) -> None:
        while self._waiting:
            request = self._waiting.pop()
            if not request.is_wanted():
                continue
            outcome = await self._outcome(request)
            if request.is_wanted():
                request.deliver(outcome)

    async def _outcome(self, request: _Request) -> Outcome:
        try:
            thumbnail = await self._in_thread(self._cache.get, request.picture.key)
            if thumbnail is not None:
                try:
                    return await self._drawn(request, thumbnail)
                except DecodeError:
                    await self._in_thread(self._cache.drop, request.picture.key)
            raw = await request.picture.fetch()
            if not raw:
                return "no picture"
            thumbnail = await self._in_thread(decode.shrink, raw)
            await self._in_thread(self._cache.put, request.picture.key, thumbnail)
            return await self._drawn(request, thumbnail)
        except DecodeError as error:
            return str(error)
        except WinnowError:
            return "the picture cannot be had now"
        except Exception as error:  # noqa: BLE001  a picture is never a reason for the app to end
            return f"no picture ({type(error).__name__})"

    async def _drawn(self, request: _Request, thumbnail: bytes) -> Drawn:
        drawn = await self._in_thread(decode.draw, thumbnail, request.box, request.drawing, request.picture.marks)
        key = request.key
        before = self._memory.pop(key, None)
        self._used_bytes += len(drawn.data) - (len(before.data) if before else 0)
        self._memory[key] = drawn
        while self._used_bytes > self._memory_bytes and len(self._memory) > 1:
            _, oldest = self._memory.popitem(last=False)
            self._used_bytes -= len(oldest.data)
        return drawn

    async def _in_thread(self, work: Callable[..., _T], *values: object) -> _T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)
