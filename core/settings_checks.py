"""What a setting's value must be beyond its type: addresses, paths, names of rules.

A check gives the value in its final form, or raises ValueError with words that follow the setting's name.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from core.errors import ConfigError
from core.secret import without_password
from core.settings_duplicates import DEFAULT_KEEP
from core.settings_notify import FIELD, FIELDS


def shown_value(value: Any) -> str:
    """A value as it may stand in a message: short, on one line."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    text = without_password(text)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 60 else text[:59] + "\N{HORIZONTAL ELLIPSIS}"


def absolute(path: Path, base: Path | None = None) -> Path:
    """`~` and paths relative to `base` (None: the current folder), resolved without touching the disk."""
    try:
        path = path.expanduser()
    except RuntimeError:
        raise ConfigError(f"{path}: no home folder is known for this; write the whole path") from None
    if base is None and not path.is_absolute():
        try:
            base = Path.cwd()
        except OSError:
            raise ConfigError(f"{path}: the current folder is gone; write the whole path") from None
    return Path(os.path.normpath(path if base is None else base / path))


def _web_address(text: str) -> str:
    """An http(s) address. Raises ValueError with words that follow the setting's name."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(f"is {shown_value(text)}, which is not a valid address") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError(
            f'is {shown_value(text)}; it must start with http:// or https://, for example "http://nas:9999"'
        )
    if not has_host or not text.isprintable() or " " in text:
        raise ValueError(f"is {shown_value(text)}, which is not a valid address")
    return text


def stash_url(text: str) -> str:
    """The base address of a Stash, without a trailing slash or `/graphql`. Raises ValueError."""
    return _base_address(text, "/graphql")


def immich_url(text: str) -> str:
    """The base address of an Immich, without a trailing slash or `/api`. Raises ValueError."""
    return _base_address(text, "/api")


def _base_address(text: str, ending: str) -> str:
    parts = urlsplit(_web_address(text.strip()))
    if parts.query or parts.fragment:
        raise ValueError(f"is {shown_value(text)}; leave out what follows the ? or #")
    return text.strip().rstrip("/").removesuffix(ending).rstrip("/")


def _database_url(text: str) -> str:
    """An address of a PostgreSQL database. Raises ValueError, without the address, which holds a password."""
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in ("postgresql", "postgres") and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError("must be an address like postgresql://user:password@host:5432/immich")
    return text


def _notify_url(text: str) -> str:
    """An http(s) address that may hold a password. Raises ValueError, without the address."""
    try:
        return _web_address(text)
    except ValueError:
        raise ValueError("must be an address that starts with http:// or https://") from None


def _notify_command(words: tuple[str, ...], base: Path) -> tuple[str, ...]:
    """A program with its arguments, in which only known names are to be filled in. Raises ValueError."""
    for name in (found for word in words for found in FIELD.findall(word)):
        if name not in FIELDS:
            known = ", ".join(f"{{{one}}}" for one in FIELDS)
            raise ValueError(f"holds {shown_value(f'{{{name}}}')}, which nothing is filled in for; there are {known}")
    if not words[0] or FIELD.search(words[0]) or any("\0" in word for word in words):
        raise ValueError("must begin with the name or the path of a program")
    return (_program(words[0], base), *words[1:])


def _program(text: str, base: Path) -> str:
    """A program: its name, or its path made absolute. Raises ValueError."""
    return _local_path(text, base) if "/" in text or text.startswith("~") else text


def _endpoints(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Stash-box addresses, each valid. Raises ValueError."""
    for address in addresses:
        _web_address(address.strip())
    return tuple(address.strip() for address in addresses)


def _stash_path(text: str) -> str:
    """An absolute path as Stash writes it, Unix or Windows. Raises ValueError."""
    if not text.startswith(("/", "\\\\")) and not (text[0].isalpha() and text[1:3] in {":\\", ":/"}):
        raise ValueError(f"stash is {shown_value(text)}; it must be a whole path as Stash shows it")
    return text


def _immich_path(text: str) -> str:
    """An absolute path as Immich writes it. Raises ValueError."""
    if not text.startswith("/"):
        raise ValueError(f"immich is {shown_value(text)}; it must be a whole path as Immich shows it")
    return text


def _local_path(text: str, base: Path) -> str:
    """A path on this machine, made absolute. Raises ValueError."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return str(absolute(Path(text), base))


def _local_paths(texts: tuple[str, ...], base: Path) -> tuple[str, ...]:
    """Paths on this machine, made absolute. Raises ValueError."""
    return tuple(_local_path(text, base) for text in texts if text)


def _keep_rules(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of keeper rules, each known and named once. Raises ValueError."""
    for number, name in enumerate(names):
        if name not in DEFAULT_KEEP:
            close = difflib.get_close_matches(name, DEFAULT_KEEP, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(DEFAULT_KEEP)}"
            raise ValueError(f"holds {shown_value(name)}, which is no rule; {hint}")
        if name in names[:number]:
            raise ValueError(f"names {shown_value(name)} twice")
    return names


CHECKS: Final[dict[str, Callable[[Any, Path], Any]]] = {
    "stash-url": lambda text, _: stash_url(text),
    "immich-url": lambda text, _: immich_url(text),
    "database-url": lambda text, _: _database_url(text),
    "endpoints": lambda addresses, _: _endpoints(addresses),
    "stash-path": lambda text, _: _stash_path(text),
    "immich-path": lambda text, _: _immich_path(text),
    "path": _local_path,
    "paths": _local_paths,
    "keep-rules": lambda names, _: _keep_rules(names),
    "program": _program,
    "notify-command": _notify_command,
    "notify-url": lambda text, _: _notify_url(text),
}
