"""The first line: where we are, which library, and whether its server answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.present import cells, plain

if TYPE_CHECKING:
    from tui.app import WinnowApp

TABS: Final = (
    ("dashboard", "Dashboard"),
    ("matching", "Matching"),
    ("duplicates", "Duplicates"),
    ("intake", "Intake"),
    ("jobs", "Jobs"),
    ("history", "History"),
    ("dismissals", "Dismissals"),
    ("settings", "Settings"),
)
_SHORT: Final = {
    "dashboard": "Dash", "matching": "Match", "duplicates": "Dupl", "dismissals": "Dism", "settings": "Set",
}  # fmt: skip
"""What tabs are called where there is little room."""


class Header(Widget):
    """`Winnow  1 Dashboard  2 Matching ...          ✓ online  nas:9999`; the open screen is also underlined."""

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
        """As wide as the terminal; what does not fit goes in this order: library, our name, whole words, keys, tabs."""
        width = self.content_size.width
        keys = self._keys()
        for has_name, tabs, has_library, is_short in (
            (True, keys, True, False), (True, keys, False, False), (False, keys, False, False),
            (True, keys, False, True), (False, keys, False, True), (True, {}, False, True), (True, None, True, False),
            (True, None, False, False),
        ):  # fmt: skip
            left = self._left(tabs, has_name=has_name, is_short=is_short)
            right = self._server(has_library=has_library)
            gap = width - left.cell_length - right.cell_length
            if gap >= 1:
                return Content.assemble(left, " " * gap, right)
        return self._left(None).truncate(width, ellipsis=True)

    def _keys(self) -> dict[str, str]:
        """Of each tab the key that goes there."""
        app = cast("WinnowApp", self.app)
        keymap = app.keymap_in_force
        return {name: keymap.shown(f"app.show-{name}", limit=1) for name, _ in TABS}

    def _left(self, keys: Mapping[str, str] | None, *, has_name: bool = True, is_short: bool = False) -> Content:
        """The tabs with these keys before them; without the others than the open one where `keys` is None."""
        parts: list[Content | tuple[str, str] | str] = [("Winnow", "bold $foreground")] if has_name else []
        if self._title:
            parts.append((f"  {self._title}", "bold underline $accent"))
        for name, title in TABS:
            is_current = name == self._current
            if is_current or (keys is not None and not self._title):
                key = keys.get(name, "") if keys else ""
                parts += ["  " if parts else "", (f"{key} " if key else "", "$accent")]
                shown = _SHORT.get(name, title) if is_short else title
                parts.append((shown, "bold underline $accent" if is_current else ""))
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
