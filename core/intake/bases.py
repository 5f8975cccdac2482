"""The folders that the intake moves files below, each with the mount point that it is known to lie under.

What is remembered tells a share that is not mounted from an empty folder: nothing is ever sorted into its mount point.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from core.ledger.move_plan import Base
from core.media.volumes import mount_of
from core.path_text import packed, unpacked
from core.store import facts
from core.store.database import Database

_FACT: Final = "intake.mount:"


async def base_of(database: Database, folder: str) -> Base:
    """A folder that was set, with the mount point it lay under when it was first used.

    Another one counts from then on where something lies in the folder there. Raises OSError.
    """
    name = _FACT + packed(folder)
    async with database.read() as reader:
        known = await facts.get(reader, name)
    path = Path(folder)
    now = await asyncio.to_thread(mount_of, path)
    if known == packed(now):
        return Base(path, now)
    if known is not None and not await asyncio.to_thread(_holds_something, path):
        return Base(path, Path(unpacked(known)))
    async with database.write() as tx:
        await facts.put(tx, name, packed(now))
    return Base(path, now)


def _holds_something(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is not None
    except OSError:
        return False
