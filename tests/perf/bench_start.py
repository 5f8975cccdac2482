"""How long `winnow` takes from the command to a dashboard with its figures, in a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from harness import Figure, demo_process, print_table, run_worker

WINNOW = str(Path(sys.executable).with_name("winnow"))
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


def seconds_until(words: bytes, arguments: list[str], environment: dict[str, str]) -> float:
    """Start the app in a terminal of 120 x 40 and wait for words on it. Raises TimeoutError."""
    started = time.monotonic()
    process, terminal = pty.fork()
    if process == 0:
        os.execve(WINNOW, [WINNOW, *arguments], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    try:
        while words not in _CONTROL.sub(b"", seen):
            if time.monotonic() - started > 30:
                raise TimeoutError(f"the dashboard never came: {seen[-500:]!r}")
            if select.select([terminal], [], [], 0.005)[0]:
                seen += os.read(terminal, 65536)
        return time.monotonic() - started
    finally:
        os.kill(process, signal.SIGTERM)
        ended = False
        while not ended:
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    os.read(terminal, 65536)
                except OSError:
                    break
            ended = os.waitpid(process, os.WNOHANG)[0] == process
        os.close(terminal)


def run() -> None:
    """Ten starts over a scanned demo world, and what importing Textual alone takes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with demo_process(place / "world", "--no-media", "--rate", "0") as world:
            run_worker("scan_worker", world["config"], str(place / "data"))
            environment = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor", HOME=folder)
            arguments = ["--config", world["config"], "--data-dir", str(place / "data")]
            times = [seconds_until(b"wait for a decision", arguments, environment) for _ in range(11)][1:]
        bare = []
        for _ in range(5):
            started = time.monotonic()
            subprocess.run([sys.executable, "-c", "import textual.app, textual.widgets"], check=True)
            bare.append(time.monotonic() - started)
    median = statistics.median(times)
    print_table(
        "Start",
        "command to dashboard with its figures, 10 starts in a terminal of 120 x 40, warm disk",
        [
            Figure(
                "median",
                f"{median:.2f} s, slowest {max(times):.2f} s",
                "<= 1.0 s",
                median <= 1.0,
                f"python and textual alone {statistics.median(bare):.2f} s",
                f"{median / statistics.median(bare):.1f} x as long",
            ),
        ],
    )
