"""What stands at a local path, seen without opening it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from core.model.library_files import FileIdentity


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at a local path; `problem` in words where it is no file that can be reached."""

    identity: FileIdentity | None
    links: int = 1
    modified_at: float | None = None
    problem: str = ""


def look_at(path: str) -> Seen:
    """What stands at a path, without opening it. A symlink is not followed. Never raises."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        folder = Path(path).parent
        if folder.is_dir():
            return Seen(None, problem=f"is missing from {folder}")
        return Seen(None, problem=f"cannot be reached: there is no folder {folder}; is its volume mounted?")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Seen(None, problem=f"cannot be reached: {reason}")
    if not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no regular file"
        return Seen(None, problem=f"is {what}; Winnow leaves it alone")
    identity = FileIdentity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    return Seen(identity, found.st_nlink, found.st_mtime_ns / 1e9)


def why_held(path: str) -> str:
    """Why a file cannot leave its place, in words, as far as that can be told without trying; "" where nothing is
    known against it. Never raises.
    """
    folder = Path(path).parent
    try:
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder} is mounted read-only"
    except OSError:
        return ""  # what is wrong there is said by who looks at the file
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} may not be written by this user"
