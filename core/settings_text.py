"""The settings as text: the file that `winnow init` writes and the page docs/configuration.md.

`python -m core.settings_text` prints the page.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.config import Secret
from core.errors import ConfigError
from core.settings import SettingInfo, sections, setting_infos

_HEAD = """\
# Winnow's configuration. A line such as "# recheck_days = 30" shows what holds when nothing is set:
# take the "# " away to change it. `winnow doctor` checks everything that is set here.
"""

_PAGE_HEAD = """\
# Configuration

Winnow reads one TOML file: the one named by `--config FILE`, else by the environment variable `WINNOW_CONFIG`, else
`winnow/config.toml` in the platform's configuration folder (`~/.config/winnow/config.toml` on Linux). `winnow init`
asks for what is needed, checks it and writes the file; `winnow doctor` checks everything that is set.

Winnow's own database lies in the folder named by `--data-dir DIR`, else by `WINNOW_DATA_DIR`, else by `[data]
directory`, else in the platform's data folder (`~/.local/share/winnow` on Linux). Relative paths in the file count from
the file's own folder, and `~` is your home folder. A name that Winnow does not know is refused with its file, line and
the nearest name that exists.

A key is written as text, or as `"env:NAME"` (taken from the environment variable NAME), or as `"file:PATH"` (the
content of a file). Winnow warns about a file that holds a key and that others can read: `chmod 600 FILE`.
"""


def toml_value(value: Any) -> str:
    """A value as TOML writes it on one line."""
    import tomlkit

    if isinstance(value, Secret):
        raise TypeError("a key is not written out; pass the text that stands for it")
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, msgspec.Struct):
        fields = (f"{name} = {toml_value(getattr(value, name))}" for name in value.__struct_fields__)
        return f"{{ {', '.join(fields)} }}"
    return str(tomlkit.item(value).as_string())


def default_text(info: SettingInfo) -> str:
    """A setting's default as TOML writes it."""
    return '""' if isinstance(info.default, Secret) else toml_value(info.default)


def config_text(chosen: Mapping[tuple[str, str], str]) -> str:
    """A whole configuration file: (section, name) pairs in `chosen` are set, all others stand as comments.

    Values are texts; a key is given as the text that is to stand in the file (`env:NAME` and the like).
    """
    parts = [_HEAD]
    for section, struct in sections().items():
        parts.append(f"\n# {struct.__doc__}\n[{section}]\n")
        for info in setting_infos(section).values():
            meaning = textwrap.wrap(info.description, width=98, break_on_hyphens=False)
            if info.allowed != "text in quotes":
                meaning.append(f"May be: {info.allowed}.")
            parts.append("\n" + "".join(f"# {line}\n" for line in meaning))
            value = chosen.get((section, info.name))
            parts.append(
                f"# {info.name} = {default_text(info)}\n" if value is None else f"{info.name} = {toml_value(value)}\n"
            )
    return "".join(parts)


def documentation() -> str:
    """The page docs/configuration.md."""
    parts = [_PAGE_HEAD]
    for section, struct in sections().items():
        parts.append(f"\n## [{section}]\n\n{struct.__doc__}\n\n")
        parts.append("| setting | default | may be | meaning |\n|---|---|---|---|\n")
        for info in setting_infos(section).values():
            cells = (f"`{info.name}`", f"`{default_text(info)}`", info.allowed, info.description)
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def write_private(path: Path, text: str, *, has_backup: bool = True) -> Path | None:
    """Write a file that only its owner can read, all of it or nothing; a file in its place is kept beside it,
    unless `has_backup` is off.

    Returns where the former file went. A symbolic link is followed, not replaced. Raises ConfigError.
    """
    path = Path(os.path.realpath(path))
    backup: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if has_backup and path.exists():
                backup = _kept_beside(path)
            Path(name).replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror or error}", path=path) from error
    return backup


def _kept_beside(path: Path) -> Path:
    """A private copy of a file as `FILE.bak`, or `FILE.bak2` and so on where that is taken."""
    content = path.read_bytes()
    number = 1
    while True:
        copy = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        try:
            handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            os.fsync(stream.fileno())
        return copy


if __name__ == "__main__":
    print(documentation(), end="")
