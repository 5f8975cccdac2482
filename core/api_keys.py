"""Where a key stands: in the configuration itself, in the environment, or in a file of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from core.config_file import read_bounded
from core.errors import ConfigError
from core.secret import Secret
from core.settings_checks import absolute


def resolve_secret(text: str, *, folder: Path, env: Mapping[str, str]) -> Secret:
    """The key itself, or what `env:NAME` or `file:PATH` (relative to `folder`) leads to.

    Raises ValueError with words that follow the setting's name and never hold the key.
    """
    if text.startswith("env:"):
        name = text.removeprefix("env:").strip()
        if not name:
            raise ValueError("names no variable; write env:NAME")
        if name not in env:
            raise ValueError(f"needs the environment variable {name}, which is not set")
        key, source = env[name], f"the environment variable {name}"
    elif text.startswith("file:"):
        place = key_file(text, folder)
        try:
            key = read_bounded(place).decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ValueError(f"points to {place}, which is not text") from None
        except ConfigError as error:
            raise ValueError(f"points to a file that cannot be used: {error}") from None
        source = str(place)
    else:
        key, source = text, ""
    if source and not key:
        raise ValueError(f"is empty: {source} holds nothing")
    if not key.isascii() or not key.isprintable() or " " in key:
        place_words = f" in {source}" if source else ""
        raise ValueError(f"holds signs that no key has (spaces, line breaks, accents){place_words}")
    return Secret(key)


def key_file(text: str, folder: Path) -> Path:
    """The file behind `file:PATH`."""
    return absolute(Path(text.removeprefix("file:").strip()), folder)


def shared_file_warning(place: Path) -> str | None:
    """What to tell about a file with a key in it that others than its owner can read."""
    if os.name != "posix":
        return None
    mode = stat.S_IMODE(place.stat().st_mode)
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return f"{place} holds a key and can be read by others (mode {mode:04o}); run: chmod 600 {place}"
