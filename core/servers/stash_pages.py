"""Going through all scenes or images of a Stash by rising id, and reading a page of which some items are odd."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from core.errors import GraphQLError, MalformedAnswerError
from core.servers.ahead import Fetched, ahead
from core.servers.documents import Document
from core.servers.graphql import GraphQLClient, Reply, decode
from core.servers.numbers import Whole
from core.servers.oddities import Oddities
from core.servers.stash_wire import Page, RawPage, WireOutline, WireScene


class _HasId(Protocol):
    id: int


W = TypeVar("W", bound=_HasId)


class _OnlyId(msgspec.Struct):
    id: Whole | None = None


@dataclass(frozen=True, slots=True)
class Listing(Generic[W]):
    """How a list comes over the wire.

    `what` names an item in the record of oddities, `variable` is the filter's name in the document. `page` is the shape
    of the answer, `raw_page` the same with every item unread, `items` gives the list of either.
    """

    what: str
    variable: str
    item: type[W]
    page: type[Any]
    raw_page: type[Any]
    items: Callable[[Any], list[Any]]


SCENES = Listing("scene", "scenes", WireScene, Page[WireScene], RawPage, lambda answer: answer.findScenes.scenes)
OUTLINES = Listing("scene", "scenes", WireOutline, Page[WireOutline], RawPage, lambda answer: answer.findScenes.scenes)


@dataclass(frozen=True, slots=True)
class Crawl(Generic[W]):
    """A walk through a list: which document, decoded into which shape, and which items.

    `ids` asks for the same list with nothing but ids. Where it is given, an item that makes the server refuse its whole
    page costs itself alone.
    """

    graphql: GraphQLClient
    document: Document
    listing: Listing[W]
    known: frozenset[str]
    oddities: Oddities
    page_size: int
    criteria: dict[str, Any]
    ids: tuple[Document, Listing[Any]] | None = None

    async def pages(self, after_id: int) -> AsyncGenerator[list[W], None]:
        """Pages of items with ids above `after_id`. Ends at the first page that is not full.

        Paging by id and not by offset: items that come or go meanwhile shift nothing.
        """
        async with aclosing(ahead(self._fetch, after_id)) as pages:
            async for page in pages:
                yield page

    async def _fetch(self, after_id: int) -> Fetched[W]:
        reply = await self._ask(self.document, after_id)
        if reply.problems:
            if self.ids is not None and all(len(problem.path or ()) > 2 for problem in reply.problems):
                return await self._around(after_id, reply.error())
            raise reply.error()
        return self._fetched(read_items(reply, self.listing, self.oddities), after_id)

    async def _ask(self, document: Document, after_id: int) -> Reply:
        wanted = self.criteria | {"id": {"value": after_id, "modifier": "GREATER_THAN"}}
        # Without a sort Stash orders nothing and paging would skip and repeat.
        page = {"per_page": self.page_size, "sort": "id", "direction": "ASC"}
        return await self.graphql.ask(document, {self.listing.variable: wanted, "page": page}, known=self.known)

    def _fetched(self, read: tuple[list[W], int, int], after_id: int) -> Fetched[W]:
        items, last_id, count = read
        if count and last_id <= after_id:
            raise MalformedAnswerError(f"its pages do not go on after id {after_id}", server=self.graphql.server)
        return Fetched(items, last_id, count < self.page_size)

    async def _around(self, after_id: int, error: GraphQLError) -> Fetched[W]:
        """A page the server could not give for the sake of an item: a smaller one, or the way past that item."""
        if self.page_size > 1:
            return await replace(self, page_size=self.page_size // 2)._fetch(after_id)
        assert self.ids is not None
        document, listing = self.ids
        reply = await self._ask(document, after_id)
        if reply.problems:
            raise reply.error()
        _, last_id, count = read_items(reply, listing, self.oddities)
        if count:
            self.oddities.note(f"{self.listing.what} the server cannot read ({'; '.join(error.messages)}): left out")
        return self._fetched(([], last_id, count), after_id)


def read_items(reply: Reply, listing: Listing[W], oddities: Oddities) -> tuple[list[W], int, int]:
    """The items of a page, its highest id, and how many there were.

    When the page as a whole has another shape than agreed, each item is tried alone: those that cannot be read are
    left out and noted. Raises MalformedAnswerError when there is no list at all.
    """
    failure: MalformedAnswerError | None = None
    try:
        items: list[W] = listing.items(reply.decode(listing.page))
        return items, max((one.id for one in items), default=0), len(items)
    except MalformedAnswerError as error:
        failure = error
    try:
        raws = listing.items(reply.decode(listing.raw_page))
    except MalformedAnswerError:
        raise failure from None
    readable, last_id = [], 0
    for raw in raws:
        with suppress(MalformedAnswerError):
            last_id = max(last_id, decode(raw, _OnlyId, reply.server).id or 0)
        try:
            readable.append(decode(raw, listing.item, reply.server))
        except MalformedAnswerError as error:
            oddities.note(f"{listing.what} of another shape than agreed ({_tail(error)}): left out")
    return readable, last_id, len(raws)


def _tail(error: MalformedAnswerError) -> str:
    return str(error).rpartition("agreed: ")[2]
