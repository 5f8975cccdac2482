"""`kill -9` at random instants, over file trees and servers, again and again over the same ones: nothing is lost.

After each, and after the start that follows, an independent checker looks; in the end everything is taken back.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import storm_victim
from checker import Checker
from duplicates_desk import desk_over, in_stash, on_disk
from feed_cases import Feed, feed, jpeg
from file_systems import other_file_system
from kill_cases import bigger, checker_of, links_of, made, take_everything_back
from ledger_cases import held
from matching_desk import desk_of
from soaking import more
from storm import Storm, note
from tally import Tally

from core.demo.immich_server import DemoImmich
from core.demo.web import DemoWeb
from core.demo.world import DemoWorld
from core.runtime import DATABASE_NAME

TIMES = 40
SEEDS = [pytest.param(seed, marks=[pytest.mark.soak] if seed > 1 else []) for seed in (1, 2, 3)]


def put_more(place: Feed, chance: Random, number: int) -> None:
    """What comes in while Winnow is down."""
    if chance.random() < 0.5:
        place.put(f"later {number}.jpg", bigger(100 + number, chance))


async def storm_over_files(root: Path, outer: Path, seed: int, tally: Tally) -> None:
    chance = Random(seed)
    place = made(root / "here", outer, chance)
    checker = checker_of(place, outer)
    storm = Storm(chance, tally)
    try:
        for number in range(more(3)):
            checker.look()
            await storm.strike(
                storm_victim.run,
                config=str(place.config),
                data=str(place.data),
                works="files",
                seed=chance.random(),
                times=TIMES,
            )
            checker.check_bytes()
            async with place.open():
                checker.check_settled()
            put_more(place, chance, number)
        checker.look()
        async with place.open() as runtime:
            await take_everything_back(runtime)
            assert await runtime.duplicates.trash.held() == []
        checker.check_settled()
    finally:
        note(tally, checker)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_within_a_file_system(tmp_path: Path, seed: int, tally: Tally) -> None:
    await storm_over_files(tmp_path, tmp_path / "there", seed, tally)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    with other_file_system(tmp_path) as folder:
        yield folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_over_file_systems(tmp_path: Path, other: Path, seed: int, tally: Tally) -> None:
    await storm_over_files(tmp_path, other, seed, tally)


@pytest.mark.slow
async def test_removals_at_a_stash(duplicates_world: DemoWorld, tally: Tally) -> None:
    world, data = duplicates_world, duplicates_world.directory.parent / "data"
    checker = Checker(
        [world.directory / top for top in ("library", "camera", "trash")],
        data / DATABASE_NAME,
        world.directory / "trash",
    )
    disk, stash = on_disk(world), in_stash(world)
    checker.look()
    storm = Storm(Random(7), tally, span=1.5)
    try:
        for _ in range(more(2)):
            await storm.strike(
                storm_victim.run,
                config=str(world.config_path),
                data=str(data),
                works="removal",
                seed=storm.chance.random(),
                times=TIMES,
            )
            checker.check_bytes()
            async with desk_over(world):
                checker.check_settled()
        async with desk_over(world) as runtime:
            await take_everything_back(runtime)
        checker.check_settled()
        assert on_disk(world) == disk
        assert in_stash(world) == stash
    finally:
        note(tally, checker)


@pytest.mark.slow
async def test_accepts_at_a_stash(world: DemoWorld, tally: Tally) -> None:
    data = world.directory.parent / "data"
    checker = Checker([world.directory / "library"], data / DATABASE_NAME, world.directory / "trash")
    before = held(world)
    async with desk_of(world) as runtime:
        await runtime.matching.scan()
    storm = Storm(Random(8), tally, span=0.5)
    try:
        for _ in range(more(3)):
            await storm.strike(
                storm_victim.run,
                config=str(world.config_path),
                data=str(data),
                works="matching",
                seed=storm.chance.random(),
                times=TIMES,
            )
            async with desk_of(world):
                checker.check_settled()
                checker.check_links(links_of(world))
        async with desk_of(world) as runtime:
            await take_everything_back(runtime)
        assert held(world) == before
    finally:
        note(tally, checker)


@pytest.mark.slow
@pytest.mark.parametrize("is_library", [True, False], ids=["library", "upload"])
async def test_faces_at_an_immich(tmp_path: Path, tally: Tally, is_library: bool) -> None:
    chance = Random(9)
    async with feed(tmp_path, is_library=is_library) as (place, server):
        place.person("Ada", *(f"Ada {number}" for number in range(0, 200, 2)))
        for number in range(4):
            place.put(f"p{number}.jpg", jpeg(number, f"Ada {number}"))
        checker = checker_of(place)
        storm = Storm(chance, tally, span=1)
        try:
            for number in range(more(2)):
                checker.look()
                await storm.strike(
                    storm_victim.run,
                    config=str(place.config),
                    data=str(place.data),
                    works="faces",
                    seed=chance.random(),
                    times=TIMES,
                )
                checker.check_bytes()
                async with place.open():
                    checker.check_settled()
                nothing_twice(server)
                put_more(place, chance, number)
            checker.look()
            async with place.open() as runtime:
                await take_everything_back(runtime)
            checker.check_settled()
        finally:
            note(tally, checker)


def nothing_twice(server: DemoImmich) -> None:
    """No content was uploaded twice, and nobody was made twice."""
    uploaded = Counter(one.checksum for one in server.world.assets.values() if one.library_id is None)
    assert all(count == 1 for count in uploaded.values())
    assert all(count == 1 for count in Counter(one.name for one in server.world.people.values()).values())


@pytest.mark.slow
async def test_downloads_from_a_site(tmp_path: Path, tally: Tally) -> None:
    """What was handed over comes once, whole, whenever the fetching of it was cut short."""
    chance, place = Random(10), Feed(tmp_path)
    checker = checker_of(place)
    storm = Storm(chance, tally, span=0.5)
    files = {f"{number}.jpg": bigger(200 + number, chance) for number in range(3 * more(2))}
    wanted = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
    names = iter(files)
    try:
        async with DemoWeb.open(files=files) as web:
            for _ in range(more(2)):
                ways = chance.sample(["files", "plain", "cut", "cut-plain"], 3)
                urls = [web.url(way, name) for way, name in zip(ways, names, strict=False)]
                checker.look()
                await storm.strike(storm_victim.fetch, config=str(place.config), data=str(place.data), urls=urls)
                checker.check_bytes()
                async with place.open() as runtime:
                    await runtime.intake.add(urls)
                    assert (await runtime.intake.run()).errors == []
                checker.look()
                checker.check_settled()
        came = Counter(lying.sha256 for lying in checker.files().values())
        assert came == Counter(list(wanted))
        assert set((await place.states()).values()) == {"review"}
    finally:
        note(tally, checker)
