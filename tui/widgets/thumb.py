"""A picture in a box of cells, in its own proportions, loaded when it first comes into view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.pictures import halfblock, kitty
from tui.pictures.decode import Box, Drawn
from tui.pictures.detect import Drawing
from tui.widgets.cells import columns, fit, wrap

if TYPE_CHECKING:
    from tui.pictures.gallery import Pictures
    from tui.pictures.loader import Outcome, Picture


class Thumb(Widget, can_focus=False):
    """Set `picture` to show one. Text stands in its place while it loads, where there is none and where none is wanted.

    Its size comes from the style sheet and must not depend on the picture, so that nothing moves when it arrives.
    """

    DEFAULT_CSS = """
    Thumb { width: 40; height: 12; color: $text-muted; }
    """

    picture: reactive[Picture | None] = reactive(None, init=False)

    def __init__(
        self,
        pictures: Pictures,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._pictures = pictures
        self._outcome: Outcome | None = None
        self._asked: tuple[object, ...] | None = None
        self._strips: list[Strip] | None = None
        pictures.enter(self)

    @property
    def outcome(self) -> Outcome | None:
        """What was delivered: the picture, or in words why there is none; None while it loads."""
        return self._outcome

    def watch_picture(self) -> None:
        """Another picture: forget the old one."""
        self.draw_anew()

    def draw_anew(self) -> None:
        """Load and draw again, for example in another way."""
        self._outcome = None
        self._asked = None
        self._strips = None
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """No height of its own."""
        del container, viewport, width
        return 1

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours."""
        self._strips = None
        super().notify_style_update()

    def _drawing(self) -> Drawing:
        return self._pictures.ability.drawing

    def _request(self) -> None:
        """Ask for the picture in this size, once. Called from drawing, so what is never seen is never loaded."""
        picture, size = self.picture, self.size
        if picture is None or self._drawing() is Drawing.TEXT or size.width < 2 or size.height < 1:
            return
        cell = self._pictures.ability.cell
        box = Box(min(size.width, kitty.MOST_CELLS), min(size.height, kitty.MOST_CELLS), cell)
        drawing = self._drawing()
        asked = (picture.key, picture.marks, box, drawing)
        if asked == self._asked:
            return
        self._asked = asked
        self._outcome, self._strips = None, None

        def is_wanted() -> bool:
            return self._asked == asked and self.is_attached

        def deliver(outcome: Outcome) -> None:
            if is_wanted():
                self._outcome, self._strips = outcome, None
                self.refresh()

        self._pictures.loader.request(picture, box, drawing, is_wanted=is_wanted, deliver=deliver)

    def render_lines(self, crop: Region) -> list[Strip]:
        """A sixel picture that is wholly in view is drawn over the lines of its region; all else line by line."""
        drawn = self._outcome
        if (
            isinstance(drawn, Drawn)
            and drawn.drawing is Drawing.SIXEL
            and self.screen.is_active
            and crop.size == self.size
        ):
            from tui.pictures import sixel

            return sixel.strips(drawn.data, self.region)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line: of the picture in the middle of the box, or of the words that stand for it."""
        self._request()
        size = self.size
        if self._strips is None or len(self._strips) != size.height:
            self._strips = self._lines(size)
        return self._strips[y] if y < len(self._strips) else Strip.blank(size.width, self.rich_style)

    def _lines(self, size: Size) -> list[Strip]:
        drawn = self._outcome
        if not isinstance(drawn, Drawn) or drawn.drawing is Drawing.SIXEL:
            return self._words(size)
        if drawn.drawing is Drawing.KITTY:
            key = self._asked or ()
            image_id = self._pictures.uploads.ensure(key, drawn.data, drawn.columns, drawn.rows)
            lines = kitty.strips(image_id, drawn.columns, drawn.rows)
        else:
            lines = halfblock.strips(drawn.data, drawn.columns, drawn.rows)
        return _centred(lines, drawn.columns, size, self.rich_style)

    def _words(self, size: Size) -> list[Strip]:
        """The label, and below it what became of the picture."""
        picture = self.picture
        if picture is None:
            words = ["no picture"]
        elif self._drawing() is Drawing.TEXT:
            words = [picture.label]
        elif isinstance(self._outcome, str):
            words = [picture.label, self._outcome]
        else:
            words = [picture.label, "\N{HORIZONTAL ELLIPSIS}"]
        room = max(1, size.width - 2)
        texts = [line for text in words for line in wrap(text, room, limit=max(1, size.height - 1))][: size.height]
        top = (size.height - len(texts)) // 2
        style = self.rich_style
        blank = Strip.blank(size.width, style)
        lines = [blank] * size.height
        for index, text in enumerate(texts):
            left = (size.width - columns(text)) // 2
            lines[top + index] = Strip([Segment(fit(" " * left + text, size.width), style)], size.width)
        return lines


def _centred(lines: list[Strip], width: int, size: Size, style: Style) -> list[Strip]:
    """Lines of a picture in the middle of a larger box."""
    top, left = max(0, (size.height - len(lines)) // 2), max(0, (size.width - width) // 2)
    blank = Strip.blank(size.width, style)
    right = size.width - width - left
    framed = [
        Strip([Segment(" " * left, style), *line, Segment(" " * max(0, right), style)], size.width) for line in lines
    ]
    return ([blank] * top + framed + [blank] * size.height)[: size.height]
