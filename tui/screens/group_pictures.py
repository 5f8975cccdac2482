"""Where the pictures of a group's members come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.model.groups import Group
from core.model.library_records import Media
from tui.documents import duration
from tui.pictures.loader import Picture

if TYPE_CHECKING:
    from core.runtime import Runtime


def member_picture(runtime: Runtime, group: Group, number: int, *, at: float | None = None) -> Picture:
    """The picture of a member, from 0: of a video the frame at a time in seconds, a tenth into it by default."""
    file = group.members[number].file
    moment = at
    if file.media is Media.VIDEO and moment is None:
        moment = (file.facts.duration or 0) * 0.1
    label = file.name if moment is None else f"{file.name} at {duration(moment)}"
    when = "" if moment is None else f"@{moment:.2f}"
    return Picture(f"file:{file.content_key}{when}", label, partial(runtime.duplicates.picture, file, moment))
