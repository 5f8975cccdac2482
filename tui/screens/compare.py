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
from tui.bindings import bindings
from tui.documents import duration
from tui.pictures.detect import Drawing
from tui.pictures.loader import Picture
from tui.screens.detail import DetailScreen
from tui.screens.group_decisions import GroupDecisions
from tui.screens.group_pictures import member_picture
from tui.widgets.cells import fit
from tui.widgets.group_compare import columns_that_fit, compare_lines, path_lines
from tui.widgets.group_words import decided_words, verdict_lines
from tui.widgets.lines import Line, Lines
from tui.widgets.scrolling import ScrollingText
from tui.widgets.thumb import Thumb

_MOMENTS: Final = 9  # same-time frames to step through
_COLUMNS: Final = 4


class CompareScreen(DetailScreen):
    """The members side by side, the cursor on one of them."""

    SCOPE = "compare"
    HEADING = "Duplicates"
    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar = bindings("compare")

    def __init__(self, start: int, ids: Sequence[int], decisions: GroupDecisions) -> None:
        super().__init__(start, ids)
        self._decisions = decisions
        self._group: Group | None = None
        self._cursor = 0  # among all members
        self._moment = 1  # of _MOMENTS, from 0
        self._is_difference = False
        self._checks: dict[int, FrameCheck] = {}

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

    @property
    def has_entry(self) -> bool:
        """Whether a group was read already."""
        return self._group is not None

    @property
    def entry_name(self) -> str:
        """A group."""
        return "group"

    # -- loading ---------------------------------------------------------------------------------------------------

    async def load(self, key: int) -> None:
        group = await self.runtime.duplicates.get(key)
        if key != self.current_id:
            return
        if group is None or not group.members:
            self.say_gone()
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
        self.show_verdict()
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

    def show_verdict(self) -> None:
        """What the group is, its place in the list, and what the last decision came to."""
        group, position, said = self._group, self.position, self.said
        if group is not None:
            self.query_one("#verdict", Lines).show(lambda width: verdict_lines(group, position, said, width))

    # -- going about -----------------------------------------------------------------------------------------------

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
        self.say_here("comparing frames \N{HORIZONTAL ELLIPSIS}")
        checks = await self.runtime.duplicates.compare_frames(key)
        if key == self.current_id:
            self._checks = {one.file_id: one for one in checks}
            self.say_here("")
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
            self.decide(group.id, decide(group, group.members[self._cursor]), is_next=is_next)

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
            self.decide(group.id, self._decisions.keep_suggested([group.id]), is_next=True)

    def action_swap(self) -> None:
        """Let the file under the cursor change places with the one that is kept."""
        self._on_member(lambda group, member: self._decisions.swap(group.id, member.file.id), is_next=False)

    def action_merge(self) -> None:
        """Merge the metadata of what goes into what stays first, or not."""
        group = self._open_group()
        if group is not None:
            self.decide(group.id, self._decisions.mark(group.id, {}, is_merging=not group.is_merging), is_next=False)

    def action_not_duplicates(self) -> None:
        """Remember that these are no duplicates."""
        group = self._open_group()
        if group is not None:
            self.decide(group.id, self._decisions.keep_all([group.id]), is_next=True)

    def action_clear_group(self) -> None:
        """Take all marks away."""
        group = self._open_group()
        if group is not None:
            self.decide(group.id, self._decisions.clear(group.id), is_next=False)

    def action_apply(self) -> None:
        """Carry out what is marked here, after a look at it."""
        group = self._open_group()
        if group is not None:
            self.decide(group.id, self._decisions.apply_marked([group.id]), is_next=True)

    def action_copy_paths(self) -> None:
        """The paths of all members."""
        if self._group is not None:
            paths = [one.file.shown_path for one in self._group.members]
            self.app.copy_to_clipboard("\n".join(paths))
            self.winnow.say("Copied:\n" + "\n".join(paths))
