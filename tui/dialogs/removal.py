"""The list of what is about to go, from which groups can be taken out, and the one confirmation."""

from __future__ import annotations

from collections.abc import Iterable

from core.duplicates.plan import PlannedGroup, RemovalPlan, Way
from core.duplicates.removal import cannot_be_undone
from core.runtime import BatchReport
from core.words import count, size
from tui.dialogs.plan_preview import PlanDialog, PlanList, PlanRow, ResultDialog
from tui.widgets.cells import fit, wrap
from tui.widgets.group_list import KINDS, tail
from tui.widgets.lines import Line
from tui.widgets.windowed_list import Piece, RowLook


class RemovalList(PlanList[PlannedGroup]):
    """What would go and what stays, or why nothing would."""

    def pieces(self, row: PlanRow[PlannedGroup], look: RowLook) -> Iterable[Piece]:
        """Sign, kind, what goes, bytes; for a refusal its reason."""
        planned = row.planned
        sign, _ = KINDS[planned.group.kind]
        name = planned.group.members[0].file.shown_path if planned.group.members else ""
        if planned.refusal:
            left = look.width * 2 // 5
            yield from self.refused(look, f"{sign} {tail(name, left - 2)}", left, planned.refusal)
            return
        part = "list--muted" if row.is_out else ""
        gone = planned.removals[0].file.shown_path
        more = f" and {len(planned.removals) - 1} more" if len(planned.removals) > 1 else ""
        room = look.width - 3 - 2 - 10
        words = "taken out" if row.is_out else ", ".join(planned.notes) or f"kept: {planned.reason}"
        left = room * 3 // 5
        yield from self.beginning(row, look)
        yield fit(f"{sign} {tail(gone, left - 2 - len(more))}{more}", left) + "  ", part
        yield fit(words, room - left), "list--muted"
        yield fit(size(planned.freed_bytes), 10, is_right=True), part


class RemovalDialog(PlanDialog[PlannedGroup, RemovalPlan]):
    """The groups of a plan."""

    def __init__(self, plan: RemovalPlan) -> None:
        super().__init__({item.group.id: item for item in plan.items})
        self._plan = plan

    def plan_list(self) -> RemovalList:
        """The groups."""
        return RemovalList(id="plan")

    @property
    def chosen(self) -> RemovalPlan:
        """What would be done now."""
        return self._plan.without(self._out)

    def count_lines(self, width: int) -> list[Line]:
        """How much goes, and what with it."""
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

    def hint_lines(self, width: int) -> list[Line]:
        """What the keys do, and what no undo brings back."""
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

    def action_confirm(self) -> None:
        """Yes."""
        if self.chosen.accepted:
            self.dismiss(self.chosen)


def removal_result(report: BatchReport) -> ResultDialog:
    """What was done and what was not."""
    head: list[Line] = [((f"\N{CHECK MARK} {count(len(report.done), 'action')} done", "good"),)]
    if report.not_done:
        head.append(((f"\N{BALLOT X} {len(report.not_done)} not done; nothing is lost", "wrong"),))
    return ResultDialog(head, [(one.title, one.words) for one in report.not_done], report.stopped_by)


def _is_trash(item: PlannedGroup) -> bool:
    return all(removal.way is Way.TRASH for removal in item.removals)
