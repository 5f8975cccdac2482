"""One proposal in full: the local scene and the stash-box entry side by side, and every reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from core.errors import WinnowError
from core.matching.metadata import MetadataChange
from core.model.recommendations import Recommendation, Status
from core.model.scenes import Scene
from tui.bindings import bindings
from tui.dialogs.dismiss import DismissDialog, Dismissing
from tui.pictures.detect import Drawing
from tui.pictures.loader import Picture
from tui.screens.detail import DetailScreen, place_of
from tui.screens.match_decisions import MatchDecisions, entry_name
from tui.screens.matching import copy_addresses
from tui.widgets import match_compare
from tui.widgets.lines import Line, Lines
from tui.widgets.match_verdict import verdict_lines
from tui.widgets.scrolling import ScrollingText
from tui.widgets.thumb import Thumb


class MatchDetailScreen(DetailScreen):
    """Local scene and entry side by side, and what speaks for it and against it."""

    SCOPE = "detail"
    HEADING = "Match"
    CSS_PATH = "match_detail.tcss"
    BINDINGS: ClassVar = bindings("detail")

    def __init__(self, start: int, ids: Sequence[int], decisions: MatchDecisions, names: Mapping[str, str]) -> None:
        super().__init__(start, ids)
        self._decisions = decisions
        self._names = names
        self._row: Recommendation | None = None
        self._scene: Scene | None = None
        self._rivals: list[Recommendation] = []
        self._changes: Sequence[MetadataChange] | None = None
        self._trouble = ""

    def compose_body(self) -> ComposeResult:
        """The verdict stays; the rest scrolls."""
        yield Lines(id="verdict")
        with ScrollingText(id="body"):
            with Horizontal(id="pictures"):
                yield Thumb(self.winnow.pictures, id="screenshot")
                yield Thumb(self.winnow.pictures, id="cover")
            yield Lines(id="fields")
            with Horizontal(id="evidence"):
                with Vertical(id="why"):
                    yield Lines(id="reasons")
                with Vertical(id="facts"):
                    yield Lines(id="fingerprints")
                    yield Lines(id="durations")

    @property
    def has_entry(self) -> bool:
        """Whether a proposal was read already."""
        return self._row is not None

    @property
    def entry_name(self) -> str:
        """A proposal."""
        return "proposal"

    # -- loading ---------------------------------------------------------------------------------------------------

    async def load(self, key: int) -> None:
        """What is stored at once; what only Stash knows when it has answered. Overtaken loads show nothing."""
        desk = self.runtime.matching
        row = await desk.get(key)
        if row is None or key != self.current_id:
            if row is None:
                self.say_gone()
            return
        scene = await desk.scene(row.scene_id)
        rivals = await desk.rivals(row)
        if key != self.current_id:
            return
        is_other = self._row is None or self._row.id != key
        self._row, self._scene, self._rivals = row, scene, rivals
        if is_other:
            self._changes, self._trouble = None, ""
            self.query_one("#body").scroll_home(animate=False)
        self._show()
        try:
            changes = await desk.compare_metadata(row, {})
        except WinnowError as error:
            if key == self.current_id:
                self._trouble = str(error)
                self._show()
            return
        if key == self.current_id:
            self._changes, self._trouble = changes, ""
            self._show()

    def _show(self) -> None:
        row = self._row
        assert row is not None
        scene = self._scene
        self.show_verdict()
        self._lines("fields", self._fields)
        self._lines("reasons", lambda width: [((("Why", "strong"),)), *match_compare.reason_lines(row, width)])
        self._lines(
            "fingerprints",
            lambda width: [((("Fingerprints", "strong"),)), *match_compare.fingerprint_lines(row, scene, width)],
        )
        self._lines(
            "durations", lambda width: [(), ((("Durations", "strong"),)), *match_compare.duration_lines(row, width)]
        )
        desk = self.runtime.matching
        self.query_one("#pictures").display = self.winnow.pictures.ability.drawing is not Drawing.TEXT
        self.query_one("#screenshot", Thumb).picture = Picture(
            f"screenshot:{self.winnow.library_name}:{row.scene_id}",
            row.local_title,
            partial(desk.screenshot, row.scene_id),
        )
        cover = row.candidate.cover_url
        self.query_one("#cover", Thumb).picture = (
            Picture(f"cover:{cover}", entry_name(row), partial(desk.cover, row)) if cover else None
        )

    def _lines(self, name: str, make: Callable[[int], Sequence[Line]]) -> None:
        self.query_one(f"#{name}", Lines).show(make)

    def show_verdict(self) -> None:
        """What the proposal is worth, its place in the list, and what the last decision came to."""
        self._lines("verdict", self._verdict)

    def _verdict(self, width: int) -> Sequence[Line]:
        assert self._row is not None
        return verdict_lines(
            self._row,
            width,
            endpoint=self._names.get(self._row.endpoint, ""),
            position=self.position,
            rivals=len(self._rivals),
            rival_key=self.winnow.keymap_in_force.shown("detail.next-rival", limit=1),
            said=self.said,
        )

    def _fields(self, width: int) -> Sequence[Line]:
        row = self._row
        assert row is not None
        found = match_compare.pairs(row, self._scene, self._changes if not self._trouble else None)
        lines = match_compare.head_lines(self._names.get(row.endpoint, ""), row.endpoint, width)
        lines += match_compare.pair_lines(found, width)
        lines += match_compare.file_lines(row, self._scene, width)
        if self._trouble:
            lines += match_compare.trouble_lines(self._trouble, width)
        return lines

    # -- going from one to the next --------------------------------------------------------------------------------

    def list_place(self) -> int | None:
        """Where the shown proposal stands in the list; that of its rival where it does not."""
        places = (place_of(self.ids, key) for key in (self.current_id, *(rival.id for rival in self._rivals)))
        return next((place for place in places if place is not None), None)

    def _rival(self, step: int) -> None:
        together = sorted([self.current_id, *(rival.id for rival in self._rivals)])
        if len(together) == 1:
            self.winnow.say("It is the only candidate of this scene at this stash-box.")
        else:
            self.show_id(together[(together.index(self.current_id) + step) % len(together)])

    def action_next_rival(self) -> None:
        """The next candidate of the scene at this stash-box."""
        self._rival(1)

    def action_previous_rival(self) -> None:
        """The candidate before."""
        self._rival(-1)

    # -- decisions -------------------------------------------------------------------------------------------------

    def _pending(self) -> Recommendation | None:
        """The shown proposal, where it still waits for a decision."""
        row = self._row
        if row is None or row.id != self.current_id:
            return None
        if row.status is not Status.PENDING:
            undo = self.winnow.keymap_in_force.shown("app.undo", limit=1)
            self.winnow.say(f"It is {row.status} already. {undo} undoes the last decision.", severity="warning")
            return None
        return row

    def action_accept(self) -> None:
        """Link, and show the next."""
        row = self._pending()
        if row is not None:
            self.decide(row.id, self._decisions.accept(row))

    def action_turn_down(self) -> None:
        """Turn down for good, with a reason."""
        self._ask_dismiss(is_until_next_scan=False)

    def action_dismiss_for_now(self) -> None:
        """Turn down until the next scan."""
        self._ask_dismiss(is_until_next_scan=True)

    def _ask_dismiss(self, *, is_until_next_scan: bool) -> None:
        row = self._pending()
        if row is None:
            return

        def chosen(choice: Dismissing | None) -> None:
            if choice is not None:
                until = choice.is_until_next_scan
                self.decide(row.id, self._decisions.dismiss([row], reason=choice.reason, is_until_next_scan=until))

        what = f"{entry_name(row)} for {row.local_title}"
        self.app.push_screen(DismissDialog(what, is_until_next_scan=is_until_next_scan), chosen)

    def action_metadata(self) -> None:
        """Accept with a choice for each field."""
        from tui.dialogs.metadata import Choices, MetadataDialog

        row = self._pending()
        if row is None:
            return

        def chosen(choices: Choices | None) -> None:
            if choices is not None:
                self.decide(row.id, self._decisions.accept(row, metadata=choices))

        self.app.push_screen(MetadataDialog(row, partial(self.runtime.matching.compare_metadata, row)), chosen)

    def action_copy_urls(self) -> None:
        """The addresses of both pages."""
        if self._row is not None:
            copy_addresses(self, self._row)
