"""Asks the Stash now and then, off the path of the keys, whether it is there, and tells when that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.messages import ServerChecked

if TYPE_CHECKING:
    from tui.app import WinnowApp

_SECONDS: Final = 15.0


class ServerWatch:
    """`trouble`: what is wrong with the server, empty when it answers, None while nobody asked."""

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self.trouble: str | None = None

    def begin(self) -> None:
        """Ask now, and from now on."""
        self._app.set_interval(_SECONDS, self.check)
        self.check()

    def check(self) -> None:
        """Ask once, where a server is configured."""
        if not self._app.settings.stash.url:
            self.trouble = ""
            return
        self._app.run_worker(self._check(), group="server", exclusive=True, exit_on_error=False)

    async def _check(self) -> None:
        state = await self._app.runtime.server_state()
        words = "" if state.is_ok else state.words
        if self.trouble and not words:
            self._app.say("The Stash server answers again.")
        elif words and words != self.trouble:
            self._app.say(words, severity="warning")
        self.trouble = words
        self._app.screen.post_message(ServerChecked(words))
