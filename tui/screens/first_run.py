"""What is shown while there is no configuration: the two ways on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from core.config import default_config_path
from tui.present import plain
from tui.screens.base import WinnowScreen


class FirstRunScreen(WinnowScreen):
    """Names the commands to type; nothing can be done here but leave."""

    SCOPE = "welcome"
    HEADING = "Welcome"
    CSS_PATH = "first_run.tcss"
    BINDINGS: ClassVar = []

    def compose_body(self) -> ComposeResult:
        path = self.winnow.settings.path or default_config_path()
        with Vertical(id="welcome"):
            yield Static("Winnow does not know your Stash yet.", classes="strong", id="headline")
            yield Static(
                Content.assemble(
                    ("winnow init", "bold $accent"),
                    "\n  asks for the address of your Stash and its API key, checks both",
                    "\n  and writes the configuration:\n",
                    (f"  {plain(str(path), width=64)}", "$quiet"),
                    "\n\n",
                    ("winnow demo", "bold $accent"),
                    "\n  opens Winnow on a small library of its own, with servers and",
                    "\n  media made for it, to try everything without risk",
                    "\n\n",
                    ("winnow doctor", "bold $accent"),
                    "\n  checks a configuration that does not work",
                    "\n\n",
                    ("Press ", "$quiet"),
                    (self.winnow.keymap_in_force.shown("app.quit", limit=1), "bold $accent"),
                    (" to go back to the command line.", "$quiet"),
                )
            )
