"""Hashing off the event loop: a bounded number of worker processes, each doing one file at a time.

A worker that dies over a file, or takes too long, costs that file alone and is replaced; what else it was handed is
asked of others. `concurrent.futures` is not
used because there the death of one process fails all work under way, and no single task can be stopped.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.errors import ConfigError, DecodeError, JobCancelledError, UnreadableFileError, WinnowError
from core.media.checksums import Checksums
from core.media.image import ImageLook
from core.media.video import VideoInfo
from core.media.worker_messages import (
    Checksummed,
    Failed,
    Hashed,
    Looked,
    Measured,
    Pictured,
    Probed,
    Request,
    Result,
    Task,
)
from core.media.worker_process import Worker, WorkerLostError
from core.media.worker_seats import AHEAD, Seat, Seats

TIMEOUT_SECONDS = 600.0
GOODBYE_SECONDS = 5.0
SMALL_BYTES = 16 << 20
ATTEMPTS = 3  # to find a worker that lives long enough to take the file


class MediaPool:
    """Runs the functions of `core.media` in worker processes; `async with` it, and nothing stays behind.

    `workers` is how many at most, 0 for one a core; `at_once` requests keep all of them busy. `ffmpeg` names the
    program to take video frames with, "" for PyAV. `timeout_seconds` bounds the work on one file; for checksums, the
    time without a byte read. A task that is cancelled while it waits ends the worker it waits for.
    """

    def __init__(self, *, workers: int = 0, ffmpeg: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.workers = workers if workers > 0 else _cores()
        self._ffmpeg = ffmpeg
        self._timeout = timeout_seconds
        self.at_once = self.workers * AHEAD
        self._seats = Seats(self.workers)
        self._alive: set[Worker] = set()
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
            for task in stuck:
                # A read from a share that hangs cannot be ended; the process goes when the share answers.
                task.cancel()

    async def checksums(
        self, path: Path | str, *, size: int | None = None, on_read: Callable[[int], None] | None = None
    ) -> Checksums:
        """See `core.media.checksums.checksums`; `on_read` is called about once a second here.

        `size` in bytes, where it is known: what is read within a moment shares a worker, as pictures do.
        """
        is_small = size is not None and size <= SMALL_BYTES
        result = await self._run(Task.CHECKSUMS, path, is_shared=is_small, on_read=on_read)
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

    async def image(self, path: Path | str, *, is_fast: bool = False, wants_second: bool = False) -> ImageLook:
        """See `core.media.image.look_at_image`."""
        result = await self._run(Task.IMAGE, path, is_shared=True, is_fast=is_fast, wants_second=wants_second)
        assert isinstance(result, Looked)
        return result.value

    async def error(
        self, path: Path | str, other: Path | str, durations: tuple[float | None, float | None] = (None, None)
    ) -> float:
        """How much two files differ, see `core.media.frame_difference`; `durations` in seconds for videos."""
        there = os.fsencode(Path(other).absolute())
        result = await self._run(Task.ERROR, path, duration=durations[0], other=there, other_duration=durations[1])
        assert isinstance(result, Measured)
        return result.value

    async def thumbnail(self, path: Path | str, at: float | None = None) -> bytes:
        """See `core.media.thumbnail.thumbnail`."""
        result = await self._run(Task.THUMBNAIL, path, at=at)
        assert isinstance(result, Pictured)
        return result.value

    async def _run(
        self,
        task: Task,
        path: Path | str,
        *,
        is_shared: bool = False,
        on_read: Callable[[int], None] | None = None,
        **more: Any,
    ) -> Result:
        """One request on some worker. Raises what the function would, DecodeError when the worker dies over it."""
        if self._is_closed:
            raise RuntimeError("the media pool is closed")
        place = os.fsencode(path if os.path.isabs(path) else Path(path).absolute())  # noqa: PTH117  once a file
        request = Request(task, place, ffmpeg=self._ffmpeg, **more)
        for _ in range(ATTEMPTS + is_shared):
            async with self._seats.taken(is_shared=is_shared) as seat:
                worker = await self._worker(seat)
                try:
                    return _raised(await self._asked(worker, request, path, on_read), path)
                except WorkerLostError:
                    is_shared = False  # alone from now on: whose fault it was is seen then
                    reason = worker.last_words()
        raise WinnowError(f"the helper process that reads media cannot run ({reason}); install Winnow again")

    async def _asked(
        self, worker: Worker, request: Request, path: Path | str, on_read: Callable[[int], None] | None
    ) -> Result:
        """The worker's result; one that did not give any is ended."""
        try:
            self._refuse_when_closed()
            return await worker.ask(request, path, self._timeout, on_read)
        except BaseException as error:
            self._drop(worker)
            if not isinstance(error, asyncio.CancelledError):
                self._refuse_when_closed()
            raise

    async def _worker(self, seat: Seat) -> Worker:
        """The worker at a place; a fresh one where there is none, or it is spent."""
        async with seat.starting:
            self._refuse_when_closed()
            worker = seat.fresh_enough
            if worker is None:
                if seat.worker is not None:
                    self._drop(seat.worker)
                seat.worker = worker = await Worker.started()
                self._alive.add(worker)
            return worker

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise JobCancelledError("hashing was stopped; it goes on with the next scan")

    def _drop(self, worker: Worker) -> None:
        """End the worker; it is waited for in the background, at the latest when the pool closes."""
        if worker not in self._alive:
            return
        self._alive.discard(worker)
        worker.drop()
        task = asyncio.create_task(worker.ended())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _raised(result: Result, path: Path | str) -> Result:
    """The result, unless it is a failure: that is raised as the error it was in the worker."""
    if not isinstance(result, Failed):
        return result
    if result.kind == ConfigError.__name__:
        raise ConfigError(result.message)
    kind = UnreadableFileError if result.kind == UnreadableFileError.__name__ else DecodeError
    raise kind(result.message, path=path)
