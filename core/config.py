"""How a configuration file and the environment become `Settings` (declared in core/settings.py).

Unknown names, wrong types and values out of range are refused with file, line, key and what is allowed.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from core.config_file import KeyPath, TomlFile, read_bounded
from core.errors import ConfigError
from core.settings import (
    DataSettings,
    DisplaySettings,
    MatchingSettings,
    MediaSettings,
    PathMapping,
    Secret,
    SettingInfo,
    Settings,
    StashSettings,
    infos_of,
    sections,
    setting_infos,
)
from core.settings_duplicates import DEFAULT_KEEP

__all__ = [
    "DataSettings",
    "DisplaySettings",
    "MatchingSettings",
    "MediaSettings",
    "PathMapping",
    "Secret",
    "Settings",
    "StashSettings",
    "data_folder",
    "default_config_path",
    "default_data_dir",
    "load_settings",
    "resolve_secret",
    "shared_file_warning",
    "stash_url",
]


def default_config_path(env: Mapping[str, str] | None = None) -> Path:
    """Where the configuration is: `WINNOW_CONFIG`, else `winnow/config.toml` in the platform's configuration folder."""
    named = (os.environ if env is None else env).get("WINNOW_CONFIG", "")
    if named:
        return _absolute(Path(named))
    import platformdirs

    return platformdirs.user_config_path("winnow", appauthor=False) / "config.toml"


def default_data_dir(env: Mapping[str, str] | None = None) -> Path:
    """Where Winnow keeps its own database: `WINNOW_DATA_DIR`, else the platform's data folder."""
    named = (os.environ if env is None else env).get("WINNOW_DATA_DIR", "")
    if named:
        return _absolute(Path(named))
    import platformdirs

    return platformdirs.user_data_path("winnow", appauthor=False)


def data_folder(settings: Settings, named: Path | None = None, *, env: Mapping[str, str] | None = None) -> Path:
    """Where Winnow keeps its own database: `named`, else `WINNOW_DATA_DIR`, else [data] directory, else the default."""
    if named is not None:
        return named
    if settings.data.directory and not (os.environ if env is None else env).get("WINNOW_DATA_DIR"):
        return Path(settings.data.directory)
    return default_data_dir(env)


def load_settings(path: Path | None = None, *, env: Mapping[str, str] | None = None, required: bool = True) -> Settings:
    """The settings in `path`, or in the default place.

    A file that was named (by `path` or `WINNOW_CONFIG`) must exist; the default one only when `required`.
    Raises ConfigError with file, line and key for everything that is wrong in it, all faults in one message.
    """
    environment = os.environ if env is None else env
    is_named = path is not None or bool(environment.get("WINNOW_CONFIG"))
    place = default_config_path(environment) if path is None else _absolute(path)
    if _is_missing(place):
        if not is_named and not required:
            return Settings()
        raise ConfigError("there is no configuration here; run `winnow init` to make one", path=place)
    return _Reader(TomlFile.read(place), environment).settings()


