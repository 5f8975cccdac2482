"""The list of matches over 100,000 recommendations: opening, keys, order, filter, memory, bytes; and a DataTable."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from harness import Figure, print_table, run_worker
from list_store import ROWS, fill

WORKER = "list_worker"


def run() -> None:
    """Print the figures; the list, the table and the terminal in processes of their own, each with its own peak."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder) / "winnow.db"))
        found = run_worker(WORKER, "matching", folder)
        held = run_worker(WORKER, "terminal", folder)
        table = run_worker(WORKER, "table", folder)
    figures = [
        *list_figures(found, table),
        *(
            Figure(
                f"bytes to the terminal for {key}, edges included",
                f"{median} B, p95 {p95}, max {worst}",
                "max < 4096 B",
                worst < 4096,
            )
            for key, (median, p95, worst) in held["bytes"].items()
        ),
        Figure("bytes to the terminal for a page", f"{held['page'][0]} B, max {held['page'][1]}"),
        Figure(
            f"j held for {held['seconds']:.0f} s, 30 a second: lag",
            f"{held['lag']:.0f} ms after the last key",
            "< 100 ms",
            held["lag"] < 100,
        ),
    ]
    print_table(f"List of {ROWS:,} matches", "120 x 40, pictures off, real store, headless but for the bytes", figures)


def list_figures(found: dict[str, Any], table: dict[str, Any] | None = None) -> list[Figure]:
    """What every list is held to; `table`: what Textual's DataTable takes for as many rows."""
    first, peak = found["first"], found["peak"]
    peers = ratios = ("", "")
    if table is not None:
        peers = (f"DataTable {_ms(table['settled'])}", f"DataTable {table['peak']:.0f} MiB")
        ratios = (f"{table['settled'] / first:.0f} x", f"{table['peak'] / peak:.1f} x")
    figures = [
        Figure("first opening, until rows are seen", _ms(first), "<= 200 ms", first <= 200, peers[0], ratios[0]),
        Figure("opening again", _ms(found["again"]), "<= 200 ms", found["again"] <= 200),
    ]
    for name, (median, p95, worst) in found["keys"].items():
        words = f"{median:.0f} ms, p95 {p95:.0f}, max {worst:.0f}"
        figures.append(Figure(f"{name}: key to repaint", words, "p95 < 50 ms", p95 < 50))
    for name, (median, worst) in found["changes"].items():
        figures.append(Figure(name, f"{median:.0f} ms, slowest {worst:.0f}", "< 500 ms", worst < 500))
    figures.append(Figure("peak memory of the app", f"{peak:.0f} MiB", "< 160 MiB", peak < 160, peers[1], ratios[1]))
    return figures


def _ms(value: float) -> str:
    return f"{value:.0f} ms"
