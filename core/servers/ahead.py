"""Going through pages by rising id with the next page always under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """One page. `last_id` is the highest id in it, of items left out too; the next page begins after it."""

    items: list[T]
    last_id: int
    is_last: bool


async def ahead(
    fetch: Callable[[int], Coroutine[Any, Any, Fetched[T]]], after_id: int
) -> AsyncGenerator[list[T], None]:
    """The pages that `fetch` gives, each for the ids above a number. Empty pages are passed over.

    A page that is under way when the iterator is closed is cancelled, and its end waited for.
    """
    task = asyncio.create_task(fetch(after_id))
    try:
        while True:
            fetched = await task
            if not fetched.is_last:
                task = asyncio.create_task(fetch(fetched.last_id))
            if fetched.items:
                yield fetched.items
            if fetched.is_last:
                return
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
