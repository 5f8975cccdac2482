"""The review of what came in: pictures that wait for a person's decision, one after the other or many at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Static

from core.intake.desk import IntakeSummary
from core.intake.reading import ReviewEntry
from core.model.incoming import Category
from core.path_text import shown
from core.runtime import ReviewAction, ReviewLine
from tui.bindings import PLACEHOLDER, bindings
from tui.pictures.detect import Drawing
from tui.screens.intake_empty import empty_words
from tui.screens.list_browser import ListBrowser
from tui.screens.review_decisions import ReviewDecisions, suggested
from tui.screens.review_picture import review_picture
from tui.screens.review_view import ReviewView
from tui.widgets.category_tabs import CategoryTabs
from tui.widgets.field import Field
from tui.widgets.lines import Lines
from tui.widgets.list_head import ListHead
from tui.widgets.review_list import SORTED, ReviewList, layout
from tui.widgets.review_words import about_lines, status_lines
from tui.widgets.thumb import Thumb
from tui.widgets.windowed_list import WindowedList


class IntakeScreen(ListBrowser):
    """Pictures that wait. What it shows is stored, so it works without Immich."""

    TAB = "intake"
    SCOPE = "intake"
    CSS_PATH = "intake.tcss"
    BINDINGS: ClassVar = [*bindings("intake"), Binding(PLACEHOLDER, "back", "Back", show=False, id="app.back")]
    view: ReviewView

    def __init__(self) -> None:
        super().__init__()
        self.view = ReviewView()
        self._counts: Mapping[Category, int] = {}
        self._sources: Sequence[str] = ()
        self._summary: IntakeSummary | None = None
        self._entry: ReviewEntry | None = None
        self._going: set[int] = set()  # decided, and not carried out yet
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """Categories, counts, the search field, the list, and beside it the picture and what is known of it."""
        yield CategoryTabs(id="tabs")
        yield Lines(id="status")
        yield Field(placeholder="name, source, reason or person", id="find")
        yield Static(id="empty")
        with Container(id="middle"):
            with Container(id="left"):
                yield ListHead(layout, SORTED, id="head")
                yield ReviewList(id="pictures")
            with Container(id="side"):
                yield Thumb(self.winnow.pictures, id="picture")
                yield Lines(id="about")

    @property
    def rows(self) -> ReviewList:
        """The list."""
        return self.query_one(ReviewList)

    @cached_property
    def decisions(self) -> ReviewDecisions:
        """Where decisions are carried out."""
        return ReviewDecisions(self.winnow)

    def on_screen_resume(self) -> None:
        """Shown again: what happened elsewhere shows."""
        self._said = ""
        self._entry = None
        self.reload()

    # -- loading ---------------------------------------------------------------------------------------------------

    async def read_list(self) -> None:
        """The first page at once when it is opened for the first time, then all ids, then the counts."""
        desk, view = self.runtime.intake, self.view
        if await self.show_ids(desk.ids, is_first=self._summary is None, without=self._going):
            self._counts = await desk.counts(view.of_all_categories)
            self.show_state()
        self._sources = await desk.sources()
        self._summary = await desk.summary()
        self.show_state()
        self._entry = None
        self.show_row()

    async def read_rows(self, ids: Sequence[int]) -> list[ReviewLine]:
        """These pictures."""
        return await self.runtime.intake.lines(ids)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Tabs, filters, order, and words in place of an empty list."""
        keys = self.winnow.keymap_in_force
        said = self._said
        tabs = self.query_one(CategoryTabs)
        tabs.counts, tabs.current = self._counts, self.view.category
        self.query_one("#status", Lines).show(
            lambda width: status_lines(
                len(self.rows.ids),
                sum(self._counts.values()) - len(self._going),
                self.view.filter_words(),
                self.view.sort_words,
                selected=self.rows.marked_count,
                said=said,
                way_out=keys.shown("intake.clear-filters", limit=1),
                width=width,
            )
        )
        self.show_order()
        is_empty = self.show_empty(is_known=self._summary is not None)
        self.query_one("#middle").display = not is_empty
        if is_empty and self._summary is not None:
            key, was_used = lambda name: keys.shown(f"intake.{name}", limit=1), bool(self._sources)
            self.query_one("#empty", Static).update(empty_words(self._summary, self.view, key, was_used=was_used))

    def show_row(self) -> None:
        """What is known of the picture under the cursor; its faces are read once the cursor rests on it."""
        key = self.rows.cursor_id
        if self._entry is None or self._entry.line.id != key:
            self._entry = None
            if key is not None:
                self.carry_out(self._load_entry(key), group="entry", is_exclusive=True)
        self._show_about()

    async def _load_entry(self, review_id: int) -> None:
        entry = await self.runtime.intake.get(review_id)
        if entry is not None and self.rows.cursor_id == review_id:
            self._entry = entry
            self._show_about()
            self.query_one("#side").set_class(self.winnow.pictures.ability.drawing is Drawing.TEXT, "-text")
            self.query_one("#picture", Thumb).picture = review_picture(self.runtime, entry)

    def _show_about(self) -> None:
        row, entry, about = self.rows.cursor_row, self._entry, self.query_one("#about", Lines)
        now = self.winnow.clock.now()
        about.show(lambda width: about_lines(row, entry, now=now, width=width, height=about.size.height or 9))

    def _say(self, words: str) -> None:
        """What was done, and how it is taken back, where the eye is."""
        self._said = self.with_way_back(f"\N{CHECK MARK} {words}")
        self.show_state()

    # -- decisions -------------------------------------------------------------------------------------------------

    def _marked(self) -> list[int]:
        """The selected pictures in the order of the list."""
        marked = self.rows.marked
        return [one for one in self.rows.ids if one in marked]

    def _undecided(self) -> ReviewLine | None:
        """The picture under the cursor, where it still waits for a decision."""
        row = self.rows.cursor_row
        if row is not None and row.action is not ReviewAction.PENDING:
            self.winnow.say(f"{shown(row.filename)} was {row.action} already; an undo takes that back.")
            return None
        return row

    def _do(self, ids: Sequence[int], make: Callable[[], Coroutine[Any, Any, str]]) -> None:
        """Have a decision carried out. The pictures leave the list at once; what is refused is there again."""
        self._going.update(ids)
        self.rows.drop(ids)
        self.show_state()

        async def carry_out() -> None:
            words = ""
            try:
                words = await make()
            finally:
                self._going.difference_update(ids)
                self.reload()
            if words:
                self._say(words)

        self.carry_out(carry_out(), group="decisions")

    def action_approve(self) -> None:
        """To whom was probably seen: one picture at once, several after a question that counts them."""
        if self.rows.marked:
            self.carry_out(self._approve_marked(self._marked()), group="question")
        elif (row := self._undecided()) is not None:
            if (person := suggested(row)) is None:
                self.action_approve_to()
            else:
                self._do([row.id], partial(self.decisions.approve, [row.id], person))

    async def _approve_marked(self, marked: list[int]) -> None:
        for person, ids in await self.decisions.confirm_suggested(await self.decisions.lines(marked)):
            self._do(ids, partial(self.decisions.approve, ids, person))

    def action_approve_to(self) -> None:
        """To somebody who is chosen, or named anew."""
        if self.rows.marked:
            self.carry_out(self._approve_to(self._marked()), group="question")
        elif (row := self._undecided()) is not None:
            self.carry_out(self._approve_to([row.id]), group="question")

    async def _approve_to(self, wanted: list[int]) -> None:
        lines = await self.decisions.lines(wanted)
        if not lines:
            self.winnow.say("Nothing of this waits for a decision any more.", severity="warning")
        elif (chosen := await self.decisions.choose_person(lines)) is not None:
            ids = [one.id for one in lines]
            self._do(ids, partial(self.decisions.approve, ids, chosen.person, is_assigning=chosen.is_assigning))

    def action_reject(self) -> None:
        """To the trash: one picture at once, several after a question that counts them."""
        if self.rows.marked:
            self.carry_out(self._reject_marked(self._marked()), group="question")
        elif (row := self._undecided()) is not None:
            self._do([row.id], partial(self.decisions.reject, [row.id]))

    async def _reject_marked(self, marked: list[int]) -> None:
        lines = await self.decisions.lines(marked)
        if lines and await self.decisions.confirm_reject(lines):
            ids = [one.id for one in lines]
            self._do(ids, partial(self.decisions.reject, ids))

    def action_skip(self) -> None:
        """Leave it undecided, put it to the end and go on."""
        chosen = self._marked() or ([] if self.rows.cursor_id is None else [self.rows.cursor_id])
        self.rows.clear_marks()
        self.rows.action_nav_down()
        self.carry_out(self._skip(chosen), group="skip")

    async def _skip(self, ids: list[int]) -> None:
        await self.runtime.intake.skip(ids)
        self.reload()

    # -- filter ----------------------------------------------------------------------------------------------------

    def action_next_category(self) -> None:
        """The next tab."""
        self.look(self.view.next_category())

    def action_previous_category(self) -> None:
        """The tab before."""
        self.look(self.view.next_category(by=-1))

    @on(CategoryTabs.Picked)
    def _tab_picked(self, event: CategoryTabs.Picked) -> None:
        event.stop()
        self.look(self.view.with_category(event.category))

    def action_filter_source(self) -> None:
        """What one source handed over after the other, then all."""
        self.look(self.view.next_source(self._sources))

    def action_filter_status(self) -> None:
        """What waits, what was approved, what was rejected."""
        self.look(self.view.next_status())

    # -- elsewhere -------------------------------------------------------------------------------------------------

    def action_picture(self) -> None:
        """The picture large, or the list again."""
        self.toggle_class("-large")

    @on(WindowedList.RowOpened)
    def _row_opened(self, event: WindowedList.RowOpened) -> None:
        event.stop()
        self.action_picture()

    async def action_back(self) -> None:
        """From the large picture to the list first."""
        if self.has_class("-large"):
            self.action_picture()
        else:
            await super().action_back()

    def action_copy_path(self) -> None:
        """To the clipboard and in a message."""
        if (row := self.rows.cursor_row) is not None:
            self.app.copy_to_clipboard(shown(row.path))
            self.winnow.say(f"Copied: {shown(row.path)}")

    def action_scan(self) -> None:
        """Work on everything that came in."""
        self.carry_out(self._scan(), group="scan")

    async def _scan(self) -> None:
        await self.runtime.intake.start_run()
        self.winnow.say("The intake has started; it goes on when this screen is left.")
