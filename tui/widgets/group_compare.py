"""The members of a group side by side, as lines: what each is, where they differ, which one is better. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.duplicates.frames import FrameCheck
from core.model.groups import Group, GroupMember, Mark
from core.model.library_records import LibraryRecord, Media
from core.words import count, size
from tui.documents import duration
from tui.widgets.cells import fit
from tui.widgets.group_words import mark_sign
from tui.widgets.lines import Line

BETTER, DIFFERENT = "\N{BLACK UP-POINTING TRIANGLE}", "\N{NOT EQUAL TO}"
_LABEL: Final = 11
_LEAST: Final = 26  # columns of a member
_MARKS: Final = {Mark.KEEP: "keep", Mark.TRASH: "to the trash", Mark.GONE: "gone"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison: of each member the words, and what orders them (None: no order)."""

    label: str
    words: tuple[str, ...]
    ranks: tuple[float | None, ...] = ()

    @property
    def is_different(self) -> bool:
        """Whether the members differ here."""
        return len(set(self.words)) > 1

    def is_best(self, number: int) -> bool:
        """Whether a member is better here than some other, and no other is better."""
        known = [rank for rank in self.ranks if rank is not None]
        if len(set(known)) < 2:
            return False
        return self.ranks[number] == max(known)


def columns_that_fit(width: int, members: int) -> int:
    """How many members stand side by side: two to four."""
    return max(1, min(members, 4, max(2, (width - _LABEL) // _LEAST)))


def facts(group: Group, shown: Sequence[GroupMember], checks: Mapping[int, FrameCheck]) -> list[Fact]:
    """What is compared, in the order it is read; lines that say nothing of any member are left out."""
    files = [one.file for one in shown]
    records = [group.records.get(file.record) if file.record is not None else None for file in files]

    def fact(label: str, words: Sequence[str], ranks: Sequence[float | None] = ()) -> Fact:
        return Fact(label, tuple(words), tuple(ranks))

    found = [
        fact("Size", [f"{size(file.size)} ({file.size:,} B)" for file in files]),
        fact(
            "Picture",
            [f"{file.facts.width} x {file.facts.height}" if file.facts.width else "" for file in files],
            [float(file.facts.width * file.facts.height) or None for file in files],
        ),
        fact(
            "Length",
            [duration(file.facts.duration) if file.media is Media.VIDEO else "" for file in files],
            [None if file.facts.duration is None else round(file.facts.duration) for file in files],
        ),
        fact("Codec", [" / ".join(filter(None, (f.facts.video_codec, f.facts.audio_codec))) for f in files]),
        fact("Format", [file.facts.container.split(",")[0] for file in files]),
        fact(
            "Bit rate",
            [f"{file.facts.bit_rate / 1e6:.2f} Mbit/s" if file.facts.bit_rate else "" for file in files],
            [float(file.facts.bit_rate) or None for file in files],
        ),
        fact(
            "Frames",
            [f"{file.facts.frame_rate:g} a second" if file.facts.frame_rate else "" for file in files],
            [round(file.facts.frame_rate, 1) or None for file in files],
        ),
        fact("Modified", [_day(file.modified_at) for file in files]),
        fact("Distance", [_distance(one, group) for one in shown]),
        fact("Frame test", [_check(checks.get(file.id)) for file in files]),
        fact("Names", [f"{file.links} (hard links)" if file.links > 1 else "" for file in files]),
        fact("In Stash", [_record_words(record) for record in records]),
        *_record_facts(records),
        fact("Protected", [one.protected for one in shown]),
        fact("Trouble", [file.problem for file in files]),
    ]
    return [one for one in found if any(one.words)]


def _record_facts(records: Sequence[LibraryRecord | None]) -> list[Fact]:
    def counted(label: str, values: Sequence[int | None], noun: str) -> Fact:
        words = ["" if not value else count(value, noun) for value in values]
        return Fact(label, tuple(words), tuple(None if value is None else float(value) for value in values))

    def of(read: str) -> list[int | None]:
        return [None if record is None else len(getattr(record, read)) for record in records]

    return [
        counted("Stash ids", of("stash_ids"), "id"),
        counted("Tags", of("tags"), "tag"),
        counted("Performers", of("performers"), "performer"),
        counted("Markers", [None if one is None else one.marker_count for one in records], "marker"),
        counted("Plays", [None if one is None else one.play_count for one in records], "play"),
        Fact("Organized", tuple("yes" if one is not None and one.is_organized else "" for one in records)),
    ]


def _record_words(record: LibraryRecord | None) -> str:
    if record is None:
        return "no"
    kind = "scene" if record.media is Media.VIDEO else "image"
    return f"{kind} {record.id}" + (f" {record.title}" if record.title else "")


def _distance(member: GroupMember, group: Group) -> str:
    if member.distance is None:
        return ""
    if member.file.id == (group.keeper_id if group.keeper_id is not None else group.members[0].file.id):
        return "measured from here"
    return count(member.distance, "bit")


def _check(check: FrameCheck | None) -> str:
    if check is None:
        return ""
    return check.words


def _day(moment: float | None) -> str:
    return "" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def compare_lines(
    group: Group, shown: Sequence[GroupMember], cursor: int, checks: Mapping[int, FrameCheck], width: int
) -> list[Line]:
    """Names with their marks, paths, then every fact; `cursor` is the place among the shown members."""
    side = max(8, (width - _LABEL) // max(1, len(shown)) - 1)
    lines: list[Line] = [_head(group, shown, cursor, side), _folders(shown, side), ()]
    for fact in facts(group, shown, checks):
        pieces: list[tuple[str, str]] = [(fit(fact.label, _LABEL), "quiet")]
        for number, words in enumerate(fact.words):
            is_best = fact.is_best(number)
            sign = f"{BETTER} " if is_best else f"{DIFFERENT} " if fact.is_different and words else "  "
            part = "good" if is_best else ""
            if fact.label in ("Trouble", "Protected"):
                part = "wrong" if fact.label == "Trouble" else "careful"
            pieces.append((fit(sign + words, side) + " ", part))
        lines.append(pieces)
    return lines


def _head(group: Group, shown: Sequence[GroupMember], cursor: int, side: int) -> Line:
    pieces: list[tuple[str, str]] = [(" " * _LABEL, "")]
    for number, member in enumerate(shown):
        sign, part = mark_sign(member.mark, is_keeper=member.file.id == group.keeper_id)
        bracket = "\N{LEFT HALF BLOCK}" if number == cursor else " "
        pieces.append((bracket, "accent"))
        pieces.append((f"{sign} ", part))
        word = _MARKS.get(member.mark, "suggested to keep" if member.file.id == group.keeper_id else "no mark yet")
        pieces.append((fit(word, max(0, side - 3)) + " ", "accent" if number == cursor else part))
    return pieces


def _folders(shown: Sequence[GroupMember], side: int) -> Line:
    pieces: list[tuple[str, str]] = [(fit("File", _LABEL), "quiet")]
    pieces += [(fit("  " + member.file.name, side) + " ", "strong") for member in shown]
    return pieces


def path_lines(shown: Sequence[GroupMember], width: int) -> list[Line]:
    """The whole path of each shown member."""
    return [
        ((fit(f"{number}", 3), "quiet"), (fit(member.file.shown_path, max(1, width - 3)), ""))
        for number, member in enumerate(shown, 1)
    ]
