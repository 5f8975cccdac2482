"""How fast one server is asked: requests at once, requests a minute, and pauses it asked for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter


class Pace:
    """Everything sent to one server passes through here, retries included.

    Invariants: at most `concurrency` requests are under way; no 60 seconds, wherever they begin, see more than
    `requests_per_minute` arrive at the server; nothing is sent before the end of a pause the server asked for.
    """

    def __init__(self, *, concurrency: int, minute: float = 60.0) -> None:
        """`minute` is how many seconds one has; tests have shorter ones."""
        self._minute = minute
        # A little more than a minute: the server's clock and ours need not agree to the last millisecond.
        self._window = minute * 1.001
        self._concurrency = max(1, concurrency)
        self._slots = asyncio.Semaphore(self._concurrency)
        self._surplus = 0
        self._limiter: AsyncLimiter | None = None
        self._per_minute: int | None = None
        self._resume_at = 0.0
        self._under_way = 0
        self._ended: deque[float] = deque()
        self._one_ended = asyncio.Event()

    @property
    def requests_per_minute(self) -> int | None:
        """The limit in force, None when there is none."""
        return self._per_minute

    @property
    def concurrency(self) -> int:
        """How many requests may be under way at once."""
        return self._concurrency

    def tighten(self, *, requests_per_minute: int | None, concurrency: int) -> None:
        """Obey these bounds too: the lowest that was ever asked for is in force."""
        concurrency = max(1, concurrency)
        if concurrency < self._concurrency:
            self._surplus += self._concurrency - concurrency
            self._concurrency = concurrency
        if requests_per_minute is None:
            return
        rate = max(1, requests_per_minute)
        if self._per_minute is None or rate < self._per_minute:
            self._per_minute = rate
            # One at a time, evenly spread. A bucket of N a minute would let N go at once and N more while it drains:
            # almost 2 N in one window. Even spacing also never leaves the network idle for long while work waits.
            # Spacing alone is not exact, since requests sent apart may arrive together: see _window_is_full.
            self._limiter = AsyncLimiter(1, self._minute / rate)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long, whoever asks."""
        self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more request may be sent; it counts until the block is left. Can be cancelled at any point."""
        while True:
            await self._slots.acquire()
            if not self._surplus:
                break
            self._surplus -= 1  # this slot was taken back: it is never released again
        try:
            await self._wait()
            self._under_way += 1
            try:
                yield
            finally:
                self._under_way -= 1
                if self._per_minute is not None:
                    self._ended.append(asyncio.get_running_loop().time())
                self._one_ended.set()
        finally:
            self._slots.release()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._resume_at - loop.time()))
            limiter = self._limiter
            if limiter is not None:
                await limiter.acquire()
            while self._window_is_full():
                await self._wait_for_window()
            if limiter is self._limiter and self._resume_at <= loop.time():
                return  # else the server asked for a pause, or a lower limit came, while this one waited

    def _window_is_full(self) -> bool:
        """Whether one request more could make the limit's one too many on the server's side.

        A request arrived there no later than its answer came here. So those under way, and those that ended within
        the last minute, are all that can have arrived in it, however long each was on its way.
        """
        if self._per_minute is None:
            return False
        oldest = asyncio.get_running_loop().time() - self._window
        while self._ended and self._ended[0] <= oldest:
            self._ended.popleft()
        return self._under_way + len(self._ended) >= self._per_minute

    async def _wait_for_window(self) -> None:
        if self._ended:
            await asyncio.sleep(max(0.0, self._ended[0] + self._window - asyncio.get_running_loop().time()))
        else:
            self._one_ended.clear()
            await self._one_ended.wait()
