"""The list of what is about to be linked, from which lines can be taken out, and the one confirmation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.runtime import AcceptPlan, PlannedAccept
from core.words import count
from tui.dialogs.plan_preview import PlanDialog, PlanList, PlanRow, ResultDialog
from tui.documents import host
from tui.widgets.cells import fit, wrap
from tui.widgets.lines import Line
from tui.widgets.match_list import badge
from tui.widgets.windowed_list import Piece, RowLook


class AcceptList(PlanList[PlannedAccept]):
    """What would be linked with what, or why it would not. `names`: the stash-boxes' names by their endpoints."""

    names: Mapping[str, str] = {}

    def pieces(self, row: PlanRow[PlannedAccept], look: RowLook) -> Iterable[Piece]:
        """Sign, scene, entry, stash-box; for a refusal its reason in place of the entry."""
        one, refusal = row.planned.recommendation, row.planned.refusal
        room = look.width - 4 - 7 - 9
        left = room * 9 // 20
        if refusal:
            yield from self.refused(look, one.local_title, left, refusal)
            return
        part = "list--muted" if row.is_out else ""
        yield from self.beginning(row, look)
        yield fit(one.local_title, left) + "  ", part
        yield fit("taken out" if row.is_out else one.candidate.title or one.candidate.id, room - left), part
        text, _ = badge(one.evidence)
        yield fit(text, 7), part
        yield " " + fit(self.names.get(one.endpoint) or host(one.endpoint), 8), "list--muted"


class AcceptAllDialog(PlanDialog[PlannedAccept, AcceptPlan]):
    """The matches of a plan; one stash-box alone can be shown and linked."""

    def __init__(self, plan: AcceptPlan, *, names: Mapping[str, str] | None = None) -> None:
        super().__init__({item.recommendation.id: item for item in plan.items})
        self._names = names or {}
        self._endpoint: str | None = None
        self._endpoints = sorted({item.recommendation.endpoint for item in plan.items})

    def plan_list(self) -> AcceptList:
        """With the names of the stash-boxes."""
        found = AcceptList(id="plan")
        found.names = self._names
        return found

    @property
    def chosen(self) -> AcceptPlan:
        """What would be done now."""
        items = (item for key, item in self._items.items() if key not in self._out)
        return AcceptPlan(tuple(item for item in items if self._is_shown(item)))

    def _is_shown(self, item: PlannedAccept) -> bool:
        return self._endpoint is None or item.recommendation.endpoint == self._endpoint

    def count_lines(self, width: int) -> list[Line]:
        """How many at which stash-box, and how many are left out."""
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

    def hint_lines(self, width: int) -> list[Line]:
        """What the keys do."""
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

    def action_next_choice(self) -> None:
        """One stash-box alone, the next, then all."""
        if len(self._endpoints) > 1:
            choices = [None, *self._endpoints]
            self._endpoint = choices[(choices.index(self._endpoint) + 1) % len(choices)]
            self.fill(key for key, item in self._items.items() if self._is_shown(item))

    def action_confirm(self) -> None:
        """Yes."""
        chosen = self.chosen
        if chosen.accepted:
            self.dismiss(replace(chosen))


def accept_result(done: int, refused: Sequence[tuple[str, str]], stopped_by: str = "") -> ResultDialog:
    """What was linked and what was not."""
    head: list[Line] = [((f"\N{CHECK MARK} {count(done, 'scene')} linked", "good"),)]
    if refused:
        head.append(((f"\N{BALLOT X} {len(refused)} not linked; nothing was written for them", "wrong"),))
    return ResultDialog(head, refused, stopped_by)
