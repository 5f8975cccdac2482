"""A process that moves a file and what goes with it, or takes that back, and kills itself in the middle.

Takes one JSON object: path, base, data, batch (0: plan and carry out; else take that one back), step and number: which
recorded step, or which function of `core.ledger.carrying` ("!" before its name: right after it), the how many-th time.
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

from move_cases import bench_over, effects_for

import core.ledger.carrying


async def run(given: dict[str, Any]) -> None:
    seen = 0

    def on_step(name: str, _: object = None) -> None:
        nonlocal seen
        seen += name == given["step"]
        if seen == given["number"]:
            os.kill(os.getpid(), signal.SIGKILL)

    name = given["step"].removeprefix("!")
    if hasattr(core.ledger.carrying, name):
        work = getattr(core.ledger.carrying, name)

        def dying(*args: Any, **more: Any) -> Any:
            on_step(name)
            found = work(*args, **more)
            on_step(f"!{name}")
            return found

        setattr(core.ledger.carrying, name, dying)
    async with bench_over(Path(given["data"]), on_step=on_step) as bench:
        if given["batch"]:
            await bench.ledger.undo_batch(given["batch"])
        else:
            await bench.apply(effects_for(Path(given["path"]), Path(given["base"])))


asyncio.run(run(json.loads(sys.argv[1])))
