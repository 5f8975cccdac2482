"""A Winnow of its own process that removes records from a Stash, or takes that back, and kills itself in the middle.

Takes one JSON object: url, api_key, files, data, batch (0: plan and carry out; else take that one back), step and nth
(which recorded step, the how many-th of its name, is the last).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from stash_cases import bench_over


async def run(given: dict[str, Any]) -> None:
    seen = 0

    def on_step(name: str, _: object) -> None:
        nonlocal seen
        seen += name == given["step"]
        if seen == given["nth"]:
            os.kill(os.getpid(), signal.SIGKILL)

    where = (given["url"], given["api_key"], Path(given["files"]), Path(given["data"]))
    async with bench_over(*where, on_step=on_step) as bench:
        if given["batch"]:
            await bench.ledger.undo_batch(given["batch"])
        else:
            await bench.apply(await bench.three())


asyncio.run(run(json.loads(sys.argv[1])))
