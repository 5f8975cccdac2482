"""A process that moves a file and what goes with it, or takes that back, and kills itself in the middle.

Takes path, base, data, batch (0: plan and carry out; else take that one back), step and number: which
recorded step, or which function of `core.ledger.carrying` ("!" before its name: right after it), the how many-th time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from move_cases import bench_over, effects_for
from victims import die

import core.ledger.carrying


async def run(**given: Any) -> None:
    seen = 0

    def on_step(name: str, _: object = None) -> None:
        nonlocal seen
        seen += name == given["step"]
        if seen == given["number"]:
            die()

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
