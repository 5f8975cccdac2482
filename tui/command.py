"""What a person can ask for: a command, and the scope of keys it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask for. `label` is short, `words` a sentence; `in_footer`: worth a place in the footer."""

    id: str
    label: str
    words: str
    in_footer: bool = False

    @property
    def scope(self) -> str:
        """The part of the app it belongs to."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the action that answers it."""
        scope, _, name = self.id.partition(".")
        if self.id.startswith("app.show-"):
            return f"show('{name.removeprefix('show-')}')"
        return _ACTIONS.get(self.id, name.replace("-", "_") if scope != "nav" else f"nav_{name.replace('-', '_')}")


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the app with keys of its own. `within`: scopes whose keys are in force at the same time."""

    name: str
    title: str
    commands: tuple[Command, ...]
    within: tuple[str, ...] = ("app",)


_ACTIONS: Final[Mapping[str, str]] = {
    "app.palette": "command_palette",
    "app.suspend": "suspend_process",
    "matching.dismiss": "turn_down",  # a screen's own `dismiss` closes it
    "detail.dismiss": "turn_down",
    "dialog.toggle": "take_out",  # `toggle` is Textual's
}


def scope(name: str, title: str, *rows: tuple[str, str, str] | tuple[str, str, str, bool], **more: object) -> Scope:
    """A scope from rows of (name, label, words) and, for the footer, True."""
    commands = tuple(Command(f"{name}.{row[0]}", row[1], row[2], *row[3:]) for row in rows)
    within = more.get("within", ("app",))
    assert isinstance(within, tuple)
    return Scope(name, title, commands, within)
