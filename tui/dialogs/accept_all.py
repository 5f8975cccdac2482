"""The list of what is about to be linked, from which lines can be taken out, and the one confirmation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from core.runtime import AcceptPlan, PlannedAccept
from core.words import count
from tui.documents import host
from tui.screens.base import Dialog
from tui.widgets.cells import fit, wrap
from tui.widgets.lines import Line, Lines
from tui.widgets.match_list import badge
from tui.widgets.windowed_list import Piece, RowLook, WindowedList


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the preview."""

    id: int
    planned: PlannedAccept
    is_out: bool


class PlanList(WindowedList[PlanRow]):
    """What would be linked with what, or why it would not."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plan--refused", "plan--in"}
    DEFAULT_CSS = """
    PlanList {
        height: 1fr;
        & > .plan--refused { color: $error; }
        & > .plan--in { color: $success; text-style: bold; }
        & > .list--muted { color: $quiet; }
    }
    """

    names: Mapping[str, str] = {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened from here."""
        return False if action == "nav_open" else super().check_action(action, parameters)

    def pieces(self, row: PlanRow, look: RowLook) -> Iterable[Piece]:
        """Sign, scene, entry, stash-box; for a refusal its reason in place of the entry."""
        one, refusal = row.planned.recommendation, row.planned.refusal
        room = look.width - 4 - 7 - 9
        left = room * 9 // 20
        cursor = "\N{LEFT HALF BLOCK}" if look.is_cursor else " "
        if refusal:
            yield cursor + "\N{BALLOT X} ", "plan--refused"
            yield fit(one.local_title, left) + "  ", "list--muted"
            yield fit(refusal, look.width - 3 - left - 2), "plan--refused"
            return
        part = "list--muted" if row.is_out else ""
        yield cursor, ""
        yield ("  " if row.is_out else "\N{CHECK MARK} "), "plan--in"
        yield fit(one.local_title, left) + "  ", part
        yield fit("taken out" if row.is_out else one.candidate.title or one.candidate.id, room - left), part
        text, _ = badge(one.evidence)
        yield fit(text, 7), part
        yield " " + fit(self.names.get(one.endpoint) or host(one.endpoint), 8), "list--muted"


