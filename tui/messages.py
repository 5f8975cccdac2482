"""What the app tells its screens, in the past tense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from core.runtime import Progress


class JobsProgressed(Message):
    """Jobs of this process went on. `progress` by job id, the newest of each; at most ten of these come a second.

    `ended`: ids of the jobs that came to their end since the last one.
    """

    def __init__(self, progress: Mapping[int, Progress], ended: frozenset[int]) -> None:
        self.progress = progress
        self.ended = ended
        super().__init__()


class ServerChecked(Message):
    """The Stash was asked whether it is there. `words` is empty when all is well."""

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__()


class DecisionsChanged(Message):
    """Something was accepted, dismissed, withdrawn or undone: lists and counts on other screens are old."""
