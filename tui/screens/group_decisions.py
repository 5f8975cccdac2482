"""Decisions about groups of duplicates as screens make them: carried out, told, and one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.duplicates.plan import RemovalPlan
from core.model.groups import GroupFilter, Mark
from core.runtime import BatchReport
from core.words import count, size

if TYPE_CHECKING:
    from core.duplicates.desk import DuplicatesDesk
    from tui.app import WinnowApp


class GroupDecisions:
    """Marks, "not duplicates", and the plan with its one confirmation."""

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    @property
    def _desk(self) -> DuplicatesDesk:
        return self._app.runtime.duplicates

    async def keep_suggested(self, group_ids: Sequence[int]) -> str:
        """Mark as the rules say; in words what was done, "" when nothing was."""
        async with self._turn:
            report = await self._desk.keep_suggested(group_ids)
        return self._told(report, f"marked {count(len(report.done), 'group')} as the rules say")

    async def keep_only(self, group_id: int, file_id: int) -> str:
        """Keep one file, mark the others to go."""
        async with self._turn:
            report = await self._desk.keep_only(group_id, file_id)
        return self._told(report, report.done[0].title if report.done else "")

    async def mark(self, group_id: int, marks: Mapping[int, Mark], *, is_merging: bool | None = None) -> str:
        """Mark members."""
        async with self._turn:
            report = await self._desk.mark(group_id, marks, is_merging=is_merging)
        return self._told(report, report.done[0].title if report.done else "")

    async def swap(self, group_id: int, file_id: int) -> str:
        """Let a file change places with the one that is kept."""
        async with self._turn:
            report = await self._desk.swap(group_id, file_id)
        return self._told(report, report.done[0].title if report.done else "")

    async def clear(self, group_id: int) -> str:
        """Take all marks of a group away."""
        async with self._turn:
            report = await self._desk.clear(group_id)
        return self._told(report, "no marks any more")

    async def keep_all(self, group_ids: Sequence[int]) -> str:
        """Say that these are no duplicates."""
        async with self._turn:
            report = await self._desk.keep_all(group_ids)
        return self._told(report, f"remembered: {count(len(report.done), 'group')} without duplicates")

    async def apply_marked(self, group_ids: Sequence[int] | None = None) -> str:
        """Plan what is marked, show it, and after a yes carry it out; in words what was done."""
        return await self._confirmed(await self._desk.plan_marked(group_ids), "No file is marked to go.")

    async def apply_rules(self, wanted: GroupFilter) -> str:
        """Plan what the rules decide, with frames compared, show it, and after a yes carry it out."""
        plan = await self._desk.plan_by_rule(wanted=wanted)
        return await self._confirmed(plan, "There is no group here that a rule may resolve.")

    async def _confirmed(self, plan: RemovalPlan, nothing: str) -> str:
        from tui.dialogs.removal import RemovalDialog, removal_result

        if not plan.items:
            self._app.say(nothing)
            return ""
        chosen = await self._app.push_screen_wait(RemovalDialog(plan))
        if chosen is None or not chosen.accepted:
            return ""
        async with self._turn:
            report = await self._desk.apply(chosen)
        self._app.decisions_changed()
        refused = [(one.title, one.words) for one in report.not_done]
        if refused or report.stopped_by:
            self._app.push_screen(removal_result(report))
        return f"{count(chosen.files, 'file')} to the trash, {size(chosen.freed_bytes)}" if report.done else ""

    def _told(self, report: BatchReport, words: str) -> str:
        """Say what was not done; the words when anything was."""
        not_done = [*report.refused_before, *(f"{one.title}: {one.words}" for one in report.not_done)]
        for reason in not_done[:3]:
            self._app.say(reason, severity="warning")
        if len(not_done) > 3:
            self._app.say(f"{len(not_done) - 3} more were refused.", severity="warning")
        if not report.done:
            return ""
        self._app.decisions_changed()
        return words
