"""Writes what a command gives out to a file: whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from core.errors import WinnowError
from tui.interrupts import immediate


async def write_whole(path: Path, parts: AsyncIterator[str]) -> None:
    """Write beside the file, then put it in its place; a device or a pipe is never replaced, only written to."""
    try:
        if path.exists() and not path.is_file():
            with _opened(path) as stream:
                await _write(stream, parts)
            return
        real = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=".winnow-export-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                await _write(stream, parts)
            if real.exists():
                shutil.copymode(real, name)
            Path(name).replace(real)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise WinnowError(f"{path}: the export cannot be written there: {error.strerror or error}") from error


def _opened(path: Path) -> TextIO:
    """A device or a pipe; waits until somebody reads a pipe, or for a signal. Raises OSError, for a folder too."""
    with immediate():
        return path.open("w", encoding="utf-8")


async def _write(stream: TextIO, parts: AsyncIterator[str]) -> None:
    async for part in parts:
        stream.write(part)