def _is_missing(place: Path) -> bool:
    """Whether nothing stands there; what cannot be asked counts as present, and reading it says why."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


class _Reader:
    """Turns one parsed file into settings, collecting every fault before it gives up."""

    def __init__(self, file: TomlFile, env: Mapping[str, str]) -> None:
        self._file = file
        self._env = env
        self._faults: list[ConfigError] = []
        self._warnings: list[str] = []

    def settings(self) -> Settings:
        """The settings of the file. Raises ConfigError when anything in it is wrong."""
        known = sections()
        filled: dict[str, Any] = {}
        for section, content in self._file.data.items():
            if section not in known:
                self._fault((section,), _unknown_section(section, content))
            elif not isinstance(content, dict):
                self._fault((section,), f"{section} must be a section: write [{section}] and its settings below it")
            else:
                filled[section] = known[section](**self._section(section, content))
        if self._faults:
            first, *others = self._faults
            message = "\n".join([str(first), *(str(other) for other in others)])
            error = ConfigError(message)
            error.path, error.line = first.path, first.line
            raise error
        return Settings(**filled, path=self._file.path, warnings=tuple(self._warnings))

    def _fault(self, key: KeyPath, message: str) -> None:
        self._faults.append(ConfigError(message, path=self._file.path, line=self._file.line(key)))

    def _section(self, section: str, content: dict[str, Any]) -> dict[str, Any]:
        """The values of one section; what is wrong in it is noted."""
        infos = setting_infos(section)
        values = {}
        for name, raw in content.items():
            if name not in infos:
                self._fault((section, name), _unknown_setting(section, name, infos))
                continue
            try:
                values[name] = self._value(infos[name], raw)
            except (ValueError, ConfigError) as error:
                self._fault((section, name), f"[{section}] {name} {error}")
        return values

    def _value(self, info: SettingInfo, raw: Any) -> Any:
        """One value, converted and checked. Raises ValueError with words that follow the setting's name."""
        if isinstance(info.default, Secret):
            if not isinstance(raw, str):
                raise ValueError("must be text in quotes")
            return self._secret(raw)
        if info.kind == "path-map":
            return self._path_map(info, raw)
        try:
            value = msgspec.convert(raw, info.hint)
        except msgspec.ValidationError:
            raise ValueError(f"is {_shown(raw)}; it must be {info.allowed}") from None
        if info.kind == "stash-url" and re.search(r"//[^/]*@", value):
            self._warn_if_shared(self._file.path)
        check = _CHECKS.get(info.kind)
        return value if check is None or not value else check(value, self._file.path.parent)

    def _path_map(self, info: SettingInfo, raw: Any) -> tuple[PathMapping, ...]:
        """The path pairs. Raises ValueError."""
        if not isinstance(raw, list) or not all(isinstance(pair, dict) for pair in raw):
            raise ValueError(f"is {_shown(raw)}; it must be {info.allowed}")
        infos = infos_of("stash.path_map", PathMapping)
        pairs: list[PathMapping] = []
        for number, pair in enumerate(raw, start=1):
            for name in pair:
                if name not in infos:
                    raise ValueError(
                        f"has an unknown key {_shown(name)} in pair {number}; a pair is {{ stash, local }}"
                    )
            if missing := [name for name in infos if not pair.get(name)]:
                raise ValueError(f"lacks {' and '.join(missing)} in pair {number}; a pair is {{ stash, local }}")
            try:
                filled = PathMapping(**{name: self._value(infos[name], pair[name]) for name in infos})
            except ValueError as error:
                raise ValueError(f"is wrong in pair {number}: {error}") from None
            if any(filled.stash == other.stash for other in pairs):
                raise ValueError(f"names {_shown(filled.stash)} twice")
            pairs.append(filled)
        return tuple(pairs)

    def _secret(self, text: str) -> Secret:
        """The key that a text stands for, and a warning where others can read it. Raises ValueError."""
        folder = self._file.path.parent
        secret = resolve_secret(text, folder=folder, env=self._env)
        if text.startswith("file:"):
            self._warn_if_shared(_key_file(text, folder))
        elif text and not text.startswith("env:"):
            self._warn_if_shared(self._file.path)
        return secret

    def _warn_if_shared(self, place: Path) -> None:
        """Notes a file with a key in it that others than its owner can read."""
        if (warning := shared_file_warning(place)) and warning not in self._warnings:
            self._warnings.append(warning)


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
        place = _key_file(text, folder)
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


def _key_file(text: str, folder: Path) -> Path:
    """The file behind `file:PATH`."""
    return _absolute(Path(text.removeprefix("file:").strip()), folder)


def shared_file_warning(place: Path) -> str | None:
    """What to tell about a file with a key in it that others than its owner can read."""
    if os.name != "posix":
        return None
    mode = stat.S_IMODE(place.stat().st_mode)
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return f"{place} holds a key and can be read by others (mode {mode:04o}); run: chmod 600 {place}"


