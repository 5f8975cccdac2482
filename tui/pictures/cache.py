"""Thumbnails on disk: bounded, in files that can be thrown away at any time."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 256 << 20


class ThumbnailCache:
    """JPEG thumbnails by key. A cache that cannot be written is none; nothing is ever raised for it."""

    def __init__(self, directory: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._most_bytes = most_bytes

    def get(self, key: str) -> bytes | None:
        """The thumbnail, which counts as used now."""
        path = self._path(key)
        try:
            raw = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)
        return raw

    def put(self, key: str, jpeg: bytes) -> None:
        """Keep a thumbnail."""
        path = self._path(key)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(jpeg)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)

    def drop(self, key: str) -> None:
        """Forget a thumbnail, because it is broken."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def prune(self) -> int:
        """Remove what was not used for longest until the rest is within the bound; the bytes that were freed."""
        found: list[tuple[float, int, Path]] = []
        for path in self._directory.glob("*/*"):
            with suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in found)
        freed = 0
        for _, size, path in sorted(found):
            if total - freed <= self._most_bytes:
                break
            with suppress(OSError):
                path.unlink()
                freed += size
        return freed

    def _path(self, key: str) -> Path:
        name = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return self._directory / name[:2] / f"{name}.jpg"
