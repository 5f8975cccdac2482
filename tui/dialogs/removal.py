"""The list of what is about to go, from which groups can be taken out, and the one confirmation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from core.duplicates.plan import PlannedGroup, RemovalPlan, Way
from core.duplicates.removal import cannot_be_undone
from core.runtime import BatchReport
from core.words import count, size
from tui.screens.base import Dialog
from tui.widgets.cells import fit, wrap
from tui.widgets.group_list import KINDS, tail
from tui.widgets.lines import Line, Lines
from tui.widgets.scrolling import ScrollingText
from tui.widgets.windowed_list import Piece, RowLook, WindowedList


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """One line of the preview."""

    id: int
    planned: PlannedGroup
    is_out: bool


class RemovalList(WindowedList[RemovalRow]):
    """What would go and what stays, or why nothing would."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plan--refused", "plan--in"}
    DEFAULT_CSS = """
    RemovalList {
        height: 1fr;
        & > .plan--refused { color: $error; }
        & > .plan--in { color: $success; text-style: bold; }
        & > .list--muted { color: $quiet; }
    }
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened from here."""
        return False if action == "nav_open" else super().check_action(action, parameters)

    def pieces(self, row: RemovalRow, look: RowLook) -> Iterable[Piece]:
        """Sign, kind, what goes, bytes; for a refusal its reason."""
        planned = row.planned
        sign, _ = KINDS[planned.group.kind]
        cursor = "\N{LEFT HALF BLOCK}" if look.is_cursor else " "
        name = planned.group.members[0].file.shown_path if planned.group.members else ""
        if planned.refusal:
            left = look.width * 2 // 5
            yield cursor + "\N{BALLOT X} ", "plan--refused"
            yield fit(f"{sign} {tail(name, left - 2)}", left) + "  ", "list--muted"
            yield fit(planned.refusal, look.width - 3 - left - 2), "plan--refused"
            return
        part = "list--muted" if row.is_out else ""
        gone = planned.removals[0].file.shown_path
        more = f" and {len(planned.removals) - 1} more" if len(planned.removals) > 1 else ""
        room = look.width - 3 - 2 - 10
        words = "taken out" if row.is_out else ", ".join(planned.notes) or f"kept: {planned.reason}"
        left = room * 3 // 5
        yield cursor, ""
        yield ("  " if row.is_out else "\N{CHECK MARK} "), "plan--in"
        yield fit(f"{sign} {tail(gone, left - 2 - len(more))}{more}", left) + "  ", part
        yield fit(words, room - left), "list--muted"
        yield fit(size(planned.freed_bytes), 10, is_right=True), part


