"""Changes single settings in the configuration file; comments, order and everything else in it stay as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from core.config_file import TomlFile, read_bounded
from core.errors import ConfigError
from core.settings import SettingInfo, Settings
from core.settings_text import write_private

_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def kind_of(info: SettingInfo) -> Any:
    """The plain type of a setting: int, bool, str, a Literal ..."""
    return get_args(info.hint)[0]


def is_editable(info: SettingInfo) -> bool:
    """Whether it can be changed by a word or a number; addresses, folders and keys are edited in the file."""
    kind = kind_of(info)
    return kind in (int, float, bool) or get_origin(kind) is Literal


def parsed(info: SettingInfo, text: str) -> Any:
    """What a person typed as the value of a setting. Raises ConfigError that says what is allowed."""
    words = text.strip()
    kind = kind_of(info)
    value: Any = words
    if kind is bool:
        value = _WORDS.get(words.lower(), words)
    elif kind is int and words.lstrip("-").isascii() and words.lstrip("-").isdigit() and len(words) < 20:
        value = int(words)
    elif kind is float and re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", words):
        value = float(words)
    try:
        return msgspec.convert(value, type=info.hint)
    except msgspec.ValidationError:
        raise ConfigError(f"{info.name} may be: {info.allowed}") from None


def source(settings: Settings, info: SettingInfo) -> tuple[int | None, Any]:
    """The line of the file that sets it and what stands there; (None, None) when its default holds.

    Raises ConfigError when the file cannot be read any more.
    """
    if settings.path is None:
        return None, None
    file = TomlFile.read(settings.path)
    key = (*info.section.split("."), info.name)
    table: Any = file.data
    for name in key[:-1]:
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict) or info.name not in table:
        return None, None
    return file.line(key), table[info.name]


def change(path: Path, info: SettingInfo, value: Any) -> None:
    """Write one setting into the file; None takes it out, so that its default holds.

    The file is read anew, so that what an editor saved meanwhile stays. Raises ConfigError.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    TomlFile.read(path)  # says in words, with its line, what is wrong in a broken file
    try:
        document = tomlkit.parse(read_bounded(path).decode("utf-8-sig"))
    except TOMLKitError as error:
        raise ConfigError(f"cannot be edited: {error}", path=path) from None
    table: Any = document
    for name in info.section.split("."):
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.table()
        table = table[name]
    if value is None:
        table.pop(info.name, None)
    else:
        table[info.name] = value
    write_private(path, tomlkit.dumps(document), has_backup=False)
