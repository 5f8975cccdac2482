"""Scans that are due start by themselves while the app is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import JobRunningError
from core.runtime import ScanOptions

if TYPE_CHECKING:
    from tui.app import WinnowApp


class Schedule:
    """Looks once a minute. The very first scan is the person's to start; after a failed one an hour passes."""

    _SECONDS: Final = 60.0
    _PAUSE_SECONDS: Final = 3600.0

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._tried_at = float("-inf")

    def begin(self) -> None:
        """Look once a minute from now on."""
        self._app.set_interval(
            self._SECONDS, lambda: self._app.in_background(self.start_what_is_due(), group="schedule")
        )

    async def start_what_is_due(self) -> None:
        """Start a scan when its time has come and none is under way."""
        now = self._app.clock.now()
        if now - self._tried_at < self._PAUSE_SECONDS:
            return
        summary = await self._app.runtime.matching.summary()
        if summary.last_scan is None or summary.next_scan_at is None or summary.next_scan_at > now:
            return
        self._tried_at = now
        try:
            await self._app.runtime.matching.start_scan(ScanOptions())
        except JobRunningError:
            return  # the same work, started elsewhere
        self._app.say("The scheduled scan has started.")
