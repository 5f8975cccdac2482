"""A Stash as a library of records with files: what the duplicates desk reads by GraphQL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeVar

from core.errors import MalformedAnswerError
from core.model.library_records import LibraryRecord, Media, RecordRef, StashFile
from core.servers import stash_library_documents as documents
from core.servers.oddities import Oddities
from core.servers.stash import StashClient
from core.servers.stash_library_records import History, files_of, history_of, record_of
from core.servers.stash_library_wire import (
    NOUNS,
    Counted,
    Listed,
    One,
    RawListed,
    WireHistory,
    WireId,
    WireLibraryFile,
    WirePaths,
    WireRecord,
)
from core.servers.stash_pages import Crawl, Listing, read_items

W = TypeVar("W", WireRecord, WireId, WirePaths, WireLibraryFile)
_EVERYTHING: Final = {"per_page": -1, "sort": "id", "direction": "ASC"}


def _listing(what: str, item: type[W], page: type[Listed[W]]) -> Listing[W]:
    return Listing(what, "wanted", item, page, RawListed, lambda answer: answer.found.items)


class StashLibrary:
    """The scenes and images of one Stash. Shares the client's connections, features and oddities."""

    def __init__(self, client: StashClient) -> None:
        self._client = client
        self._graphql = client.graphql

    @property
    def name(self) -> str:
        """Its address."""
        return self._client.url

    @property
    def oddities(self) -> Oddities:
        """What was left out on the way."""
        return self._client.oddities

    async def crawl(
        self, media: Media, *, after_id: int = 0, page_size: int = 500
    ) -> AsyncGenerator[list[LibraryRecord], None]:
        """Every scene (VIDEO) or image with an id above `after_id`, in pages, by rising id; the next page is under way.

        Close the iterator (`aclosing`) when leaving early. Records that cannot be read, by us or by the server itself,
        are left out and noted in `oddities`.
        """
        known = (await self._client.features()).known
        walk = Crawl(
            self._graphql,
            documents.LISTS[media],
            _listing(NOUNS[media], WireRecord, Listed[WireRecord]),
            known,
            self.oddities,
            page_size,
            {},
            (documents.IDS[media], _listing(NOUNS[media], WireId, Listed[WireId])),
        )
        async with aclosing(walk.pages(after_id)) as pages:
            async for page in pages:
                yield [record_of(wire, media, self.oddities) for wire in page]

    async def count(self, media: Media) -> int:
        """How many scenes or images there are."""
        return (await self._graphql.execute(documents.COUNTS[media], shape=Counted)).found.count

    async def record(self, ref: RecordRef) -> LibraryRecord | None:
        """One scene or image as it is now, None when there is none.

        Raises MalformedAnswerError when a list of it is null: what is decided and written by this answer must not take
        what is unknown for empty.
        """
        known = (await self._client.features()).known
        answer = await self._graphql.execute(
            documents.ONES[ref.media], {"id": str(ref.id)}, shape=One[WireRecord], known=known
        )
        if answer.found is None:
            return None
        lacking = answer.found.lacking(ref.media)
        if lacking:
            words = f"{NOUNS[ref.media]} {ref.id} has null instead of its {lacking}"
            raise MalformedAnswerError(words, server=self.name)
        return record_of(answer.found, ref.media, self.oddities)

    async def history(self, ref: RecordRef) -> History | None:
        """A scene's plays, O's and markers, None when there is no such scene. An image has none of them."""
        if ref.media is Media.IMAGE:
            return History()
        known = (await self._client.features()).known
        answer = await self._graphql.execute(
            documents.HISTORY, {"id": str(ref.id)}, shape=One[WireHistory], known=known
        )
        return None if answer.found is None else history_of(answer.found)

    # -- by path -----------------------------------------------------------------------------------------------------

    async def records_at(self, media: Media, path: str) -> list[LibraryRecord]:
        """The scenes or images one of whose files stands at a path of the server's, compared letter by letter."""
        found = []
        for ref in await self.refs_at(media, path):
            record = await self.record(ref)
            # Somebody may have changed it since.
            if record is not None and any(file.path == path for file in record.files):
                found.append(record)
        return found

    async def refs_at(self, media: Media, path: str) -> list[RecordRef]:
        """What names them; see `records_at`."""
        variables = {"wanted": {"path": {"value": path, "modifier": "EQUALS"}}, "page": _EVERYTHING}
        reply = await self._graphql.ask(documents.PATHS[media], variables)
        if reply.problems:
            raise reply.error()
        listing = _listing(NOUNS[media], WirePaths, Listed[WirePaths])
        wires, _, _ = read_items(reply, listing, self.oddities)
        return [
            RecordRef(media, wire.id)
            for wire in wires
            if any(file is not None and file.path == path for file in wire.files or wire.visual_files or ())
        ]

    async def files_at(self, path: str) -> list[StashFile]:
        """The videos and pictures Stash knows at a path, also those that belong to no scene and no image.

        A Stash before 0.29 cannot look up files: there, those of scenes and images alone.
        """
        known = (await self._client.features()).known
        if documents.CAN_FIND_FILES not in known:
            records = [record for media in Media for record in await self.records_at(media, path)]
            return [file for record in records for file in record.files if file.path == path]
        reply = await self._graphql.ask(documents.FILES_AT, {"path": path}, known=known)
        if reply.problems:
            raise reply.error()
        listing = _listing("file", WireLibraryFile, Listed[WireLibraryFile])
        wires, _, _ = read_items(reply, listing, self.oddities)
        return [file for file in files_of(wires, self.oddities) if file.path == path]

    async def file_ids_at(self, path: str) -> list[int]:
        """The ids of `files_at`."""
        return [file.id for file in await self.files_at(path)]
