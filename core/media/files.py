"""The door to the disk: what the system says about a file becomes an error a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from core.errors import UnreadableFileError


@contextmanager
def reading(path: Path | str) -> Iterator[FileIO]:
    """The file, open and unbuffered. Raises UnreadableFileError for every failure of the system inside the block."""
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise UnreadableFileError("is not a file; name a file, not a folder or a device", path=path)
        with FileIO(path) as file:
            yield file
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def ensure_readable(path: Path | str) -> None:
    """Raise UnreadableFileError unless the file is there and its first byte can be read."""
    with reading(path) as file:
        file.read(1)


def unreadable(path: Path | str, error: Exception) -> UnreadableFileError:
    """The error to raise for what the system said about a file."""
    match error:
        case FileNotFoundError():
            words = "is not there; check that its disk or share is mounted, or scan again if it was moved"
        case PermissionError():
            words = "may not be read; give the user who runs Winnow the right to read it"
        case OSError(strerror=str(reason)):
            words = f"cannot be read ({reason}); check the disk or the network share it lies on"
        case _:
            words = f"cannot be read ({error}); check its name"
    return UnreadableFileError(words, path=path)
