"""Work that is brought to its end, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from core.finishing import to_its_end


async def test_result_and_error_pass_through() -> None:
    async def give(value: int) -> int:
        await asyncio.sleep(0)
        return 1 // value

    assert await to_its_end(give(1)) == 1
    with pytest.raises(ZeroDivisionError):
        await to_its_end(give(0))


async def test_any_number_of_cancellations_waits_for_the_end_and_one_is_delivered() -> None:
    go_on = asyncio.Event()
    ended: list[bool] = []

    async def work() -> None:
        await go_on.wait()
        ended.append(True)

    task = asyncio.create_task(to_its_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


@pytest.mark.parametrize("times", [1, 2])
async def test_with_a_grace_the_work_itself_is_cancelled_in_the_end(times: int) -> None:
    """After the grace; at once by a second cancellation."""
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    task = asyncio.create_task(to_its_end(work(), grace=0.05 if times == 1 else 60))
    for _ in range(times):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert cleaned == [True]


async def test_within_the_grace_the_work_comes_to_its_own_end() -> None:
    go_on = asyncio.Event()
    ended: list[bool] = []

    async def work() -> None:
        await go_on.wait()
        ended.append(True)

    task = asyncio.create_task(to_its_end(work(), grace=60))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
