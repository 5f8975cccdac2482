"""The list of proposed matches: read it, sort it, decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding

from core.model.recommendations import Recommendation
from tui.bindings import PLACEHOLDER, bindings
from tui.dialogs.dismiss import DismissDialog, Dismissing
from tui.screens.base import WinnowScreen
from tui.screens.match_browser import MatchBrowser
from tui.screens.match_decisions import MatchDecisions, entry_name
from tui.widgets.match_status import MatchWhy
from tui.widgets.windowed_list import WindowedList

if TYPE_CHECKING:
    from tui.screens.match_detail import MatchDetailScreen


class MatchingScreen(MatchBrowser):
    """The queue of decisions. What it shows is stored, so it works without any server."""

    TAB = "matching"
    SCOPE = "matching"
    CSS_PATH = "matching.tcss"
    BINDINGS: ClassVar = [*bindings("matching"), Binding(PLACEHOLDER, "back", "Back", show=False, id="app.back")]

    def __init__(self) -> None:
        super().__init__()
        self._detail: MatchDetailScreen | None = None

    @cached_property
    def decisions(self) -> MatchDecisions:
        """Where decisions are carried out."""
        return MatchDecisions(self.winnow)

    def on_screen_resume(self) -> None:
        """Shown again: what happened elsewhere shows; the cursor follows what was looked at in detail."""
        self.query_one(MatchWhy).said = ""  # it may have been taken back meanwhile
        if self._detail is not None:
            self.rows.move_to_id(self._detail.current_id)
            self._detail = None
        self.reload()

    # -- decisions -------------------------------------------------------------------------------------------------

    def _on_row(self, decide: Callable[[Recommendation], None]) -> None:
        """Do it with the row under the cursor, where there is one to be seen."""
        row = self.rows.cursor_row
        if row is not None:
            decide(row)
        elif self.rows.ids:
            self.winnow.say("The line is still being loaded.")

    def action_accept(self) -> None:
        """Link the row under the cursor; a selection is shown first and confirmed."""
        if self.rows.marked:
            self._accept_many(ids=sorted(self.rows.marked))
        else:
            self._on_row(self._accept)

    def _accept(self, row: Recommendation) -> None:
        self.rows.drop({row.id})  # the next one is there at once; a refusal brings the row back
        self.carry_out(self._decide(self.decisions.accept(row)), group="decisions")

    async def _decide(self, work: Any) -> None:
        """Wait for a decision, say what came of it, and read the list again whatever came."""
        try:
            words = await work
        finally:
            self.reload()
        if words:
            self.query_one(MatchWhy).said = self.with_way_back(words)

    def action_turn_down(self) -> None:
        """Turn down for good, with a reason."""
        self._ask_dismiss(is_until_next_scan=False)

    def action_dismiss_for_now(self) -> None:
        """Turn down until the next scan."""
        self._ask_dismiss(is_until_next_scan=True)

    def _ask_dismiss(self, *, is_until_next_scan: bool) -> None:
        marked = sorted(self.rows.marked)
        row = self.rows.cursor_row
        if not marked and row is None:
            return
        what = (
            f"{len(marked)} selected proposals" if marked or row is None else f"{entry_name(row)} for {row.local_title}"
        )

        def chosen(choice: Dismissing | None) -> None:
            if choice is None:
                return
            until, reason = choice.is_until_next_scan, choice.reason
            if marked:
                work = self.decisions.dismiss_ids(marked, reason=reason, is_until_next_scan=until)
            else:
                assert row is not None
                work = self.decisions.dismiss([row], reason=reason, is_until_next_scan=until)
            self.rows.drop(marked or {row.id if row else 0})
            self.carry_out(self._decide(work), group="decisions")

        self.app.push_screen(DismissDialog(what, is_until_next_scan=is_until_next_scan), chosen)

    def action_skip(self) -> None:
        """Leave it and go on."""
        self.rows.action_nav_down()

    def action_accept_all(self) -> None:
        """The high-confidence ones that the filter shows, after a look at the list."""
        self._accept_many(ids=None)

    def _accept_many(self, *, ids: list[int] | None) -> None:
        self.carry_out(self._preview(ids), group="preview")

    async def _preview(self, ids: list[int] | None) -> None:
        """Plan, show, and after a yes link: the screen can be left meanwhile, the work goes on."""
        from tui.dialogs.accept_all import AcceptAllDialog

        if ids is None:
            plan = await self.runtime.matching.plan_accept(wanted=replace(self.view.wanted, is_high_confidence=True))
        else:
            plan = await self.runtime.matching.plan_accept(ids)
        if not plan.items:
            self.winnow.say("There is no high-confidence match to accept here.")
            return
        chosen = await self.app.push_screen_wait(AcceptAllDialog(plan, names=self._names))
        if chosen is not None:
            self.rows.drop({item.id for item in chosen.accepted})
            await self._decide(self.decisions.accept_plan(chosen))

    def action_metadata(self) -> None:
        """Accept with a choice for each field."""

        def ask(row: Recommendation) -> None:
            from tui.dialogs.metadata import Choices, MetadataDialog

            def chosen(choices: Choices | None) -> None:
                if choices is not None:
                    self.rows.drop({row.id})
                    self.carry_out(self._decide(self.decisions.accept(row, metadata=choices)), group="decisions")

            self.app.push_screen(MetadataDialog(row, partial(self.runtime.matching.compare_metadata, row)), chosen)

        self._on_row(ask)

    # -- elsewhere -------------------------------------------------------------------------------------------------

    @on(WindowedList.RowOpened)
    def _row_opened(self, event: WindowedList.RowOpened) -> None:
        from tui.screens.match_detail import MatchDetailScreen

        event.stop()
        key = self.rows.cursor_id
        if key is not None:
            self._detail = MatchDetailScreen(key, self.rows.ids, self.decisions, self._names)
            self.app.push_screen(self._detail)

    def action_copy_urls(self) -> None:
        """The addresses of both pages, to the clipboard and in a message."""
        self._on_row(lambda row: copy_addresses(self, row))

    def action_scan(self) -> None:
        """Look up what is new."""
        self.carry_out(self._scan(), group="scan")

    async def _scan(self) -> None:
        await self.runtime.matching.start_scan()
        self.winnow.say("A scan has started; its proposals appear here. It goes on when this screen is left.")


def copy_addresses(screen: WinnowScreen, row: Recommendation) -> None:
    """Put both addresses into the clipboard of the terminal (OSC 52), and show them where it does not allow that."""
    desk = screen.runtime.matching
    addresses = [desk.scene_url(row), desk.stashbox_url(row)]
    screen.app.copy_to_clipboard("\n".join(addresses))
    screen.winnow.say("Copied:\n" + "\n".join(addresses))
