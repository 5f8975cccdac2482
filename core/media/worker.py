"""A media worker: a process of its own that hashes one file at a time, so that a decoder's death costs one file.

Started by `pool` as `python -m core.media.worker` in a session of its own. It ends, with anything it started, as soon
as its input ends: also when the process that started it was killed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import threading
import time
from pathlib import Path
from queue import SimpleQueue

from core.errors import ConfigError, MediaError
from core.media.worker_messages import (
    LENGTH,
    Accepted,
    Answer,
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
    Working,
    framed,
    read_request,
)

NICENESS = 10
OOM_SCORE = "500"  # of 1000: the kernel, short of memory, ends a worker before a server
WORKING_INTERVAL = 1.0  # seconds
HOLD_SECONDS = 0.2  # at most, where a request takes longer


def main() -> None:
    """Serve requests until the input ends."""
    source, sink = os.dup(0), os.dup(1)
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)  # nothing a library reads or prints may enter the conversation
    os.dup2(silence, 1)
    _step_back()
    requests: SimpleQueue[Request] = SimpleQueue()
    answers = _Answers(sink)
    threading.Thread(target=_receive, args=(source, requests, answers), daemon=True).start()
    while True:
        if requests.empty():
            answers.send()
        request = requests.get()
        answers.hold(Accepted())
        if requests.empty():
            answers.send()
        answers.hold(_answer(request, answers))


def _step_back() -> None:
    """Yield the processor and the memory to everything else on the machine; leave no core dumps."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _receive(source: int, requests: SimpleQueue[Request], answers: _Answers) -> None:
    """Hand over what arrives, and see to it that no answer is held for long.

    At the end of the input end this process and what it started, whatever it is doing.
    """
    try:
        while True:
            patience = None if requests.empty() else HOLD_SECONDS
            if not select.select([source], [], [], patience)[0]:
                answers.send()
                continue
            head = _read_exactly(source, LENGTH.size)
            if not head:
                break
            requests.put(read_request(_read_exactly(source, LENGTH.unpack(head)[0])))
    finally:
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(0)


def _read_exactly(source: int, count: int) -> bytes:
    """`count` bytes, or none at the end of the input."""
    data = b""
    while len(data) < count:
        piece = os.read(source, count - len(data))
        if not piece:
            return b""
        data += piece
    return data


class _Answers:
    """What the pool is to hear. While it has more to do, the worker holds answers for a moment: each message sent
    wakes the pool, and costs it as much as ten that come together."""

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._held = bytearray()
        self._writing = threading.Lock()

    def hold(self, answer: Answer) -> None:
        """Keep one answer for now."""
        with self._writing:
            self._held += framed(answer)

    def send(self) -> None:
        """Write what is held, whole; a pool that is gone is noticed by the reading thread."""
        with self._writing, contextlib.suppress(BrokenPipeError):
            data = memoryview(bytes(self._held))
            self._held.clear()
            while data:
                data = data[os.write(self._sink, data) :]


def _answer(request: Request, answers: _Answers) -> Result:
    """Do the work; every error of a file becomes a `Failed`."""
    path = Path(os.fsdecode(request.path))
    try:
        return _work(request, path, answers)
    except (MediaError, ConfigError) as error:
        return Failed(type(error).__name__, str(error).removeprefix(f"{path}: "))
    except Exception as error:  # noqa: BLE001 - the worker's boundary: a decoder may raise anything over hostile bytes
        return Failed("DecodeError", f"cannot be decoded ({type(error).__name__}: {error}); look at it by hand")


def _work(request: Request, path: Path, answers: _Answers) -> Result:
    """Each kind of work loads what it needs: a worker is to be quick at its first file."""
    match request.task:
        case Task.CHECKSUMS:
            from core.media.checksums import checksums

            return Checksummed(checksums(path, on_read=_Heartbeat(answers)))
        case Task.IMAGE_PHASH:
            from core.media.phash import image_phash

            return Hashed(image_phash(path))
        case Task.VIDEO_PHASH:
            from core.media.video import video_phash

            return Hashed(video_phash(path, request.duration, request.ffmpeg or None))
        case Task.PROBE:
            from core.media.video import probe

            return Probed(probe(path))
        case Task.IMAGE:
            from core.media.image import look_at_image

            return Looked(look_at_image(path, is_fast=request.is_fast, wants_second=request.wants_second))
        case Task.ERROR:
            return Measured(_error(request, path))
        case Task.THUMBNAIL:
            from core.media.thumbnail import thumbnail

            return Pictured(thumbnail(path, request.at, ffmpeg=request.ffmpeg))


def _error(request: Request, path: Path) -> float:
    from core.media.frame_difference import image_error, video_error

    other = Path(os.fsdecode(request.other))
    if request.duration is None or request.other_duration is None:
        return image_error(path, other)
    return video_error(path, other, (request.duration, request.other_duration), ffmpeg=request.ffmpeg)


class _Heartbeat:
    """Tells the pool now and then that a large file is still being read."""

    def __init__(self, answers: _Answers) -> None:
        self._answers = answers
        self._next = time.monotonic() + WORKING_INTERVAL

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + WORKING_INTERVAL
            self._answers.hold(Working(done))
            self._answers.send()


if __name__ == "__main__":
    main()
