"""Many downloads over loopback, beside curl on the same list in the same run."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import Figure, print_table, run_worker

COUNT = 500
PARALLEL = 8
ROUNDS = 5
GOAL = 1.5
MEGABYTE = 1_000_000


@contextmanager
def serving(count: int) -> Iterator[str]:
    """The site in a process of its own; the address below which its pictures are."""
    command = [sys.executable, str(Path(__file__).with_name("download_server.py")), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def curl(program: str, base: str, folder: Path) -> float:
    """Wall seconds curl takes for the list, its start included."""
    listed = folder / "list"
    listed.write_text(
        "".join(f'url = "{base}{n:04}.jpg"\noutput = "{folder}/{n:04}.jpg"\n' for n in range(COUNT)), encoding="utf-8"
    )
    command = [program, "--silent", "--parallel", "--parallel-max", str(PARALLEL), "--config", str(listed)]
    began = time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    taken = time.monotonic() - began
    got = sum(path.stat().st_size for path in folder.glob("*.jpg"))
    assert got == COUNT * MEGABYTE, f"curl got {got} bytes"
    return taken


def run() -> None:
    """Turn by turn, so that both meet the same machine; what one left to be written is written before the other."""
    program = shutil.which("curl")
    ours: list[float] = []
    theirs: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as place, serving(COUNT) as base:
        for number in range(ROUNDS):
            folder = Path(place) / str(number)
            for part in ("ours", "theirs"):
                (folder / part).mkdir(parents=True)
            os.sync()
            measured = run_worker("download_worker", base, str(COUNT), str(PARALLEL), str(folder / "ours"))
            assert measured["bytes"] == COUNT * MEGABYTE
            ours.append(measured["wall"])
            cpu.append(measured["cpu"])
            os.sync()
            if program is not None:
                theirs.append(curl(program, base, folder / "theirs"))
            shutil.rmtree(folder)
    wall = statistics.median(ours)
    rate = COUNT * MEGABYTE / wall / 1e6
    name = "looked at, on the disk and in place"
    words = f"{wall:.2f} s, {rate:.0f} MB/s, {statistics.median(cpu):.2f} s CPU"
    if program is None:
        figures = [Figure(name, words, f"<= {GOAL} x as long", None, "curl is not installed")]
    else:
        other = statistics.median(theirs)
        ratio = wall / other
        peer = f"curl --parallel {other:.2f} s, {COUNT * MEGABYTE / other / 1e6:.0f} MB/s"
        figures = [Figure(name, words, f"<= {GOAL} x as long", ratio <= GOAL, peer, f"{ratio:.2f} x as long")]
    print_table(
        f"{COUNT} downloads of 1 MB",
        f"loopback, {PARALLEL} at a time, median of {ROUNDS} rounds; ours are flushed to disk and looked at, "
        "curl's are not",
        figures,
    )
