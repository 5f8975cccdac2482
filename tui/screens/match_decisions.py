"""Decisions on proposed matches: one after the other, checked against what was shown, their outcome in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.matching.metadata import Choice, Field
from core.model.recommendations import Recommendation, Status
from core.runtime import AcceptPlan, BatchReport
from tui.present import plain

if TYPE_CHECKING:
    from tui.app import WinnowApp


class MatchDecisions:
    """Decides for the screens of the matching desk. Made once, by the list, and shared with the detail screen."""

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a decision is being written."""
        return self._turn.locked()

    async def accept(self, shown: Recommendation, *, metadata: Mapping[Field, Choice] | None = None) -> str:
        """Link the scene; in words what was done, "" when it was refused (and said why)."""
        desk = self._app.runtime.matching
        async with self._turn:
            if not await self._is_as_shown(shown):
                return ""
            plan = await desk.plan_accept([shown.id])
            for item in plan.refused:
                self._app.say(f"{shown.local_title} was not linked: {item.refusal}.", severity="error")
            if not plan.accepted:
                return ""
            report = await desk.accept(plan, metadata=metadata, is_by_person=True)
        if not self._told(report):
            return ""
        self._app.decisions_changed()
        return f"linked {plain(shown.local_title, width=36)} with {plain(entry_name(shown), width=36)}"

    async def accept_plan(self, plan: AcceptPlan) -> str:
        """Link everything a confirmed plan accepts; refusals are listed in a dialog. In words what was done."""
        async with self._turn:
            report = await self._app.runtime.matching.accept(plan, is_by_person=True)
        self._app.decisions_changed()
        refused = [(outcome.title, outcome.words) for outcome in report.not_done]
        if refused or report.stopped_by:
            from tui.dialogs.accept_all import accept_result

            self._app.push_screen(accept_result(len(report.done), refused, report.stopped_by))
        return f"linked {len(report.done)} of {len(plan.accepted)} scenes" if report.done else ""

    async def dismiss(self, shown: Sequence[Recommendation], *, reason: str, is_until_next_scan: bool) -> str:
        """Turn these down; in words what was done, "" when nothing was."""
        async with self._turn:
            fresh = [one for one in shown if await self._is_as_shown(one)]
            if not fresh:
                return ""
            return await self._dismiss([one.id for one in fresh], reason, is_until_next_scan, name=entry_name(fresh[0]))

    async def dismiss_ids(self, ids: Sequence[int], *, reason: str, is_until_next_scan: bool) -> str:
        """Turn a selection down. What was decided meanwhile is refused one by one."""
        async with self._turn:
            return await self._dismiss(ids, reason, is_until_next_scan, name="")

    async def _dismiss(self, ids: Sequence[int], reason: str, is_until_next_scan: bool, *, name: str) -> str:
        desk = self._app.runtime.matching
        report = await desk.dismiss(ids, reason=reason, is_until_next_scan=is_until_next_scan)
        self._told(report)
        done = len(report.done)
        if not done:
            return ""
        self._app.decisions_changed()
        what = plain(name, width=40) if done == 1 and name else f"{done} proposals"
        return f"dismissed {what}" + (" until the next scan" if is_until_next_scan else "")

    async def _is_as_shown(self, shown: Recommendation) -> bool:
        """Whether the row is still what the person looked at; else it says what became of it."""
        now = await self._app.runtime.matching.get(shown.id)
        if now is None:
            words = "no longer exists"
        elif now.status is not Status.PENDING:
            words = f"is {now.status} meanwhile"
        elif _judged(now) != _judged(shown):
            words = "changed while it was shown; look at it again"
        else:
            return True
        self._app.say(f"Nothing was done: the proposal for {shown.local_title} {words}.", severity="warning")
        return False

    def _told(self, report: BatchReport) -> bool:
        """Say what was not done; whether anything was."""
        for outcome in report.not_done[:5]:
            self._app.say(f"{outcome.title}: {outcome.words}", severity="error")
        if len(report.not_done) > 5:
            self._app.say(f"{len(report.not_done) - 5} more were refused; history shows each reason.", severity="error")
        if report.stopped_by:
            if not any(report.stopped_by in outcome.words for outcome in report.not_done):
                self._app.say(report.stopped_by, severity="error")
            self._app.server.check()  # it may be why; then the header says so now
        return bool(report.done)


def _judged(row: Recommendation) -> tuple[object, ...]:
    """What a person's decision rests on."""
    return row.candidate, row.evidence, row.reasons, row.is_high_confidence, row.is_ambiguous


def entry_name(row: Recommendation) -> str:
    """What the entry is called."""
    return row.candidate.title or row.candidate.id
