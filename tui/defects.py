"""The report of a defect: what a person may copy into an issue. No keys and no values of variables stand in it."""

from __future__ import annotations

import os
import platform
import traceback
from importlib.metadata import version
from typing import TYPE_CHECKING

from core.secret import hidden
from tui.present import plain

if TYPE_CHECKING:
    from tui.app import WinnowApp


def report(app: WinnowApp, error: BaseException) -> str:
    """The defect with its traceback, the versions and the terminal; no key and no password, nothing that steers one."""
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
    return "\n".join(plain(line) for line in hidden("\n".join(lines)).split("\n"))
