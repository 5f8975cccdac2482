"""Pictures share a worker: whose answer is whose, and what one of them costs the others."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from media_processes import children, until
from PIL import Image

from core.errors import DecodeError
from core.media.image import ImageLook, look_at_image
from core.media.pool import MediaPool


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Twelve different pictures, each of which takes a while."""
    paths = []
    for number in range(12):
        pixels = numpy.random.default_rng(number).integers(0, 256, (12, 10, 3), dtype=numpy.uint8)
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels).resize((900, 1100), Image.Resampling.BICUBIC).save(path, compress_level=0)
        paths.append(path)
    return paths


@pytest.fixture
def mine() -> Callable[[], set[int]]:
    """Worker processes this test started and that still run."""
    before = children(os.getpid())
    return lambda: children(os.getpid()) - before


async def test_every_picture_gets_its_own_answer(pictures: list[Path], mine: Callable[[], set[int]]) -> None:
    async with MediaPool(workers=2) as pool:
        looks = await asyncio.gather(*(pool.image(path, wants_second=True) for path in pictures * 3))
        assert len(mine()) == 2
    assert looks == [look_at_image(path, wants_second=True) for path in pictures] * 3


async def test_a_broken_picture_among_others_is_told_alone(pictures: list[Path]) -> None:
    pictures[5].write_bytes(pictures[5].read_bytes()[:2000])
    async with MediaPool(workers=1) as pool:
        looks = await asyncio.gather(*(pool.image(path) for path in pictures), return_exceptions=True)
    assert [look for look in looks if isinstance(look, DecodeError) and look.path == pictures[5]] == [looks[5]]
    assert sum(isinstance(look, ImageLook) for look in looks) == len(pictures) - 1


async def test_a_worker_that_dies_costs_at_most_the_picture_it_said_it_took(
    pictures: list[Path], mine: Callable[[], set[int]]
) -> None:
    async with MediaPool(workers=1) as pool:
        tasks = [asyncio.create_task(pool.image(path)) for path in pictures]
        await until(lambda: any(task.done() for task in tasks))
        (victim,) = mine()
        os.kill(victim, signal.SIGKILL)
        looks = await asyncio.gather(*tasks, return_exceptions=True)
    wrong = [look for look in looks if not isinstance(look, ImageLook)]
    assert len(wrong) <= 1
    assert all(isinstance(one, DecodeError) and "ended the process that read it (SIGKILL)" in str(one) for one in wrong)
    right = [look_at_image(path) for path in pictures]
    assert all(look == mine for look, mine in zip(looks, right, strict=True) if isinstance(look, ImageLook))


async def test_a_picture_that_is_cancelled_costs_no_other(pictures: list[Path]) -> None:
    async with MediaPool(workers=1) as pool:
        tasks = [asyncio.create_task(pool.image(path)) for path in pictures]
        await until(lambda: any(task.done() for task in tasks))
        under_way = [task for task in tasks if not task.done()][:4]
        for task in under_way[1::2]:
            task.cancel()
        looks = await asyncio.gather(*tasks, return_exceptions=True)
    cancelled = [isinstance(look, asyncio.CancelledError) for look in looks]
    assert sum(cancelled) == 2
    for path, look, is_cancelled in zip(pictures, looks, cancelled, strict=True):
        assert is_cancelled or look == look_at_image(path)


async def test_what_needs_a_worker_alone_is_not_passed_over_for_ever(pictures: list[Path]) -> None:
    order: list[str] = []
    async with MediaPool(workers=1) as pool:

        async def look(path: Path) -> None:
            await pool.image(path)
            order.append("picture")

        async def read() -> None:
            await pool.checksums(pictures[0])
            order.append("checksums")

        tasks = [asyncio.create_task(look(path)) for path in pictures[:6]]
        tasks.append(asyncio.create_task(read()))
        tasks += [asyncio.create_task(look(path)) for path in pictures[6:]]
        await asyncio.gather(*tasks)
    assert order == ["picture"] * 6 + ["checksums"] + ["picture"] * 6


async def test_pictures_change_workers_after_many(
    pictures: list[Path], mine: Callable[[], set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.worker_seats.FILES_A_WORKER", 5)
    async with MediaPool(workers=1) as pool:
        await pool.image(pictures[0])
        first = mine()
        looks = await asyncio.gather(*(pool.image(path) for path in pictures))
        assert not mine() & first
    assert looks == [look_at_image(path) for path in pictures]
