"""The bindings of a scope, made from the command table.

Every binding is declared on one placeholder key that no keyboard has; the real keys come from the keymap alone. So an
unbound command is unbound in truth, and a remapped one works whatever has the focus.
"""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from tui.command_table import SCOPES

PLACEHOLDER: Final = "f24"


def bindings(*scopes: str) -> list[BindingType]:
    """What a screen or widget that answers the commands of these scopes sets as its BINDINGS."""
    return [
        Binding(
            PLACEHOLDER, command.action, command.label, show=command.in_footer, tooltip=command.words, id=command.id
        )
        for scope in scopes
        for command in SCOPES[scope].commands
    ]
