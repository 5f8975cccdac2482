"""Servers that fail at random while Winnow scans and accepts: no scan breaks, nothing is written twice, and once they
are well again the proposals are those of a first scan.
"""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random
from typing import Any

import pytest
import storm_victim
from checker import Checker
from kill_cases import links_of, take_everything_back
from ledger_cases import held
from matching_desk import desk_of, everything
from soaking import is_soaking
from storm import note
from tally import Tally

from core.demo.faults import Fault, FaultKind
from core.demo.graphql_http import DemoServer
from core.demo.world import DemoWorld
from core.errors import WinnowError
from core.model.recommendations import Status
from core.runtime import DATABASE_NAME, Runtime, ScanOptions

KINDS = [one for one in FaultKind if one not in (FaultKind.HUGE, FaultKind.SILENT)]
LISTS = ("findScenes", "findScenesBySceneFingerprints")
NAMES = ("", "", *LISTS, "sceneUpdate", "configuration")
STATUSES = (500, 502, 503, 504, 404, 413)


def trouble(server: DemoServer, chance: Random) -> list[Fault]:
    """A few faults for the next requests, and now and then latency."""
    server.faults.latency = chance.choice([0, 0, 0, 0.005, 0.03])
    return [_fault(server, chance) for _ in range(chance.randint(0, 3))]


def _fault(server: DemoServer, chance: Random) -> Fault:
    kind = chance.choice(KINDS)
    # A whole answer about one scene that lacks a link or an address is a lie that nobody can see through; the question
    # for one scene asks findScenes, too.
    names = LISTS[1:] if kind is FaultKind.WRONG_LENGTH else NAMES
    return server.faults.add(
        kind, times=chance.choice([1, 1, 2, 5]), only=chance.choice(names), status=chance.choice(STATUSES)
    )


async def one_round(runtime: Runtime, chance: Random) -> None:
    """A scan, or somebody who decides; words are what may come of a broken server, nothing else."""
    with suppress(WinnowError):
        await runtime.matching.scan(ScanOptions(is_full=chance.random() < 0.5))
    for _ in range(chance.randint(0, 2)):
        with suppress(WinnowError):
            await chance.choice(storm_victim.WORKS["matching"])(runtime, chance)


async def proposals(runtime: Runtime) -> set[tuple[Any, ...]]:
    """What is proposed, but for its number."""
    return {
        (one.scene_id, one.endpoint, one.candidate.id, one.is_high_confidence, one.evidence.match_count)
        for one in await everything(runtime, statuses=(Status.PENDING,))
    }


@pytest.mark.slow
async def test_servers_that_fail_at_random(world: DemoWorld, tally: Tally) -> None:
    before, chance = held(world), Random(12)
    data = world.directory.parent / "data"
    checker = Checker([world.directory / "library"], data / DATABASE_NAME, world.directory / "trash")
    async with desk_of(world, data="first") as runtime:
        await runtime.matching.scan()
        wanted = await proposals(runtime)
    end = time.monotonic() + (600 if is_soaking() else 3)
    try:
        while time.monotonic() < end:
            async with desk_of(world) as runtime:
                for _ in range(4):
                    faults = {server: trouble(server, chance) for server in world.servers}
                    await one_round(runtime, chance)
                    tally.add("rounds with broken servers")
                    for server, added in faults.items():
                        for fault in added:
                            tally.fault(f"server {fault.kind}", fault.hits)
                        tally.fault("server latency", int(server.faults.latency > 0))
                        server.faults.clear()
                        server.log.clear()
            async with desk_of(world):
                checker.check_settled()
                checker.check_links(links_of(world))
        async with desk_of(world) as runtime:
            await take_everything_back(runtime)
            assert held(world) == before
            report = await runtime.matching.scan(ScanOptions(is_full=True))
            assert report.is_ok
            assert await proposals(runtime) == wanted
    finally:
        note(tally, checker)
