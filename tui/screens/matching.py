"""The list of proposed matches: read it, sort it, decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.timer import Timer
from textual.widgets import Input, Static

from core.model import Recommendation
from core.runtime import MatchingSummary
from tui.bindings import PLACEHOLDER, bindings
from tui.dialogs.dismiss import DismissDialog, Dismissing
from tui.messages import DecisionsChanged, JobsProgressed
from tui.screens.base import WinnowScreen
from tui.screens.match_decisions import MatchDecisions, entry_name
from tui.screens.match_empty import empty_words
from tui.screens.match_view import MatchView
from tui.widgets.match_list import MatchHead, MatchList
from tui.widgets.match_status import Counts, MatchStatus, MatchWhy
from tui.widgets.windowed_list import WindowedList

if TYPE_CHECKING:
    from tui.screens.match_detail import MatchDetailScreen

_FIRST_ROWS: Final = 200
_PAUSE_SECONDS: Final = 0.15  # between the last typed letter and the search
_REFRESH_SECONDS: Final = 2.0  # between two looks at what a running scan added


class MatchingScreen(WinnowScreen):
    """The queue of decisions. What it shows is stored, so it works without any server."""

    TAB = "matching"
    SCOPE = "matching"
    CSS_PATH = "matching.tcss"
    BINDINGS: ClassVar = [*bindings("matching"), Binding(PLACEHOLDER, "back", "Back", show=False, id="app.back")]

    def __init__(self) -> None:
        super().__init__()
        self.view = MatchView()
        self._names: dict[str, str] = {}
        self._endpoints: list[str] = []
        self._summary: MatchingSummary | None = None
        self._typing: Timer | None = None
        self._refreshing: Timer | None = None
        self._is_reload_wanted = self._is_reloading = self._is_top_wanted = False
        self._detail: MatchDetailScreen | None = None
        self._decisions: MatchDecisions | None = None

    def compose_body(self) -> ComposeResult:
        """Counts, the search field, the list, the reasons."""
        yield MatchStatus(id="status")
        yield Input(placeholder="title, studio or performer", id="find")
        yield MatchHead(id="head")
        yield MatchList(id="matches")
        yield Static(id="empty")
        yield MatchWhy(id="why")

    @property
    def matches(self) -> MatchList:
        """The rows."""
        return self.query_one(MatchList)

    @property
    def decisions(self) -> MatchDecisions:
        """Where decisions are carried out."""
        if self._decisions is None:
            self._decisions = MatchDecisions(self.winnow)
        return self._decisions

    def on_mount(self) -> None:
        """The keys go to the list."""
        self.query_one("#find").display = False
        self.query_one("#empty").display = False
        self.matches.focus()

    def on_screen_resume(self) -> None:
        """Shown again: what happened elsewhere shows; the cursor follows what was looked at in detail."""
        if self._detail is not None:
            self.matches.move_to_id(self._detail.current_id)
            self._detail = None
        self.reload()

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
        matches.set_class(shown == 0, "-empty")
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
            await self.winnow.action_show_dashboard()

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

    # -- decisions -------------------------------------------------------------------------------------------------

    def _on_row(self, decide: Callable[[Recommendation], None]) -> None:
        """Do it with the row under the cursor, where there is one to be seen."""
        row = self.matches.cursor_row
        if row is not None:
            decide(row)
        elif self.matches.ids:
            self.winnow.say("The line is still being loaded.")

    def action_accept(self) -> None:
        """Link the row under the cursor; a selection is shown first and confirmed."""
        if self.matches.marked:
            self._accept_many(ids=sorted(self.matches.marked))
        else:
            self._on_row(self._accept)

    def _accept(self, row: Recommendation) -> None:
        self.matches.drop({row.id})  # the next one is there at once; a refusal brings the row back
        self.carry_out(self._decide(self.decisions.accept(row)), group="decisions")

    async def _decide(self, work: Any) -> None:
        """Wait for a decision, say what came of it, and read the list again whatever came."""
        try:
            words = await work
        finally:
            self.reload()
        if words:
            undo = self.winnow.keymap_in_force.shown("app.undo", limit=1)
            self.query_one(MatchWhy).said = words + (f"   {undo} takes it back" if undo else "")

    def action_turn_down(self) -> None:
        """Turn down for good, with a reason."""
        self._ask_dismiss(is_until_next_scan=False)

    def action_dismiss_for_now(self) -> None:
        """Turn down until the next scan."""
        self._ask_dismiss(is_until_next_scan=True)

    def _ask_dismiss(self, *, is_until_next_scan: bool) -> None:
        marked = sorted(self.matches.marked)
        row = self.matches.cursor_row
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
            self.matches.drop(marked or {row.id if row else 0})
            self.carry_out(self._decide(work), group="decisions")

        self.app.push_screen(DismissDialog(what, is_until_next_scan=is_until_next_scan), chosen)

    def action_skip(self) -> None:
        """Leave it and go on."""
        self.matches.action_nav_down()

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
            self.matches.drop({item.id for item in chosen.accepted})
            await self._decide(self.decisions.accept_plan(chosen))

    def action_metadata(self) -> None:
        """Accept with a choice for each field."""

        def ask(row: Recommendation) -> None:
            from tui.dialogs.metadata import Choices, MetadataDialog

            def chosen(choices: Choices | None) -> None:
                if choices is not None:
                    self.matches.drop({row.id})
                    self.carry_out(self._decide(self.decisions.accept(row, metadata=choices)), group="decisions")

            self.app.push_screen(MetadataDialog(row, partial(self.runtime.matching.compare_metadata, row)), chosen)

        self._on_row(ask)

    # -- elsewhere -------------------------------------------------------------------------------------------------

    @on(WindowedList.RowOpened)
    def _row_opened(self, event: WindowedList.RowOpened) -> None:
        from tui.screens.match_detail import MatchDetailScreen

        event.stop()
        key = self.matches.cursor_id
        if key is not None:
            self._detail = MatchDetailScreen(key, self.matches.ids, self.decisions, self._names)
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