class RemovalDialog(Dialog[RemovalPlan | None]):
    """Gives the plan without what was taken out, or None. Enter does nothing here; only the key of "yes" confirms."""

    CSS_PATH = "removal.tcss"

    def __init__(self, plan: RemovalPlan) -> None:
        super().__init__()
        self._plan = plan
        self._items = {item.group.id: item for item in plan.items}
        self._out: set[int] = set()

    def compose_box(self) -> ComposeResult:
        """Sums, the list, what the keys do."""
        with Vertical(classes="box"):
            yield Lines(id="counts")
            yield RemovalList(id="plan")
            yield Lines(id="hint")

    def on_mount(self) -> None:
        """What is refused stands last."""
        shown = sorted(self._items.values(), key=lambda item: bool(item.refusal))
        plan = self.query_one(RemovalList)
        plan.show_ids([item.group.id for item in shown], is_stale=True)
        plan.focus()
        self._show_counts()

    @property
    def chosen(self) -> RemovalPlan:
        """What would be done now."""
        return self._plan.without(self._out)

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        rows = [RemovalRow(key, self._items[key], key in self._out) for key in event.ids]
        self.query_one(RemovalList).supply(rows, event.ids)

    def _show_counts(self) -> None:
        self.query_one("#counts", Lines).show(self._count_lines)
        self.query_one("#hint", Lines).show(self._hint_lines)

    def _count_lines(self, width: int) -> list[Line]:
        chosen = self.chosen
        head = f"{count(chosen.files, 'file')} of {count(len(chosen.accepted), 'group')} to the trash"
        words = [f"{size(chosen.freed_bytes)} are free once the trash is emptied"]
        merged = sum(len(item.merged) for item in chosen.accepted)
        if merged:
            words.append(f"the metadata of {count(merged, 'entry').replace('entrys', 'entries')} is merged first")
        if self._out:
            words.append(f"{count(len(self._out), 'group')} taken out")
        if chosen.refused:
            words.append(f"\N{BALLOT X} {count(len(chosen.refused), 'group')} cannot be done, with the reason")
        lines: list[Line] = [((head, "strong"),)]
        lines += [((line, "quiet"),) for line in wrap(" \N{MIDDLE DOT} ".join(words), width, limit=2)]
        return [*lines, ()]

    def _hint_lines(self, width: int) -> list[Line]:
        keys = self.winnow.keymap_in_force
        yes, no = keys.shown("dialog.confirm", limit=1), keys.shown("dialog.cancel", limit=1)
        out = keys.shown("dialog.toggle", limit=1)
        chosen = self.chosen
        words = "Nothing is left to do."
        if chosen.files:
            into = "to the trash" if all(_is_trash(item) for item in chosen.accepted) else "for good"
            words = f"{yes} moves {count(chosen.files, 'file')} {into}; it can be undone as one."
        lines: list[Line] = [()]
        if lost := cannot_be_undone(chosen):
            lines += [((line, "quiet"),) for line in wrap(lost[0].upper() + lost[1:] + ".", width, limit=2)]
        lines.append(((fit(words, width), "accent" if chosen.files else "quiet"),))
        lines.append(((fit(f"{out} takes a line out or puts it back   {no} changes nothing", width), "quiet"),))
        return lines

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A line is in or out; there is nothing else to choose."""
        return False if action in {"choose_all", "next_choice"} else super().check_action(action, parameters)

    def action_take_out(self) -> None:
        """Take the line out, or put it back, and go on."""
        plan = self.query_one(RemovalList)
        key = plan.cursor_id
        if key is not None and not self._items[key].refusal:
            self._out ^= {key}
            plan.expire([key])
            plan.action_nav_down()
            self._show_counts()

    def action_confirm(self) -> None:
        """Yes."""
        if self.chosen.accepted:
            self.dismiss(self.chosen)


class RemovalResultDialog(Dialog[None]):
    """What was done and what was refused, each with its reason."""

    def __init__(self, plan: RemovalPlan, report: BatchReport) -> None:
        super().__init__()
        self._plan = plan
        self._report = report

    def compose_box(self) -> ComposeResult:
        """The count, then the refusals."""
        with Vertical(classes="box"):
            yield Lines(self._head)
            with ScrollingText(id="refusals"):
                yield Lines(self._reasons)

    def on_mount(self) -> None:
        """The keys move the text."""
        refusals = self.query_one("#refusals")
        refusals.focus()
        refusals.styles.height = min(16, max(3, 3 * len(self._report.not_done)))
        refusals.styles.padding = 0

    def _head(self, width: int) -> list[Line]:
        report = self._report
        lines: list[Line] = [((f"\N{CHECK MARK} {count(len(report.done), 'action')} done", "good"),)]
        if report.not_done:
            lines.append(((f"\N{BALLOT X} {len(report.not_done)} not done; nothing is lost", "wrong"),))
        lines += [((line, "wrong"),) for line in wrap(report.stopped_by, width, limit=3)]
        return [*lines, ()]

    def _reasons(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for one in self._report.not_done[:500]:
            lines += [((line, ""),) for line in wrap(one.title, width, limit=2)]
            lines += [((f"  {line}", "quiet"),) for line in wrap(one.words, width - 2, limit=4)]
        if len(self._report.not_done) > 500:
            lines.append(((f"and {len(self._report.not_done) - 500} more; history shows all", "quiet"),))
        return lines

    def action_confirm(self) -> None:
        """Seen."""
        self.dismiss(None)


def _is_trash(item: PlannedGroup) -> bool:
    return all(removal.way is Way.TRASH for removal in item.removals)
