"""The pace of a channel: requests a minute as a server would count them, requests at once, no idle time."""

from __future__ import annotations

import asyncio
import random
import time
from bisect import bisect_left

import pytest

from core.servers.pace import Pace


class CountingServer:
    """Answers after a random delay; a request arrives some part of that delay after it was sent."""

    def __init__(self, longest: float) -> None:
        self.random = random.Random(5)
        self.longest = longest
        self.arrivals: list[float] = []
        self.at_once = 0
        self.most_at_once = 0

    async def answer(self) -> None:
        """One request, there and back."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.random.uniform(0, self.longest))
        self.arrivals.append(time.monotonic())
        await asyncio.sleep(self.random.uniform(0, self.longest))
        self.at_once -= 1

    def most_in(self, seconds: float) -> int:
        """The most arrivals in any stretch of so long, wherever it begins."""
        times = sorted(self.arrivals)
        return max(bisect_left(times, start + seconds) - place for place, start in enumerate(times))


async def ask(pace: Pace, server: CountingServer, count: int) -> None:
    async def one() -> None:
        async with pace.turn():
            await server.answer()

    await asyncio.gather(*(one() for _ in range(count)))


@pytest.mark.parametrize("longest", [0.0, 0.02, 0.08])
async def test_no_minute_sees_more_than_the_limit_wherever_it_begins(longest: float) -> None:
    """Also when requests sent one after the other arrive together, which spacing alone would let happen."""
    pace = Pace(concurrency=8, minute=0.25)
    pace.tighten(requests_per_minute=10, concurrency=8)
    server = CountingServer(longest)
    began = time.monotonic()
    await ask(pace, server, 45)
    assert server.most_in(0.25) <= 10
    # 45 at 40 a second: well below four times the time, so the limit is used and work does not wait idly.
    assert time.monotonic() - began < 4 * 45 / 40 + 4 * longest


async def test_a_stall_of_the_client_is_not_made_up_for_in_a_burst() -> None:
    pace = Pace(concurrency=8, minute=0.25)
    pace.tighten(requests_per_minute=10, concurrency=8)
    server = CountingServer(0)
    asking = asyncio.create_task(ask(pace, server, 30))
    while len(server.arrivals) < 9:  # noqa: ASYNC110  a plain count, without an event
        await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251  the event loop itself stands still
    await asking
    assert server.most_in(0.25) <= 10


@pytest.mark.parametrize("limit", [0, 1, 2])
async def test_the_smallest_limits_work(limit: int) -> None:
    pace = Pace(concurrency=4, minute=0.1)
    pace.tighten(requests_per_minute=limit, concurrency=4)
    server = CountingServer(0)
    await ask(pace, server, 4)
    assert server.most_in(0.1) <= max(1, limit)


async def test_without_a_limit_only_concurrency_bounds() -> None:
    pace = Pace(concurrency=3)
    server = CountingServer(0.002)
    await ask(pace, server, 60)
    assert server.most_at_once == 3
    assert pace.requests_per_minute is None


async def test_the_lowest_of_all_limits_is_in_force_at_once() -> None:
    pace = Pace(concurrency=8)
    server = CountingServer(0.002)
    pace.tighten(requests_per_minute=600, concurrency=2)
    pace.tighten(requests_per_minute=6000, concurrency=5)
    pace.tighten(requests_per_minute=None, concurrency=9)
    assert (pace.requests_per_minute, pace.concurrency) == (600, 2)
    fast = Pace(concurrency=8)
    fast.tighten(requests_per_minute=None, concurrency=2)
    await ask(fast, server, 30)
    assert server.most_at_once == 2


async def test_a_pause_holds_everybody_back() -> None:
    pace = Pace(concurrency=4)
    server = CountingServer(0)
    pace.pause(0.05)
    pace.pause(0.2)
    pace.pause(0.01)
    began = time.monotonic()
    await ask(pace, server, 5)
    assert min(server.arrivals) - began >= 0.199


async def test_a_cancelled_wait_takes_no_place() -> None:
    pace = Pace(concurrency=1)
    pace.pause(300)
    waiting = [asyncio.create_task(ask(pace, CountingServer(0), 1)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    free = Pace(concurrency=1)
    server = CountingServer(0)
    blocked = asyncio.create_task(ask(free, server, 1))
    blocked.cancel()
    await asyncio.gather(blocked, return_exceptions=True)
    await ask(free, server, 2)
    assert len(server.arrivals) == 2
