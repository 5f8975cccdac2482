"""The screens that the app goes between, each imported when it is first shown."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from textual.screen import Screen


def screen_of(module: str, name: str) -> Callable[[], Screen[None]]:
    """Makes a screen of `tui.screens`."""

    def make() -> Screen[None]:
        screen = getattr(importlib.import_module(f"tui.screens.{module}"), name)()
        assert isinstance(screen, Screen)
        return screen

    return make


MODES: Final[dict[str, str | Callable[[], Screen[Any]]]] = {
    "dashboard": screen_of("dashboard", "DashboardScreen"),
    "matching": screen_of("matching", "MatchingScreen"),
    "duplicates": screen_of("duplicates", "DuplicatesScreen"),
    "intake": screen_of("intake", "IntakeScreen"),
    "jobs": screen_of("jobs", "JobsScreen"),
    "history": screen_of("history", "HistoryScreen"),
    "dismissals": screen_of("dismissals", "DismissalsScreen"),
    "settings": screen_of("settings", "SettingsScreen"),
}
"""By name; each keeps its own state while another is shown."""
