"""keybindings.toml -> which keys every command has, with every mistake named by file, line and the nearest valid name.

The shipped file gives every command its keys; the user's own file replaces them command by command, an empty list takes
them away. What is wrong in the user's file is left out and told; the rest of it holds.
"""

from __future__ import annotations

import contextlib
import difflib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core.config import default_config_path
from core.config_file import TomlFile
from core.errors import ConfigError
from tui.command_table import COMMANDS, SCOPES, overlapping
from tui.present import plain

FILE_NAME: Final = "keybindings.toml"
_NAMES: Final = frozenset(
    (
        *("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
        *("up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 13)),
    )
)
_SAME_KEY: Final = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+[": "escape", "return": "enter"}
_OTHER_NAMES: Final = {
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    " ": "space",
}
_MODIFIERS: Final = ("ctrl", "alt", "shift")
_SHOWN: Final = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn",
    "delete": "del", "insert": "ins",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of every command as Textual names them, the one that is shown first. `faults`: what was wrong."""

    keys: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...] = ()

    def textual(self) -> dict[str, str]:
        """What `App.set_keymap` takes; a command without a key is absent."""
        return {command: ",".join(keys) for command, keys in self.keys.items() if keys}

    def shown(self, command: str, *, limit: int | None = None) -> str:
        """The keys of a command as a person reads them: `a, f2`."""
        return ", ".join(map(shown_key, self.keys.get(command, ())[:limit]))


def default_path() -> Path:
    """The shipped file: inside the package, or at the root of a checkout."""
    inside = Path(__file__).with_name(FILE_NAME)
    return inside if inside.exists() else Path(__file__).parent.parent / FILE_NAME


def user_path(config: Path | None = None) -> Path:
    """The user's own file: beside the configuration in use."""
    return (config or default_config_path()).with_name(FILE_NAME)


def load_keymap(own: Path | None = None, *, shipped: Path | None = None) -> Keymap:
    """The keys in force. Never raises for what stands in the user's file.

    Raises ConfigError when the shipped file is damaged.
    """
    base = _Reader(shipped or default_path())
    if base.faults:
        raise ConfigError("; ".join(base.faults))
    keys: dict[str, tuple[str, ...]] = {command: base.keys.get(command, ()) for command in COMMANDS}
    faults: list[str] = []
    if own is not None and _exists(own):
        reader = _Reader(own)
        faults += reader.faults
        faults += _overlay(keys, reader)
    return Keymap(keys, tuple(faults))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be entered; reading says so
        return True


def _overlay(keys: dict[str, tuple[str, ...]], own: _Reader) -> Iterator[str]:
    """Put the user's keys over the shipped ones; a shipped key that serves another command now leaves its own."""
    keys.update(own.keys)
    for command, wanted in own.keys.items():
        for other in COMMANDS:
            if other in own.keys or not overlapping(COMMANDS[command].scope, COMMANDS[other].scope):
                continue
            lost = [key for key in keys[other] if key in wanted]
            if lost:
                keys[other] = tuple(key for key in keys[other] if key not in lost)
                if not keys[other]:
                    yield own.at(
                        command,
                        f"{shown_key(lost[0])} now means {command} and {other} has no key any more; give it another",
                    )


@dataclass(slots=True)
class _Reader:
    """One file read: the keys of the commands it names, and what is wrong in it."""

    path: Path
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _file: TomlFile | None = None

    def __post_init__(self) -> None:
        try:
            self._file = TomlFile.read(self.path)
        except ConfigError as error:
            self.faults.append(str(error))
            return
        for scope, table in self._file.data.items():
            self._read_scope(scope, table)
        self._refuse_clashes()

    def at(self, command: str, words: str) -> str:
        """A fault with its place."""
        scope, _, name = command.partition(".")
        line = self._file.line((scope, name) if name else (scope,)) if self._file else None
        return str(ConfigError(plain(words), path=self.path, line=line))

    def _read_scope(self, scope: str, table: Any) -> None:
        if scope not in SCOPES:
            self.faults.append(self.at(scope, f"there is no group [{scope}]; {_nearest(scope, SCOPES)}"))
            return
        if not isinstance(table, dict):
            self.faults.append(self.at(scope, f"{scope} is a group of commands; write [{scope}] and its keys below"))
            return
        names = {command.id.partition(".")[2] for command in SCOPES[scope].commands}
        for name, value in table.items():
            command = f"{scope}.{name}"
            if name not in names:
                self.faults.append(self.at(command, f"[{scope}] has no command {name}; {_nearest(name, names)}"))
                continue
            keys = self._keys(command, value)
            if keys is not None:
                self.keys[command] = keys

    def _keys(self, command: str, value: Any) -> tuple[str, ...] | None:
        """The keys a value names; None when it is not usable at all, so that the shipped keys stay."""
        wanted = [value] if isinstance(value, str) else value
        if not isinstance(wanted, list) or not all(isinstance(key, str) for key in wanted):
            self.faults.append(self.at(command, f'{command} takes a key or a list of keys: "a" or ["a", "f2"]'))
            return None
        good: list[str] = []
        for text in wanted:
            try:
                key = parse_key(text)
            except ValueError as error:
                self.faults.append(self.at(command, f"{command}: {error}"))
                continue
            if key not in good:
                good.append(key)
        return tuple(good) if good or not wanted else None

    def _refuse_clashes(self) -> None:
        """One key for two commands that are in force together: the first keeps it."""
        taken: dict[str, list[str]] = {}
        for command in list(self.keys):
            for key in self.keys[command]:
                holder = next(
                    (
                        other
                        for other in taken.get(key, ())
                        if overlapping(COMMANDS[other].scope, COMMANDS[command].scope)
                    ),
                    None,
                )
                if holder is None:
                    taken.setdefault(key, []).append(command)
                    continue
                self.keys[command] = tuple(kept for kept in self.keys[command] if kept != key)
                self.faults.append(
                    self.at(command, f"{shown_key(key)} already means {holder}; {command} does not get it")
                )


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else "it is one of: " + ", ".join(sorted(known))


def parse_key(text: str) -> str:
    """A key as Textual names it. Raises ValueError with the way out."""
    *modifiers, name = text.lower().split("+") if len(text) > 1 and not text.endswith("+") else [text]
    if len(text) > 1 and text.endswith("+"):
        *modifiers, name = [*text.lower().rstrip("+").split("+"), "+"]
    name = text[-1] if len(name) == 1 else _OTHER_NAMES.get(name, name)
    wrong = next((one for one in modifiers if one not in _MODIFIERS), None)
    if wrong is not None:
        raise ValueError(f'"{text}" is not a key: {wrong}+ is none of ctrl+, alt+, shift+')
    if len(name) == 1:
        if not name.isprintable() or name.isspace():
            raise ValueError(f'"{text}" is not a key that can be typed')
        return _character_key(text, modifiers, name)
    if name not in _NAMES and name != "return":
        raise ValueError(f'"{text}" is not a key; {_nearest(name, _NAMES)}')
    return _sorted_key(modifiers, _SAME_KEY.get(name, name))


def _character_key(text: str, modifiers: list[str], character: str) -> str:
    if modifiers == ["shift"]:
        if not character.isalpha():
            raise ValueError(f'"{text}": write the character that shift makes of it')
        character, modifiers = character.upper(), []
    if "ctrl" in modifiers:
        if character.isupper() or "shift" in modifiers:
            raise ValueError(f'"{text}": a terminal cannot tell it from ctrl+{character.lower()}')
        same = _SAME_KEY.get(f"ctrl+{character}")
        if same and modifiers == ["ctrl"]:
            raise ValueError(f'"{text}": a terminal sends {same} for it; write "{same}"')
    return _sorted_key(modifiers, _textual_name(character))


def _sorted_key(modifiers: list[str], name: str) -> str:
    return "+".join([*sorted(set(modifiers)), name])


def _textual_name(character: str) -> str:
    """How Textual calls a character's key: letters and digits by themselves, others by their Unicode name."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _TEXTUAL_NAMES.get(name, name or character)


_TEXTUAL_NAMES: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_TEXTUAL_CHARACTERS: Final = {
    _textual_name(character): character for character in map(chr, range(0x21, 0x7F)) if not character.isalnum()
}


def shown_key(key: str) -> str:
    """A key as a person reads it: `ctrl+p`, `/`, `↑`."""
    *modifiers, name = key.split("+")
    if name in _SHOWN:
        name = _SHOWN[name]
    elif name in _TEXTUAL_CHARACTERS:
        name = _TEXTUAL_CHARACTERS[name]
    elif len(name) > 1 and name not in _NAMES:
        with contextlib.suppress(KeyError):
            name = unicodedata.lookup(name.replace("_", " "))
    return "+".join([*modifiers, name])
