"""The cost of a scan: memory, CPU, fullness of requests, the incremental run, latency and pace."""

from __future__ import annotations

import asyncio
import itertools
import logging
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import Figure, demo_process, print_table, run_worker

from core.config import load_settings
from core.demo.world import DemoWorld
from core.matching.lookup import PARALLEL_REQUESTS
from core.runtime import open_runtime

WORKER = "scan_worker"


def scan_of(world: dict[str, Any], data_dir: Path) -> dict[str, Any]:
    """One scan over a running world."""
    return run_worker(WORKER, world["config"], str(data_dir))


def large(scenes: int = 100_000) -> None:
    """100,000 scenes, three of ten unlinked, two endpoints, no limit, no latency; then again with nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with demo_process(
            place / "world", "--scenes", str(scenes), "--no-media", "--rate", "0", "--no-variables"
        ) as world:
            first = scan_of(world, place / "data")
            second = scan_of(world, place / "data")
    per_scene = 1000 * first["cpu"] / (first["looked_up"] / 2)
    fullness = 100 * min(first["fullness"])
    share = 100 * second["wall"] / first["wall"]
    print_table(
        f"Scan of {scenes:,} scenes",
        f"{first['looked_up']:,} look-ups at two endpoints in {first['requests']:,} requests, "
        f"{first['wall']:.1f} s wall, {first['cpu']:.1f} s CPU, {first['pending']:,} pending, "
        f"errors: {first['errors'] or 'none'}",
        [
            Figure("peak memory", f"{first['peak_mib']:.0f} MiB", "< 250 MiB", first["peak_mib"] < 250),
            Figure("client CPU a looked-up scene", f"{per_scene:.2f} ms", "< 2 ms", per_scene < 2),
            Figure("fullness of requests", f"{fullness:.1f} %", ">= 95 %", fullness >= 95),
            Figure("second run: requests", str(second["requests"]), "0", second["requests"] == 0),
            Figure("second run: time", f"{second['wall']:.2f} s, {share:.1f} % of the first", "< 10 %", share < 10),
        ],
    )


def latency(scenes: int = 60_000, seconds: float = 0.05) -> None:
    """How near a scan comes to a network that is never idle, at 50 ms an answer."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        arguments = ("--scenes", str(scenes), "--no-media", "--rate", "0", "--no-variables")
        with demo_process(place / "world", *arguments, "--latency", str(seconds)) as world:
            measured = run_worker("lookup_worker", world["config"], str(place / "data"))
    ideal = measured["requests"] / 2 * seconds / PARALLEL_REQUESTS
    ratio = measured["lookup_wall"] / ideal
    print_table(
        f"Look-ups with {1000 * seconds:.0f} ms latency",
        f"{scenes:,} scenes, {measured['requests']} requests at two endpoints, {PARALLEL_REQUESTS} at once at each",
        [
            Figure(
                "look-ups",
                f"{measured['lookup_wall']:.2f} s",
                "<= 1.3 x as long",
                ratio <= 1.3,
                f"requests x latency / {PARALLEL_REQUESTS} at once: {ideal:.2f} s",
                f"{ratio:.2f} x as long",
            ),
        ],
    )


async def _sent_times(scenes: int) -> dict[str, list[float]]:
    """Scan in this process and give when each look-up reached its server."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with DemoWorld.open(place / "world", scenes=scenes, media=False) as world:
            for server in world.servers:
                server.log.keep_variables = False
            settings = load_settings(world.config_path)
            async with open_runtime(settings, data_dir=place / "data") as runtime:
                await runtime.matching.scan()
            return {
                box.title: [request.at for request in box.log.of("findScenesBySceneFingerprints")]
                for box in world.boxes
            }


def pace(scenes: int = 40_000) -> None:
    """240 requests a minute at each endpoint: never more in any 60 s, never idle for long. Takes about 80 s."""
    times = asyncio.run(_sent_times(scenes))
    rows: list[Figure] = []
    for name, sent in times.items():
        most = max(sum(1 for at in sent if start <= at < start + 60) for start in sent)
        gap = max((after - before for before, after in itertools.pairwise(sent)), default=0.0)
        rows.append(Figure(f"{name}: most in any 60 s", str(most), "<= 240", most <= 240))
        rows.append(Figure(f"{name}: longest gap", f"{gap:.2f} s", "<= 1 s", gap <= 1))
    span = max(sent[-1] - sent[0] for sent in times.values())
    print_table("Pace of 240 a minute", f"{sum(map(len, times.values()))} requests in {span:.0f} s", rows)


def run() -> None:
    """All of them."""
    logging.disable()
    started = time.monotonic()
    large()
    latency()
    pace()
    print(f"\n  scan benchmarks took {time.monotonic() - started:.0f} s")
