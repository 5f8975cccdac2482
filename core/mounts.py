"""What the kernel says about where a file lies: the kind of its file system, and whether that is another machine's."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_REMOTE_KINDS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "ncpfs", "afs", "ceph", "glusterfs"}
)
_REMOTE_FUSE: Final = ("fuse.ssh", "fuse.rclone", "fuse.glusterfs", "fuse.smb")


def file_system(place: Path, mounts: Path = MOUNTS) -> str:
    """The kind of file system a folder or file lies on, as the kernel calls it; empty where it does not say."""
    return _mount(place, mounts)[1]


def is_mounted_alone(file: Path, mounts: Path = MOUNTS) -> bool:
    """Whether a file is itself a mount point: what stands beside it is then not what stands beside the original."""
    return _mount(file, mounts)[0] == os.path.realpath(file)


def is_remote(kind: str) -> bool:
    """Whether a file system of this kind is another machine's: locks and shared memory cannot be relied on there."""
    return kind in _REMOTE_KINDS or kind.startswith(_REMOTE_FUSE)


def _mount(place: Path, mounts: Path) -> tuple[str, str]:
    """The mount point above a place, and the kind of file system there; two empty texts where it is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return "", ""
    real = os.path.realpath(place)
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        is_below = point == "/" or real == point or real.startswith(point + "/")
        if is_below and len(point) >= len(best):  # of two mounts on one point, the later one is seen
            best, kind = point, after.split(" ")[0]
    return best, kind
