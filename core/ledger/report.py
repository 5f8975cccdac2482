"""What became of a batch: one outcome an effect, with the reason wherever something was not done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.store.journal_records import EffectRecord

OnProgress = Callable[[int, int], Awaitable[None]]
"""Told how many effects of how many are through; the next effect waits for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one effect ended: why it was not done, or, of one that was taken back, what is not as it was before."""

    effect_id: int
    subject: int | None
    title: str
    is_done: bool
    words: str = ""


@dataclass(slots=True)
class BatchReport:
    """What became of a batch. `stopped_by`: why the rest was not reached, empty when all was.

    `refused_before`: what was asked for and never became part of the batch, each with its reason.
    """

    batch_id: int
    outcomes: list[Outcome] = field(default_factory=list)
    stopped_by: str = ""
    refused_before: tuple[str, ...] = ()

    @property
    def done(self) -> list[Outcome]:
        """The effects that were carried out, or taken back."""
        return [one for one in self.outcomes if one.is_done]

    @property
    def notes(self) -> list[Outcome]:
        """Those that were done and are worth a word."""
        return [one for one in self.outcomes if one.is_done and one.words]

    @property
    def not_done(self) -> list[Outcome]:
        """The effects that were not, each with its reason."""
        return [one for one in self.outcomes if not one.is_done]


def succeeded(effect: EffectRecord, words: str = "") -> Outcome:
    """It was carried out, or taken back, which may be worth a word."""
    return Outcome(effect.id, effect.subject, effect.title, is_done=True, words=words)


def failed(effect: EffectRecord, words: str) -> Outcome:
    """It was not, and why."""
    return Outcome(effect.id, effect.subject, effect.title, is_done=False, words=words or "no reason was given")


async def nobody(done: int, total: int) -> None:
    """Nobody asked for progress."""


def notes_of(effect: EffectRecord) -> list[str]:
    """What is worth knowing of an action: what became of it, what gave way in it, what an undo cannot bring back."""
    before, after = effect.before or {}, effect.after or {}
    not_taken = after.get("not_taken") or ()
    return [
        *([effect.words] if effect.words else ()),
        *(f"gave way: {one}" for one in before.get("conflicts") or ()),
        *([f"Stash did not take: {', '.join(map(str, not_taken))}"] if not_taken else ()),
        *([before["cannot_come_back"]] if before.get("cannot_come_back") else ()),
    ]
