"""One media worker process, and the conversation of the pool with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import msgspec

import core
from core.errors import DecodeError, WinnowError
from core.media.messages import (
    LENGTH,
    MAX_MESSAGE,
    Accepted,
    Answer,
    Request,
    Result,
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
    """The worker ended before it took the request; another may take it."""


class Worker:
    """One worker process and the conversation with it."""

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self.served = 0

    @classmethod
    async def started(cls) -> Worker:
        """Start one, in a session of its own: the keyboard's Ctrl+C does not reach it. Raises WinnowError."""
        root = str(Path(core.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        try:
            process = await asyncio.create_subprocess_exec(
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
