"""What the system says when a file cannot be moved, in words a person can act on."""

from __future__ import annotations

import errno
from pathlib import Path

from core.path_text import shown

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_BUSY = frozenset({errno.EBUSY, errno.ETXTBSY})
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


def disk_words(error: OSError, path: Path | str) -> str:
    """What the system refused to do with this file, and what to do about it."""
    name = shown(path)
    number = error.errno
    if number in _FULL:
        return f"{name}: the disk it goes to is full (or its quota is used up); make room there and try again"
    if number == errno.EROFS:
        return f"{name}: its file system is mounted read-only; mount it writable and try again"
    if number in _DENIED:
        return (
            f"{name}: the system does not permit it; give the user who runs Winnow the right to write in its folder, "
            "and see that the file is not set immutable"
        )
    if number == errno.EXDEV:
        return f"{name}: the place it goes to lies on another file system; set `trash.directory` to a folder on its own"
    if number in _BUSY:
        return f"{name}: is in use by the system; close what uses it and try again"
    if number == errno.ENAMETOOLONG:
        return f"{name}: its name is too long for the file system it goes to; shorten it, or set `trash.directory`"
    if number in _TAKEN:
        return f"{name}: something stands in the place it goes to; nothing is ever overwritten"
    if number in _GONE:
        return f"{name}: it, or the folder it goes to, is not there any more; check that its disk or share is mounted"
    if number == errno.EINTR:
        return f"{name}: stopped on request"
    return f"{name}: the system refused ({error.strerror or error}); check the disk or the share it lies on"
