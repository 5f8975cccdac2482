"""Hashing off the event loop: a bounded number of worker processes, each doing one file at a time.

A worker that dies over a file, or takes too long, costs that file alone and is replaced. `concurrent.futures` is not
used because there the death of one process fails all work under way, and no single task can be stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

import core
from core.errors import ConfigError, DecodeError, JobCancelledError, UnreadableFileError, WinnowError
from core.media.checksums import Checksums
from core.media.messages import (
    LENGTH,
    MAX_MESSAGE,
    Accepted,
    Answer,
    Checksummed,
    Failed,
    Hashed,
    Probed,
    Request,
    Result,
    Task,
    Working,
    framed,
    read_answer,
)
from core.media.video import VideoInfo

TIMEOUT_SECONDS = 600.0
START_SECONDS = 60.0
GOODBYE_SECONDS = 5.0
FILES_A_WORKER = 1000  # then a fresh one takes over, so that what a decoder leaks stays bounded
ATTEMPTS = 3  # to find a worker that lives long enough to take the file


class WorkerLostError(Exception):
    """The worker ended before it took the request; another may take it."""


class MediaPool:
    """Runs the functions of `core.media` in worker processes; `async with` it, and nothing stays behind.

    `workers` is how many at most, 0 for one a core. `ffmpeg` names the program to take video frames with, "" for
    PyAV. `timeout_seconds` bounds the work on one file; for checksums, the time without a byte read. A task that
    is cancelled while it waits ends the worker it waits for.
    """

    def __init__(self, *, workers: int = 0, ffmpeg: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.workers = workers if workers > 0 else _cores()
        self._ffmpeg = ffmpeg
        self._timeout = timeout_seconds
        self._places = asyncio.Semaphore(self.workers)
        self._idle: list[_Worker] = []
        self._alive: set[_Worker] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every worker at once; a request still under way raises JobCancelledError."""
        self._is_closed = True
        for worker in list(self._alive):
            self._drop(worker)
        if self._ending:
            _, stuck = await asyncio.wait(self._ending, timeout=GOODBYE_SECONDS)
            for (
                task
            ) in stuck:  # a read from a share that hangs cannot be ended; the process goes when the share answers
                task.cancel()

    async def checksums(self, path: Path | str, *, on_read: Callable[[int], None] | None = None) -> Checksums:
        """See `core.media.checksums.checksums`; `on_read` is called about once a second here."""
        result = await self._run(Task.CHECKSUMS, path, on_read=on_read)
        assert isinstance(result, Checksummed)
        return result.value

    async def image_phash(self, path: Path | str) -> int:
        """See `core.media.phash.image_phash`."""
        result = await self._run(Task.IMAGE_PHASH, path)
        assert isinstance(result, Hashed)
        return result.value

    async def video_phash(self, path: Path | str, duration: float | None = None) -> int:
        """See `core.media.video.video_phash`."""
        result = await self._run(Task.VIDEO_PHASH, path, duration=duration)
        assert isinstance(result, Hashed)
        return result.value

    async def probe(self, path: Path | str) -> VideoInfo:
        """See `core.media.video.probe`."""
        result = await self._run(Task.PROBE, path)
        assert isinstance(result, Probed)
        return result.value

    async def _run(
        self,
        task: Task,
        path: Path | str,
        *,
        duration: float | None = None,
        on_read: Callable[[int], None] | None = None,
    ) -> Result:
        """One request on some worker. Raises what the function would, DecodeError when the worker dies over it."""
        if self._is_closed:
            raise RuntimeError("the media pool is closed")
        request = Request(task, os.fsencode(Path(path).absolute()), duration, self._ffmpeg)
        async with self._places:
            for _ in range(ATTEMPTS):
                worker = await self._worker()
                try:
                    self._refuse_when_closed()
                    result = await worker.ask(request, path, self._timeout, on_read)
                except WorkerLostError:
                    self._drop(worker)
                    reason = worker.last_words()
                except asyncio.CancelledError:
                    self._drop(worker)
                    raise
                except BaseException:
                    self._drop(worker)
                    self._refuse_when_closed()
                    raise
                else:
                    self._keep(worker)
                    return _raised(result, path)
            raise WinnowError(f"the helper process that reads media cannot run ({reason}); install Winnow again")

    async def _worker(self) -> _Worker:
        self._refuse_when_closed()
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            self._drop(worker)
        worker = await _Worker.started()
        self._alive.add(worker)
        return worker

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise JobCancelledError("hashing was stopped; it goes on with the next scan")

    def _keep(self, worker: _Worker) -> None:
        if worker.served < FILES_A_WORKER and not self._is_closed:
            self._idle.append(worker)
        else:
            self._drop(worker)

    def _drop(self, worker: _Worker) -> None:
        """End the worker; it is waited for in the background, at the latest when the pool closes."""
        if worker not in self._alive:
            return
        self._alive.discard(worker)
        worker.kill()
        task = asyncio.create_task(worker.ended())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """One worker process and the conversation with it."""

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self.served = 0

    @classmethod
    async def started(cls) -> _Worker:
        """Start one, in a session of its own: the keyboard's Ctrl+C does not reach it. Raises WinnowError."""
        root = str(Path(core.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "core.media.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **single, "PYTHONPATH": os.pathsep.join(paths)},
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
        return cls(process, errors)

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None

    def kill(self) -> None:
        """End it at once, with whatever it started."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until it is gone and its pipes are closed."""
        await self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.wait_closed()
        self._errors.close()

    def last_words(self) -> str:
        """The last line it wrote to its error output."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no reason given"

    async def ask(
        self, request: Request, path: Path | str, timeout: float, on_read: Callable[[int], None] | None
    ) -> Result:
        """The result of one request. Raises WorkerLostError when it was dead before, DecodeError when it dies now."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(framed(request))
            async with asyncio.timeout(START_SECONDS):
                await self._process.stdin.drain()
                await self._message()
        except (OSError, EOFError) as error:  # TimeoutError is an OSError
            raise WorkerLostError from error
        self.served += 1
        try:
            while True:
                async with asyncio.timeout(timeout):
                    answer = await self._message()
                if not isinstance(answer, Working | Accepted):
                    return answer
                if on_read is not None and isinstance(answer, Working):
                    on_read(answer.done)
        except TimeoutError as error:
            words = f"took longer than {timeout:.0f} s and was given up; look at it with a player"
            raise DecodeError(words, path=path) from error
        except (OSError, EOFError) as error:
            self.kill()  # it has ended, or no longer says anything that can be understood
            code = await self._process.wait()
            how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            words = f"ended the process that read it ({how}); it is damaged, or memory ran out"
            raise DecodeError(words, path=path) from error

    async def _message(self) -> Answer:
        """The next message. Raises EOFError where the output ends or makes no sense, OSError on a broken pipe."""
        assert self._process.stdout is not None
        (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        if length > MAX_MESSAGE:
            raise EOFError
        try:
            return read_answer(await self._process.stdout.readexactly(length))
        except msgspec.DecodeError as error:
            raise EOFError from error


def _raised(result: Result, path: Path | str) -> Result:
    """The result, unless it is a failure: that is raised as the error it was in the worker."""
    if not isinstance(result, Failed):
        return result
    if result.kind == ConfigError.__name__:
        raise ConfigError(result.message)
    kind = UnreadableFileError if result.kind == UnreadableFileError.__name__ else DecodeError
    raise kind(result.message, path=path)
