"""Whose picture is it? Typing ahead among everybody who is known, or somebody new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.intake.people_known import PersonChoice
from tui.bindings import bindings
from tui.present import plain
from tui.screens.base import Dialog
from tui.widgets.field import Field
from tui.widgets.people_list import PeopleList, PersonRow, fitting
from tui.widgets.windowed_list import WindowedList

_LONGEST: Final = 200
_UNUSED: Final = frozenset({"confirm", "take_out", "next_choice", "choose_all", "nav_open", "nav_first", "nav_last"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who was chosen: somebody known, or the name of somebody new. `is_assigning`: Immich is to be told, too."""

    person: PersonChoice | str
    is_assigning: bool = False


class PersonDialog(Dialog[Chosen | None]):
    """Enter takes the line that stands out; while nothing is typed and nothing moved, none does."""

    SCOPE = "person"
    CSS_PATH = "person.tcss"
    BINDINGS: ClassVar = [*bindings("dialog"), *bindings("nav"), *bindings("person")]

    def __init__(self, question: str, *, suggested: PersonChoice | None = None, can_assign: bool = False) -> None:
        super().__init__()
        self._question = question
        self._suggested = suggested
        self._can_assign = can_assign
        self._is_assigning = False
        self._people: Sequence[PersonChoice] = () if suggested is None else (suggested,)
        self._rows: dict[int, PersonRow] = {}
        self._shown_for = ""
        self._note = "Asking who is known \N{HORIZONTAL ELLIPSIS}"

    def compose_box(self) -> ComposeResult:
        """The question, the field, the names, the keys."""
        with Vertical(classes="box"):
            yield Static(Content.styled(plain(self._question), "bold"))
            yield Field(placeholder="type a few letters of the name, or a new one", max_length=_LONGEST)
            yield PeopleList()
            yield Static(id="note")
            yield Static(id="answers")

    def on_mount(self) -> None:
        """Ready to type; the names come when they are there."""
        self.query_one(Input).focus()
        self._show()
        self.carry_out(self._load(), group="people")

    async def _load(self) -> None:
        try:
            people = await self.runtime.intake.people()
        except Exception:
            self._note = "Who is known cannot be read now; a name can be typed."
            self._show()
            raise
        known = list(people.choices)
        if self._suggested is not None:
            same = next((one for one in known if one.id == self._suggested.id), None)
            if same is None:
                known.insert(0, self._suggested)
            else:
                self._suggested = same
        self._people, self._note = known, people.note
        self._show()

    def _keep_step(self) -> None:
        """Show what fits what is typed by now; keys may be faster than the messages about them."""
        if self.query_one(Input).value != self._shown_for:
            self._show()

    def _show(self) -> None:
        typed = self._shown_for = self.query_one(Input).value
        rows = fitting(self._people, typed, suggested=self._suggested)
        self._rows = {row.id: row for row in rows}
        self.query_one(PeopleList).show(rows, is_live=bool(typed.strip()))
        note = self.query_one("#note", Static)
        words = self._note or ("Nobody is known yet: type the name of somebody new." if not rows else "")
        note.display = bool(words)
        note.update(Content.styled(plain(words), "$quiet"))
        self._show_answers()

    def _show_answers(self) -> None:
        keymap = self.winnow.keymap_in_force
        parts: list[tuple[str, str] | str] = []
        if self._can_assign:
            sign = "\N{BALLOT BOX WITH CHECK}" if self._is_assigning else "\N{BALLOT BOX}"
            parts += [
                (keymap.shown("person.assign-face", limit=1), "bold $accent"),
                f"  {sign} assign the face to this person in Immich, too\n",
            ]
        parts += [("\N{UPWARDS ARROW}\N{DOWNWARDS ARROW}", "bold $accent"), "  choose      "]
        parts += [("enter", "bold $accent"), "  file it there      "]
        parts += [(keymap.shown("dialog.cancel", limit=1), "bold $accent"), "  change nothing"]
        self.query_one("#answers", Static).update(Content.assemble(*parts))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The field has the keys; the list only moves."""
        if action in _UNUSED or (action == "assign_face" and not self._can_assign):
            return False
        return super().check_action(action, parameters)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._keep_step()

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        people = self.query_one(PeopleList)
        people.supply([self._rows[one] for one in event.ids if one in self._rows], event.ids)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.app.call_later(self._take)  # behind the arrows that were pressed before, which travel up to the app

    def _take(self) -> None:
        """Close with the line that stands out."""
        people = self._list()
        row = self._rows.get(people.cursor_id if people.cursor_id is not None else -1)
        if people.is_live and row is not None:
            self.dismiss(Chosen(row.choice or row.name, self._is_assigning))

    def _list(self) -> PeopleList:
        """The list, in step with the field."""
        self._keep_step()
        return self.query_one(PeopleList)

    def action_nav_down(self) -> None:
        """The first key makes the cursor seen, the next ones move it."""
        people = self._list()
        if not people.enliven():
            people.action_nav_down()

    def action_nav_up(self) -> None:
        """One up."""
        people = self._list()
        if not people.enliven():
            people.action_nav_up()

    def action_nav_page_down(self) -> None:
        """One page down."""
        people = self._list()
        people.enliven()
        people.action_nav_page_down()

    def action_nav_page_up(self) -> None:
        """One page up."""
        people = self._list()
        people.enliven()
        people.action_nav_page_up()

    def action_assign_face(self) -> None:
        """Tell Immich too, or not."""
        self._is_assigning = not self._is_assigning
        self._show_answers()
