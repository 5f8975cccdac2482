"""Checksums of one file, all of them in a single read, and the OSHASH alone by two seeks."""

from __future__ import annotations

import hashlib
import os
import struct
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from core.errors import DecodeError, UnreadableFileError
from core.media.files import reading

OSHASH_CHUNK = 65536  # bytes at each end of the file that count
OSHASH_SMALLEST = 9  # bytes; a file of 8 or less has no OSHASH
READ_SIZE = 1 << 20
MASK_64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Checksums:
    """What one read of a file gave. `size` in bytes, `oshash` unsigned 64-bit or None (file of 8 bytes or less).

    The others are lower-case hexadecimal.
    """

    size: int
    oshash: int | None
    md5: str
    sha1: str
    sha256: str


def checksums(path: Path | str, *, on_read: Callable[[int], None] | None = None) -> Checksums:
    """All checksums of the file, read once from start to end.

    `on_read` is called with the bytes read so far, after every piece. Raises UnreadableFileError when the file cannot
    be read or changes while it is read.
    """
    digests = [hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()]
    head = bytearray()
    tail = bytearray()
    done = 0
    with reading(path) as file, _Lanes(digests) as lanes:
        before = os.fstat(file.fileno())
        while piece := lanes.read(file):
            if len(head) < OSHASH_CHUNK:
                head += piece[: OSHASH_CHUNK - len(head)]
            tail += piece[-OSHASH_CHUNK:]
            del tail[:-OSHASH_CHUNK]
            done += len(piece)
            if on_read is not None:
                on_read(done)
        _refuse_if_changed(path, before, os.fstat(file.fileno()), done)
    md5, sha1, sha256 = (digest.hexdigest() for digest in digests)
    oshash_value = _combine(done, bytes(head), bytes(tail)) if done >= OSHASH_SMALLEST else None
    return Checksums(done, oshash_value, md5, sha1, sha256)


class _Lanes:
    """Feeds digests, MD5 beside the other two, while the next piece is read; a small file needs no thread."""

    def __init__(self, digests: Sequence[hashlib._Hash]) -> None:
        self._lanes = (digests[:1], digests[1:])
        self._buffers = [memoryview(bytearray(READ_SIZE)) for _ in range(2)]
        self._under_way: deque[list[Future[None]]] = deque()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: object) -> None:
        """All that was read is counted in."""
        if self._pool is not None:
            self._pool.shutdown()

    def read(self, file: BinaryIO) -> memoryview:
        """The next piece, valid until the next but one is read; it is counted in meanwhile."""
        if len(self._under_way) == len(self._buffers):
            for one in self._under_way.popleft():
                one.result()
        buffer = self._buffers[0]
        self._buffers.append(self._buffers.pop(0))
        piece = buffer[: file.readinto(buffer)]  # type: ignore[attr-defined]  # a raw or buffered file has it
        if self._pool is None and len(piece) < READ_SIZE:
            for lane in self._lanes:
                _feed(lane, piece)
            return piece
        if self._pool is None:
            self._pool = ThreadPoolExecutor(len(self._lanes), thread_name_prefix="checksum")
        self._under_way.append([self._pool.submit(_feed, lane, piece) for lane in self._lanes])
        return piece


def _feed(digests: Sequence[hashlib._Hash], piece: memoryview) -> None:
    for digest in digests:
        digest.update(piece)


def oshash(path: Path | str) -> int:
    """The OSHASH alone, reading 64 KiB at each end: the file's size plus the little-endian words of both ends.

    Raises UnreadableFileError when the file cannot be read, DecodeError when it has 8 bytes or less.
    """
    with reading(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size < OSHASH_SMALLEST:
            raise DecodeError(f"has {size} bytes, too few for an OSHASH; it is not a video", path=path)
        length = _chunk_length(size)
        head = file.read(length)
        file.seek(size - length)
        tail = file.read(length)
    if len(head) != length or len(tail) != length:
        raise UnreadableFileError("became shorter while it was read; try again when it is complete", path=path)
    return _combine(size, head, tail)


def _chunk_length(size: int) -> int:
    """Bytes at each end that count: 64 KiB, or the whole words of a smaller file."""
    return OSHASH_CHUNK if size >= OSHASH_CHUNK else size // 8 * 8


def _combine(size: int, head: bytes, tail: bytes) -> int:
    """The OSHASH from at least the counting bytes of each end; the two ends overlap in a small file."""
    length = _chunk_length(size)
    words = length // 8
    both: tuple[int, ...] = struct.unpack(f"<{2 * words}Q", head[:length] + tail[-length:])
    return (size + sum(both)) & MASK_64


def _refuse_if_changed(path: Path | str, before: os.stat_result, after: os.stat_result, done: int) -> None:
    """Raise UnreadableFileError when size or time of modification moved, or the size is not what was read."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or done != after.st_size:
        raise UnreadableFileError("changed while it was read; try again when nothing writes to it", path=path)
