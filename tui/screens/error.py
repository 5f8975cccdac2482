"""The screen for a defect of Winnow: a report to copy, and the way on."""

from __future__ import annotations

import contextlib
import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.bindings import bindings
from tui.defects import report
from tui.present import content, paragraphs
from tui.screens.base import WinnowScreen


class ErrorScreen(WinnowScreen):
    """Shows one report. It is also written to a file, for terminals that do not let programs copy."""

    SCOPE = "error"
    HEADING = "A defect"
    CSS_PATH = "error.tcss"
    BINDINGS: ClassVar = bindings("error")

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error
        self._report = ""

    def compose_body(self) -> ComposeResult:
        self._report = report(self.winnow, self._error)
        yield Static("This is a defect of Winnow, not a mistake of yours. Nothing that was decided is lost.", id="what")
        yield Static(self._keep(), id="where")
        with VerticalScroll(id="report"):
            yield Static(paragraphs(self._report))

    def _keep(self) -> Content:
        """Write the report down; where it is, in words."""
        path = self.winnow.data_dir / "reports" / time.strftime("defect-%Y%m%d-%H%M%S.txt")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(self._report + "\n", encoding="utf-8", errors="backslashreplace")
            return content(f"The report below is also in {path}")
        return content("The report could not be written to the disk; copy it.")

    def action_copy(self) -> None:
        """To the clipboard of the terminal, where it allows that."""
        self.app.copy_to_clipboard(self._report)
        self.winnow.say("The report was copied.")

    def action_go_on(self) -> None:
        """Back to where it happened."""
        if self.app.screen is self:  # else the key was pressed twice
            self.app.pop_screen()

    def action_quit(self) -> None:
        """Leave the app."""
        self.app.exit(0)
