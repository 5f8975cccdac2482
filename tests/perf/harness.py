"""What every benchmark shares: figures, the table they are printed in, and a demo world in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its goal. `is_met` None: no goal, a figure for comparison."""

    name: str
    measured: str
    goal: str = ""
    is_met: bool | None = None


def print_table(title: str, conditions: str, figures: list[Figure]) -> None:
    """Print figures as they are read: what, measured, goal, met or missed."""
    print(f"\n{title}\n  {conditions}")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.is_met]
        goal = f"goal {figure.goal}" if figure.goal else ""
        print(f"  {figure.name:<{width}}  {figure.measured:<28} {goal:<34} {verdict}".rstrip(), flush=True)


@contextmanager
def demo_process(directory: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """A demo world in another process, so that its work does not count as ours; its description."""
    command = [sys.executable, "-m", "core.demo", "--dir", str(directory), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def run_worker(name: str, *arguments: str) -> dict[str, Any]:
    """Run a measured script of this folder in a fresh process; the JSON it printed."""
    script = str(Path(__file__).with_name(f"{name}.py"))
    finished = subprocess.run(
        [sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True, check=True, timeout=1800
    )
    result: dict[str, Any] = json.loads(finished.stdout)
    return result