def _unknown_section(section: str, content: Any) -> str:
    """The words about a top-level name that is no section."""
    known = list(sections())
    if isinstance(content, dict):
        return f"unknown section [{section}]; {_nearest(section, known, 'sections', '[{}]')}"
    homes = [name for name in known if section in setting_infos(name)]
    if homes:
        return f"{section} stands outside a section; it belongs below [{homes[0]}]"
    every = [name for known_section in known for name in setting_infos(known_section)]
    return f"unknown setting {section} outside a section; {_nearest(section, every, '')}"


def _unknown_setting(section: str, name: str, infos: Mapping[str, SettingInfo]) -> str:
    """The words about a name that its section does not have."""
    homes = [other for other in sections() if name in setting_infos(other)]
    if homes:
        return f"[{section}] has no {name}; it belongs below [{homes[0]}]"
    return f"unknown setting {name} in [{section}]; {_nearest(name, list(infos), 'settings')}"


def _nearest(name: str, known: list[str], what: str, form: str = "{}") -> str:
    """Which known name was probably meant, or all of them."""
    close = difflib.get_close_matches(name.lower(), known, n=1)
    if close:
        return f"did you mean {form.format(close[0])}?"
    return (
        f"the {what} are: {', '.join(form.format(one) for one in known)}"
        if what
        else "see docs/configuration.md for all settings"
    )


def _shown(value: Any) -> str:
    """A value as it may stand in a message: short, on one line."""
    if isinstance(value, str):
        value = re.sub(r"//[^/]*@", "//***@", value)  # a password inside an address
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 60 else text[:59] + "\N{HORIZONTAL ELLIPSIS}"


def _absolute(path: Path, base: Path | None = None) -> Path:
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
        raise ValueError(f"is {_shown(text)}, which is not a valid address") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError(f'is {_shown(text)}; it must start with http:// or https://, for example "http://nas:9999"')
    if not has_host or not text.isprintable() or " " in text:
        raise ValueError(f"is {_shown(text)}, which is not a valid address")
    return text


def stash_url(text: str) -> str:
    """The base address of a Stash, without a trailing slash or `/graphql`. Raises ValueError."""
    parts = urlsplit(_web_address(text.strip()))
    if parts.query or parts.fragment:
        raise ValueError(f"is {_shown(text)}; leave out what follows the ? or #")
    return text.strip().rstrip("/").removesuffix("/graphql").rstrip("/")


def _endpoints(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Stash-box addresses, each valid. Raises ValueError."""
    for address in addresses:
        _web_address(address.strip())
    return tuple(address.strip() for address in addresses)


def _stash_path(text: str) -> str:
    """An absolute path as Stash writes it, Unix or Windows. Raises ValueError."""
    if not text.startswith(("/", "\\\\")) and not (text[0].isalpha() and text[1:3] in {":\\", ":/"}):
        raise ValueError(f"stash is {_shown(text)}; it must be a whole path as Stash shows it")
    return text


def _local_path(text: str, base: Path) -> str:
    """A path on this machine, made absolute. Raises ValueError."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return str(_absolute(Path(text), base))


def _local_paths(texts: tuple[str, ...], base: Path) -> tuple[str, ...]:
    """Paths on this machine, made absolute. Raises ValueError."""
    return tuple(_local_path(text, base) for text in texts if text)


def _keep_rules(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of keeper rules, each known and named once. Raises ValueError."""
    for number, name in enumerate(names):
        if name not in DEFAULT_KEEP:
            close = difflib.get_close_matches(name, DEFAULT_KEEP, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(DEFAULT_KEEP)}"
            raise ValueError(f"holds {_shown(name)}, which is no rule; {hint}")
        if name in names[:number]:
            raise ValueError(f"names {_shown(name)} twice")
    return names


_CHECKS: dict[str, Callable[[Any, Path], Any]] = {
    "stash-url": lambda text, _: stash_url(text),
    "endpoints": lambda addresses, _: _endpoints(addresses),
    "stash-path": lambda text, _: _stash_path(text),
    "path": _local_path,
    "paths": _local_paths,
    "keep-rules": lambda names, _: _keep_rules(names),
    "program": lambda text, base: _local_path(text, base) if "/" in text or text.startswith("~") else text,
}
