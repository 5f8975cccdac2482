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
    """One measured figure beside its goal. `is_met` None: no goal, a figure for comparison.

    `peer` is what another program took in the same run, `ratio` how many times better Winnow is, unless it says else.
    """

    name: str
    measured: str
    goal: str = ""
    is_met: bool | None = None
    peer: str = ""
    ratio: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of the table."""
        return (self.name, self.measured, self.goal, self.peer, self.ratio, _VERDICTS[self.is_met])


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that were measured under the same conditions."""

    title: str
    conditions: str
    figures: list[Figure]


_VERDICTS = {True: "met", False: "MISSED", None: ""}
_HEAD = ("figure", "measured", "goal", "peer in the same run", "ratio", "")
_printed: list[Section] = []


def print_table(title: str, conditions: str, figures: list[Figure]) -> None:
    """Print figures as soon as they are there; they are kept for the whole table."""
    section = Section(title, conditions, figures)
    _printed.append(section)
    _print([section])


def print_whole_table() -> None:
    """Print everything that was measured as one table, and how many goals were met."""
    figures = [figure for section in _printed for figure in section.figures]
    missed = [figure.name for figure in figures if figure.is_met is False]
    if len(_printed) > 1:
        _print(_printed)
    met = sum(figure.is_met is True for figure in figures)
    print(f"\n{len(figures)} figures; {met} goals met, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")


def _print(sections: list[Section]) -> None:
    rows = [_HEAD, *(figure.cells for section in sections for figure in section.figures)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(_HEAD))]

    def line(cells: tuple[str, ...]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    print(f"\n  {line(_HEAD)}\n  {'  '.join('-' * width for width in widths)}")
    for section in sections:
        print(f"{section.title} ({section.conditions})")
        for figure in section.figures:
            print(f"  {line(figure.cells)}", flush=True)


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
