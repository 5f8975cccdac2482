"""The list of groups of duplicates: read it, sort it, decide what a rule decides, open the rest."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Static

from core.duplicates.desk import DuplicatesSummary
from core.model.groups import Group
from core.runtime import GroupLine, GroupTotals
from tui.bindings import PLACEHOLDER, bindings
from tui.pictures.detect import Drawing
from tui.screens.duplicates_empty import empty_words
from tui.screens.group_decisions import GroupDecisions
from tui.screens.group_pictures import member_picture
from tui.screens.group_view import GroupView
from tui.screens.list_browser import ListBrowser
from tui.widgets.field import Field
from tui.widgets.group_list import SORTED, GroupList, layout
from tui.widgets.group_words import status_lines, why_lines
from tui.widgets.lines import Lines
from tui.widgets.list_head import ListHead
from tui.widgets.thumb import Thumb
from tui.widgets.windowed_list import WindowedList

if TYPE_CHECKING:
    from tui.screens.compare import CompareScreen

_SHOWN: Final = 2  # pictures of the group under the cursor


class DuplicatesScreen(ListBrowser):
    """Groups that wait. What it shows is stored, so it works without any server."""

    TAB = "duplicates"
    SCOPE = "duplicates"
    CSS_PATH = "duplicates.tcss"
    BINDINGS: ClassVar = [*bindings("duplicates"), Binding(PLACEHOLDER, "back", "Back", show=False, id="app.back")]
    view: GroupView

    def __init__(self) -> None:
        super().__init__()
        self.view = GroupView()
        self._totals: GroupTotals | None = None
        self._summary: DuplicatesSummary | None = None
        self._group: Group | None = None
        self._compare: CompareScreen | None = None
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """Counts, the search field, the list, and of the group under the cursor pictures and files."""
        yield Lines(id="status")
        yield Field(placeholder="path or title", id="find")
        yield ListHead(layout, SORTED, id="head")
        yield GroupList(id="groups")
        yield Static(id="empty")
        with Horizontal(id="foot"):
            with Horizontal(id="pair"):
                for number in range(_SHOWN):
                    yield Thumb(self.winnow.pictures, id=f"member-{number}")
            yield Lines(id="why")

    @property
    def rows(self) -> GroupList:
        """The list."""
        return self.query_one(GroupList)

    @cached_property
    def decisions(self) -> GroupDecisions:
        """Where decisions are carried out."""
        return GroupDecisions(self.winnow)

    def on_screen_resume(self) -> None:
        """Shown again: what happened elsewhere shows; the cursor follows what was compared."""
        self._said = ""
        if self._compare is not None:
            self.rows.move_to_id(self._compare.current_id)
            self._compare = None
        self._group = None
        self.reload()

    # -- loading ---------------------------------------------------------------------------------------------------

    async def read_list(self) -> None:
        """The first page at once when it is opened for the first time, then all ids, then the sums."""
        desk, view = self.runtime.duplicates, self.view
        if await self.show_ids(desk.ids, is_first=self._summary is None):
            self._totals = await desk.totals(view.wanted)
            self.show_state()
        self._summary = await desk.summary()
        self.show_state()
        self._group = None
        self.show_row()

    async def read_rows(self, ids: Sequence[int]) -> list[GroupLine]:
        """These groups."""
        return await self.runtime.duplicates.lines(ids)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Sums, filters, order, and words in place of an empty list."""
        keys = self.winnow.keymap_in_force
        totals = self._totals
        if totals is not None:
            self.query_one("#status", Lines).show(
                lambda width: status_lines(
                    totals,
                    self.view.filter_words(),
                    self.view.sort_words,
                    selected=self.rows.marked_count,
                    way_out=keys.shown("duplicates.clear-filters", limit=1),
                    width=width,
                )
            )
        self.show_order()
        is_empty = self.show_empty(is_known=self._summary is not None)
        self.query_one("#foot").display = not is_empty
        if is_empty and self._summary is not None:
            words = empty_words(self._summary, self.view, lambda name: keys.shown(f"duplicates.{name}", limit=1))
            self.query_one("#empty", Static).update(words)

    def show_row(self) -> None:
        """What the group under the cursor is; its files are read once the cursor rests on it."""
        row = self.rows.cursor_row
        if self._group is None or row is None or self._group.id != row.id:
            self._group = None
            if row is not None:
                self.carry_out(self._load_group(row.id), group="group", is_exclusive=True)
        self._show_why()

    async def _load_group(self, group_id: int) -> None:
        group = await self.runtime.duplicates.get(group_id)
        if group is not None and self.rows.cursor_id == group_id:
            self._group = group
            self._show_why()
            self._show_pictures(group)

    def _show_why(self) -> None:
        row, group, said = self.rows.cursor_row, self._group, self._said
        self.query_one("#why", Lines).show(lambda width: why_lines(row, group, said, width))

    def _show_pictures(self, group: Group) -> None:
        is_text = self.winnow.pictures.ability.drawing is Drawing.TEXT
        self.query_one("#pair").set_class(is_text, "-text")
        for number in range(_SHOWN):
            thumb = self.query_one(f"#member-{number}", Thumb)
            has_member = number < len(group.members)
            thumb.picture = member_picture(self.runtime, group, number) if has_member else None

    # -- decisions -------------------------------------------------------------------------------------------------

    def _chosen(self) -> list[int]:
        """The selected groups, else the one under the cursor."""
        marked = sorted(self.rows.marked)
        key = self.rows.cursor_id
        return marked or ([key] if key is not None else [])

    def _decide(self, make: Callable[[], Coroutine[Any, Any, str]], *, is_next: bool = True) -> None:
        async def decide() -> None:
            words = ""
            try:
                words = await make()
            finally:
                if words and is_next and not self.rows.marked:
                    self.rows.action_nav_down()
                self.reload()
            if words:
                self._said = self.with_way_back(words)
                self._show_why()

        self.carry_out(decide(), group="decisions")

    def action_keep_suggested(self) -> None:
        """Mark as the rule says, in the group under the cursor or in all selected ones."""
        if chosen := self._chosen():
            self._decide(partial(self.decisions.keep_suggested, chosen))

    def action_not_duplicates(self) -> None:
        """Remember that these are no duplicates."""
        if chosen := self._chosen():
            self._decide(partial(self.decisions.keep_all, chosen), is_next=False)

    def action_clear_group(self) -> None:
        """Take the marks of the group away."""
        if (key := self.rows.cursor_id) is not None:
            self._decide(partial(self.decisions.clear, key), is_next=False)

    def action_skip(self) -> None:
        """Leave it and go on."""
        self.rows.action_nav_down()

    def action_rule_all(self) -> None:
        """What the rules decide among the groups that the filter shows, with frames compared, after a look at it."""
        self.winnow.say("Comparing frames of what the rules decide; the plan is shown when that is done.")
        self._decide(partial(self.decisions.apply_rules, self.view.wanted), is_next=False)

    def action_apply(self) -> None:
        """Carry out what is marked, after a look at it."""
        self._decide(partial(self.decisions.apply_marked, sorted(self.rows.marked) or None), is_next=False)

    # -- filter ----------------------------------------------------------------------------------------------------

    def action_filter_kind(self) -> None:
        """One kind after the other, then all."""
        self.look(self.view.next_kind())

    def action_filter_media(self) -> None:
        """Videos, images, both."""
        self.look(self.view.next_media())

    def action_filter_verdict(self) -> None:
        """What a rule decides, what none does, what is gated, all."""
        self.look(self.view.next_verdict())

    def action_filter_status(self) -> None:
        """Open, decided, resolved, kept."""
        self.look(self.view.next_status())

    def action_filter_size(self) -> None:
        """Only large ones."""
        self.look(self.view.next_size())

    def action_show_weak(self) -> None:
        """Weak pairs in place of the groups, and back."""
        self.look(self.view.toggle_weak())

    # -- elsewhere -------------------------------------------------------------------------------------------------

    @on(WindowedList.RowOpened)
    def _row_opened(self, event: WindowedList.RowOpened) -> None:
        from tui.screens.compare import CompareScreen

        event.stop()
        key = self.rows.cursor_id
        if key is not None:
            self._compare = CompareScreen(key, self.rows.ids, self.decisions)
            self.app.push_screen(self._compare)

    def action_copy_paths(self) -> None:
        """The paths of the group's files, to the clipboard and in a message."""
        if self._group is not None:
            paths = [one.file.shown_path for one in self._group.members]
            self.app.copy_to_clipboard("\n".join(paths))
            self.winnow.say("Copied:\n" + "\n".join(paths))

    def action_scan(self) -> None:
        """Look for duplicates."""
        self.carry_out(self._scan(), group="scan")

    async def _scan(self) -> None:
        await self.runtime.duplicates.start_scan()
        self.winnow.say("A scan for duplicates has started; it goes on when this screen is left.")
