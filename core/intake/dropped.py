"""What lies whole in the drop folder: files that nothing writes to any more."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from core.errors import UnreadableFileError
from core.intake.offered import files_below
from core.media.folders import FoundFile

REST_SECONDS: Final = 2.0  # a file that was not written to for so long is whole
_LOOK_SECONDS: Final = 1.0


async def at_rest(folder: Path) -> list[Path]:
    """The files below the folder that are whole, by their paths.

    One that was written to a moment ago must look the same after a second. Raises UnreadableFileError when the folder
    is not there: it is not taken for an empty one.
    """
    found = await asyncio.to_thread(_listed, folder)
    young = [one for one in found if time.time() - one.modified_at < REST_SECONDS]
    if not young:
        return [Path(one.path) for one in found]
    await asyncio.sleep(_LOOK_SECONDS)
    again = {one.path: one.identity for one in await asyncio.to_thread(_listed, folder)}
    fresh = {one.path for one in young}
    return [Path(one.path) for one in found if one.path not in fresh or again.get(one.path) == one.identity]


def _listed(folder: Path) -> list[FoundFile]:
    troubles: list[str] = []
    found = [one for batch in files_below(folder, troubles) for one in batch]
    if not found and troubles:
        raise UnreadableFileError(troubles[0], path=folder)
    return found
