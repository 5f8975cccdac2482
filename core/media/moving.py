"""Renames that never overwrite, copies that are read back, names that fit.

Synchronous. Every function raises OSError as the system does; the words for it stand in `disk_words`.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 4 << 20  # bytes between two looks whether a copy is to be stopped
_AT_FDCWD: Final = -100
_BESIDE: Final = 1000
_RENAME_NOREPLACE: Final = 1
_UNKNOWN: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_LINKS: Final = _UNKNOWN | {errno.EPERM, errno.EMLINK}
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES})

IsStopped = Callable[[], bool]


def never() -> bool:
    """A copy that nobody stops."""
    return False


def move_new(source: Path, target: Path) -> None:
    """Rename within a file system; FileExistsError, and nothing done, when anything stands at the target.

    Where the system knows no such rename, the file gets its new name before it loses the old one.
    """
    number = _rename_noreplace(source, target)
    if number == 0:
        return
    if number not in _UNKNOWN:
        raise OSError(number, os.strerror(number), str(source), None, str(target))
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        source.unlink()
        return
    _move_into_reserved(source, target)


def _move_into_reserved(source: Path, target: Path) -> None:
    """The last resort, where there are neither such renames nor hard links: take the name first."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        source.rename(target)
    except OSError:
        with suppress(OSError):
            target.unlink()
        raise


def _rename_noreplace(source: Path, target: Path) -> int:
    """0, or the error's number."""
    rename = _renameat2()
    if rename is None:
        return errno.ENOSYS
    done = rename(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE)
    return 0 if done == 0 else ctypes.get_errno()


@cache
def _renameat2() -> Any:
    found = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if found is not None:
        found.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return found


def sync_folder(folder: Path) -> None:
    """Make names that were added to or taken from a folder last; where the file system can, that is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """What this user may still write there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def copy_verified(source: Path, target: Path, *, is_stopped: IsStopped = never) -> str:
    """Copy into a new file, flush it, read it back and compare; its SHA-256 in hexadecimal.

    Times, mode, owner and extended attributes go along, as far as the file system holds them. What was begun is
    removed again when anything fails. Raises FileExistsError when something stands at the target, InterruptedError
    when `is_stopped` says so, OSError (EIO) when the copy does not hold what was written.
    """
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        before = os.fstat(reading)
        if free_bytes(target.parent) < before.st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        writing = os.open(target, flags, 0o600)
        try:
            digest = _copied(reading, writing, is_stopped)
            _carry_over(source, before, target, writing)
            os.fsync(writing)
            _refuse_if_other(writing, digest, target, is_stopped)
            after = os.fstat(reading)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise OSError(errno.EBUSY, "it changed while it was copied", str(source))
        except BaseException:
            with suppress(OSError):
                target.unlink()
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    return digest


def _pieces(descriptor: int, is_stopped: IsStopped) -> Iterator[bytes]:
    while piece := os.read(descriptor, CHUNK):
        if is_stopped():
            raise InterruptedError(errno.EINTR, "stopped on request")
        yield piece


def _copied(reading: int, writing: int, is_stopped: IsStopped) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(reading, is_stopped):
        digest.update(piece)
        left = memoryview(piece)
        while left:
            left = left[os.write(writing, left) :]
    return digest.hexdigest()


def _refuse_if_other(written: int, digest: str, target: Path, is_stopped: IsStopped) -> None:
    if hasattr(os, "posix_fadvise"):  # so that the disk is asked, and not the memory
        with suppress(OSError):
            os.posix_fadvise(written, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(written, 0, os.SEEK_SET)
    found = hashlib.sha256()
    for piece in _pieces(written, is_stopped):
        found.update(piece)
    if found.hexdigest() != digest:
        raise OSError(errno.EIO, "the copy does not hold what was written to it", str(target))


def _carry_over(source: Path, found: os.stat_result, target: Path, writing: int) -> None:
    """Attributes first, times last: writing the former moves the latter."""
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(source, follow_symlinks=False):
                with suppress(OSError):
                    os.setxattr(writing, name, os.getxattr(source, name, follow_symlinks=False))
    with suppress(OSError):
        os.fchown(writing, found.st_uid, found.st_gid)
    with suppress(OSError):
        os.fchmod(writing, stat.S_IMODE(found.st_mode))
    with suppress(OSError):
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


def fitted(name: str, suffix: str, longest: int = 255, *, number: int = 0) -> str:
    """A name with a suffix that fits into `longest` bytes: the name itself is shortened where it must be.

    Shortened names get `~number`, so that two that begin alike stay two. A character is not cut in the middle.
    """
    raw, end = os.fsencode(name), os.fsencode(suffix)
    if len(raw) + len(end) <= longest:
        return name + suffix
    end = f"~{number}".encode() + end
    cut = raw[: longest - len(end)]
    try:
        raw.decode()
    except UnicodeDecodeError:
        return os.fsdecode(cut + end)
    return cut.decode(errors="ignore") + os.fsdecode(end)


def places_of(path: Path) -> Iterator[Path]:
    """Where a file may come back: its place, then those beside it where that is taken."""
    yield path
    yield from (beside(path, number) for number in range(1, _BESIDE))


def beside(path: Path, number: int, longest: int = 255) -> Path:
    """Where a file goes whose place is taken: `name (restored).ext`, then `name (restored 2).ext` ..."""
    mark = " (restored)" if number == 1 else f" (restored {number})"
    return path.with_name(fitted(path.stem, mark + path.suffix, longest, number=number))