class AcceptAllDialog(Dialog[AcceptPlan | None]):
    """Gives the plan without what was taken out, or None. Enter does nothing here; only the key of "yes" confirms."""

    CSS_PATH = "accept_all.tcss"

    def __init__(self, plan: AcceptPlan, *, names: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._items = {item.recommendation.id: item for item in plan.items}
        self._names = names or {}
        self._out: set[int] = set()
        self._endpoint: str | None = None
        self._endpoints = sorted({item.recommendation.endpoint for item in plan.items})

    def compose_box(self) -> ComposeResult:
        """Counts, the list, what the keys do."""
        with Vertical(classes="box"):
            yield Lines(id="counts")
            yield PlanList(id="plan")
            yield Lines(id="hint")

    def on_mount(self) -> None:
        """Show everything; what is refused stands last."""
        plan = self.query_one(PlanList)
        plan.names = self._names
        self._fill()
        plan.focus()

    @property
    def chosen(self) -> AcceptPlan:
        """What would be done now."""
        items = (item for key, item in self._items.items() if key not in self._out)
        return AcceptPlan(tuple(item for item in items if self._is_shown(item)))

    def _is_shown(self, item: PlannedAccept) -> bool:
        return self._endpoint is None or item.recommendation.endpoint == self._endpoint

    def _fill(self) -> None:
        shown = [item for item in self._items.values() if self._is_shown(item)]
        shown.sort(key=lambda item: bool(item.refusal))
        self.query_one(PlanList).show_ids([item.recommendation.id for item in shown], is_stale=True)
        self._show_counts()

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        rows = [PlanRow(key, self._items[key], key in self._out) for key in event.ids]
        self.query_one(PlanList).supply(rows, event.ids)

    def _show_counts(self) -> None:
        self.query_one("#counts", Lines).show(self._count_lines)
        self.query_one("#hint", Lines).show(self._hint_lines)

    def _count_lines(self, width: int) -> list[Line]:
        chosen = self.chosen
        lines: list[Line] = [((f"Link {count(len(chosen.accepted), 'scene')}", "strong"),)]
        per_box = Counter(item.recommendation.endpoint for item in self._items.values() if not item.refusal)
        parts = [
            f"{self._names.get(endpoint) or host(endpoint)} {number}" for endpoint, number in sorted(per_box.items())
        ]
        if self._endpoint is not None:
            parts.append(f"only {self._names.get(self._endpoint) or host(self._endpoint)} is shown and linked")
        words = " \N{MIDDLE DOT} ".join(parts)
        out = len([key for key in self._out if self._is_shown(self._items[key])])
        if out:
            words += f" \N{MIDDLE DOT} {out} taken out"
        if chosen.refused:
            words += f" \N{MIDDLE DOT} \N{BALLOT X} {len(chosen.refused)} cannot be linked, with the reason"
        lines += [((line, "quiet"),) for line in wrap(words, width, limit=2)]
        lines.append(())
        return lines

    def _hint_lines(self, width: int) -> list[Line]:
        keys = self.winnow.keymap_in_force
        yes, no = keys.shown("dialog.confirm", limit=1), keys.shown("dialog.cancel", limit=1)
        out, box = keys.shown("dialog.toggle", limit=1), keys.shown("dialog.next-choice", limit=1)
        number = len(self.chosen.accepted)
        if not number:
            words = "Nothing is left to link."
        else:
            words = f"{yes} links {count(number, 'scene')} in Stash; it can be undone as one."
        lines: list[Line] = [(), ((fit(words, width), "accent" if number else "quiet"),)]
        more = f"{out} takes a line out or puts it back   {no} changes nothing"
        if len(self._endpoints) > 1:
            more = f"{out} takes a line out   {box} next stash-box alone   {no} changes nothing"
        lines.append(((fit(more, width), "quiet"),))
        return lines

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One choice at a time."""
        return False if action == "choose_all" else super().check_action(action, parameters)

    def action_take_out(self) -> None:
        """Take the line out, or put it back, and go on."""
        plan = self.query_one(PlanList)
        key = plan.cursor_id
        if key is not None and not self._items[key].refusal:
            self._out ^= {key}
            plan.expire([key])
            plan.action_nav_down()
            self._show_counts()

    def action_next_choice(self) -> None:
        """One stash-box alone, the next, then all."""
        if len(self._endpoints) > 1:
            choices = [None, *self._endpoints]
            self._endpoint = choices[(choices.index(self._endpoint) + 1) % len(choices)]
            self._fill()

    def action_confirm(self) -> None:
        """Yes."""
        chosen = self.chosen
        if chosen.accepted:
            self.dismiss(replace(chosen))


class AcceptResultDialog(Dialog[None]):
    """What was linked and what was refused, each with its reason."""

    def __init__(self, done: int, refused: list[tuple[str, str]], stopped_by: str = "") -> None:
        super().__init__()
        self._done = done
        self._refused = refused
        self._stopped_by = stopped_by

    def compose_box(self) -> ComposeResult:
        """The count, then the refusals."""
        from tui.widgets.scrolling import ScrollingText

        with Vertical(classes="box"):
            yield Lines(self._head)
            with ScrollingText(id="refusals"):
                yield Lines(self._reasons)

    def on_mount(self) -> None:
        """The keys move the text."""
        self.query_one("#refusals").focus()
        self.query_one("#refusals").styles.height = min(16, max(3, 3 * len(self._refused)))
        self.query_one("#refusals").styles.padding = 0

    def _head(self, width: int) -> list[Line]:
        lines: list[Line] = [((f"\N{CHECK MARK} {count(self._done, 'scene')} linked", "good"),)]
        if self._refused:
            lines.append(((f"\N{BALLOT X} {len(self._refused)} not linked; nothing was written for them", "wrong"),))
        lines += [((line, "wrong"),) for line in wrap(self._stopped_by, width, limit=3)]
        return [*lines, ()]

    def _reasons(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for title, words in self._refused[:500]:
            lines += [((line, ""),) for line in wrap(title, width, limit=2)]
            lines += [((f"  {line}", "quiet"),) for line in wrap(words, width - 2, limit=4)]
        if len(self._refused) > 500:
            lines.append(((f"and {len(self._refused) - 500} more; history shows all", "quiet"),))
        return lines

    def action_confirm(self) -> None:
        """Seen."""
        self.dismiss(None)
