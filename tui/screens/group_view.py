"""What the list of groups shows and in which order: the choices a person made, as values and in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from core.model.groups import GroupFilter, GroupKind, GroupSort, GroupStatus
from core.model.library_records import Media
from core.words import size
from tui.screens.list_view import ListView, next_of, text_words
from tui.widgets.group_list import KINDS

_NAMES: Final = {
    GroupSort.RECLAIMABLE: "bytes to gain",
    GroupSort.SIZE: "bytes in all",
    GroupSort.FILES: "number of files",
    GroupSort.KIND: "kind",
    GroupSort.DISTANCE: "distance",
    GroupSort.PATH: "path",
    GroupSort.NEWEST: "newest first",
}
_SIZES: Final = (0, 1 << 20, 100 << 20, 1 << 30)
_OPEN: Final = (GroupStatus.PENDING, GroupStatus.DECIDED)
_STATUSES: Final = (
    (_OPEN, ""),
    ((GroupStatus.PENDING,), "not decided yet"),
    ((GroupStatus.DECIDED,), "decided, not applied yet"),
    ((GroupStatus.RESOLVED,), "resolved"),
    ((GroupStatus.KEPT,), "no duplicates"),
)
_VERDICTS: Final = (
    (None, None, ""),
    (True, False, "a rule decides"),
    (False, False, "no rule decides"),
    (None, True, "gated"),
)


@dataclass(frozen=True, slots=True)
class GroupView(ListView[GroupFilter, GroupSort]):
    """Filter and order of the list."""

    wanted: GroupFilter = field(default_factory=GroupFilter)
    sort: GroupSort = GroupSort.RECLAIMABLE
    ORDERS: ClassVar = _NAMES

    def next_kind(self) -> GroupView:
        """One kind after the other alone, then all."""
        kinds = (None, *((kind,) for kind in GroupKind))
        return self.with_filter(replace(self.wanted, kinds=next_of(kinds, self.wanted.kinds)))

    def next_media(self) -> GroupView:
        """Videos alone, images alone, both."""
        return self.with_filter(replace(self.wanted, media=next_of((None, *Media), self.wanted.media)))

    def next_verdict(self) -> GroupView:
        """What a rule decides, what none does, what is gated, all."""
        now = (self.wanted.is_decidable, self.wanted.has_gate)
        decidable, gate = next_of(tuple(one[:2] for one in _VERDICTS), now)
        return self.with_filter(replace(self.wanted, is_decidable=decidable, has_gate=gate))

    def next_status(self) -> GroupView:
        """Open, decided, resolved, kept."""
        return self.with_filter(
            replace(self.wanted, statuses=next_of(tuple(one for one, _ in _STATUSES), self.wanted.statuses))
        )

    def next_size(self) -> GroupView:
        """Only large ones: from 1 MiB, 100 MiB, 1 GiB to gain, then all."""
        return self.with_filter(
            replace(self.wanted, min_reclaimable_bytes=next_of(_SIZES, self.wanted.min_reclaimable_bytes))
        )

    def toggle_weak(self) -> GroupView:
        """Weak pairs in place of the groups, and back."""
        return self.with_filter(replace(self.wanted, is_weak=not self.wanted.is_weak))

    def filter_words(self) -> list[str]:
        """What is in force, in words; empty when all is shown."""
        wanted = self.wanted
        words: list[str] = []
        if wanted.kinds is not None:
            words += [KINDS[kind][1] for kind in wanted.kinds]
        if wanted.media is not None:
            words.append(f"{wanted.media.value}s")
        words += [name for statuses, name in _STATUSES if name and statuses == wanted.statuses]
        now = (wanted.is_decidable, wanted.has_gate)
        words += [name for *flags, name in _VERDICTS if name and tuple(flags) == now]
        if wanted.min_reclaimable_bytes:
            words.append(f"from {size(wanted.min_reclaimable_bytes)}")
        if wanted.is_weak:
            words.append("weak pairs")
        return words + text_words(wanted.text)
