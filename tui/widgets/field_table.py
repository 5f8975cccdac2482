"""The fields of a metadata pull as a small table with a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from core.matching.metadata import Choice, Field, MetadataChange
from core.model.scenes import LocalEntity
from tui.bindings import bindings
from tui.widgets.cells import fit

_FIELDS: Final = tuple(Field)
_SIGNS: Final = {Choice.KEEP: "\N{MIDDLE DOT} keep", Choice.FILL: "+ fill", Choice.REPLACE: "\N{NOT EQUAL TO} replace"}


class FieldTable(Widget, can_focus=True, inherit_bindings=False):
    """One line a field: name, choice, what is here, what is there, what would be here."""

    BINDINGS: ClassVar = bindings("nav")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"fields--quiet", "fields--cursor", "fields--change", "fields--careful"}
    DEFAULT_CSS = """
    FieldTable {
        height: 11;
        & > .fields--quiet { color: $quiet; }
        & > .fields--change { color: $success; text-style: bold; }
        & > .fields--careful { color: $warning; }
        & > .fields--cursor { background: $block-cursor-blurred-background; }
    }
    """

    choices: reactive[Mapping[Field, Choice]] = reactive(dict)
    changes: reactive[tuple[MetadataChange, ...]] = reactive(())
    cursor: reactive[int] = reactive(0)

    class CursorMoved(Message):
        """Another field is meant."""

    @property
    def current(self) -> Field:
        """The field under the cursor."""
        return _FIELDS[self.cursor]

    def watch_cursor(self) -> None:
        """Tell that another field is meant."""
        self.post_message(self.CursorMoved())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened from here."""
        return False if action == "nav_open" else super().check_action(action, parameters)

    def action_nav_down(self) -> None:
        """The next field."""
        self.cursor = min(self.cursor + 1, len(_FIELDS) - 1)

    def action_nav_up(self) -> None:
        """The field before."""
        self.cursor = max(self.cursor - 1, 0)

    def action_nav_first(self) -> None:
        """The first field."""
        self.cursor = 0

    def action_nav_last(self) -> None:
        """The last field."""
        self.cursor = len(_FIELDS) - 1

    action_nav_page_down = action_nav_last
    action_nav_page_up = action_nav_first

    def render_line(self, y: int) -> Strip:
        """The head, then the fields."""
        width = self.size.width
        rest = width - 2 - 11 - 10
        wide = rest >= 66
        side = (rest - 2) // 3 if wide else (rest - 1) // 2
        heads = ("here", "there", "result") if wide else ("here", "result")
        base = self.rich_style
        if y == 0:
            text = "  " + fit("field", 11) + fit("choice", 10) + " ".join(fit(head, side) for head in heads)
            return self._strip([(fit(text, width), "quiet")], base, width)
        if y > len(_FIELDS):
            return Strip.blank(width, base)
        field = _FIELDS[y - 1]
        is_cursor = y - 1 == self.cursor
        if is_cursor:
            base += self.get_component_rich_style("fields--cursor", partial=True)
        change = next((one for one in self.changes if one.field is field), None)
        choice = self.choices.get(field, Choice.KEEP)
        pieces = [
            ("\N{LEFT HALF BLOCK} " if is_cursor else "  ", ""),
            (fit(field.value, 11), ""),
            (fit(_SIGNS[choice], 10), "quiet" if choice is Choice.KEEP else ""),
        ]
        here, there, result = (
            ("", "", "") if change is None else map(_shown, (change.local, change.remote, change.result))
        )
        if change is not None and (change.unresolved or change.notes):
            result, part = f"! {result}", "careful"
        elif change is not None and change.is_change:
            part = "change"
        else:
            result, part = "unchanged" if change is not None else "", "quiet"
        cells = [(here, "quiet"), (there, ""), (result, part)] if wide else [(here, "quiet"), (result, part)]
        for number, (text, style) in enumerate(cells):
            pieces.append(((" " if number else "") + fit(text, side), style))
        return self._strip(pieces, base, width)

    def _strip(self, pieces: list[tuple[str, str]], base: Style, width: int) -> Strip:
        segments = [
            Segment(text, base + self.get_component_rich_style(f"fields--{part}", partial=True) if part else base)
            for text, part in pieces
        ]
        return Strip(segments).adjust_cell_length(width, base)


def _shown(value: object) -> str:
    if isinstance(value, LocalEntity):
        return value.name
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value)
    return str(value or "")
