"""The review over 100,000 pictures that wait: opening, keys, order, filter, memory."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench_tui_list import WORKER, list_figures
from harness import print_table, run_worker
from review_store import ROWS, fill


def run() -> None:
    """Print the figures; the list in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder) / "winnow.db"))
        found = run_worker(WORKER, "intake", folder)
    print_table(f"Review of {ROWS:,} pictures", "120 x 40, pictures off, real store, headless", list_figures(found))
