"""Going through all scenes of a Stash by rising id, with the next page always under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from core.errors import MalformedAnswerError
from core.servers.documents import Document
from core.servers.graphql import GraphQLClient, Reply, decode
from core.servers.oddities import Oddities
from core.servers.stash_wire import Page, RawPage, WireOutline, WireScene

W = TypeVar("W", WireScene, WireOutline)


class _OnlyId(msgspec.Struct):
    id: int | None = None


@dataclass(frozen=True, slots=True)
class _Fetched(Generic[W]):
    items: list[W]
    last_id: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Crawl(Generic[W]):
    """A walk through all scenes: which document, decoded into which shape, and which scenes."""

    graphql: GraphQLClient
    document: Document
    page: type[Page[W]]
    item: type[W]
    known: frozenset[str]
    oddities: Oddities
    page_size: int
    criteria: dict[str, Any]

    async def pages(self, after_id: int) -> AsyncGenerator[list[W], None]:
        """Pages of items with ids above `after_id`. Ends at the first page that is not full.

        Paging by id and not by offset: scenes that come or go meanwhile shift nothing.
        """
        task = asyncio.create_task(self._fetch(after_id))
        try:
            while True:
                fetched = await task
                if not fetched.is_last:
                    task = asyncio.create_task(self._fetch(fetched.last_id))
                if fetched.items:
                    yield fetched.items
                if fetched.is_last:
                    return
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _fetch(self, after_id: int) -> _Fetched[W]:
        scenes = self.criteria | {"id": {"value": after_id, "modifier": "GREATER_THAN"}}
        # Without a sort Stash orders nothing and paging would skip and repeat.
        page = {"per_page": self.page_size, "sort": "id", "direction": "ASC"}
        reply = await self.graphql.ask(self.document, {"scenes": scenes, "page": page}, known=self.known)
        if reply.problems:
            raise reply.error()
        items, last_id, count = read_items(reply, self.page, self.item, self.oddities)
        if count and last_id <= after_id:
            raise MalformedAnswerError(f"its pages do not go on after id {after_id}", server=self.graphql.server)
        return _Fetched(items, last_id, count < self.page_size)


def read_items(reply: Reply, page: type[Page[W]], item: type[W], oddities: Oddities) -> tuple[list[W], int, int]:
    """The items of a page, its highest id, and how many there were.

    When the page as a whole has another shape than agreed, each item is tried alone: those that cannot be read are
    left out and noted. Raises MalformedAnswerError when there is no list at all.
    """
    failure: MalformedAnswerError | None = None
    try:
        items = reply.decode(page).findScenes.scenes
        return items, max((one.id for one in items), default=0), len(items)
    except MalformedAnswerError as error:
        failure = error
    try:
        raws = reply.decode(RawPage).findScenes.scenes
    except MalformedAnswerError:
        raise failure from None
    readable, last_id = [], 0
    for raw in raws:
        with suppress(MalformedAnswerError):
            last_id = max(last_id, decode(raw, _OnlyId, reply.server).id or 0)
        try:
            readable.append(decode(raw, item, reply.server))
        except MalformedAnswerError as error:
            oddities.note(f"scene of another shape than agreed ({_tail(error)}): left out")
    return readable, last_id, len(raws)


def _tail(error: MalformedAnswerError) -> str:
    return str(error).rpartition("agreed: ")[2]
