"""Work that must not be left half done, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T], *, grace: float | None = None) -> T:
    """Wait for work to its end, through any number of cancellations; the first one is delivered afterwards.

    With `grace`, work that is not done so many seconds after a cancellation is cancelled itself, and at once by a
    second cancellation; its own end is waited for in any case. An exception of the work gives way to a cancellation.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    is_told = False
    while not task.done():
        try:
            await asyncio.wait({task}, timeout=None if cancelled is None or is_told else grace)
            is_late = cancelled is not None and not task.done()
        except asyncio.CancelledError as error:
            is_late = cancelled is not None
            cancelled = cancelled or error
        if is_late and grace is not None and not is_told:
            is_told = True
            task.cancel()
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen: nobody else will ask for it
    raise cancelled


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Wait until these are over, however they end."""
    if tasks:
        await asyncio.wait(tasks)
