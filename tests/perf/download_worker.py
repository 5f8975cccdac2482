"""Downloads a list, so many at a time: `python download_worker.py BASE COUNT PARALLEL FOLDER`; prints JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from core.intake.download import Downloader, Limits
from core.servers.http import Http


async def measure(base: str, count: int, parallel: int, folder: Path) -> dict[str, float]:
    """Wall and CPU seconds, after one download to load what is loaded once."""
    async with Http() as http:
        downloader = Downloader(http, Limits(allow_private=True, per_host=parallel))
        await downloader.fetch(f"{base}0000.jpg", folder, "first")
        numbers = iter(range(count))

        async def one_after_the_other() -> int:
            return sum([(await downloader.fetch(f"{base}{n:04}.jpg", folder, f"item-{n}")).size for n in numbers])

        began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        size = sum(await asyncio.gather(*(one_after_the_other() for _ in range(parallel))))
        wall, spent = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
    return {"wall": wall, "cpu": cpu, "user": spent.ru_utime - used.ru_utime, "bytes": size}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))))
