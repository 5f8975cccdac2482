"""Who may ask which worker: one request a worker, or a few at once where each is answered within a moment.

A worker that is handed its next picture before it has answered the last never waits for the next one to come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.media.worker_process import Worker

AHEAD = 4  # requests a worker has at once where they may share it
FILES_A_WORKER = 1000  # then a fresh one takes over, so that what a decoder leaks stays bounded


class Seat:
    """A place for one worker, and how many requests it has."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.starting = asyncio.Lock()
        self.under_way = 0
        self._is_shared = False

    def has_room(self, *, is_shared: bool) -> bool:
        """Whether another request may be made here now."""
        if self.under_way == 0:
            return True
        served = self.worker.served if self.worker is not None else 0
        return is_shared and self._is_shared and self.under_way < AHEAD and served + self.under_way < FILES_A_WORKER

    def take(self, *, is_shared: bool) -> None:
        """One more request is under way here."""
        self.under_way += 1
        self._is_shared = is_shared

    @property
    def fresh_enough(self) -> Worker | None:
        """The worker that is here, unless it has ended or is spent."""
        worker = self.worker
        return worker if worker is not None and worker.is_there and worker.served < FILES_A_WORKER else None

    @property
    def load(self) -> tuple[int, bool]:
        """How little there is to say for it; the smaller, the better."""
        return self.under_way, self.worker is None or not self.worker.is_there


class Seats:
    """All places of a pool. Who comes first is served first."""

    def __init__(self, count: int) -> None:
        self._seats = [Seat() for _ in range(count)]
        self._queue: deque[tuple[asyncio.Future[Seat], bool]] = deque()

    @asynccontextmanager
    async def taken(self, *, is_shared: bool) -> AsyncIterator[Seat]:
        """A place for the time of one request, waited for; `is_shared` where others of its kind may be there, too."""
        seat = None if self._queue else self._take(is_shared=is_shared)
        if seat is None:
            seat = await self._wait(is_shared=is_shared)
        try:
            yield seat
        finally:
            self._leave(seat)

    def _take(self, *, is_shared: bool) -> Seat | None:
        """A place with room, if there is one."""
        seats = [seat for seat in self._seats if seat.has_room(is_shared=is_shared)]
        if not seats:
            return None
        seat = min(seats, key=lambda one: one.load)
        seat.take(is_shared=is_shared)
        return seat

    async def _wait(self, *, is_shared: bool) -> Seat:
        turn: asyncio.Future[Seat] = asyncio.get_running_loop().create_future()
        self._queue.append((turn, is_shared))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(turn.result())
            raise

    def _leave(self, seat: Seat) -> None:
        """One request less; whoever waits longest moves up, where there is room for it."""
        seat.under_way -= 1
        while self._queue:
            turn, is_shared = self._queue[0]
            if not turn.cancelled():
                found = self._take(is_shared=is_shared)
                if found is None:
                    return
                turn.set_result(found)
            self._queue.popleft()
