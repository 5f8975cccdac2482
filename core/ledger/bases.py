"""The folders that files are moved below, each with the mount point that it is known to lie under.

What is remembered tells a share that is not mounted from an empty folder: nothing is ever moved into its mount point.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.ledger.move_plan import Base
from core.media.folders import media_of
from core.media.volumes import mount_of
from core.path_text import packed, unpacked
from core.store import facts
from core.store.database import Database

_FACT: Final = "intake.mount:"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A folder as it is now. `is_used`: folders, pictures or films lie in it."""

    mount: Path
    is_there: bool
    is_used: bool


async def base_of(database: Database, folder: str) -> Base:
    """A folder that was set, with the mount point it lay under when it was first seen.

    Another one counts from then on where it is a further one on the way to the folder, or where the folder is in use
    there: an empty one, or one with nothing but a mark that says so, is what a share leaves that is not mounted.
    Raises OSError.
    """
    name = _FACT + packed(folder)
    async with database.read() as reader:
        fact = await facts.get(reader, name)
    path = Path(folder)
    known = None if fact is None else Path(unpacked(fact))
    now = await asyncio.to_thread(_seen, path)
    if known is not None and known != now.mount and known not in now.mount.parents and not now.is_used:
        return Base(path, known)
    if now.is_there and known != now.mount:
        async with database.write() as tx:
            await facts.put(tx, name, packed(now.mount))
    return Base(path, now.mount)


def _seen(folder: Path) -> _Seen:
    """Raises OSError."""
    return _Seen(mount_of(folder), folder.is_dir(), _is_used(folder))


def _is_used(folder: Path) -> bool:
    try:
        return any(
            not one.name.startswith(".") and (media_of(one.name) is not None or one.is_dir())
            for one in folder.iterdir()
        )
    except OSError:
        return False
