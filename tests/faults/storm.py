"""Winnows that are killed at random instants: a process works, `kill -9` comes whenever it comes."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from checker import Checker
from tally import BYTES, EFFECTS, FILES, KILLS, LOST, Tally
from victims import begin

_PATIENCE = 120
_STARTING = 0.2
_START_SECONDS = 0.3


class Storm:
    """Kills at random instants. The span that they are drawn from follows how long the work takes."""

    def __init__(self, chance: Random, tally: Tally, *, span: float = 0.4) -> None:
        self.chance, self.tally, self.span = chance, tally, span

    async def strike(self, work: Callable[..., Coroutine[Any, Any, None]], **given: Any) -> bool:
        """Let a process work, and kill it at an instant drawn by lot after it said that it is ready; whether it died.

        One out of five is killed while it starts, or settles what the last one left open. One that came to its end
        before that had nothing left to do, and must have ended well.
        """
        ready, told = multiprocessing.get_context("forkserver").Pipe(duplex=False)
        process = begin(work, told=told, **given)
        told.close()
        try:
            if self.chance.random() < _STARTING:
                await asyncio.to_thread(ready.poll, self.chance.uniform(0, _START_SECONDS))
            else:
                if not await asyncio.to_thread(ready.poll, _PATIENCE):
                    raise AssertionError("the process did not come up")
                ready.recv()  # EOFError: it failed before it was ready
                await asyncio.to_thread(process.join, self.chance.uniform(0, self.span))
            process.kill()
            await asyncio.to_thread(process.join, _PATIENCE)
        finally:
            process.kill()
            ready.close()
        assert process.exitcode in (0, -signal.SIGKILL), f"it ended by itself with {process.exitcode}"
        is_killed = process.exitcode != 0
        self.span = min(max(self.span * (1.1 if is_killed else 0.7), 0.02), 3.0)
        self.tally.add(KILLS, int(is_killed))
        return is_killed


def note(tally: Tally, checker: Checker) -> None:
    """Add what a checker saw to the counts."""
    tally.add(EFFECTS, checker.effects_checked)
    tally.add(FILES, checker.files_checked)
    tally.add(BYTES, checker.bytes_checked)
    tally.add(LOST, checker.bytes_lost)
    checker.effects_checked = checker.files_checked = checker.bytes_checked = checker.bytes_lost = 0
