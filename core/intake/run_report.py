"""What a run of the intake came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.model.incoming import Category


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A part of the run that failed, in words."""

    source: str
    error: str


@dataclass(slots=True)
class IntakeReport:
    """What a run came to. `pending` is what is left over in all; everything else was done in this run.

    `duplicates` are counted in `review` or `trashed`, too. `waiting`: how many wait for what, in words.
    """

    sorted: int = 0
    review: dict[Category, int] = field(default_factory=lambda: dict.fromkeys(Category, 0))
    trashed: int = 0
    duplicates: int = 0
    pending: int = 0
    failed: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    errors: list[FailedSource] = field(default_factory=list)

    @property
    def processed(self) -> int:
        """Pictures that came to an end, a good or a bad one."""
        return self.sorted + self.trashed + self.failed + sum(self.review.values())

    @property
    def is_ok(self) -> bool:
        """Whether every part could be done."""
        return not self.errors

    def fails(self, source: str, words: str) -> bool:
        """Note that a part failed; False when the same was noted before."""
        failure = FailedSource(source, words.removeprefix(f"{source}: "))
        if failure in self.errors:
            return False
        self.errors.append(failure)
        return True

    def as_result(self) -> dict[str, Any]:
        """The part of the scan document that concerns the intake (product description, section 8)."""
        return {
            "processed": self.processed,
            "sorted": self.sorted,
            "review": {category.value: number for category, number in self.review.items()},
            "trashed": self.trashed,
            "duplicates": self.duplicates,
            "pending": self.pending,
            "failed": self.failed,
            "waiting": [{"reason": words, "count": number} for words, number in self.waiting.items()],
            "errors": [{"source": one.source, "ok": False, "error": one.error} for one in self.errors],
        }
