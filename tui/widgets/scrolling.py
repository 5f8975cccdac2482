"""Text longer than its place, moved through with the keys of lists."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import VerticalScroll

from tui.bindings import bindings


class ScrollingText(VerticalScroll, inherit_bindings=False):
    """Scrolls its content; answers the movement keys of the keymap."""

    BINDINGS: ClassVar = bindings("nav")
    DEFAULT_CSS = "ScrollingText { height: 1fr; padding: 1 2; }"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to open in plain text."""
        return False if action == "nav_open" else super().check_action(action, parameters)

    def action_nav_down(self) -> None:
        self.scroll_down(animate=False)

    def action_nav_up(self) -> None:
        self.scroll_up(animate=False)

    def action_nav_page_down(self) -> None:
        self.scroll_page_down(animate=False)

    def action_nav_page_up(self) -> None:
        self.scroll_page_up(animate=False)

    def action_nav_first(self) -> None:
        self.scroll_home(animate=False)

    def action_nav_last(self) -> None:
        self.scroll_end(animate=False)
