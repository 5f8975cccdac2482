"""The comparison of frames at equal times: the last word before a rule removes anything."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import MediaError
from core.media.pool import MediaPool
from core.model.groups import Group
from core.model.library_files import LibraryFile
from core.model.library_records import Media


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """How a file's frames differ from the keeper's: the greatest mean squared error, or why it is not known.

    `error` 0..65025 over 8-bit grey; None where it could not be measured, `trouble` says why.
    """

    file_id: int
    error: float | None
    limit: int
    trouble: str = ""

    @property
    def is_alike(self) -> bool:
        """Whether the frames are alike enough for a rule to act."""
        return self.error is not None and self.error <= self.limit

    @property
    def words(self) -> str:
        """In words."""
        if self.error is None:
            return f"not compared: {self.trouble}"
        verdict = "alike" if self.is_alike else "NOT alike"
        return f"{verdict}: error {self.error:.1f} of at most {self.limit}"


async def check_frames(pool: MediaPool, group: Group, limit: int) -> list[FrameCheck]:
    """Each member but the first against the first, which is the keeper where there is one."""
    if len(group.members) < 2:
        return []
    first = group.members[0].file
    return [await check_pair(pool, first, one.file, limit) for one in group.members[1:]]


async def check_pair(pool: MediaPool, keeper: LibraryFile, other: LibraryFile, limit: int) -> FrameCheck:
    """One file against the keeper. What cannot be decoded or reached is not alike."""
    if keeper.path is None or other.path is None:
        away = keeper if keeper.path is None else other
        return FrameCheck(other.id, None, limit, f"{away.name} cannot be reached here")
    durations = (keeper.facts.duration, other.facts.duration) if keeper.media is Media.VIDEO else (None, None)
    if keeper.media is Media.VIDEO and not all(durations):
        return FrameCheck(other.id, None, limit, "a duration is not known")
    try:
        return FrameCheck(other.id, await pool.error(keeper.path, other.path, durations), limit)
    except MediaError as error:
        return FrameCheck(other.id, None, limit, str(error))
