"""The parts of the README that are made by code: `make docs`, or `python -m tests.readme_parts`, writes them anew.

Each stands between two marks, `<!-- NAME: made by make docs -->` and `<!-- end of NAME -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from core.settings import sections, setting_infos
from core.settings_text import default_text
from tui.command_table import SCOPES
from tui.keymap import Keymap, load_keymap

README: Final = Path(__file__).parents[1] / "README.md"


def keys_table() -> str:
    """Every command of the app with its first keys, a row for each part of the app."""
    keymap = load_keymap()
    rows = ["| where | keys |", "|---|---|"]
    for scope in SCOPES.values():
        if scope.commands:
            cells = (f"{_first_keys(keymap, command.id)} {command.label}" for command in scope.commands)
            rows.append(f"| {scope.title} | {' · '.join(cells)} |")
    return "\n".join(rows)


def _first_keys(keymap: Keymap, command: str) -> str:
    shown = keymap.shown(command).split(", ")
    return f"`{shown[0]}`".replace("|", "\\|")


def settings_table() -> str:
    """Every setting with its default, a row for each section."""
    rows = ["| section | settings and defaults |", "|---|---|"]
    for section in sections():
        cells = (f"`{info.name} = {default_text(info)}`" for info in setting_infos(section).values())
        anchor = "".join(letter for letter in section if letter.isalnum() or letter in "_-")
        cell = " · ".join(cell.replace("|", "\\|") for cell in cells)
        rows.append(f"| [`[{section}]`](docs/configuration.md#{anchor}) | {cell} |")
    return "\n".join(rows)


PARTS: Final[Mapping[str, Callable[[], str]]] = {"keys": keys_table, "settings": settings_table}


def renewed(text: str) -> str:
    """The README with its made parts made anew. Raises ValueError where marks are missing."""
    for name, make in PARTS.items():
        marks = re.compile(rf"(<!-- {name}: made by make docs -->\n)(?:.*?\n)?(<!-- end of {name} -->)", re.DOTALL)
        text, count = marks.subn(rf"\g<1>{_literal(make())}\n\g<2>", text)
        if count != 1:
            raise ValueError(f"the README has {count} places for {name}")
    return text


def _literal(text: str) -> str:
    """A text as it has to stand in what a pattern is replaced by."""
    return text.replace("\\", r"\\")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
