"""Accepting with metadata: local, remote and result side by side, and a choice for each field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical

from core.errors import WinnowError
from core.matching.metadata import Choice, Field, MetadataChange, uniform_choices
from core.model.recommendations import Recommendation
from core.model.scenes import LocalEntity
from tui.screens.base import Dialog
from tui.screens.match_decisions import entry_name
from tui.widgets.cells import fit, wrap
from tui.widgets.field_table import FieldTable
from tui.widgets.lines import Line, Lines

Choices = Mapping[Field, Choice]
Compare = Callable[[Choices], Awaitable[tuple[MetadataChange, ...]]]

_NEXT: Final = {Choice.KEEP: Choice.FILL, Choice.FILL: Choice.REPLACE, Choice.REPLACE: Choice.KEEP}


class MetadataDialog(Dialog[Choices | None]):
    """Gives the choices, or None. `compare` says what they would write; a field is never emptied."""

    CSS_PATH = "metadata.tcss"

    def __init__(self, row: Recommendation, compare: Compare) -> None:
        super().__init__()
        self._recommendation = row
        self._compare = compare
        self._choices: dict[Field, Choice] = uniform_choices(Choice.FILL)
        self._changes: tuple[MetadataChange, ...] = ()
        self._trouble = ""
        self._is_comparing = self._is_stale = False

    def compose_box(self) -> ComposeResult:
        """Whose metadata, the fields, the field under the cursor in full, the keys."""
        with Vertical(classes="box"):
            yield Lines(self._head)
            yield FieldTable(id="table")
            yield Lines(id="field")
            yield Lines(id="hint")

    def on_mount(self) -> None:
        """Fill is the first choice for everything but the cover."""
        self.query_one(FieldTable).focus()
        self.query_one("#hint", Lines).show(self._hint)
        self._compare_again()

    def on_field_table_cursor_moved(self) -> None:
        """Another field in full."""
        self._show_field()

    # -- comparing -------------------------------------------------------------------------------------------------

    def _compare_again(self) -> None:
        """Ask what the choices would write: one question at a time, the last one for the newest choices."""
        self._is_stale = True
        self._show()
        if not self._is_comparing:
            self._is_comparing = True
            self.carry_out(self._ask(), group="metadata")

    async def _ask(self) -> None:
        try:
            while self._is_stale:
                self._is_stale = False
                try:
                    self._changes = await self._compare(dict(self._choices))
                    self._trouble = ""
                except WinnowError as error:
                    self._trouble = str(error)
        finally:
            self._is_comparing = False
        self._show()

    def _show(self) -> None:
        table = self.query_one(FieldTable)
        table.choices = dict(self._choices)
        table.changes = self._changes
        self._show_field()
        self.query_one("#hint", Lines).show(self._hint)

    def _show_field(self) -> None:
        self.query_one("#field", Lines).show(self._field)

    # -- words -----------------------------------------------------------------------------------------------------

    def _head(self, width: int) -> list[Line]:
        text = f"Link {self._recommendation.local_title} and take metadata of {entry_name(self._recommendation)}"
        return [*(((line, "strong"),) for line in wrap(text, width, limit=1)), ()]

    def _field(self, width: int) -> list[Line]:
        """The field under the cursor, and what could not be found here."""
        if self._trouble:
            return [((line, "wrong"),) for line in wrap(self._trouble, width, limit=5)]
        field = self.query_one(FieldTable).current
        change = next((one for one in self._changes if one.field is field), None)
        if change is None:
            return [(("Stash is asked \N{HORIZONTAL ELLIPSIS}", "quiet"),)]
        lines: list[Line] = []
        for label, value in (("here", change.local), ("there", change.remote), ("result", change.result)):
            part = "accent" if label == "result" and change.is_change else ""
            for number, line in enumerate(wrap(shown(value) or "\N{EM DASH}", width - 8, limit=1)):
                lines.append(((fit(label if number == 0 else "", 8), "quiet"), (line, part)))
        notes = [f"not taken: {one.text}" for one in change.unresolved] + list(change.notes)
        lines += [((line, "careful"),) for line in wrap("; ".join(notes), width, limit=2)]
        return lines

    def _hint(self, width: int) -> list[Line]:
        keys = self.winnow.keymap_in_force
        changed = sum(change.is_change for change in self._changes)
        yes = keys.shown("dialog.confirm", limit=1)
        words = f"{yes} links the scene and writes {changed} of {len(Field)} fields; both can be undone."
        if self._is_comparing:
            words = "Stash is asked \N{HORIZONTAL ELLIPSIS}"
        one, every = keys.shown("dialog.next-choice", limit=1), keys.shown("dialog.choose-all", limit=1)
        no = keys.shown("dialog.cancel", limit=1)
        more = f"{one} keep, fill or replace   {every} the same for all   {no} changes nothing"
        return [((fit(words, width), "accent"),), ((fit(more, width), "quiet"),)]

    # -- choosing --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Lines are not taken out here."""
        return False if action == "take_out" else super().check_action(action, parameters)

    def action_next_choice(self) -> None:
        """Keep, fill, replace for this field."""
        field = self.query_one(FieldTable).current
        self._choices[field] = _NEXT[self._choices[field]]
        self._compare_again()

    def action_choose_all(self) -> None:
        """The next choice of this field, for every field; a cover is chosen by itself."""
        field = self.query_one(FieldTable).current
        choice = _NEXT[self._choices[field]]
        self._choices = uniform_choices(choice, cover=choice if field is Field.COVER else self._choices[Field.COVER])
        self._compare_again()

    def action_confirm(self) -> None:
        """Link and write, once what would be written is shown."""
        if self._trouble:
            self.winnow.say(
                "The fields could not be compared, so nothing is written. Accept without metadata, or later."
            )
        elif self._changes and not self._is_comparing:
            self.dismiss(dict(self._choices))


def shown(value: object) -> str:
    """A value of a field in words."""
    if isinstance(value, LocalEntity):
        return value.name
    if isinstance(value, tuple):
        return ", ".join(shown(each) for each in value)
    return str(value or "")
