"""People to choose from, and which of them fit what was typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from core.intake.people_known import PersonChoice
from tui.widgets.cells import fit
from tui.widgets.windowed_list import Piece, RowLook, WindowedList

_NEW: Final = "new:"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line: somebody who is known, or (`choice` None) somebody new of this name."""

    id: int
    name: str
    choice: PersonChoice | None = None
    is_suggested: bool = False


class PeopleList(WindowedList[PersonRow], can_focus=False):
    """Names, one a line. Nothing stands out as chosen before `is_live`; the keys stay in the field above."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"people--suggested", "people--new"}
    DEFAULT_CSS = """
    PeopleList {
        height: 1fr;
        & > .people--suggested { color: $accent; }
        & > .people--new { color: $success; }
    }
    """

    is_live = False

    def show(self, rows: Sequence[PersonRow], *, is_live: bool) -> None:
        """Show these, the cursor on the first."""
        self.is_live = is_live
        self.show_ids([row.id for row in rows], is_from_top=True, is_stale=True)
        self.supply(rows, [row.id for row in rows])
        self.refresh()

    def enliven(self) -> bool:
        """Let the cursor be seen; False when it was."""
        before, self.is_live = self.is_live, True
        self.refresh()
        return not before

    def pieces(self, row: PersonRow, look: RowLook) -> Iterable[Piece]:
        """A name, and where it is known from."""
        is_chosen = look.is_cursor and self.is_live
        room = look.width - 2 - 22
        yield "\N{LEFT HALF BLOCK} " if is_chosen else "  ", ""
        name = f"+ new person: {row.name}" if row.choice is None else row.name
        if row.choice is None:
            yield fit(name, look.width - 2), "people--new"
        elif row.is_suggested:
            yield fit(name, room), "people--suggested"
            yield fit("suggested", 22, is_right=True), "people--suggested"
        else:
            yield fit(name, room), ""
            yield fit(_known_from(row.choice), 22, is_right=True), "list--muted"

    def _ground(self, *, is_cursor: bool, is_marked: bool) -> str:
        del is_marked
        return "list--cursor" if is_cursor and self.is_live else ""


def _known_from(choice: PersonChoice) -> str:
    if choice.folder and choice.folder != choice.name:
        return choice.folder
    return "" if choice.folder else "no folder yet"


def fitting(people: Sequence[PersonChoice], typed: str, *, suggested: PersonChoice | None = None) -> list[PersonRow]:
    """Whom the typed text may mean, the best first, and somebody new of that name unless somebody is called so.

    What begins the name comes before what begins one of its words, that before what stands within; case and accents do
    not count. `new: NAME` is the new person alone. While nothing is typed, everybody fits, the suggested one first.
    """
    text = typed.strip()
    if text.casefold().startswith(_NEW):
        name = text[len(_NEW) :].strip()
        return [PersonRow(0, name)] if name else []
    wanted = _folded(text)
    ranked = sorted(
        ((rank, place) for place, one in enumerate(people) if (rank := _rank(_folded(one.name), wanted)) is not None),
        key=lambda one: (one[0], people[one[1]] != suggested, one[1]),
    )
    rows = [PersonRow(place + 1, people[place].name, people[place], people[place] == suggested) for _, place in ranked]
    is_new = bool(text) and all(one.name.strip().casefold() != text.casefold() for one in people)
    return [*rows, PersonRow(0, text)] if is_new else rows


def _folded(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def _rank(name: str, wanted: str) -> int | None:
    if not wanted or name.startswith(wanted):
        return 0
    if any(word.startswith(wanted) for word in name.replace("-", " ").split()):
        return 1
    return 2 if wanted in name else None
