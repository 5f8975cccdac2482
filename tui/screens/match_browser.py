"""What the list of matches shows: reading it, filter and order, selection. Decisions are in `matching`."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from core.model.recommendations import Recommendation
from core.runtime import MatchingSummary
from tui.screens.list_browser import ListBrowser
from tui.screens.match_empty import empty_words
from tui.screens.match_view import MatchView
from tui.widgets.field import Field
from tui.widgets.list_head import ListHead
from tui.widgets.match_list import SORTED, MatchList, layout
from tui.widgets.match_status import Counts, MatchStatus, MatchWhy


class MatchBrowser(ListBrowser):
    """The list with its lines of status, kept up to date; what it shows is stored, so it needs no server."""

    view: MatchView

    def __init__(self) -> None:
        super().__init__()
        self.view = MatchView()
        self._names: dict[str, str] = {}
        self._endpoints: list[str] = []
        self._summary: MatchingSummary | None = None

    def compose_body(self) -> ComposeResult:
        """Counts, the search field, the list, the reasons."""
        yield MatchStatus(id="status")
        yield Field(placeholder="title, studio or performer", id="find")
        yield ListHead(layout, SORTED, id="head")
        yield MatchList(id="matches")
        yield Static(id="empty")
        yield MatchWhy(id="why")

    @property
    def rows(self) -> MatchList:
        """The list."""
        return self.query_one(MatchList)

    # -- loading ---------------------------------------------------------------------------------------------------

    async def read_list(self) -> None:
        """The first page at once when it is opened for the first time, then all ids, then the counts."""
        desk = self.runtime.matching
        if await self.show_ids(desk.ids, is_first=self._summary is None):
            self.show_state()
        summary = self._summary = await desk.summary()
        self._endpoints = [state.endpoint for state in summary.endpoints]
        names = {state.endpoint: state.name for state in summary.endpoints if state.name}
        if names != self._names:
            self._names = self.rows.endpoint_names = names
        self.show_state()

    async def read_rows(self, ids: Sequence[int]) -> list[Recommendation]:
        """These proposals."""
        return await self.runtime.matching.rows(ids)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Counts, filters, order, and words in place of an empty list."""
        status, summary, matches = self.query_one(MatchStatus), self._summary, self.rows
        shown = len(matches.ids)
        keys = self.winnow.keymap_in_force
        if summary is not None:
            pending = summary.pending
            status.counts = Counts(shown, pending, summary.high_confidence, summary.ambiguous, matches.marked_count)
        status.filters = tuple(self.view.filter_words(self._names))
        status.order = self.view.sort_words
        status.way_out = keys.shown("matching.clear-filters", limit=1)
        self.show_order()
        if self.show_empty(is_known=summary is not None) and summary is not None:
            words = empty_words(summary, self.view, lambda name: keys.shown(f"matching.{name}", limit=1))
            self.query_one("#empty", Static).update(words)

    def show_row(self) -> None:
        """Why the proposal under the cursor is one."""
        self.query_one(MatchWhy).row = self.rows.cursor_row

    # -- filter ----------------------------------------------------------------------------------------------------

    def action_filter_endpoint(self) -> None:
        """The next stash-box alone, then all."""
        self.look(self.view.next_endpoint(self._endpoints))

    def action_filter_confidence(self) -> None:
        """High confidence alone, the others, all."""
        self.look(self.view.next_confidence())

    def action_filter_ambiguous(self) -> None:
        """Several candidates alone, a single one, all."""
        self.look(self.view.next_ambiguous())
