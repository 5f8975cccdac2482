"""Bodies that come compressed, unpacked piece by piece: a few kilobytes of zeros unpack to gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

PIECE: Final = 1 << 20  # bytes unpacked at once at most


class UnpackableError(Exception):
    """The body came in an encoding that was not asked for, or its compression is broken."""


class Unpacker:
    """What undoes one body's Content-Encoding. Raises UnpackableError for one that is neither gzip nor deflate."""

    def __init__(self, encoding: str | None) -> None:
        packing = (encoding or "identity").strip().lower()
        if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UnpackableError
        self._inner = None if packing in ("", "identity") else zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
        self._is_empty = True

    @property
    def is_idle(self) -> bool:
        """Whether the body comes as it is."""
        return self._inner is None

    def pieces(self, part: bytes | memoryview) -> Iterator[bytes | memoryview]:
        """What the next part of the body holds, in pieces that are bounded. Raises UnpackableError."""
        self._is_empty = self._is_empty and not part
        if self._inner is None:
            yield part
            return
        while True:
            try:
                piece = self._inner.decompress(part, PIECE)
            except zlib.error:
                raise UnpackableError from None
            part = self._inner.unconsumed_tail
            if piece:
                yield piece
            if not part and len(piece) < PIECE:
                return

    def ensure_whole(self) -> None:
        """Raise UnpackableError when the body ended before its compression did."""
        if self._inner is not None and not self._inner.eof and not self._is_empty:
            raise UnpackableError
