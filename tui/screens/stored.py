"""What every screen has that shows stored records whole: it reads them anew whenever they may have changed."""

from __future__ import annotations

from tui.messages import DecisionsChanged
from tui.screens.base import WinnowScreen


class StoredScreen(WinnowScreen):
    """A subclass says what is read and how it is shown."""

    async def load(self) -> None:
        """Read and show."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Old by now."""
        self.reload()

    def on_decisions_changed(self, _message: DecisionsChanged) -> None:
        """Something was decided or undone."""
        self.reload()

    def reload(self) -> None:
        """Read anew, while this is the screen in sight."""
        if self.is_current:
            self.carry_out(self.load(), group="load", is_exclusive=True)
