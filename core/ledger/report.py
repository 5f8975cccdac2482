"""What became of a batch: one outcome an effect, with the reason wherever something was not done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.store.journal import EffectRecord

OnProgress = Callable[[int, int], Awaitable[None]]
"""Told how many effects of how many are through; the next effect waits for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one effect ended. `words`: why it was not done where it was not, else what is to be known of it."""

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
    def not_done(self) -> list[Outcome]:
        """The effects that were not, each with its reason."""
        return [one for one in self.outcomes if not one.is_done]


def succeeded(effect: EffectRecord, words: str = "") -> Outcome:
    """It was carried out, or taken back; `words` is what a person should know of it."""
    return Outcome(effect.id, effect.subject, effect.title, is_done=True, words=words)


def failed(effect: EffectRecord, words: str) -> Outcome:
    """It was not, and why."""
    return Outcome(effect.id, effect.subject, effect.title, is_done=False, words=words or "no reason was given")


async def nobody(done: int, total: int) -> None:
    """Nobody asked for progress."""
