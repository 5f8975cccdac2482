"""Measured: one run of the intake over what was handed over before, in a process of its own; prints JSON.

intake_worker.py add|run CONFIG DATA [PATH...]   |   intake_worker.py known COUNT DATA
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from memory import peak_mib

from core.config import load_settings
from core.model.incoming import Known
from core.runtime import open_runtime
from core.store import intake_known
from core.store.database import Database

_LOOKED_UP = 2000


async def feed(does: str, config: str, data: str, *paths: str) -> dict[str, Any]:
    async with open_runtime(load_settings(Path(config)), data_dir=Path(data)) as runtime:
        start = time.perf_counter()
        if does == "add":
            reports = await runtime.intake.add(paths)
            return {"added": len(reports), "seconds": time.perf_counter() - start, "peak": peak_mib()}
        report = await runtime.intake.run()
        return {**report.as_result(), "seconds": time.perf_counter() - start, "peak": peak_mib()}


async def known(count: str, data: str) -> dict[str, Any]:
    """Look contents up among so many known ones: half of them are known."""
    number = int(count)
    async with Database.open(Path(data)) as database:
        for start in range(0, number, 50_000):
            rows = [(_hash(one), f"/library/{one % 1000}/{one}.jpg", 1.0) for one in range(start, start + 50_000)]
            async with database.write() as tx:
                await intake_known.remember(tx, Known.LIBRARY, rows)
        took: list[float] = []
        for one in range(_LOOKED_UP):
            wanted = one * (number // _LOOKED_UP) if one % 2 else number + one
            start_at = time.perf_counter()
            async with database.read() as reader:
                found = await intake_known.places(reader, _hash(wanted), md5=b"5" * 16, than=1)
            took.append(time.perf_counter() - start_at)
            assert bool(found) == bool(one % 2)
    took.sort()
    return {"mean": 1000 * sum(took) / len(took), "slow": 1000 * took[len(took) * 99 // 100], "peak": peak_mib()}


def _hash(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


if __name__ == "__main__":
    work = known(*sys.argv[2:]) if sys.argv[1] == "known" else feed(*sys.argv[1:])
    print(json.dumps(asyncio.run(work)))
