"""Lines of styled text that are made for the width they are shown in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

Line = Sequence[tuple[str, str]]
"""Pieces of text with their part: "", quiet, good, careful, wrong, strong or accent."""


class Lines(Widget):
    """Shows what a function makes of its width; as high as that has lines.

    The text must be harmless already: what comes from outside has been through `present` or `cells`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--quiet", "lines--good", "lines--careful", "lines--wrong", "lines--strong", "lines--accent",
    }  # fmt: skip
    DEFAULT_CSS = """
    Lines {
        height: auto; width: 1fr;
        & > .lines--quiet { color: $quiet; }
        & > .lines--good { color: $success; }
        & > .lines--careful { color: $warning; text-style: bold; }
        & > .lines--wrong { color: $error; }
        & > .lines--strong { text-style: bold; }
        & > .lines--accent { color: $accent; text-style: bold; }
    }
    """

    def __init__(
        self,
        make: Callable[[int], Sequence[Line]] | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._make = make or (lambda _width: ())
        self._lines: Sequence[Line] = ()
        self._width = -1

    def show(self, make: Callable[[int], Sequence[Line]]) -> None:
        """Show something else."""
        self._make = make
        before = len(self._lines)
        self._width = -1
        self._lines_at(self.size.width or 80)
        self.refresh(layout=len(self._lines) != before)

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return "\n".join("".join(piece for piece, _ in line).rstrip() for line in self._lines_at(self.size.width or 80))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row a line."""
        del container, viewport
        return len(self._lines_at(width))

    def on_resize(self, event: events.Resize) -> None:
        """Other room, other lines: what makes them may look at the height, too."""
        del event
        self._width = -1
        self.refresh()

    def _lines_at(self, width: int) -> Sequence[Line]:
        if width != self._width:
            self._lines, self._width = list(self._make(max(1, width))), width
        return self._lines

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        lines = self._lines_at(width)
        base = self.rich_style
        if y >= len(lines):
            return Strip.blank(width, base)
        segments = [Segment(text, self._style(part, base)) for text, part in lines[y] if text]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, part: str, base: Style) -> Style:
        return base + self.get_component_rich_style(f"lines--{part}", partial=True) if part else base
