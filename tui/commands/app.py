"""`winnow` without a command: the terminal app."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from core.config import data_folder, load_settings
from tui.launch import open_app, require_terminal

if TYPE_CHECKING:
    from tui.console import Console


async def app(args: argparse.Namespace, console: Console) -> int:
    """Open the screens over the configuration, or over the words that say how to make one."""
    require_terminal()
    settings = load_settings(args.config, required=False)
    console.finish()
    return await open_app(
        settings, data_folder(settings, args.data_dir), images=args.images or "", mouse=args.has_mouse
    )
