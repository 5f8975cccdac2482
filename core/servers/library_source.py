"""Where the records of a library come from: a Stash, or its database file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from core.model.library_records import LibraryRecord, Media
from core.servers.oddities import Oddities


class LibrarySource(Protocol):
    """Both tell the same of the same library, record for record; see `StashDatabase` for the few exceptions."""

    @property
    def name(self) -> str:
        """What a person calls it: an address or a path, without secrets."""
        ...

    @property
    def oddities(self) -> Oddities:
        """What was left out on the way."""
        ...

    def crawl(
        self, media: Media, *, after_id: int = 0, page_size: int = 500
    ) -> AsyncGenerator[list[LibraryRecord], None]:
        """Every scene (VIDEO) or image with an id above `after_id`, in pages, by rising id.

        Close the iterator (`aclosing`) when leaving early. Raises ServerError.
        """
        ...

    async def count(self, media: Media) -> int:
        """How many there are. Raises ServerError."""
        ...
