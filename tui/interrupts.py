"""Stopping: a signal cancels the work once and lets it save its state; a later second one ends the process at once.

The terminal app is asked to leave in the same way (`leaving`), also when its terminal is lost. It is given a bounded
time for it, since a process without a terminal that hears no signal would stay until somebody finds it.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import IO, Any, Final, NoReturn

from core.errors import JobCancelledError

INTERRUPTED: Final = 130
ECHO_SECONDS: Final = 0.3
"""A second signal within this time is the same one heard twice: `timeout` tells the process and its group."""
DEAF_SECONDS: Final = 5.0
"""For so long the event loop may not take notice of a signal before the process is ended hard."""
STOP_SECONDS: Final = 30.0
"""For so long an app that took notice may save its state; a server that does not answer is waited for meanwhile."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOP: Final[ContextVar[Callable[[], None] | None]] = ContextVar("stop", default=None)
"""What a signal does to the command that runs, wherever nothing inside it listens by itself."""


def run(work: Coroutine[Any, Any, int]) -> int:
    """The exit status of `work`, or 130 when a signal stopped it. Signals that are ignored (nohup) stay ignored.

    Outside the main thread no signal arrives, so none is listened for.
    """
    return asyncio.run(_supervised(work))


async def _supervised(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
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

    if heeded:
        _STOP.set(stop)
    task = asyncio.ensure_future(work)
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


def wait_for_input(stream: IO[str]) -> None:
    """Wait until there is something to read, within `immediate`.

    A signal that arrives just before a read begins would go unheard until something is typed; it ends this wait.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    previous = signal.set_wakeup_fd(waker)
    try:
        select.select([stream.fileno(), woken], [], [])
    finally:
        signal.set_wakeup_fd(previous)
        os.close(woken)
        os.close(waker)


def _raise(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def leaving(leave: Callable[[], object], give_back: Callable[[], object], *, terminal: int) -> Iterator[None]:
    """While an app runs: a signal, or the loss of its terminal, has the event loop call `leave`.

    A loop that does not take notice within DEAF_SECONDS, or is not done within STOP_SECONDS, is stuck: `give_back`
    is called in a thread, to restore the terminal, and the process ends with 128 and the signal's number. Whatever is
    left half done is settled from the journal by the next start. Signals that are ignored (nohup) stay ignored.
    Once the app has left, a signal stops the command around it, as `run` says.
    """
    stop = _Stop(leave, give_back)
    heeded = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for one in heeded:
        asyncio.get_running_loop().add_signal_handler(one, stop.take_notice)
        signal.signal(one, stop.hear)  # beside the loop's own way, which waits for the loop
    woken, waker = os.pipe()
    watch = threading.Thread(target=_watch, args=(terminal, woken, stop), name="terminal-watch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        stop.is_done.set()
        os.close(waker)
        watch.join()
        os.close(woken)
        afterwards = _STOP.get()
        for one in heeded:
            asyncio.get_running_loop().remove_signal_handler(one)
            if afterwards is not None:
                asyncio.get_running_loop().add_signal_handler(one, afterwards)


class _Stop:
    """Asks the app to leave, once, and sees to it that the process ends."""

    def __init__(self, leave: Callable[[], object], give_back: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._leave = leave
        self._give_back = give_back
        self._is_asked = False
        self._is_heard = threading.Event()
        self.is_done = threading.Event()

    def hear(self, number: int, _frame: FrameType | None = None) -> None:
        """A signal, or a loss that amounts to one. Python runs this between two steps, also of a loop that is stuck."""
        if not self._is_asked:
            self._is_asked = True
            threading.Thread(target=self._see_to_it, args=(number,), name="stop-watch", daemon=True).start()

    def lose(self) -> None:
        """The terminal is gone; called in a thread."""
        self.hear(signal.SIGHUP)
        self._loop.call_soon_threadsafe(self.take_notice)

    def take_notice(self) -> None:
        """The event loop hears of it."""
        self._is_heard.set()
        self._leave()

    def _see_to_it(self, number: int) -> None:
        if self._is_heard.wait(DEAF_SECONDS) and self.is_done.wait(STOP_SECONDS):
            return
        restoring = threading.Thread(target=self._give_back, name="give-back", daemon=True)
        restoring.start()
        restoring.join(1.0)  # a terminal that takes nothing is not waited for
        os._exit(128 + number)


def _watch(terminal: int, woken: int, stop: _Stop) -> None:
    """Wait until the terminal is gone or the app has left."""
    poll = select.poll()
    poll.register(terminal, 0)  # its end is told without being asked for
    poll.register(woken, select.POLLIN)
    if not any(fd == woken for fd, _ in poll.poll()):
        stop.lose()
