"""A file on its way to Immich: multipart/form-data, read and sent piece by piece."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.errors import UnreadableFileError

PIECE = 256 * 1024
# An attempt may take as long as the file needs at this rate, bytes a second.
_SLOWEST = 128 * 1024


class FileUpload:
    """The body of one upload. Text parts come first, since the server judges the file by them.

    While it is sent, the file is measured and hashed again: the end of the body is only sent for the content with this
    SHA-1, so that another content is never stored under it. Raises UnreadableFileError.
    """

    def __init__(self, path: Path, *, sha1: str, size: int, name: str, fields: Sequence[tuple[str, str]]) -> None:
        self._path = path
        self._sha1 = sha1.lower()
        self._size = size
        self._boundary = f"winnow-{secrets.token_hex(16)}"
        self._head = b"".join(self._field(*field) for field in fields) + self._file_head(name)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """With the boundary."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        return len(self._head) + self._size + len(self._tail)

    @property
    def seconds(self) -> float:
        """How long it may take."""
        return 300 + self.length / _SLOWEST

    async def parts(self) -> AsyncIterator[bytes]:
        """The body from its beginning."""
        yield self._head
        digest, sent = hashlib.sha1(usedforsecurity=False), 0
        file = await asyncio.to_thread(_open, self._path)
        try:
            while piece := await asyncio.to_thread(_read, file, self._path):
                digest.update(piece)
                sent += len(piece)
                if sent > self._size:
                    break
                yield piece
        finally:
            file.close()
        if sent != self._size or digest.hexdigest() != self._sha1:
            raise UnreadableFileError("it changed while it was sent to Immich: hash it again", path=self._path)
        yield self._tail

    def _field(self, name: str, value: str) -> bytes:
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return (head + value + "\r\n").encode("utf-8", "replace")

    def _file_head(self, name: str) -> bytes:
        escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        disposition = f'Content-Disposition: form-data; name="assetData"; filename="{escaped}"'
        kind = "Content-Type: application/octet-stream"
        return f"--{self._boundary}\r\n{disposition}\r\n{kind}\r\n\r\n".encode("utf-8", "replace")


async def file_facts(path: Path) -> os.stat_result:
    """Size and times of a file. Raises UnreadableFileError."""
    try:
        return await asyncio.to_thread(path.stat)
    except OSError as error:
        words = error.strerror or "it cannot be read"
    raise UnreadableFileError(words, path=path)


def server_time(moment: datetime) -> str:
    """A time as the server takes it: UTC, with its Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=PIECE)
    except OSError as error:
        words = error.strerror or "it cannot be opened"
    raise UnreadableFileError(words, path=path)


def _read(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(PIECE)
    except OSError as error:
        words = error.strerror or "it cannot be read"
    raise UnreadableFileError(words, path=path)
