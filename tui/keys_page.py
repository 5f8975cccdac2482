"""The page docs/keys.md, made from the command table and the shipped keys. `python -m tui.keys_page` prints it."""

from __future__ import annotations

from tui.command_table import SCOPES
from tui.keymap import Keymap, load_keymap

_HEAD = """\
# Keys

All keys stand in `keybindings.toml`, which comes with Winnow. To change some, put a file of the same name beside your
configuration (`~/.config/winnow/keybindings.toml` on Linux) with only the lines that differ:

```toml
[matching]
accept = ["a", "f2"]   # several keys
dismiss = "x"          # one key
skip = []              # no key; the command stays in the command palette
```

A key is a character (`a`, `A`, `/`, `?`), a name (`enter`, `escape`, `tab`, `space`, `backspace`, `delete`, `insert`,
`home`, `end`, `pageup`, `pagedown`, `up`, `down`, `left`, `right`, `f1` to `f12`), or either of them with `ctrl+` or
`alt+` before it. A terminal sends the same for `ctrl+i` and `tab`, for `ctrl+m` and `enter`, for `ctrl+h` and
`backspace`, and for `ctrl+` with a small or a capital letter. Many keep `alt+` and `ctrl+` with `enter` to themselves.

A mistake (an unknown name, an unknown key, one key for two commands in the same place) is shown at the start and on
the help screen with its line and the nearest valid name; the rest of the file holds. A key of yours wins over a
shipped one.

While text is typed, characters go into the field; `escape` leaves it.
"""


def page(keymap: Keymap | None = None) -> str:
    """The whole page."""
    keymap = keymap or load_keymap()
    parts = [_HEAD]
    for scope in SCOPES.values():
        if not scope.commands:
            continue
        parts.append(f"\n## {scope.title}\n\n| command | keys | what it does |\n|---|---|---|\n")
        for command in scope.commands:
            keys = ", ".join(f"`{key}`" for key in keymap.shown(command.id).split(", ")).replace("|", "\\|")
            parts.append(f"| `{command.id}` | {keys} | {command.words} |\n")
    return "".join(parts)


if __name__ == "__main__":
    print(page(), end="")
