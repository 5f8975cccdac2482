"""The rules that choose the file to keep, each named after what it keeps. Pure.

A rule looks at the members that are still in question, and leaves those that are not worse than the best by more than
its tolerance. What it cannot tell of a member never speaks against it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.duplicates.protection import place_of_preference
from core.duplicates.quality import frame_rate_class, is_complete, pixels, worth
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media
from core.settings_duplicates import DuplicatesSettings

RESOLUTION_TOLERANCE: Final = 0.05
QUALITY_TOLERANCE: Final = 0.15
AGE_TOLERANCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group with the scene or image it belongs to; `protected` in words, empty where it is not."""

    file: LibraryFile
    record: LibraryRecord | None = None
    protected: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule measures (higher is better; None: it cannot tell), how far the best may be beaten, and its words.

    `tolerance` is a share of the best; `slack` an amount. `say` says a member's value in words.
    """

    name: str
    measure: Callable[[Member, DuplicatesSettings], float | None]
    say: Callable[[Member], str]
    tolerance: float = 0.0
    slack: float = 0.0

    def leave(self, members: Sequence[Member], settings: DuplicatesSettings) -> list[int]:
        """The places of the members that stay in question."""
        values = [self.measure(one, settings) for one in members]
        known = [value for value in values if value is not None]
        if not known:
            return list(range(len(members)))
        best = max(known)
        least = best - abs(best) * self.tolerance - self.slack
        return [place for place, value in enumerate(values) if value is None or value >= least]


def _metadata(member: Member, _: DuplicatesSettings) -> float | None:
    record = member.record
    if record is None:
        return 0.0
    counted = len(record.tags) + len(record.performers) + 2 * record.marker_count + record.play_count + record.o_count
    stated = (record.title, record.details, record.date, record.code, record.director, record.studio, record.rating100)
    return float(counted + sum(bool(one) for one in stated) + len(record.urls) + len(record.groups))


def _say_metadata(member: Member) -> str:
    record = member.record
    if record is None:
        return "not in Stash"
    parts = (
        (len(record.tags), "tag"), (len(record.performers), "performer"), (record.marker_count, "marker"),
        (record.play_count, "play"),
    )  # fmt: skip
    words = [f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in parts if number]
    return ", ".join(words) or "in Stash"


def _audio(member: Member, _: DuplicatesSettings) -> float | None:
    return None if member.file.media is Media.IMAGE else float(bool(member.file.facts.audio_codec))


def _worth_words(member: Member) -> str:
    value = worth(member.file)
    if value is None:
        return "an unknown quality"
    if member.file.media is Media.IMAGE:
        return f"{value:.2f} bytes a pixel"
    return f"{value:.3f} bits a pixel ({member.file.facts.video_codec or 'unknown codec'}, counted as H.264)"


def _say_age(member: Member) -> str:
    moment = member.file.modified_at
    return "of unknown age" if moment is None else time.strftime("from %Y-%m-%d %H:%M", time.localtime(moment))


def say_stable(member: Member) -> str:
    return f"entry {member.file.stash_file_id}" if member.file.stash_file_id is not None else member.file.shown_path


_ALL: Final = (
    Rule("protected", lambda one, _: float(bool(one.protected)), lambda one: one.protected or "not protected"),
    Rule(
        "complete",
        lambda one, _: float(is_complete(one.file)),
        lambda one: "plays and is complete" if is_complete(one.file) else one.file.problem or "states too little",
    ),
    Rule(
        "stash_id",
        lambda one, _: float(bool(one.record and one.record.stash_ids)),
        lambda one: "linked with a stash-box" if one.record and one.record.stash_ids else "no stash id",
    ),
    Rule(
        "resolution",
        lambda one, _: float(pixels(one.file)) or None,
        lambda one: f"{one.file.facts.width} x {one.file.facts.height}",
        tolerance=RESOLUTION_TOLERANCE,
    ),
    Rule("quality", lambda one, _: worth(one.file), _worth_words, tolerance=QUALITY_TOLERANCE),
    Rule(
        "frame_rate",
        lambda one, _: frame_rate_class(one.file),
        lambda one: f"{one.file.facts.frame_rate:g} frames a second",
    ),
    Rule(
        "audio", _audio, lambda one: f"sound ({one.file.facts.audio_codec})" if one.file.facts.audio_codec else "silent"
    ),
    Rule("metadata", _metadata, _say_metadata),
    Rule(
        "preferred_path",
        lambda one, settings: -float(place_of_preference(one.file, settings)),
        lambda one: one.file.shown_path,
    ),
    Rule(
        "older",
        lambda one, _: None if one.file.modified_at is None else -one.file.modified_at,
        _say_age,
        slack=AGE_TOLERANCE_SECONDS,
    ),
)
RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rule in _ALL}
"""Every rule but `stable_id`, which is no measure but an order; see `stable_order`."""
STABLE_ID: Final = "stable_id"


def stable_order(member: Member) -> tuple[int, int, str]:
    """The order that decides where nothing else does: the older entry of Stash, else the path."""
    file = member.file
    return (file.stash_file_id is None, file.stash_file_id or 0, file.shown_path)
