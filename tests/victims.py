"""Processes of Winnow's own that end by `kill -9`, forked from one that has its modules loaded already."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from tally import died_at_a_step

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["preloaded"])


def _has_server() -> None:
    """Start the process that forks the others; it finds modules of tests by the environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/tmp")  # cleared away at the very end, when folders in memory are gone
        multiprocessing.util.get_temp_dir()
        patch.undo()
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()


def die() -> None:
    """The end of this process, at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def begin(work: Callable[..., Coroutine[Any, Any, None]], **given: Any) -> BaseProcess:
    """Start `work(**given)` in a process of its own; it is a function of a module."""
    _has_server()
    process = _CONTEXT.Process(target=_run, args=(work, given), daemon=True)
    process.start()
    return process


async def dead(process: BaseProcess, *, seconds: float = 60) -> None:
    """Wait until it is dead by `kill -9`, and by nothing else."""
    await asyncio.to_thread(process.join, seconds)
    try:
        assert process.exitcode == -signal.SIGKILL
        died_at_a_step()
    finally:
        process.kill()


def _run(work: Callable[..., Coroutine[Any, Any, None]], given: dict[str, Any]) -> None:
    asyncio.run(work(**given))
