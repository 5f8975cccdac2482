"""Stash's database file as a library of records with files: the same as by the server, many times faster.

What a database cannot tell, or tells otherwise than the server:

- times are the texts as they are stored. The server writes them anew, so a time from before Stash 0.13 (with a blank
  for the T) or one with zeros at the end of its fraction is spelled otherwise there;
- a PHASH that a plug-in stored as text is left out, since Stash itself does not compare it either;
- a file that is neither a video nor a picture is left out, where the server refuses the whole answer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from core.errors import MalformedAnswerError
from core.model.library_records import LibraryRecord, Media
from core.servers import stash_database_rows as rows
from core.servers.ahead import Fetched, ahead
from core.servers.oddities import Oddities
from core.servers.stash_database_file import StashFile
from core.servers.stash_database_schema import KNOWN_VERSION, Schema, read_schema, read_version


class StashDatabase:
    """The scenes and images in Stash's SQLite file. Make it with `StashDatabase.open`.

    Nothing is ever written and nothing left beside the file; see `core.servers.stash_database_file`. Stash may be at
    work meanwhile: every page is one consistent state, and no lock outlives it.
    """

    def __init__(self, file: StashFile, schema: Schema) -> None:
        self._file = file
        self._schema = schema
        self.oddities = Oddities()

    @staticmethod
    @asynccontextmanager
    async def open(path: Path) -> AsyncIterator[StashDatabase]:
        """Look at the file: that it is there, is Stash's, and has the tables that are needed.

        Raises UnreachableError when it is not there, cannot be read, or stays locked, and MalformedAnswerError when it
        is damaged, something else, in the middle of a migration, or of a version that lacks a table.
        """
        file = StashFile(path)
        await asyncio.to_thread(file.look)
        schema = await file.read(lambda connection: read_schema(connection, str(path)))
        yield StashDatabase(file, schema)

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._file.path)

    @property
    def version(self) -> int:
        """The number of its schema; Stash 0.30 has 75."""
        return self._schema.version

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about reading this file, in sentences."""
        found = []
        if self.version != KNOWN_VERSION:
            found.append(
                f"{self.name}: its schema is {self.version}, Winnow knows {KNOWN_VERSION}: what it has in common with "
                "that one is read."
            )
        if self._file.remote_kind:
            found.append(
                f"{self.name}: it lies on a network file system ({self._file.remote_kind}): it can be read only while "
                "Stash does not have it open."
            )
        return tuple(found)

    async def count(self, media: Media) -> int:
        """How many scenes or images there are. Raises as `crawl`."""
        return await self._file.read(lambda connection: rows.count_records(self._checked(connection), media))

    async def crawl(
        self, media: Media, *, after_id: int = 0, page_size: int = 2000
    ) -> AsyncGenerator[list[LibraryRecord], None]:
        """Every scene (VIDEO) or image with an id above `after_id`, in pages, by rising id; the next page is under way.

        Close the iterator (`aclosing`) when leaving early. Records that cannot be read are left out and noted in
        `oddities`. Raises UnreachableError when the file vanishes or stays locked, and MalformedAnswerError when it is
        damaged or was migrated since it was opened.
        """

        async def fetch(after: int) -> Fetched[LibraryRecord]:
            page, oddities = await self._file.read(lambda connection: self._page(connection, media, after, page_size))
            self.oddities.add(oddities)  # of the attempt that counts alone
            return page

        async with aclosing(ahead(fetch, after_id)) as pages:
            async for page in pages:
                yield page

    def _page(
        self, connection: sqlite3.Connection, media: Media, after_id: int, size: int
    ) -> tuple[Fetched[LibraryRecord], Oddities]:
        oddities = Oddities()
        return rows.read_page(self._checked(connection), self._schema, media, after_id, size, oddities), oddities

    def _checked(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """The connection, if the schema is still the one that was looked at."""
        if read_version(connection, self.name) != self.version:
            raise MalformedAnswerError("Stash migrated it meanwhile: begin again", server=self.name)
        return connection
