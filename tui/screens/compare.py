"""One group in full: its members side by side, with pictures, and what is to become of each."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal

from core.duplicates.frames import FrameCheck
from core.model.groups import Group, GroupMember, GroupStatus, Mark
from core.model.library_records import Media
from core.words import count, size
from tui.bindings import bindings
from tui.documents import duration
from tui.messages import DecisionsChanged
from tui.pictures.detect import Drawing
from tui.pictures.loader import Picture
from tui.screens.base import WinnowScreen
from tui.screens.group_decisions import GroupDecisions
from tui.screens.group_pictures import member_picture
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.group_compare import columns_that_fit, compare_lines, path_lines
from tui.widgets.group_list import KINDS
from tui.widgets.group_words import decided_words
from tui.widgets.lines import Line, Lines
from tui.widgets.scrolling import ScrollingText
from tui.widgets.thumb import Thumb

_MOMENTS: Final = 9  # same-time frames to step through
_COLUMNS: Final = 4


class CompareScreen(WinnowScreen):
    """Decides without leaving: after a decision that settles the group the next one of the list is shown.

    `current_id` is the group it shows; the list puts its cursor there afterwards.
    """

    SCOPE = "compare"
    HEADING = "Duplicates"
    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar = bindings("compare")

    def __init__(self, start: int, ids: Sequence[int], decisions: GroupDecisions) -> None:
        super().__init__()
        self.current_id = start
        self._ids = ids
        self._decisions = decisions
        self._group: Group | None = None
        self._cursor = 0  # among all members
        self._moment = 1  # of _MOMENTS, from 0
        self._is_difference = False
        self._checks: dict[int, FrameCheck] = {}
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """The verdict stays; the rest scrolls."""
        yield Lines(id="verdict")
        with ScrollingText(id="body"):
            with Horizontal(id="pictures"):
                for number in range(_COLUMNS):
                    yield Thumb(self.winnow.pictures, id=f"picture-{number}")
            yield Lines(id="moment")
            yield Lines(id="facts")
            yield Lines(id="paths")

    def on_mount(self) -> None:
        """The keys move the text; the group is read."""
        self.query_one("#body").focus()
        self._show_id(self.current_id)

    def on_screen_resume(self) -> None:
        """Shown again after a dialog: what was decided meanwhile shows."""
        self._said = ""
        if self._group is not None:
            self._show_id(self.current_id)

    def on_decisions_changed(self, _message: DecisionsChanged) -> None:
        """Something was decided or undone."""
        self._show_id(self.current_id)

    # -- loading ---------------------------------------------------------------------------------------------------

    def _show_id(self, key: int) -> None:
        if key != self.current_id:
            self._said = ""
        self.current_id = key
        self.carry_out(self._load(key), group="compare")

    async def _load(self, key: int) -> None:
        group = await self.runtime.duplicates.get(key)
        if key != self.current_id:
            return
        if group is None or not group.members:
            self.winnow.say("This group no longer exists; the list shows what is left.", severity="warning")
            return
        if self._group is None or self._group.id != key:
            self._cursor, self._moment, self._checks, self._is_difference = 0, 1, {}, False
            self.query_one("#body").scroll_home(animate=False)
        self._group = group
        self._cursor = min(self._cursor, len(group.members) - 1)
        self._show()

    @property
    def _shown(self) -> list[GroupMember]:
        """The members that stand side by side: a page that holds the cursor, the keeper always first."""
        group = self._group
        if group is None:
            return []
        fit_here = columns_that_fit(self.size.width - 2, len(group.members))
        first, others = group.members[0], group.members[1:]
        page = max(1, fit_here - 1)
        start = (max(0, self._cursor - 1) // page) * page
        return [first, *others[start : start + page]]

    def _place_shown(self) -> int:
        group = self._group
        assert group is not None
        current = group.members[self._cursor]
        return next((n for n, one in enumerate(self._shown) if one.file.id == current.file.id), 0)

    def _show(self) -> None:
        group, shown = self._group, self._shown
        if group is None:
            return
        place = self._place_shown()
        self.query_one("#verdict", Lines).show(self._verdict)
        self.query_one("#facts", Lines).show(lambda width: compare_lines(group, shown, place, self._checks, width))
        self.query_one("#paths", Lines).show(lambda width: path_lines(shown, width))
        self.query_one("#moment", Lines).show(self._moment_words)
        is_text = self.winnow.pictures.ability.drawing is Drawing.TEXT
        self.query_one("#pictures").display = not is_text
        for number in range(_COLUMNS):
            thumb = self.query_one(f"#picture-{number}", Thumb)
            thumb.display = number < len(shown)
            if number < len(shown):
                thumb.picture = self._picture(group, shown[number], is_first=number == 0)

    def _picture(self, group: Group, member: GroupMember, *, is_first: bool) -> Picture:
        number = next(n for n, one in enumerate(group.members) if one.file.id == member.file.id)
        moment = self._at(member)
        if self._is_difference and not is_first:
            first = group.members[0]
            key = f"difference:{first.file.content_key}:{member.file.content_key}:{moment}"
            label = f"what differs from {first.file.name}"
            fetch = partial(self.runtime.duplicates.difference, first.file, member.file, self._at(first), moment)
            return Picture(key, label, fetch)
        return member_picture(self.runtime, group, number, at=moment)

    def _at(self, member: GroupMember) -> float | None:
        """The moment that is shown of a video, in seconds: the same share of each one's length."""
        if member.file.media is not Media.VIDEO:
            return None
        return (member.file.facts.duration or 0) * (self._moment + 0.5) / _MOMENTS

    def _moment_words(self, width: int) -> list[Line]:
        group = self._group
        if group is None or self.winnow.pictures.ability.drawing is Drawing.TEXT:
            return []
        parts: list[str] = []
        if group.media is Media.VIDEO:
            at = duration(self._at(group.members[0]))
            parts.append(f"frame {self._moment + 1} of {_MOMENTS}, at {at} of the first")
        if self._is_difference:
            parts.append("the others show what differs from the first, brighter where more does")
        return [((fit("   ".join(parts), width), "quiet"),)] if parts else []

    def _verdict(self, width: int) -> list[Line]:
        group = self._group
        assert group is not None
        sign, word = KINDS[group.kind]
        place = self._list_place()
        position = "" if place is None else f"{place + 1} of {len(self._ids)}"
        near = f", up to {count(group.distance, 'bit')} apart" if group.distance else ""
        head = f"{sign} {word}{near}   {count(len(group.members), 'file')}   {size(group.reclaimable_bytes)} to gain"
        first: Line = (
            (fit(head, max(0, width - columns(position) - 1)), "strong"),
            (position.rjust(len(position) + 1), "quiet"),
        )
        return [first, self._second_line(group, width)]

    def _second_line(self, group: Group, width: int) -> Line:
        if self._said:
            return ((fit(self._said, width), "good"),)
        if words := decided_words(group):
            return ((fit(f"\N{BLACK DIAMOND} {words}", width), "accent"),)
        if group.gate is not None:
            return ((wrap(f"\N{CIRCLED DIVISION SLASH} {group.gate.words}", width, limit=1)[0], "careful"),)
        if group.is_weak:
            words = "? weak: no second opinion says that these are duplicates"
            return ((fit(words, width), "quiet"),)
        if group.keeper_id is None:
            return ((wrap(f"? no rule decides: {group.reason}", width, limit=1)[0], "quiet"),)
        return ((wrap(f"\N{WHITE STAR} keep the first: {group.reason}", width, limit=1)[0], "good"),)

    # -- going about -----------------------------------------------------------------------------------------------

    def _list_place(self) -> int | None:
        try:
            return self._ids.index(self.current_id)
        except ValueError:
            return None

    def _go(self, step: int) -> None:
        place = self._list_place()
        target = -1 if place is None else place + step
        if 0 <= target < len(self._ids):
            self._show_id(self._ids[target])
        else:
            self.winnow.say("That was the last of the list." if step > 0 else "That is the first of the list.")

    def action_next(self) -> None:
        """The next group of the list."""
        self._go(1)

    def action_previous(self) -> None:
        """The one before."""
        self._go(-1)

    def _move(self, step: int) -> None:
        if self._group is not None:
            self._cursor = max(0, min(len(self._group.members) - 1, self._cursor + step))
            self._show()

    def action_member_right(self) -> None:
        """The next file."""
        self._move(1)

    def action_member_left(self) -> None:
        """The file before."""
        self._move(-1)

    def _step(self, step: int) -> None:
        if self._group is not None and self._group.media is Media.VIDEO:
            self._moment = (self._moment + step) % _MOMENTS
            self._show()

    def action_frame_on(self) -> None:
        """Frames further on."""
        self._step(1)

    def action_frame_back(self) -> None:
        """Frames further back."""
        self._step(-1)

    def action_difference(self) -> None:
        """Show what differs from the first file, or the pictures themselves again."""
        self._is_difference = not self._is_difference
        self._show()

    def action_compare_frames(self) -> None:
        """Measure how the frames differ."""
        self.carry_out(self._compare_frames(self.current_id), group="frames", is_exclusive=True)

    async def _compare_frames(self, key: int) -> None:
        self._say("comparing frames \N{HORIZONTAL ELLIPSIS}")
        checks = await self.runtime.duplicates.compare_frames(key)
        if key == self.current_id:
            self._checks = {one.file_id: one for one in checks}
            self._say("")
            self._show()

    # -- decisions -------------------------------------------------------------------------------------------------

    def _open_group(self) -> Group | None:
        group = self._group
        if group is None or group.id != self.current_id:
            return None
        if group.status not in (GroupStatus.PENDING, GroupStatus.DECIDED):
            undo = self.winnow.keymap_in_force.shown("app.undo", limit=1)
            self.winnow.say(f"It is {decided_words(group) or group.status}. {undo} undoes.", severity="warning")
            return None
        return group

    def _on_member(self, decide: Callable[[Group, GroupMember], Coroutine[Any, Any, str]], *, is_next: bool) -> None:
        group = self._open_group()
        if group is not None:
            self._decide(group, decide(group, group.members[self._cursor]), is_next=is_next)

    def action_keep(self) -> None:
        """Keep the file under the cursor, or take that mark away."""
        self._toggle(Mark.KEEP)

    def action_trash(self) -> None:
        """Mark the file under the cursor to go, or take that mark away."""
        self._toggle(Mark.TRASH)

    def _toggle(self, mark: Mark) -> None:
        def decide(group: Group, member: GroupMember) -> Coroutine[Any, Any, str]:
            wanted = Mark.NONE if member.mark is mark else mark
            return self._decisions.mark(group.id, {member.file.id: wanted})

        self._on_member(decide, is_next=False)

    def action_keep_only(self) -> None:
        """Keep the file under the cursor alone."""
        self._on_member(lambda group, member: self._decisions.keep_only(group.id, member.file.id), is_next=True)

    def action_keep_suggested(self) -> None:
        """Keep what the rules suggest, mark the others to go."""
        group = self._open_group()
        if group is not None:
            self._decide(group, self._decisions.keep_suggested([group.id]), is_next=True)

    def action_swap(self) -> None:
        """Let the file under the cursor change places with the one that is kept."""
        self._on_member(lambda group, member: self._decisions.swap(group.id, member.file.id), is_next=False)

    def action_merge(self) -> None:
        """Merge the metadata of what goes into what stays first, or not."""
        group = self._open_group()
        if group is not None:
            self._decide(group, self._decisions.mark(group.id, {}, is_merging=not group.is_merging), is_next=False)

    def action_not_duplicates(self) -> None:
        """Remember that these are no duplicates."""
        group = self._open_group()
        if group is not None:
            self._decide(group, self._decisions.keep_all([group.id]), is_next=True)

    def action_clear_group(self) -> None:
        """Take all marks away."""
        group = self._open_group()
        if group is not None:
            self._decide(group, self._decisions.clear(group.id), is_next=False)

    def action_apply(self) -> None:
        """Carry out what is marked here, after a look at it."""
        group = self._open_group()
        if group is not None:
            self._decide(group, self._decisions.apply_marked([group.id]), is_next=True)

    def _decide(self, group: Group, work: Coroutine[Any, Any, str], *, is_next: bool) -> None:
        self.winnow.in_background(self._decided(group, work, is_next=is_next), group="decisions")

    async def _decided(self, group: Group, work: Coroutine[Any, Any, str], *, is_next: bool) -> None:
        """After a decision that settles the group the next one is shown; a refusal keeps the place."""
        words = ""
        try:
            words = await work
        finally:
            if self.is_attached:
                place = self._list_place()
                following = None if place is None or place + 1 >= len(self._ids) else self._ids[place + 1]
                goes_on = bool(words) and is_next and self.current_id == group.id and following is not None
                self._show_id(following if goes_on and following is not None else self.current_id)
        if self.is_attached and words:
            undo = self.winnow.keymap_in_force.shown("app.undo", limit=1)
            self._say(words + (f"   {undo} takes it back" if undo else ""))

    def _say(self, words: str) -> None:
        self._said = words
        if self._group is not None:
            self.query_one("#verdict", Lines).show(self._verdict)

    def action_copy_paths(self) -> None:
        """The paths of all members."""
        if self._group is not None:
            paths = [one.file.shown_path for one in self._group.members]
            self.app.copy_to_clipboard("\n".join(paths))
            self.winnow.say("Copied:\n" + "\n".join(paths))
