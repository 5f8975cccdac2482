"""How a configuration file and the environment become `Settings` (declared in core/settings.py).

Unknown names, wrong types and values out of range are refused with file, line, key and what is allowed.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.api_keys import key_file, resolve_secret, shared_file_warning
from core.config_file import KeyPath, TomlFile
from core.errors import ConfigError
from core.secret import Secret
from core.settings import (
    DataSettings,
    DisplaySettings,
    MatchingSettings,
    MediaSettings,
    PathMapping,
    SettingInfo,
    Settings,
    StashSettings,
    infos_of,
    pair_kind,
    sections,
    setting_infos,
)
from core.settings_checks import CHECKS, absolute, shown_value, stash_url

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
        return absolute(Path(named))
    import platformdirs

    return platformdirs.user_config_path("winnow", appauthor=False) / "config.toml"


def default_data_dir(env: Mapping[str, str] | None = None) -> Path:
    """Where Winnow keeps its own database: `WINNOW_DATA_DIR`, else the platform's data folder."""
    named = (os.environ if env is None else env).get("WINNOW_DATA_DIR", "")
    if named:
        return absolute(Path(named))
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
    place = default_config_path(environment) if path is None else absolute(path)
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
            elif (values := self._section(section, content)) is not None:
                filled[section] = values
        if self._faults:
            first, *others = self._faults
            message = "\n".join([str(first), *(str(other) for other in others)])
            error = ConfigError(message)
            error.path, error.line = first.path, first.line
            raise error
        return Settings(**filled, path=self._file.path, warnings=tuple(self._warnings))

    def _fault(self, key: KeyPath, message: str) -> None:
        self._faults.append(ConfigError(message, path=self._file.path, line=self._file.line(key)))

    def _section(self, section: str, content: Any) -> msgspec.Struct | None:
        """One section with those inside it, None where it is none; what is wrong in it is noted."""
        key = tuple(section.split("."))
        if not isinstance(content, dict):
            self._fault(key, f"{section} must be a section: write [{section}] and its settings below it")
            return None
        known, infos = sections(), setting_infos(section)
        values: dict[str, Any] = {}
        for name, raw in content.items():
            if (inner := f"{section}.{name}") in known:
                values |= {} if (filled := self._section(inner, raw)) is None else {name: filled}
            elif name not in infos:
                is_table = isinstance(raw, dict) and section in {one.rpartition(".")[0] for one in known}
                words = _unknown_section(inner, raw) if is_table else _unknown_setting(section, name, infos)
                self._fault((*key, name), words)
            else:
                try:
                    values[name] = self._value(infos[name], raw)
                except (ValueError, ConfigError) as error:
                    self._fault((*key, name), f"[{section}] {name} {error}")
        return known[section](**values)

    def _value(self, info: SettingInfo, raw: Any) -> Any:
        """One value, converted and checked. Raises ValueError with words that follow the setting's name."""
        if isinstance(info.default, Secret):
            if not isinstance(raw, str):
                raise ValueError("must be text in quotes")
            secret = self._secret(raw)
            if secret and (check := CHECKS.get(info.kind)) is not None:
                check(secret.reveal(), self._file.path.parent)
            return secret
        if info.kind == "keys":
            if not isinstance(raw, list) or not all(isinstance(text, str) for text in raw):
                raise ValueError(f"must be {info.allowed}")
            return tuple(self._secret(text) for text in raw if text)
        if info.kind == "path-map":
            return self._path_map(info, raw)
        try:
            value = msgspec.convert(raw, info.hint)
        except msgspec.ValidationError:
            raise ValueError(f"is {shown_value(raw)}; it must be {info.allowed}") from None
        if info.kind in ("stash-url", "immich-url") and re.search(r"//[^/]*@", value):
            self._warn_if_shared(self._file.path)
        check = CHECKS.get(info.kind)
        return value if check is None or not value else check(value, self._file.path.parent)

    def _path_map(self, info: SettingInfo, raw: Any) -> tuple[msgspec.Struct, ...]:
        """The path pairs, of the kind that the setting declares. Raises ValueError."""
        if not isinstance(raw, list) or not all(isinstance(pair, dict) for pair in raw):
            raise ValueError(f"is {shown_value(raw)}; it must be {info.allowed}")
        kind = pair_kind(info)
        infos = infos_of(f"{info.section}.{info.name}", kind)
        shape = f"a pair is {{ {', '.join(infos)} }}"
        pairs: list[msgspec.Struct] = []
        for number, pair in enumerate(raw, start=1):
            for name in pair:
                if name not in infos:
                    raise ValueError(f"has an unknown key {shown_value(name)} in pair {number}; {shape}")
            if missing := [name for name in infos if not pair.get(name)]:
                raise ValueError(f"lacks {' and '.join(missing)} in pair {number}; {shape}")
            try:
                filled = kind(**{name: self._value(infos[name], pair[name]) for name in infos})
            except ValueError as error:
                raise ValueError(f"is wrong in pair {number}: {error}") from None
            key = getattr(filled, filled.key)
            if any(key == getattr(other, filled.key) for other in pairs):
                raise ValueError(f"names {shown_value(key)} twice")
            pairs.append(filled)
        return tuple(pairs)

    def _secret(self, text: str) -> Secret:
        """The key that a text stands for, and a warning where others can read it. Raises ValueError."""
        folder = self._file.path.parent
        secret = resolve_secret(text, folder=folder, env=self._env)
        if text.startswith("file:"):
            self._warn_if_shared(key_file(text, folder))
        elif text and not text.startswith("env:"):
            self._warn_if_shared(self._file.path)
        return secret

    def _warn_if_shared(self, place: Path) -> None:
        """Notes a file with a key in it that others than its owner can read."""
        if (warning := shared_file_warning(place)) and warning not in self._warnings:
            self._warnings.append(warning)


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
        home = next((one for one in homes if one.startswith(f"{section}.")), homes[0])
        return f"[{section}] has no {name}; it belongs below [{home}]"
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
