"""Which mounted volume a path lies on: an unmounted one must never be taken for one whose files are gone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.path_text import shown

_ESCAPED = re.compile(rb"\\([0-7]{3})")


def mount_points(table: Path = Path("/proc/self/mountinfo")) -> frozenset[Path]:
    """Every mount point of this process, bind mounts included; empty on systems that do not list them there."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return frozenset()
    fields = (line.split(b" ") for line in lines)
    names = (_ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), one[4]) for one in fields if len(one) > 4)
    return frozenset(Path(os.fsdecode(name)) for name in names)


def existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there; symbolic links resolved."""
    place = Path(os.path.realpath(path))  # a circle of links must not raise
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def mount_of(path: Path) -> Path:
    """The mount point that a path lies under now, whether it is there or not."""
    place, points = existing(path), mount_points()
    if not place.is_dir():
        place = place.parent
    while place not in points and place != place.parent and place.parent.stat().st_dev == place.stat().st_dev:
        place = place.parent
    return place


def why_missing(path: Path, device: int, *, advice: str = "scan again") -> str:
    """A file is not at its path: whether it is gone, or its volume cannot be reached. `device`: where it lay.

    `advice`: what to do about one that is gone.
    """
    nothing = "Nothing counts as gone; check that its disk or share is mounted"
    try:
        found = path.parent.stat()
    except OSError as error:
        return f"{shown(path)} cannot be reached: its folder is not there ({error.strerror}). {nothing}"
    if found.st_dev != device:
        return f"{shown(path)} cannot be reached: another volume than before is mounted at its folder. {nothing}"
    return f"{shown(path)} is gone: somebody moved or deleted it since it was looked at; {advice}"
