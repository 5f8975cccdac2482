"""What every screen has: header, footer, its commands, a guard for small terminals and for work that fails.

A screen says which scope of the command table it answers (`SCOPE`, `BINDINGS = bindings(SCOPE)`), composes its middle
in `compose_body`, and does what takes time through `carry_out`, so that no failure is lost and none ends the app.
"""

from __future__ import annotations

import weakref
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.worker import Worker

from tui.bindings import bindings
from tui.command import Command
from tui.command_table import reachable
from tui.messages import ServerChecked
from tui.widgets.footer import Footer
from tui.widgets.header import Header

if TYPE_CHECKING:
    from core.runtime import Runtime
    from tui.app import WinnowApp

MIN_COLUMNS: Final = 60
MIN_ROWS: Final = 15
WHEN_SMALL: Final = frozenset({"quit", "suspend_process", "redraw"})

Result = TypeVar("Result")


class TooSmall(Widget):
    """Covers a screen that has no room, and says how much is needed."""

    DEFAULT_CSS = """
    TooSmall { display: none; layer: guard; width: 100%; height: 100%; background: $background; padding: 0; }
    """

    def render(self) -> Content:
        """In words that fit 20 columns."""
        size = self.app.size
        return Content(f"Too small: {size.width}x{size.height}.\nWinnow needs\n{MIN_COLUMNS}x{MIN_ROWS}.")


class Guarded(DOMNode):
    """What screens and dialogs share. Mixed into both; not a screen by itself."""

    SCOPE: ClassVar[str]
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-wide")]

    @property
    def winnow(self) -> WinnowApp:
        """The app, typed."""
        from tui.app import WinnowApp

        assert isinstance(self.app, WinnowApp)
        return self.app

    @property
    def runtime(self) -> Runtime:
        """Everything below the terminal; it is open for as long as a screen is shown."""
        return self.winnow.runtime

    @property
    def commands(self) -> list[Command]:
        """The commands in force here, for the help screen and the palette."""
        return list(reachable(self.SCOPE))

    @property
    def is_too_small(self) -> bool:
        """Whether a message covers the screen; then no key does what cannot be seen."""
        return self.app.size.width < MIN_COLUMNS or self.app.size.height < MIN_ROWS

    def with_way_back(self, words: str) -> str:
        """What was done, and the key that takes it back."""
        undo = self.winnow.keymap_in_force.shown("app.undo", limit=1)
        return words + (f"   {undo} takes it back" if undo else "")

    def on_resize(self, _event: events.Resize) -> None:
        """Cover or uncover the screen."""
        for guard in self.query(TooSmall):
            guard.display = self.is_too_small
            guard.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks before each action; a screen that overrides this asks `super()` too."""
        if self.is_too_small and action not in WHEN_SMALL:
            return False
        return super().check_action(action, parameters)

    def carry_out(self, work: Coroutine[Any, Any, None], *, group: str, is_exclusive: bool = False) -> Worker[None]:
        """Do something that takes time. What fails on purpose becomes a message, a defect the error screen.

        `is_exclusive`: what is still under way in `group` on this screen is given up (for loads, not for decisions).
        """
        assert isinstance(self, Widget)
        worker: Worker[None] = self.run_worker(
            partial(self._guarded, work), group=group, exclusive=is_exclusive, exit_on_error=False
        )
        weakref.finalize(worker, work.close)  # given up before it began: it is closed, not forgotten
        return worker

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        await self.winnow.guarded(work)


class WinnowScreen(Guarded, Screen[None]):
    """A screen with header and footer."""

    DEFAULT_CSS = "WinnowScreen { layers: base guard; background: $background; }"
    TAB: ClassVar[str] = ""
    """The name of its tab in the header; empty for a screen on top of one."""
    HEADING: ClassVar[str] = ""
    """Shown in the header in place of the tabs, for a screen on top of one."""

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield Header(self.TAB, title=self.HEADING)
        yield from self.compose_body()
        yield Footer()
        yield TooSmall()

    def compose_body(self) -> ComposeResult:
        """What stands between header and footer."""
        yield from ()

    def on_screen_resume(self) -> None:
        """Shown again: the header is brought up to date. Textual calls this of every class in turn."""
        header = self.query_one(Header)
        header.library = self.winnow.library_name
        header.trouble = self.winnow.server.trouble
        self.query_one(Footer).renew()

    def on_server_checked(self, message: ServerChecked) -> None:
        """The server's state shows at once."""
        self.query_one(Header).trouble = message.words


class Dialog(Guarded, ModalScreen[Result], Generic[Result]):
    """A question or a preview over a screen. Enter alone never confirms what cannot be taken back."""

    SCOPE = "dialog"
    BINDINGS: ClassVar = bindings("dialog")
    DEFAULT_CSS = """
    Dialog { layers: base guard; align: center middle; background: $background 60%; }
    Dialog > .box {
        width: 76; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $accent; padding: 1 2;
    }
    """

    def compose(self) -> ComposeResult:
        """The box, made by `compose_box`, and the footer with the dialog's keys."""
        yield from self.compose_box()
        yield Footer()
        yield TooSmall()

    def compose_box(self) -> ComposeResult:
        """One container with the class `box`."""
        yield from ()

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it once: a second answer, pressed before the dialog was gone, is not heard."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def action_cancel(self) -> None:
        """Close without a result."""
        self.dismiss(None)
