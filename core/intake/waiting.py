"""Leaves a picture where it is, to be looked at again later, with what it waits for."""

from __future__ import annotations

from typing import Final

from core.clock import Clock
from core.model.incoming import Faces, Item
from core.store import intake
from core.store.database import Database

LATER_SECONDS: Final = 300.0
"""Until then only a run that somebody asks for looks at it again; one that follows of itself does not."""


class Waiting:
    """Notes what waits. `reasons`: the words, and how many pictures wait so since this run began."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.reasons: dict[str, int] = {}

    async def put(self, item: Item, words: str, *, faces: Faces | None = None) -> None:
        """Let one wait."""
        self.reasons[words] = self.reasons.get(words, 0) + 1
        async with self._database.write() as tx:
            later = self._clock.now() + LATER_SECONDS
            await intake.set_pending(tx, item.id, next_at=later, faces=faces, words=words)
