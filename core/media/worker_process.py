"""One media worker process, and the conversation of the pool with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, cast

import msgspec

import core
from core.errors import DecodeError, WinnowError
from core.media.worker_messages import (
    LENGTH,
    MAX_MESSAGE,
    RESULTS,
    Accepted,
    Answer,
    Failed,
    Request,
    Result,
    Task,
    Working,
    framed,
    read_answer,
)

START_SECONDS = 60.0
_SINGLE: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Memory of one picture serves the next: else the system takes it back and clears it anew, which costs as much as
# decoding. Read by glibc and Pillow, at most some ten megabytes a worker; without meaning elsewhere.
_SURROUNDINGS: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "PILLOW_BLOCKS_MAX": "4",
}


class WorkerLostError(Exception):
    """The worker ended before it took the request, as far as it said; another may take it."""


class _WorkerDiedError(Exception):
    """The worker ended over the request. `code` as of `Popen.returncode`."""

    def __init__(self, code: int) -> None:
        self.code = code


class _Asked:
    """A request that has no result yet."""

    def __init__(self, task: Task, timeout: float, on_read: Callable[[int], None] | None) -> None:
        self.task = task
        self.result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.timeout = timeout
        self.on_read = on_read
        self.was_accepted = False

    def fail(self, error: Exception) -> None:
        """Let whoever waits have the error."""
        if not self.result.done():
            self.result.set_exception(error)


class Worker(asyncio.SubprocessProtocol):
    """One worker process and the conversation with it. It answers requests in the order they were made."""

    def __init__(self, errors: IO[bytes]) -> None:
        self._errors = errors
        self._loop = asyncio.get_running_loop()
        self._asked: deque[_Asked] = deque()
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._heard_at = self._loop.time()
        self._alarm: asyncio.TimerHandle | None = None
        self._gone = self._loop.create_future()
        self._is_deaf = False
        self._is_dropped = False
        self.served = 0

    @classmethod
    async def started(cls) -> Worker:
        """Start one, in a session of its own: the keyboard's Ctrl+C does not reach it. Raises WinnowError."""
        root = str(Path(core.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        try:
            _, worker = await asyncio.get_running_loop().subprocess_exec(
                lambda: cls(errors),
                *(sys.executable, "-P", "-m", "core.media.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**_SURROUNDINGS, **os.environ, **_SINGLE, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
        except OSError as error:
            errors.close()
            words = (
                f"the helper process that reads media cannot be started ({error.strerror}); free memory or processes"
            )
            raise WinnowError(words) from error
        except BaseException:
            errors.close()
            raise
        return worker

    @property
    def is_there(self) -> bool:
        """Whether it can be asked: it has not ended, as far as is known, and nobody ended it."""
        return not self._is_deaf and self._is_running

    @property
    def _is_running(self) -> bool:
        return not self._gone.done() and self._transport.get_returncode() is None

    def drop(self) -> None:
        """End it at once, whatever it does: no file's fault."""
        self._is_dropped = True
        self._kill()

    def _kill(self) -> None:
        """End it with whatever it started; what it may have said since belongs to nobody."""
        self._is_deaf = True
        if self._is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until it is gone and its pipes are closed."""
        try:
            await asyncio.shield(self._gone)
        finally:
            self._transport.close()
            self._errors.close()

    def last_words(self) -> str:
        """The last line it wrote to its error output."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no reason given"

    async def ask(
        self, request: Request, path: Path | str, timeout: float, on_read: Callable[[int], None] | None
    ) -> Result:
        """The result of one request; the next may be made before it is there.

        Raises WorkerLostError when the worker ended before it took this one, DecodeError when it ended over it.
        """
        if not self.is_there:
            raise WorkerLostError
        asked = _Asked(request.task, timeout, on_read)
        if not self._asked:
            self._heard_at = self._loop.time()
        self._asked.append(asked)
        if not self._outgoing:
            self._loop.call_soon(self._send)
        self._outgoing += framed(request)
        self._set_alarm()
        try:
            return await asked.result
        except TimeoutError as error:
            words = f"took longer than {timeout:.0f} s and was given up; look at it with a player"
            raise DecodeError(words, path=path) from error
        except _WorkerDiedError as error:
            how = signal.Signals(-error.code).name if error.code < 0 else f"exit status {error.code}"
            words = f"ended the process that read it ({how}); it is damaged, or memory ran out"
            raise DecodeError(words, path=path) from error

    def _send(self) -> None:
        """Pass on what was asked in this turn of the loop, at once: every write wakes the worker."""
        data, self._outgoing = self._outgoing, bytearray()
        stdin = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))
        if stdin is not None and not stdin.is_closing():
            stdin.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was started."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It said something."""
        if self._is_deaf:
            return
        self._incoming += data
        self._heard_at = self._loop.time()
        try:
            for answer in self._answers():
                self._take(answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
            self._kill()  # nothing it says can be understood any more
        self._set_alarm()

    def _answers(self) -> Iterator[Answer]:
        """The messages that are there whole. Raises what `read_answer` does where they make no sense."""
        while len(self._incoming) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._incoming)
            if length > MAX_MESSAGE:
                raise msgspec.DecodeError
            end = LENGTH.size + length
            if len(self._incoming) < end:
                return
            body = bytes(self._incoming[LENGTH.size : end])
            del self._incoming[:end]
            yield read_answer(body)

    def _take(self, answer: Answer) -> None:
        """Hand the answer to whom it belongs. Raises IndexError where nobody asked, DecodeError where not for that."""
        asked = self._asked[0]
        if isinstance(answer, Accepted):
            asked.was_accepted = True
        elif not isinstance(answer, Working):
            if not isinstance(answer, (RESULTS[asked.task], Failed)):
                raise msgspec.DecodeError
            self._asked.popleft()
            self.served += 1
            if not asked.result.done():
                asked.result.set_result(answer)
        elif asked.on_read is not None:
            try:
                asked.on_read(answer.done)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                asked.fail(error)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """It closed a pipe: nothing more can be said."""
        self._kill()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, and all it said was heard: who still waits is told."""
        code = self._transport.get_returncode() or 0
        if self._alarm is not None:
            self._alarm.cancel()
        for asked in self._asked:
            is_over_it = asked.was_accepted and not self._is_dropped
            asked.fail(_WorkerDiedError(code) if is_over_it else WorkerLostError())
        self._asked.clear()
        if not self._gone.done():
            self._gone.set_result(None)

    def _set_alarm(self) -> None:
        """See to it that silence is noticed in time."""
        if not self._asked:
            return
        at = self._heard_at + self._patience()
        if self._alarm is None or at < self._alarm.when():
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self._loop.call_at(at, self._wake)

    def _patience(self) -> float:
        """Seconds without a word that are too many."""
        first = self._asked[0]
        return first.timeout if first.was_accepted or self.served else START_SECONDS

    def _wake(self) -> None:
        self._alarm = None
        if self._asked and self._loop.time() >= self._heard_at + self._patience():
            first = self._asked.popleft()
            first.fail(TimeoutError() if first.was_accepted else WorkerLostError())
            self._kill()
        self._set_alarm()
