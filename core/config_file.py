"""Reads one TOML file and says where in it something stands; knows nothing of the settings themselves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import ConfigError

MAX_BYTES = 1 << 20
_LOCATE_BUDGET = 4_000_000  # characters parsed again to find a line; bounds the time spent on a huge broken file

KeyPath = tuple[str | int, ...]


class TomlFile:
    """A parsed file. `data` is its content, `line(key_path)` the line (from 1) that defines a key."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._text = text
        self._lines: dict[KeyPath, int] | None = None
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except RecursionError:
            raise ConfigError("is nested too deeply to be read", path=path) from None
        except ValueError as error:  # TOMLDecodeError, or a number too long to be converted
            raise _syntax_error(path, text, str(error)) from None

    @staticmethod
    def read(path: Path) -> TomlFile:
        """The file at `path`. Raises ConfigError when it cannot be read, is not UTF-8 or is not TOML."""
        raw = read_bounded(path)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise ConfigError("is not UTF-8 text here; save the file as UTF-8", path=path, line=line) from None
        return TomlFile(path, text.replace("\r\n", "\n"))

    def line(self, key: KeyPath) -> int | None:
        """The line of the statement that defines `key`, or of the nearest table around it."""
        if self._lines is None:
            self._lines = {}
            for path, line in _positions(self._text):
                self._lines.setdefault(path, line)
        while key:
            if key in self._lines:
                return self._lines[key]
            key = key[:-1]
        return None


def read_bounded(path: Path) -> bytes:
    """At most `MAX_BYTES` of a small text file. Raises ConfigError with the way out when that is not possible."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ConfigError("is a folder; name the file in it", path=path) from None
    except PermissionError:
        raise ConfigError("may not be read by this user; check its owner and mode", path=path) from None
    except FileNotFoundError:
        raise ConfigError("does not exist", path=path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise ConfigError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=path) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES >> 20} MiB; this is hardly the right file", path=path)
    return raw


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    """What tomllib says, with the line moved to where the reader expects it."""
    found = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if found is None:
        return ConfigError(f"is not valid TOML: {message}", path=path)
    words = message[: found.start()]
    if found[1] is None:
        return ConfigError(f"is not valid TOML: {words} at the end", path=path, line=text.rstrip("\n").count("\n") + 1)
    return ConfigError(f"is not valid TOML: {words} (column {found[2]})", path=path, line=int(found[1]))


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Every statement of a valid TOML text: its first line (from 1), its own text, and what it says alone."""
    lines = text.split("\n")
    budget = _LOCATE_BUDGET
    start = 0
    while start < len(lines):
        if not lines[start].strip() or lines[start].lstrip().startswith("#"):
            start += 1
            continue
        end = start + 1
        while True:
            chunk = "\n".join(lines[start:end])
            budget -= len(chunk)
            try:
                parsed = tomllib.loads(chunk)
            except tomllib.TOMLDecodeError:
                end += 1  # a statement that goes on in the next line
                if budget < 0 or end > len(lines):
                    return
            else:
                break
        yield start + 1, chunk, parsed
        start = end


def _positions(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Every key path of a valid TOML text with its line; elements of `[[tables]]` are numbered from 0."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for line, chunk, parsed in _statements(text):
        if not chunk.lstrip().startswith("["):
            yield from ((path, line) for path in _flatten(parsed, table))
            continue
        table = ()
        node: Any = parsed
        while isinstance(node, dict) and node:
            name, node = next(iter(node.items()))
            table = (*table, name)
            if isinstance(node, list):
                counts[table] = counts.get(table, 0) + 1
                node = node[0]
            yield table, line
            if table in counts:
                table = (*table, counts[table] - 1)
                yield table, line


def _flatten(value: Any, prefix: KeyPath) -> Iterator[KeyPath]:
    """The paths of every key and element inside a value."""
    if isinstance(value, dict):
        inner: Iterator[tuple[str | int, Any]] = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    else:
        return
    for name, item in inner:
        yield (*prefix, name)
        yield from _flatten(item, (*prefix, name))
