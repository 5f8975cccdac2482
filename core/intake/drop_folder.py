"""What lies whole in the drop folder: files that nothing writes to any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import UnreadableFileError, WinnowError
from core.intake.adding import Adding, HowAdded
from core.intake.offered import files_below
from core.intake.run_report import IntakeReport
from core.job import Job
from core.ledger.bases import base_of
from core.media.folders import FoundFile
from core.media.volumes import mount_of
from core.path_text import shown
from core.settings_intake import IntakeSettings
from core.store import intake_feed
from core.store.database import Database

DROP: Final = "drop folder"
REST_SECONDS: Final = 2.0  # a file that was not written to for so long is whole
_LOOK_SECONDS: Final = 1.0


async def at_rest(folder: Path) -> list[FoundFile]:
    """The files below the folder that are whole.

    One that was written to a moment ago must look the same after a second. Raises UnreadableFileError when the folder
    is not there: it is not taken for an empty one.
    """
    found = await asyncio.to_thread(listed, folder)
    young = [one for one in found if time.time() - one.modified_at < REST_SECONDS]
    if not young:
        return found
    await asyncio.sleep(_LOOK_SECONDS)
    again = {one.path: one.identity for one in await asyncio.to_thread(listed, folder)}
    fresh = {one.path for one in young}
    return [one for one in found if one.path not in fresh or again.get(one.path) == one.identity]


def listed(folder: Path) -> list[FoundFile]:
    """The files below the folder that may be pictures or films. Raises UnreadableFileError when it is not there."""
    troubles: list[str] = []
    found = [one for batch in files_below(folder, troubles) for one in batch]
    if not found and troubles:
        raise UnreadableFileError(troubles[0], path=folder)
    return found


async def take_dropped(database: Database, clock: Clock, rules: IntakeSettings, job: Job, report: IntakeReport) -> None:
    """Take over what lies whole in the drop folder, if one is set; a folder that is away is noted in the report."""
    if not rules.drop_folder:
        return
    folder = Path(rules.drop_folder)
    await job.report(done=0, total=None, message=f"looking into {shown(folder)}")
    try:
        await why_away(database, folder)
        fresh = await not_handed_over(database, await at_rest(folder))
    except WinnowError as error:
        report.fails(shown(folder), str(error))
        return
    adding = Adding(database, clock, rules)
    done = 0
    async with aclosing(adding.files([Path(one.path) for one in fresh], source=DROP)) as reports:
        async for one in reports:
            done += 1
            await job.report(done=done, total=len(fresh), message=f"looking into {shown(folder)}")
            if one.how is HowAdded.REFUSED:
                await job.log(f"{one.what} {one.words}", level="warning")


async def why_away(database: Database, folder: Path) -> None:
    """Raises UnreadableFileError when the folder, or the disk it lay on, is not there."""
    words = "is not there: is its disk or share mounted? Nothing counts as gone"
    if not await asyncio.to_thread(folder.is_dir):
        raise UnreadableFileError(words, path=folder)
    try:
        base = await base_of(database, str(folder))
        found = await asyncio.to_thread(mount_of, folder)
    except OSError as error:
        raise UnreadableFileError(f"cannot be looked at ({error.strerror})", path=folder) from error
    if found != base.mount:
        raise UnreadableFileError(f"lay under {shown(base.mount)}, which is not mounted now", path=folder)


async def not_handed_over(database: Database, found: Sequence[FoundFile]) -> list[FoundFile]:
    """Those of the files that no item stands for yet. One that an undo put back is no new one."""
    async with database.read() as reader:
        known = await intake_feed.handed_over(reader, [(one.path, one.identity) for one in found])
    return [one for one in found if one.path not in known]
