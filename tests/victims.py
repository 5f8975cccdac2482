"""Processes of Winnow's own that end by `kill -9`, forked from one that has its modules loaded already."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Coroutine
from multiprocessing.process import BaseProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["core.runtime", "core.demo.world", "core.demo.cases", "PIL.Image", "numpy"])


def die() -> None:
    """The end of this process, at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def begin(work: Callable[..., Coroutine[Any, Any, None]], **given: Any) -> BaseProcess:
    """Start `work(**given)` in a process of its own; it is a function of a module."""
    process = _CONTEXT.Process(target=_run, args=(work, given), daemon=True)
    process.start()
    return process


async def dead(process: BaseProcess, *, seconds: float = 60) -> None:
    """Wait until it is dead by `kill -9`, and by nothing else."""
    await asyncio.to_thread(process.join, seconds)
    try:
        assert process.exitcode == -signal.SIGKILL
    finally:
        process.kill()


def _run(work: Callable[..., Coroutine[Any, Any, None]], given: dict[str, Any]) -> None:
    asyncio.run(work(**given))
