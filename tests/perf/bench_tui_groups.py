"""The list of 20,000 groups over 100,000 files, and four pictures side by side."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench_tui_list import list_figures
from groups_store import GROUPS, MEMBERS, fill
from harness import Figure, print_table, run_worker


def run() -> None:
    """Print the figures; list and comparison in processes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder) / "winnow.db"))
        found = run_worker("list_worker", "duplicates", folder)
    title = f"List of {GROUPS:,} groups of {GROUPS * MEMBERS:,} files"
    print_table(title, "120 x 40, pictures off, real store, headless", list_figures(found))
    with tempfile.TemporaryDirectory() as folder:
        shown = run_worker("compare_worker", folder)
    warm, keys = shown["warm"], shown["keys"]
    print_table(
        "Four pictures of 12 megapixels side by side",
        "120 x 40, half-blocks, from key to the last picture",
        [
            Figure("cold", f"{shown['cold']:.0f} ms"),
            Figure(
                "warm", f"{warm[len(warm) // 2]:.0f} ms, slowest of 15 {warm[-1]:.0f}", "<= 150 ms", warm[-1] <= 150
            ),
            Figure("longest pause of the loop", f"{shown['pause']:.0f} ms", "< 100 ms", shown["pause"] < 100),
            Figure("keys while pictures are decoded", f"{keys[len(keys) // 2]:.0f} ms, slowest {keys[-1]:.0f}"),
        ],
    )
