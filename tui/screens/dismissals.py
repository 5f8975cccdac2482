"""What was turned down, and how to propose it again."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.model.recommendations import Dismissal
from core.words import count
from tui.bindings import bindings
from tui.documents import host
from tui.present import content, plain
from tui.screens.stored import StoredScreen
from tui.widgets.record_table import Column, RecordTable
from tui.wording import clock_time


class DismissalsScreen(StoredScreen):
    """Every dismissal in force. Withdrawing is a decision like others: it stands in the history and can be undone."""

    SCOPE = "dismissals"
    TAB = "dismissals"
    CSS_PATH = "dismissals.tcss"
    BINDINGS: ClassVar = bindings("dismissals")

    def __init__(self) -> None:
        super().__init__()
        self._dismissals: dict[int, Dismissal] = {}
        self._selected: set[int] = set()

    def compose_body(self) -> ComposeResult:
        yield Static("Nothing is dismissed. What you turn down in the matching list is kept here.", id="empty")
        yield RecordTable(
            [
                Column("", 1),
                Column("local scene", 0),
                Column("proposed entry", 22),
                Column("stash-box", 16, wide_only=True),
                Column("when", 11, wide_only=True),
                Column("holds", 15),
            ]
        )
        yield Static(id="reason")

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one(RecordTable).focus()

    async def load(self) -> None:
        """Read and show."""
        self._dismissals = {one.id: one for one in await self.runtime.matching.dismissals()}
        self._selected &= self._dismissals.keys()
        self.query_one("#empty").display = not self._dismissals
        self.query_one(RecordTable).display = bool(self._dismissals)
        self._show()

    def _show(self) -> None:
        now = self.winnow.clock.now()
        self.query_one(RecordTable).show_records(
            [
                (
                    str(one.id),
                    [
                        Content.styled("●" if one.id in self._selected else " ", "$accent"),
                        content(one.local_title),
                        content(one.match_title or one.candidate_id),
                        content(host(one.endpoint)),
                        Content(clock_time(one.created_at, now)),
                        Content("until next scan" if one.is_until_next_scan else "for good"),
                    ],
                )
                for one in self._dismissals.values()
            ]
        )
        self._show_reason()
        self.refresh_bindings()

    @on(RecordTable.Moved)
    def _show_reason(self) -> None:
        key = self.query_one(RecordTable).current
        one = self._dismissals.get(int(key)) if key else None
        chosen = f"{count(len(self._selected), 'dismissal')} selected.  " if self._selected else ""
        words = f"Reason: {plain(one.reason)}" if one and one.reason else "No reason was given." if one else ""
        self.query_one("#reason", Static).update(Content.assemble((chosen, "$accent"), (words, "$quiet")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be something to withdraw."""
        if action in {"withdraw", "toggle_select"} and not self._dismissals:
            return False
        return super().check_action(action, parameters)

    def action_toggle_select(self) -> None:
        """Select the line and go to the next."""
        key = self.query_one(RecordTable).current
        if key:
            self._selected ^= {int(key)}
            self._show()
            self.query_one(RecordTable).action_nav_down()

    def action_withdraw(self) -> None:
        """The selected ones, or the one under the cursor."""
        key = self.query_one(RecordTable).current
        wanted = sorted(self._selected) or ([int(key)] if key else [])
        if wanted:
            self.carry_out(self._withdraw(wanted), group="decide")

    async def _withdraw(self, ids: list[int]) -> None:
        report = await self.runtime.matching.withdraw(ids)
        self._selected.clear()
        for one in report.not_done:
            self.winnow.say(f"Not withdrawn: {plain(one.title)}: {one.words}", severity="warning")
        if report.done:
            self.winnow.say(f"Withdrawn: {count(len(report.done), 'dismissal')}.")
        self.winnow.decisions_changed()
