"""The first line: where we are, which library, and whether its server answers."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.present import cells, plain

TABS: Final = (
    ("dashboard", "Dashboard"),
    ("matching", "Matching"),
    ("jobs", "Jobs"),
    ("history", "History"),
    ("dismissals", "Dismissals"),
    ("settings", "Settings"),
)


class Header(Widget):
    """`Winnow  Dashboard [Matching] Jobs ...                    ✓ nas:9999`; the open screen is also underlined."""

    DEFAULT_CSS = """
    Header { dock: top; height: 1; background: $footer-background; color: $quiet; padding: 0 1; }
    """

    library: reactive[str] = reactive("")
    trouble: reactive[str | None] = reactive(None)
    """What is wrong with the server, empty when it answers, None while that is not known."""

    def __init__(self, current: str, *, title: str = "") -> None:
        super().__init__()
        self._current = current
        self._title = title

    def render(self) -> Content:
        """As wide as the terminal; what does not fit goes in this order: library, tabs other than the open one."""
        width = self.content_size.width
        for has_tabs, has_library in ((True, True), (True, False), (False, True), (False, False)):
            left = self._left(has_tabs=has_tabs)
            right = self._server(has_library=has_library)
            gap = width - left.cell_length - right.cell_length
            if gap >= 2:
                return Content.assemble(left, " " * gap, right)
        return self._left(has_tabs=False).truncate(width, ellipsis=True)

    def _left(self, *, has_tabs: bool) -> Content:
        parts: list[Content | tuple[str, str] | str] = [("Winnow", "bold $foreground")]
        if self._title:
            parts.append((f"  {self._title}", "bold underline $accent"))
        for name, title in TABS:
            if name == self._current:
                parts += ["  ", (title, "bold underline $accent")]
            elif has_tabs and not self._title:
                parts += ["  ", (title, "")]
        return Content.assemble(*parts)

    def _server(self, *, has_library: bool) -> Content:
        if not self.library:
            return Content("")
        if self.trouble is None:
            sign, words, style = "·", "asking", "$quiet"
        elif self.trouble:
            sign, words, style = "✗", "offline", "bold $error"
        else:
            sign, words, style = "✓", "online", "$success"
        name = plain(self.library, width=28) if has_library else ""
        shown = f"{sign} {words}" + (f"  {name}" if name else "")
        assert sum(map(cells, shown)) < 60
        return Content.styled(shown, style)
