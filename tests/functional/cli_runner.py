"""Runs `winnow`: in this process, as a process of its own, or with a terminal around it."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tui.cli import main

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a user who has nothing but a home folder."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **extra}


async def winnow(home: Path, *words: str | Path, program: Sequence[str] = ("-m", "tui"), **env: str) -> Ran:
    """Run a command without a terminal and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        *map(str, words),
        env=environment(home, **env),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def command(home: Path, *words: str | Path, **env: str) -> Ran:
    """Run a command in a thread of this process, without a terminal, and wait for its end; one at a time.

    It is the whole way from the arguments to the exit status; only the interpreter's own start is spared.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WINNOW_", "XDG_"))]:
            patch.delenv(name)
        for name, value in {"HOME": str(home), **env}.items():
            patch.setenv(name, value)
        for name, stream in (("stdin", io.StringIO()), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, stream)
        async with asyncio.timeout(DEADLINE_SECONDS):
            status = await asyncio.to_thread(main, [str(word) for word in words])
    return Ran(status, out.getvalue(), err.getvalue())


def _take_terminal() -> None:
    """Make the terminal on stdin the controlling one, so that Ctrl-C in it is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command with a terminal of its own: wait for what it shows, type, look at how it ended."""

    def __init__(self, home: Path, *words: str | Path, program: Sequence[str] = ("-m", "tui"), **env: str) -> None:
        self._master, slave = pty.openpty()
        self.shown = ""
        self._process = subprocess.Popen(
            [sys.executable, *program, *map(str, words)],
            env=environment(home, TERM="xterm-256color", **env),
            cwd=home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,  # one system call, no lock of ours is held meanwhile
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.hang_up()

    async def expect(self, text: str) -> None:
        """Wait until `text` is shown, after what was expected before."""
        await asyncio.to_thread(self._read_until, text)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, (text + "\n").encode())

    def press(self, key: bytes) -> None:
        """Press one key."""
        os.write(self._master, key)

    def hang_up(self) -> None:
        """Close the terminal."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    async def ended(self) -> int:
        """The exit status of a command whose terminal was closed."""
        return await asyncio.to_thread(self._process.wait, DEADLINE_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        self._process.send_signal(number)

    async def end(self) -> int:
        """The exit status, once everything shown was read."""
        await asyncio.to_thread(self._read_until, None)
        return self._process.wait(DEADLINE_SECONDS)

    def _read_until(self, text: str | None) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while text is None or text not in self.shown:
            assert select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0], (text, self.shown)
            try:
                read = os.read(self._master, 65536)
            except OSError:  # the other side is closed
                read = b""
            if not read:
                assert text is None, (text, self.shown)
                return
            self.shown += re.sub(r"\r\n", "\n", read.decode(errors="replace"))
        self.shown = self.shown[self.shown.index(text) + len(text) :]
