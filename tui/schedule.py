"""Scans that are due start by themselves while the app is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from core.errors import JobRunningError
from core.runtime import JobRecord, ScanOptions

if TYPE_CHECKING:
    from tui.app import WinnowApp


class Schedule:
    """Looks once a minute. The first scan of a desk is the person's to start; after a failed one an hour passes."""

    _SECONDS: Final = 60.0
    _PAUSE_SECONDS: Final = 3600.0

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._tried_at: dict[str, float] = {}

    def begin(self) -> None:
        """Look once a minute from now on."""
        self._app.set_interval(
            self._SECONDS, lambda: self._app.in_background(self.start_what_is_due(), group="schedule")
        )

    async def start_what_is_due(self) -> None:
        """Start the scans whose time has come, where none is under way."""
        runtime = self._app.runtime
        matching, duplicates = await runtime.matching.summary(), await runtime.duplicates.summary()
        if self._is_due("matching", matching.last_scan, matching.next_scan_at):
            await self._start("matching", lambda: runtime.matching.start_scan(ScanOptions()), "The scheduled scan")
        if self._is_due("duplicates", duplicates.last_scan, duplicates.next_scan_at):
            await self._start("duplicates", runtime.duplicates.start_scan, "The scheduled scan for duplicates")

        intake = await runtime.intake.summary()
        if self._is_due("intake", intake.last_run, intake.next_run_at):
            await self._start("intake", runtime.intake.start_run, "The scheduled run of the intake")

    def _is_due(self, desk: str, last: JobRecord | None, next_at: float | None) -> bool:
        now = self._app.clock.now()
        was_tried = now - self._tried_at.get(desk, float("-inf")) < self._PAUSE_SECONDS
        return last is not None and next_at is not None and next_at <= now and not was_tried

    async def _start(self, desk: str, start: Callable[[], Awaitable[object]], what: str) -> None:
        self._tried_at[desk] = self._app.clock.now()
        try:
            await start()
        except JobRunningError:
            return  # the same work, started elsewhere
        self._app.say(f"{what} has started.")
