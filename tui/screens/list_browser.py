"""What every long list of proposals has: reading it, keeping it up to date, looking for text, selecting.

A subclass says what is read and how it is shown. What it shows is stored, so no server is needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import Any, Final, Protocol

from textual import on
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.messages import DecisionsChanged, JobsProgressed
from tui.screens.base import WinnowScreen
from tui.screens.list_view import ListView
from tui.widgets.list_head import ListHead
from tui.widgets.windowed_list import HasId, WindowedList

_FIRST_ROWS: Final = 200
_PAUSE_SECONDS: Final = 0.15  # between the last typed letter and the search
_REFRESH_SECONDS: Final = 2.0  # between two looks at what a running scan added


class ReadIds(Protocol):
    """Reads the ids that a filter shows, in order."""

    async def __call__(
        self, wanted: Any, *, sort: Any, is_reversed: bool = False, limit: int | None = None
    ) -> array[int]: ...


class ListBrowser(WinnowScreen):
    """The list with its lines of status, kept up to date. The search field is `#find`, the empty state `#empty`."""

    AUTO_FOCUS = ""  # else the hidden search field would get the keys when an empty list is shown again
    view: ListView[Any, Any]

    def __init__(self) -> None:
        super().__init__()
        self._typing: Timer | None = None
        self._refreshing: Timer | None = None
        self._is_reload_wanted = self._is_reloading = self._is_top_wanted = False

    @property
    def rows(self) -> WindowedList[Any]:
        """The list."""
        raise NotImplementedError

    async def read_list(self) -> None:
        """Read ids and counts and show them."""
        raise NotImplementedError

    async def read_rows(self, ids: Sequence[int]) -> Sequence[HasId]:
        """The rows with these ids."""
        raise NotImplementedError

    def show_state(self) -> None:
        """Counts, filters, order, and words in place of an empty list."""
        raise NotImplementedError

    def show_row(self) -> None:
        """What is known of the row under the cursor."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """The keys go to the list."""
        self.query_one("#find").display = False
        self.query_one("#empty").display = False
        self.rows.focus()

    # -- loading ---------------------------------------------------------------------------------------------------

    def reload(self, *, is_from_top: bool = False) -> None:
        """Read ids and counts again; the cursor keeps its row where that is left.

        However often this is asked for, one reading is under way, and at most one more follows it.
        """
        self._is_top_wanted |= is_from_top
        self._is_reload_wanted = True
        if not self._is_reloading:
            self._is_reloading = True
            self.carry_out(self._reload(), group="list-ids")

    async def _reload(self) -> None:
        try:
            while self._is_reload_wanted:
                self._is_reload_wanted = False
                await self.read_list()
        finally:
            self._is_reloading = False

    async def show_ids(self, read: ReadIds, *, is_first: bool, without: Collection[int] = ()) -> bool:
        """Read what the filter shows, the first page at once when nothing was shown before (`is_first`), then all but
        `without`; False when the filter or the order changed meanwhile.
        """
        view = self.view
        if is_first and not self.rows.ids:
            self.rows.show_ids(await read(view.wanted, sort=view.sort, limit=_FIRST_ROWS))
        ids = await read(view.wanted, sort=view.sort, is_reversed=view.is_reversed)
        if view != self.view:
            return False
        if without:
            ids = array("q", (one for one in ids if one not in without))
        is_from_top, self._is_top_wanted = self._is_top_wanted, False
        self.rows.show_ids(ids, is_from_top=is_from_top, is_stale=True)
        return True

    @on(WindowedList.WindowWanted)
    def _window_wanted(self, event: WindowedList.WindowWanted) -> None:
        event.stop()
        self.carry_out(self._load_rows(event.ids), group="list-rows")

    async def _load_rows(self, ids: tuple[int, ...]) -> None:
        is_done = False
        try:
            rows = await self.read_rows(ids)
            self.rows.supply(rows, ids)
            is_done = True
        finally:
            if not is_done:
                self.rows.supply_failed()

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

    def show_empty(self, *, is_known: bool) -> bool:
        """Put the empty state in place of an empty list, or take it away; whether it is shown. `is_known`: all was
        read once.
        """
        shown, rows = len(self.rows.ids), self.rows
        empty = self.query_one("#empty", Static)
        empty.display = shown == 0 and is_known
        if shown == 0 and rows.has_focus:
            self.set_focus(None)  # else the search field would get the keys of the list that goes away
        rows.set_class(shown == 0, "-empty")
        if shown and self.focused is None:
            rows.focus()
        return bool(empty.display)

    def show_order(self) -> None:
        """The head of the list says how it is ordered."""
        head = self.query_one(ListHead)
        head.sort, head.is_reversed = self.view.sort, self.view.is_reversed

    @on(WindowedList.CursorMoved)
    def _cursor_moved(self, event: WindowedList.CursorMoved) -> None:
        event.stop()
        self.show_row()

    @on(WindowedList.MarksChanged)
    def _marks_changed(self, event: WindowedList.MarksChanged) -> None:
        event.stop()
        self.show_state()

    # -- filter and order ------------------------------------------------------------------------------------------

    def look(self, view: ListView[Any, Any], *, is_from_top: bool = True) -> None:
        """Show with another filter or in another order."""
        self.view = view
        self.show_state()
        self.reload(is_from_top=is_from_top)

    def action_sort(self) -> None:
        """Order by the next column; the cursor keeps its row."""
        self.look(self.view.next_sort(), is_from_top=False)

    def action_reverse_sort(self) -> None:
        """Turn the order round."""
        self.look(self.view.reversed(), is_from_top=False)

    def action_clear_filters(self) -> None:
        """Show everything."""
        self._close_find(is_emptied=True)
        self.look(self.view.unfiltered(), is_from_top=False)

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
            self.look(view)

    def _close_find(self, *, is_emptied: bool) -> None:
        find = self.query_one("#find", Input)
        if is_emptied:
            find.value = ""
        find.display = bool(find.value)
        self.rows.focus()

    async def action_back(self) -> None:
        """Empty the search, else the selection, else the filters; then go to the dashboard."""
        find = self.query_one("#find", Input)
        if find.has_focus or find.value:
            self._close_find(is_emptied=True)
            self._search()
        elif self.rows.marked:
            self.rows.clear_marks()
        elif self.view.is_filtered:
            self.action_clear_filters()
        else:
            await self.app.switch_mode("dashboard")

    # -- selection -------------------------------------------------------------------------------------------------

    def action_toggle_select(self) -> None:
        """Select the row, or not, and go on."""
        self.rows.toggle_mark()

    def action_select_all(self) -> None:
        """Everything the filter shows."""
        self.rows.mark_all()

    def action_clear_selection(self) -> None:
        """Nothing."""
        self.rows.clear_marks()
