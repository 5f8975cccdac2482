"""A scan whose look-ups alone are timed; prints JSON. Arguments: configuration, data folder."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from core.config import load_settings
from core.job import Progress
from core.runtime import open_runtime


async def scan(config: Path, data_dir: Path) -> dict[str, object]:
    """Scan, and measure how long the look-ups took, from the first to the end."""
    phases: list[tuple[str, float]] = []

    def listen(progress: Progress) -> None:
        if not phases or phases[-1][0] != progress.message:
            phases.append((progress.message, time.monotonic()))

    async with open_runtime(load_settings(config), data_dir=data_dir) as runtime:
        runtime.jobs.subscribe(listen)
        report = await runtime.matching.scan()
        ended = time.monotonic()
    begun = next(at for message, at in phases if message == "asking the stash-boxes")
    return {"lookup_wall": ended - begun, "requests": report.as_result()["requests"]}


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(asyncio.run(scan(Path(sys.argv[1]), Path(sys.argv[2])))))
