"""Where a file that Stash names lies on this machine, and how Immich names one: pure, the disk is not touched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from core.config import PathMapping
from core.settings_intake import ImmichPathMapping

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def mapping_of(path: str, pairs: Sequence[PathMapping]) -> PathMapping | None:
    """The pair whose Stash folder holds `path`, the longest where several do; compared by whole path components.

    Windows paths compare without regard to letter case and with either separator.
    """
    parts = _comparable(path)
    holding = [pair for pair in pairs if parts[: len(_comparable(pair.stash))] == _comparable(pair.stash)]
    return max(holding, key=lambda pair: len(_comparable(pair.stash)), default=None)


def local_path(path: str, pairs: Sequence[PathMapping]) -> Path | None:
    """The local path of a file that Stash names, or None when there can be none: a Windows path that no pair maps, or
    one that climbs (`..`).
    """
    components = _components(path)
    if ".." in components or "\0" in path:
        return None
    pair = mapping_of(path, pairs)
    if pair is None:
        return None if _WINDOWS.match(path) else Path(path)
    return Path(pair.local, *components[len(_components(pair.stash)) :])


def immich_path(path: str, pairs: Sequence[ImmichPathMapping]) -> str:
    """How Immich names a file of this machine: by the longest folder that holds it, the same where none does."""
    parts = _components(path)
    holding = [pair for pair in pairs if parts[: len(_components(pair.local))] == _components(pair.local)]
    pair = max(holding, key=lambda one: len(_components(one.local)), default=None)
    if pair is None:
        return path
    return "/".join((pair.immich.rstrip("/"), *parts[len(_components(pair.local)) :])) or "/"


def _components(path: str) -> list[str]:
    return [part for part in (re.split(r"[\\/]", path) if _WINDOWS.match(path) else path.split("/")) if part]


def _comparable(path: str) -> list[str]:
    """The components of a path, its kind before them, in the form in which equal ones are equal."""
    if _WINDOWS.match(path):
        return ["windows", *(part.casefold() for part in _components(path))]
    return ["/", *_components(path)]
