"""Several Winnows on one database: the app, scans, somebody who accepts, an intake, of which some are killed."""

from __future__ import annotations

import asyncio
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import pytest
import storm_victim
from kill_cases import checker_of, links_of, made, take_everything_back
from ledger_cases import held
from matching_app import driven
from soaking import more
from storm import note
from tally import KILLS, Tally
from victims import begin

from core.demo.world import DemoWorld
from core.model.recommendations import RecommendationFilter, Status

SMALL = (10, 9000)
TIMES = 12
PATIENCE = 120


async def ended(process: BaseProcess, *, within: float = PATIENCE) -> bool:
    """Wait for its end; whether it came."""
    await asyncio.to_thread(process.join, within)
    return process.exitcode is not None


@pytest.mark.slow
async def test_several_winnows_on_one_database(world: DemoWorld, tmp_path: Path, tally: Tally) -> None:
    chance = Random(16)
    place = made(tmp_path / "here", tmp_path / "there", chance, sizes=SMALL)
    stash = f'[stash]\nurl = "{world.stash.base_url}"\napi_key = "{world.stash.api_key}"\n'
    place.config.write_text(place.config.read_text() + stash)
    world.config_path = place.config
    checker = checker_of(place, tmp_path / "there")
    checker.look()
    before = held(world)
    async with place.open() as runtime:
        await runtime.matching.scan()
    try:
        for number in range(more(1)):
            works = chance.sample(["scans", "matching", "files", "files"], chance.randint(1, 3))
            given = {"config": str(place.config), "data": str(place.data), "times": TIMES}
            others = [begin(storm_victim.run, works=one, seed=chance.random(), **given) for one in works]
            tally.add("Winnows beside each other", len(others) + 1)
            try:
                dying = others if number % 2 else []
                await asyncio.gather(somebody_decides(world, place.data), some_die(dying, chance, tally))
                for one in others:
                    assert await ended(one)
                    assert one.exitcode in ((0, -signal.SIGKILL) if number % 2 else (0,))
            finally:
                for one in others:
                    one.kill()
            async with place.open() as runtime:
                assert number % 2 or runtime.recovered == ()
                checker.check_settled()
                checker.check_links(links_of(world))
        async with place.open() as runtime:
            await take_everything_back(runtime)
            assert held(world) == before
        checker.check_settled()
    finally:
        note(tally, checker)


async def somebody_decides(world: DemoWorld, data: Path) -> None:
    """In the app: two matches are accepted, unless others were quicker."""
    async with driven(world, data, is_scanned=False) as it:
        wanted = RecommendationFilter(statuses=(Status.PENDING,))
        await it.until(lambda: it.app.is_open, "the app")
        if not await it.app.runtime.matching.count(wanted):
            return
        await it.until(
            lambda: it.list_screen.rows.cursor_row or "Nothing waits" in it.text, "rows, or that none is left"
        )
        await it.press("a", "a")
        await it.until(lambda: it.app.said or "takes it back" in it.text or "Nothing waits" in it.text, "an answer")


async def some_die(processes: list[BaseProcess], chance: Random, tally: Tally) -> None:
    """Kill each after a while, unless it is at its end by then."""
    for one in processes:
        if not await ended(one, within=chance.uniform(0, 0.6)):
            one.kill()
            tally.add(KILLS)
