"""What every preview of a plan shares: the list that lines can be taken out of, the one confirmation, the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.screens.base import Dialog
from tui.widgets.cells import fit, wrap
from tui.widgets.lines import Line, Lines
from tui.widgets.scrolling import ScrollingText
from tui.widgets.windowed_list import Piece, RowLook, WindowedList

_LISTED: Final = 500  # refusals


class Planned(Protocol):
    """A line of a plan: `refusal` says why it would not be done, empty where it would."""

    @property
    def refusal(self) -> str:
        """In words."""
        ...


ItemT = TypeVar("ItemT", bound=Planned)
PlanT = TypeVar("PlanT")


@dataclass(frozen=True, slots=True)
class PlanRow(Generic[ItemT]):
    """One line of the preview."""

    id: int
    planned: ItemT
    is_out: bool


class PlanList(WindowedList[PlanRow[ItemT]], Generic[ItemT]):
    """What would be done, or why it would not. Subclasses say how a line looks."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plan--refused", "plan--in"}
    DEFAULT_CSS = """
    PlanList {
        height: 1fr;
        & > .plan--refused { color: $error; }
        & > .plan--in { color: $success; text-style: bold; }
        & > .list--muted { color: $quiet; }
    }
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened from here."""
        return False if action == "nav_open" else super().check_action(action, parameters)

    @staticmethod
    def refused(look: RowLook, what: str, room: int, why: str) -> Iterable[Piece]:
        """The line of what would not be done."""
        yield ("\N{LEFT HALF BLOCK}" if look.is_cursor else " ") + "\N{BALLOT X} ", "plan--refused"
        yield fit(what, room) + "  ", "list--muted"
        yield fit(why, look.width - 3 - room - 2), "plan--refused"

    @staticmethod
    def beginning(row: PlanRow[ItemT], look: RowLook) -> Iterable[Piece]:
        """The cursor and the sign of a line that would be done, three cells."""
        yield ("\N{LEFT HALF BLOCK}" if look.is_cursor else " "), ""
        yield ("  " if row.is_out else "\N{CHECK MARK} "), "plan--in"


class PlanDialog(Dialog[PlanT | None], Generic[ItemT, PlanT]):
    """Gives the plan without what was taken out, or None. Enter does nothing here; only the key of "yes" confirms."""

    DEFAULT_CSS = """
    PlanDialog > .box { width: 110; max-width: 96%; height: 92%; padding: 0 1; }
    PlanDialog #plan { height: 1fr; }
    """

    def __init__(self, items: Mapping[int, ItemT]) -> None:
        super().__init__()
        self._items = dict(items)
        self._out: set[int] = set()

    def compose_box(self) -> ComposeResult:
        """Sums, the list, what the keys do."""
        with Vertical(classes="box"):
            yield Lines(id="counts")
            yield self.plan_list()
            yield Lines(id="hint")

    def plan_list(self) -> PlanList[ItemT]:
        """The empty list, with the id `plan`."""
        raise NotImplementedError

    def count_lines(self, width: int) -> list[Line]:
        """What stands above the list."""
        raise NotImplementedError

    def hint_lines(self, width: int) -> list[Line]:
        """What stands below it."""
        raise NotImplementedError

    @property
    def plan(self) -> PlanList[ItemT]:
        """The list."""
        return self.query_one("#plan", PlanList)

    def on_mount(self) -> None:
        """Show everything."""
        self.fill(self._items)
        self.plan.focus()

    def fill(self, keys: Iterable[int]) -> None:
        """Show these lines; what is refused stands last."""
        self.plan.show_ids(sorted(keys, key=lambda key: bool(self._items[key].refusal)), is_stale=True)
        self.show_counts()

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        self.plan.supply([PlanRow(key, self._items[key], key in self._out) for key in event.ids], event.ids)

    def show_counts(self) -> None:
        """What stands above and below the list, anew."""
        self.query_one("#counts", Lines).show(self.count_lines)
        self.query_one("#hint", Lines).show(self.hint_lines)

    def action_take_out(self) -> None:
        """Take the line out, or put it back, and go on."""
        key = self.plan.cursor_id
        if key is not None and not self._items[key].refusal:
            self._out ^= {key}
            self.plan.expire([key])
            self.plan.action_nav_down()
            self.show_counts()


class ResultDialog(Dialog[None]):
    """What was done and what was refused, each with its reason: (title, words)."""

    def __init__(self, head: Sequence[Line], refused: Sequence[tuple[str, str]], stopped_by: str = "") -> None:
        super().__init__()
        self._head = list(head)
        self._refused = refused
        self._stopped_by = stopped_by

    def compose_box(self) -> ComposeResult:
        """The count, then the refusals."""
        with Vertical(classes="box"):
            yield Lines(self._head_lines)
            with ScrollingText(id="refusals"):
                yield Lines(self._reasons)

    def on_mount(self) -> None:
        """The keys move the text."""
        refusals = self.query_one("#refusals")
        refusals.focus()
        refusals.styles.height = min(16, max(3, 3 * len(self._refused)))
        refusals.styles.padding = 0

    def _head_lines(self, width: int) -> list[Line]:
        return [*self._head, *(((line, "wrong"),) for line in wrap(self._stopped_by, width, limit=3)), ()]

    def _reasons(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for title, words in self._refused[:_LISTED]:
            lines += [((line, ""),) for line in wrap(title, width, limit=2)]
            lines += [((f"  {line}", "quiet"),) for line in wrap(words, width - 2, limit=4)]
        if len(self._refused) > _LISTED:
            lines.append(((f"and {len(self._refused) - _LISTED} more; history shows all", "quiet"),))
        return lines

    def action_confirm(self) -> None:
        """Seen."""
        self.dismiss(None)
