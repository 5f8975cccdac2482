"""A Winnow of its own process that removes records from a Stash, or takes that back, and kills itself in the middle.

Takes url, api_key, files, data, batch (0: plan and carry out; else take that one back), step and nth
(which recorded step, the how many-th of its name, is the last).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stash_cases import bench_over
from victims import die


async def run(**given: Any) -> None:
    seen = 0

    def on_step(name: str, _: object) -> None:
        nonlocal seen
        seen += name == given["step"]
        if seen == given["nth"]:
            die()

    where = (given["url"], given["api_key"], Path(given["files"]), Path(given["data"]))
    async with bench_over(*where, on_step=on_step) as bench:
        if given["batch"]:
            await bench.ledger.undo_batch(given["batch"])
        else:
            await bench.apply(await bench.three())
