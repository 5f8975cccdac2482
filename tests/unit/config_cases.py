"""How tests of the configuration write a file and read what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import (
    load_settings,
)
from core.errors import ConfigError

KEY = "eyJhbGciOiJIUzI1NiJ9.secret"


def write(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refused(path: Path, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, env=env)
    return str(caught.value)
