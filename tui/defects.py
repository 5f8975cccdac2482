"""The report of a defect: what a person may copy into an issue. No keys and no values of variables stand in it."""

from __future__ import annotations

import os
import platform
import traceback
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.app import WinnowApp


def report(app: WinnowApp, error: BaseException) -> str:
    """The defect with its traceback, the versions and the terminal; API keys are blacked out."""
    size = app.size
    lines = [
        f"Winnow {version('winnow')}: {type(error).__name__}",
        "",
        *"".join(traceback.format_exception(error)).rstrip().split("\n"),
        "",
        f"screen {type(app.screen).__name__}, mode {app.current_mode}, {size.width}x{size.height}, theme {app.theme}",
        f"Textual {version('textual')}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"TERM={os.environ.get('TERM', '')} COLORTERM={os.environ.get('COLORTERM', '')}",
        f"tmux={'yes' if 'TMUX' in os.environ else 'no'} ssh={'yes' if 'SSH_TTY' in os.environ else 'no'}",
    ]
    return without_secrets(app, "\n".join(lines))


def without_secrets(app: WinnowApp, text: str) -> str:
    """Text in which no API key of the settings is left."""
    key = app.settings.stash.api_key.reveal()
    return text.replace(key, "***") if key else text
