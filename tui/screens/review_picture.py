"""The picture of something in the review, with frames round the faces that were found in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.intake.reading import ReviewEntry
from tui.pictures.loader import Picture
from tui.pictures.marks import Mark

if TYPE_CHECKING:
    from core.runtime import Runtime

_WHOLE = (0.0, 0.0, 1.0, 1.0)  # what a face is given whose place is not known


def review_picture(runtime: Runtime, entry: ReviewEntry) -> Picture:
    """The picture, told from others by its content: the same one is loaded once, wherever it lies by now."""
    line = entry.line
    key = line.sha256.hex() if line.sha256 is not None else f"{line.id}:{line.path}"
    return Picture(f"intake:{key}", line.filename, partial(runtime.intake.picture, line.id), face_marks(entry))


def face_marks(entry: ReviewEntry) -> tuple[Mark, ...]:
    """Where the faces are; those of which nobody knows where are left out."""
    if entry.faces is None:
        return ()
    boxes = [(one.box.x, one.box.y, one.box.width, one.box.height) for one in entry.faces.found]
    return tuple(box for box in boxes if box != _WHOLE)
