"""Stopping: a signal cancels the work once and lets it save its state; a later second one ends the process at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn

from core.errors import JobCancelledError

INTERRUPTED: Final = 130
ECHO_SECONDS: Final = 0.3
"""A second signal within this time is the same one heard twice: `timeout` tells the process and its group."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Coroutine[Any, Any, int]) -> int:
    """The exit status of `work`, or 130 when a signal stopped it. Signals that are ignored (nohup) stay ignored.

    Outside the main thread no signal arrives, so none is listened for.
    """
    return asyncio.run(_supervised(work))


async def _supervised(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    is_main = threading.current_thread() is threading.main_thread()
    heeded = [one for one in _SIGNALS if is_main and signal.getsignal(one) is not signal.SIG_IGN]

    def stop() -> None:
        task.cancel()
        for one in heeded:
            loop.add_signal_handler(one, _only_an_echo)
        loop.call_later(ECHO_SECONDS, let_go)

    def let_go() -> None:
        for one in heeded:
            loop.remove_signal_handler(one)
            signal.signal(one, signal.SIG_DFL)  # the next one ends the process at once: the journal is safe with that

    for one in heeded:
        loop.add_signal_handler(one, stop)
    try:
        return await task
    except (asyncio.CancelledError, JobCancelledError):
        return INTERRUPTED
    finally:
        for one in heeded:
            loop.remove_signal_handler(one)


def _only_an_echo() -> None:
    """The work is being stopped already."""


@contextmanager
def immediate() -> Iterator[None]:
    """While a question is asked, a signal cancels the task that asks, although nothing lets the event loop run.

    Raises asyncio.CancelledError then, once: the loop itself does not hear of the signal. Outside the main thread no
    signal arrives.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {one: signal.getsignal(one) for one in _SIGNALS}
    heeded = [one for one, handler in previous.items() if handler is not signal.SIG_IGN and handler is not None]
    wakeup = signal.set_wakeup_fd(-1)
    try:
        for one in heeded:
            signal.signal(one, _raise)
        yield
    except KeyboardInterrupt:
        raise asyncio.CancelledError from None
    finally:
        for one in heeded:
            signal.signal(one, previous[one])
        signal.set_wakeup_fd(wakeup)


def _raise(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
