"""A clock that jumps, by minutes or by years, back and forth: nothing is lost, nothing in the trash is old by it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import storm_victim
from kill_cases import checker_of, made, take_everything_back
from matching_desk import DAY, SetClock
from soaking import more
from storm import note
from tally import Tally

from core.config import load_settings
from core.runtime import open_runtime

SMALL = (10, 9000)
NOW = 1_760_000_000.0
JUMPS = (-20 * 365 * DAY, -DAY, -60.0, -0.001, 0.0, 1.0, DAY, 40 * DAY, 20 * 365 * DAY)


@pytest.mark.slow
async def test_a_clock_that_jumps_between_any_two_things(tmp_path: Path, tally: Tally) -> None:
    chance, clock = Random(13), SetClock(NOW)
    place = made(tmp_path / "here", tmp_path / "there", chance, sizes=SMALL)
    checker = checker_of(place, tmp_path / "there")
    checker.look()
    settings = load_settings(place.config)
    try:
        for _ in range(more(2)):
            async with open_runtime(settings, data_dir=place.data, clock=clock) as runtime:
                for _ in range(6):
                    clock.at = max(1.0, clock.at + chance.choice(JUMPS))
                    tally.fault("clock jump")
                    await storm_victim.once(runtime, chance, "files")
                    checker.check_settled()
        async with open_runtime(settings, data_dir=place.data, clock=clock) as runtime:
            await take_everything_back(runtime)
        checker.check_settled()
    finally:
        note(tally, checker)


@pytest.mark.parametrize("before", [0.0, NOW - 400 * DAY], ids=["1970", "a year behind"])
async def test_what_was_trashed_under_a_clock_that_was_behind_is_not_old(
    tmp_path: Path, tally: Tally, before: float
) -> None:
    """As on a board without a battery, which takes itself for 1970 until the network tells the time."""
    clock = SetClock(NOW)
    place = made(tmp_path / "here", tmp_path / "there", Random(14), sizes=SMALL)
    checker = checker_of(place, tmp_path / "there")
    checker.look()
    try:
        async with open_runtime(load_settings(place.config), data_dir=place.data, clock=clock) as runtime:
            await runtime.intake.run()
            clock.at = before
            tally.fault("clock jump")
            await storm_victim.remove(runtime, Random(1))
            clock.at = NOW + 60
            bin_ = runtime.duplicates.trash
            lying = await bin_.held()
            assert lying
            assert await bin_.held(older_than_days=1) == []
            await bin_.empty(await bin_.held(older_than_days=1))
            assert await bin_.held() == lying
            checker.check_settled()
            clock.at = NOW + 3 * DAY
            assert await bin_.held(older_than_days=1) == lying
            await bin_.empty(await bin_.held(older_than_days=1))
            assert await bin_.held() == []
        checker.check_settled()
    finally:
        note(tally, checker)


async def test_a_clock_that_is_set_back_makes_nothing_old(tmp_path: Path, tally: Tally) -> None:
    clock = SetClock(NOW)
    place = made(tmp_path / "here", tmp_path / "there", Random(15), sizes=SMALL)
    async with open_runtime(load_settings(place.config), data_dir=place.data, clock=clock) as runtime:
        await storm_victim.remove(runtime, Random(1))
        for at in (NOW - 20 * 365 * DAY, 0.0):
            clock.at = at
            tally.fault("clock jump")
            assert await runtime.duplicates.trash.held(older_than_days=0) == []
