"""One matching scan in a process of its own: prints what it cost as JSON. Arguments: configuration, data folder."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from memory import peak_mib

from core.config import load_settings
from core.runtime import open_runtime


async def scan(config: Path, data_dir: Path) -> dict[str, object]:
    """Scan and measure: seconds of wall and of CPU, peak memory in MiB, and the report."""
    started, cpu = time.monotonic(), time.process_time()
    async with open_runtime(load_settings(config), data_dir=data_dir) as runtime:
        report = await runtime.matching.scan()
    result = report.as_result()
    return {
        "wall": time.monotonic() - started,
        "cpu": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "fullness": [run.fullness for run in report.endpoints],
        "requests": result["requests"],
        "looked_up": result["looked_up"],
        "pending": report.pending,
        "errors": [run.error for run in report.endpoints if run.error],
    }


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(asyncio.run(scan(Path(sys.argv[1]), Path(sys.argv[2])))))
