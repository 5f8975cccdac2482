"""How long the commands take that a person waits for."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Figure, print_table

from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, Reason, Status
from core.model.stash_boxes import Candidate, RemoteFingerprint
from core.store import recommendation_drafts
from core.store.database import Database
from core.store.recommendation_drafts import Detail, Draft

WINNOW = str(Path(sys.executable).with_name("winnow"))


def timed(arguments: list[str], environment: dict[str, str], times: int = 10) -> float:
    """The median wall time of a command in seconds. Raises when it fails."""
    seconds = []
    for _ in range(times):
        started = time.monotonic()
        subprocess.run([WINNOW, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds)


async def fill(path: Path, count: int) -> None:
    """A database with that many pending recommendations, each with a candidate of ten fingerprints."""
    prints = tuple(RemoteFingerprint(Algorithm.PHASH, (1 << 63) + number, 600, 3, 0) for number in range(10))
    async with Database.open(path) as database:
        for start in range(0, count, 5000):
            drafts = [_draft(number, prints) for number in range(start, min(start + 5000, count))]
            async with database.write() as tx:
                await recommendation_drafts.put(tx, drafts, now=time.time())


def _draft(number: int, prints: tuple[RemoteFingerprint, ...]) -> Draft:
    candidate = Candidate("http://127.0.0.1:9/graphql", f"entry-{number}", f"Entry {number}", fingerprints=prints)
    evidence = Evidence(number, f"file {number}.mp4", (), 2, 2, 100.0, 600.0, 600, 0)
    detail = Detail(candidate, evidence, (Reason("match_count", is_met=True, text="2 of 2"),), f"/data/{number}.mp4")
    score = 50 + number % 50
    return Draft(
        id=None,
        status=Status.PENDING,
        scene_id=number,
        detail=detail,
        score=score,
        group_score=score,
        is_high_confidence=number % 2 == 0,
        is_ambiguous=False,
        is_offered=True,
        local_title=f"Scene {number}",
        decided_at=None,
    )


def run() -> None:
    """Help, and a page of a long list."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.toml").touch()
        asyncio.run(fill(place / "winnow.db", 100_000))
        environment = dict(os.environ, WINNOW_CONFIG=str(place / "config.toml"), WINNOW_DATA_DIR=str(place))
        help_time = timed(["--help"], environment)
        list_time = timed(["list", "matching", "--limit", "50"], environment)
    print_table(
        "Commands",
        "median of 10 runs, warm disk, 100,000 recommendations",
        [
            Figure("winnow --help", f"{help_time:.3f} s", "<= 0.3 s", help_time <= 0.3),
            Figure("winnow list matching --limit 50", f"{list_time:.3f} s", "<= 0.5 s", list_time <= 0.5),
        ],
    )
