"""Which file of a group is to be kept, which record, and why. Pure.

The rules stand in the order of `[duplicates] keep`; each leaves the members that are not worse than the best beyond its
tolerance, and the first that leaves one alone decides. "No rule decides" is an answer: where the better picture is the
shorter film, or the larger picture shows another cut, nobody but a person can say which is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.duplicates.quality import is_complete, pixels, shape, worth
from core.duplicates.rules import (
    AGE_TOLERANCE_SECONDS,
    RESOLUTION_TOLERANCE,
    RULES,
    STABLE_ID,
    Member,
    say_stable,
    stable_order,
)
from core.errors import UsageError
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.settings_duplicates import DEFAULT_KEEP, DuplicatesSettings
from core.words import span

DEFAULT_CHAIN: Final = "default"
_SHAPE_TOLERANCE: Final = 0.02  # of width over height: more is another cut of the picture
_ABOUT_THE_PICTURE: Final = frozenset({"resolution", "quality", "frame_rate"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The place of the keeper among the members, None where no rule decides; by which rule, and why in words."""

    keeper: int | None
    rule: str
    reason: str


def chain_for(name: str, settings: DuplicatesSettings) -> tuple[str, ...]:
    """The rules in order: those of the settings, or the same with one of them put first.

    "protected" stays in front of it, where the settings have it there. Raises UsageError for an unknown name.
    """
    chain = settings.keep
    if name in ("", DEFAULT_CHAIN):
        return chain
    if name not in DEFAULT_KEEP:
        raise UsageError(f"there is no rule {name!r}; there are: {DEFAULT_CHAIN}, {', '.join(DEFAULT_KEEP)}")
    head = ("protected",) if "protected" in chain[:1] and name != "protected" else ()
    return (*head, name, *(one for one in chain if one not in (*head, name)))


def choose_keeper(
    members: Sequence[Member], settings: DuplicatesSettings, *, chain: Sequence[str] | None = None
) -> Verdict:
    """Which of the members is to be kept. The order in which they are given makes no difference."""
    left = list(range(len(members)))
    for name in settings.keep if chain is None else chain:
        if len(left) < 2:
            break
        before = left
        left = _leave(name, members, left, settings)
        if len(left) == 1:
            return _checked(members, left[0], name, [place for place in before if place != left[0]], settings)
    if len(left) == 1:
        return Verdict(left[0], "", "it is the only one")
    return Verdict(None, "", "the rules of [duplicates] keep find no difference that counts")


def _leave(name: str, members: Sequence[Member], left: list[int], settings: DuplicatesSettings) -> list[int]:
    if name == STABLE_ID:
        return [min(left, key=lambda place: stable_order(members[place]))]
    return [left[place] for place in RULES[name].leave([members[place] for place in left], settings)]


def _checked(
    members: Sequence[Member], keeper: int, name: str, beaten: Sequence[int], settings: DuplicatesSettings
) -> Verdict:
    """The decision of a rule, unless it would throw away what a person may want."""
    say = say_stable if name == STABLE_ID else RULES[name].say
    others = ", ".join(dict.fromkeys(say(members[place]) for place in beaten))
    reason = f"{name}: {say(members[keeper])} against {others}"
    if name in ("protected", "complete"):
        return Verdict(keeper, name, reason)
    for place, other in enumerate(members):
        if place == keeper or not is_complete(other.file):
            continue
        if words := _doubt(members[keeper], other, settings):
            return Verdict(None, name, words)
    return Verdict(keeper, name, reason)


def _doubt(keeper: Member, other: Member, settings: DuplicatesSettings) -> str:
    """Why a person must look, in words: the other one has something that the keeper lacks."""
    mine, its = keeper.file, other.file
    if mine.media is Media.VIDEO and mine.facts.duration and its.facts.duration:
        longer = its.facts.duration - mine.facts.duration
        if longer > settings.duration_tolerance_seconds:
            return f"{its.name} is {span(longer)} longer, but {mine.name} would be kept: look which one is whole"
    here, there = shape(mine), shape(its)
    if here and there and abs(here - there) > _SHAPE_TOLERANCE * max(here, there):
        return f"{its.name} has another shape than {mine.name} ({its.facts.width} x {its.facts.height}): a crop?"
    if pixels(its) > pixels(mine) * (1 + RESOLUTION_TOLERANCE) and other.protected == keeper.protected == "":
        ours, theirs = worth(mine), worth(its)
        if ours and theirs and theirs < ours / 2 and its.media is Media.VIDEO:
            return f"{its.name} is larger, but holds far less per pixel than {mine.name}: look which one is sharper"
    return ""


def quality_rank(member: Member) -> tuple[object, ...]:
    """A total order without tolerances, best first: which member a group is gathered around."""
    file, record = member.file, member.record
    return (
        not member.protected,
        not is_complete(file),
        not (record is not None and record.stash_ids),
        -pixels(file),
        -(worth(file) or 0.0),
        file.modified_at or float("inf"),
        stable_order(member),
    )


def choose_record(records: Sequence[LibraryRecord], kept: RecordRef | None) -> tuple[RecordRef | None, str]:
    """Which scene's or image's record should survive, and why in words: the one with the history.

    `kept` is the record of the file that is kept; it wins every tie.
    """
    if not records:
        return None, ""
    measures = (
        ("is linked with a stash-box", lambda one: len(one.stash_ids)),
        ("was played", lambda one: one.play_count + one.o_count),
        ("has markers", lambda one: one.marker_count),
        ("is organized", lambda one: int(one.is_organized)),
        ("has more tags and performers", lambda one: len(one.tags) + len(one.performers)),
    )
    left = list(records)
    for words, measure in measures:
        best = max(measure(one) for one in left)
        ahead = [one for one in left if measure(one) == best]
        if len(ahead) < len(left) and len(ahead) == 1:
            return ahead[0].ref, f"it {words}"
        left = ahead
    own = next((one for one in left if one.ref == kept), None)
    chosen = own or min(left, key=lambda one: (one.created_at, one.id))
    return chosen.ref, "it belongs to the file that is kept" if own else "it is the older one"


__all__ = ["AGE_TOLERANCE_SECONDS", "Verdict", "chain_for", "choose_keeper", "choose_record", "quality_rank"]
