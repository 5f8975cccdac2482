"""Paths as text that JSON, SQLite and a screen can hold, whatever bytes they are made of.

Inside Winnow a path is a `str` as Python makes it: bytes that are no UTF-8 are lone surrogates, which neither JSON nor
SQLite takes.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final

_MARK: Final = "base64:"


def packed(path: Path | str) -> str:
    """A path for JSON: itself where it is plain text, else its bytes in base64 behind a mark."""
    raw = os.fsencode(path)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return _MARK + base64.b64encode(raw).decode()
    return _MARK + base64.b64encode(raw).decode() if text.startswith(_MARK) else text


def unpacked(text: str) -> str:
    """The path that `packed` was given."""
    if text.startswith(_MARK):
        return os.fsdecode(base64.b64decode(text.removeprefix(_MARK)))
    return text


def shown(path: Path | str) -> str:
    """A path for a message: bytes that are no UTF-8 become `\\udcff`."""
    return str(path).encode("utf-8", "backslashreplace").decode()
