"""What the list of matches shows: reading it, filter and order, selection. Decisions are in `matching`."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, Static

from core.runtime import MatchingSummary
from tui.messages import DecisionsChanged, JobsProgressed
from tui.screens.base import WinnowScreen
from tui.screens.match_empty import empty_words
from tui.screens.match_view import MatchView
from tui.widgets.field import Field
from tui.widgets.match_list import MatchHead, MatchList
from tui.widgets.match_status import Counts, MatchStatus, MatchWhy
from tui.widgets.windowed_list import WindowedList

_FIRST_ROWS: Final = 200
_PAUSE_SECONDS: Final = 0.15  # between the last typed letter and the search
_REFRESH_SECONDS: Final = 2.0  # between two looks at what a running scan added


class MatchBrowser(WinnowScreen):
    """The list with its lines of status, kept up to date; what it shows is stored, so it needs no server."""

    def __init__(self) -> None:
        super().__init__()
        self.view = MatchView()
        self._names: dict[str, str] = {}
        self._endpoints: list[str] = []
        self._summary: MatchingSummary | None = None
        self._typing: Timer | None = None
        self._refreshing: Timer | None = None
        self._is_reload_wanted = self._is_reloading = self._is_top_wanted = False

    def compose_body(self) -> ComposeResult:
        """Counts, the search field, the list, the reasons."""
        yield MatchStatus(id="status")
        yield Field(placeholder="title, studio or performer", id="find")
        yield MatchHead(id="head")
        yield MatchList(id="matches")
        yield Static(id="empty")
        yield MatchWhy(id="why")

    @property
    def matches(self) -> MatchList:
        """The rows."""
        return self.query_one(MatchList)

    # -- loading ---------------------------------------------------------------------------------------------------

    def reload(self, *, is_from_top: bool = False) -> None:
        """Read ids and counts again; the cursor keeps its row where that is left.

        However often this is asked for, one reading is under way, and at most one more follows it.
        """
        self._is_top_wanted |= is_from_top
        self._is_reload_wanted = True
        if not self._is_reloading:
            self._is_reloading = True
            self.carry_out(self._reload(), group="matching-ids")

    async def _reload(self) -> None:
        try:
            while self._is_reload_wanted:
                self._is_reload_wanted = False
                await self._read_list()
        finally:
            self._is_reloading = False

    async def _read_list(self) -> None:
        desk, view = self.runtime.matching, self.view
        if self._summary is None and not self.matches.ids:  # opened for the first time: the first page at once
            self.matches.show_ids(await desk.ids(view.wanted, sort=view.sort, limit=_FIRST_ROWS))
        ids = await desk.ids(view.wanted, sort=view.sort, is_reversed=view.is_reversed)
        if view == self.view:
            is_from_top, self._is_top_wanted = self._is_top_wanted, False
            self.matches.show_ids(ids, is_from_top=is_from_top, is_stale=True)
            self._show_state()
        summary = self._summary = await desk.summary()
        self._endpoints = [state.endpoint for state in summary.endpoints]
        names = {state.endpoint: state.name for state in summary.endpoints if state.name}
        if names != self._names:
            self._names = self.matches.endpoint_names = names
        self._show_state()

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        self.carry_out(self._load_rows(event.ids), group="matching-rows")

    async def _load_rows(self, ids: tuple[int, ...]) -> None:
        is_done = False
        try:
            rows = await self.runtime.matching.rows(ids)
            self.matches.supply(rows, ids)
            is_done = True
        finally:
            if not is_done:
                self.matches.supply_failed()

    @on(DecisionsChanged)
    def _decisions_changed(self) -> None:
        self.reload()

    def on_jobs_progressed(self, message: JobsProgressed) -> None:
        """A running scan adds to the list: look now and then, and once more when it ended."""
        if message.ended:
            self.reload()
        elif self._refreshing is None and message.progress:
            self._refreshing = self.set_timer(_REFRESH_SECONDS, self._refresh_now)

    def _refresh_now(self) -> None:
        self._refreshing = None
        if self.is_current:
            self.reload()

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        """Counts, filters, order, and words in place of an empty list."""
        status, summary, matches = self.query_one(MatchStatus), self._summary, self.matches
        shown = len(matches.ids)
        if summary is not None:
            pending = summary.pending
            status.counts = Counts(shown, pending, summary.high_confidence, summary.ambiguous, matches.marked_count)
        status.filters = tuple(self.view.filter_words(self._names))
        status.order = self.view.sort_words
        status.way_out = self.winnow.keymap_in_force.shown("matching.clear-filters", limit=1)
        head = self.query_one(MatchHead)
        head.sort, head.is_reversed = self.view.sort, self.view.is_reversed
        empty = self.query_one("#empty", Static)
        empty.display = shown == 0 and summary is not None
        if shown == 0 and matches.has_focus:
            self.set_focus(None)  # else the search field would get the keys of the list that goes away
        matches.set_class(shown == 0, "-empty")
        if shown and self.focused is None:
            matches.focus()
        if shown == 0 and summary is not None:
            keys = self.winnow.keymap_in_force
            empty.update(empty_words(summary, self.view, lambda name: keys.shown(f"matching.{name}", limit=1)))

    @on(WindowedList.CursorMoved)
    def _cursor_moved(self, event: WindowedList.CursorMoved) -> None:
        event.stop()
        why = self.query_one(MatchWhy)
        why.row = self.matches.cursor_row

    @on(WindowedList.MarksChanged)
    def _marks_changed(self, event: WindowedList.MarksChanged) -> None:
        event.stop()
        self._show_state()

    # -- filter and order ------------------------------------------------------------------------------------------

    def _look(self, view: MatchView, *, is_from_top: bool = True) -> None:
        self.view = view
        self._show_state()
        self.reload(is_from_top=is_from_top)

    def action_sort(self) -> None:
        """Order by the next column; the cursor keeps its row."""
        self._look(self.view.next_sort(), is_from_top=False)

    def action_reverse_sort(self) -> None:
        """Turn the order round."""
        self._look(self.view.reversed(), is_from_top=False)

    def action_filter_endpoint(self) -> None:
        """The next stash-box alone, then all."""
        self._look(self.view.next_endpoint(self._endpoints))

    def action_filter_confidence(self) -> None:
        """High confidence alone, the others, all."""
        self._look(self.view.next_confidence())

    def action_filter_ambiguous(self) -> None:
        """Several candidates alone, a single one, all."""
        self._look(self.view.next_ambiguous())

    def action_clear_filters(self) -> None:
        """Show everything pending."""
        self._close_find(is_emptied=True)
        self._look(self.view.unfiltered(), is_from_top=False)

    def action_filter_text(self) -> None:
        """Type what to look for."""
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _find_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_PAUSE_SECONDS, self._search)

    @on(Input.Submitted, "#find")
    def _find_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._search()
        self._close_find(is_emptied=False)

    def _search(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        view = self.view.with_text(self.query_one("#find", Input).value)
        if view != self.view:
            self._look(view)

    def _close_find(self, *, is_emptied: bool) -> None:
        find = self.query_one("#find", Input)
        if is_emptied:
            find.value = ""
        find.display = bool(find.value)
        self.matches.focus()

    async def action_back(self) -> None:
        """Empty the search, else the selection, else the filters; then go to the dashboard."""
        find = self.query_one("#find", Input)
        if find.has_focus or find.value:
            self._close_find(is_emptied=True)
            self._search()
        elif self.matches.marked:
            self.matches.clear_marks()
        elif self.view.is_filtered:
            self.action_clear_filters()
        else:
            await self.app.switch_mode("dashboard")

    # -- selection -------------------------------------------------------------------------------------------------

    def action_toggle_select(self) -> None:
        """Select the row, or not, and go on."""
        self.matches.toggle_mark()

    def action_select_all(self) -> None:
        """Everything the filter shows."""
        self.matches.mark_all()

    def action_clear_selection(self) -> None:
        """Nothing."""
        self.matches.clear_marks()
