"""Finding the local performer, tag or studio that a stash-box means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from core.model.scenes import LocalEntity
from core.model.stash_boxes import RemoteEntity
from core.servers.documents import Document
from core.servers.graphql import GraphQLClient
from core.servers.stash_wire import WireEntity


@dataclass(frozen=True, slots=True)
class EntityMatch:
    """The local entity that was found, or None and in `reason` why not. `reason` also says by what it was found."""

    entity: LocalEntity | None
    reason: str


class _Items(msgspec.Struct):
    items: list[WireEntity | None] | None = None


class _Found(msgspec.Struct):
    found: _Items


@dataclass(frozen=True, slots=True)
class EntitySearch:
    """One kind of entity: by which document it is found, and whether it can be filtered by stash id."""

    graphql: GraphQLClient
    document: Document
    known: frozenset[str]
    has_stash_ids: bool = True

    async def find(self, endpoint: str, remote: RemoteEntity) -> EntityMatch:
        """By stash id first, then by the exact name, then by an exact alias.

        A namesake that is linked to another entry of the same stash-box is somebody else. Several namesakes are
        ambiguous, and nothing is chosen for the user.
        """
        if self.has_stash_ids:
            criterion = {"endpoint": endpoint, "stash_id": remote.id, "modifier": "EQUALS"}
            linked = [
                item
                for item in await self._ask({"stash_id_endpoint": criterion})
                if (endpoint, remote.id) in _links(item)
            ]
            if linked:
                return _only(linked, "linked to the same entry")
        if not remote.name:
            return EntityMatch(None, "the stash-box gives it no name")
        named = await self._ask({"name": {"value": remote.name, "modifier": "EQUALS"}})
        same_name = [item for item in named if item.name == remote.name]
        free = [item for item in same_name if self._is_free(item, endpoint, remote.id)]
        if free:
            return _only(free, f"named {remote.name}")
        aliased = await self._ask({"aliases": {"value": remote.name, "modifier": "EQUALS"}})
        known_as = [
            item for item in aliased if remote.name in (item.aliases or ()) and self._is_free(item, endpoint, remote.id)
        ]
        if known_as:
            return _only(known_as, f"also known as {remote.name}")
        if same_name:
            return EntityMatch(None, f"{remote.name} is linked to another entry of this stash-box")
        return EntityMatch(None, f"{remote.name} is not in this Stash")

    async def _ask(self, criteria: dict[str, Any]) -> list[WireEntity]:
        # Stash compares with LIKE: % and _ are wildcards and case is ignored, so every hit is compared again here.
        answer = await self.graphql.execute(self.document, {"filter": criteria}, shape=_Found, known=self.known)
        return [item for item in answer.found.items or () if item is not None]

    @staticmethod
    def _is_free(item: WireEntity, endpoint: str, stash_id: str) -> bool:
        return all(held == stash_id for at, held in _links(item) if at == endpoint)


def _links(item: WireEntity) -> set[tuple[str, str]]:
    return {(link.endpoint, link.stash_id) for link in item.stash_ids or () if link is not None}


def _only(items: Iterable[WireEntity], why: str) -> EntityMatch:
    distinct = {item.id: item for item in items}
    if len(distinct) > 1:
        return EntityMatch(None, f"{len(distinct)} are {why}: choose one in Stash")
    item = next(iter(distinct.values()))
    return EntityMatch(LocalEntity(item.id, item.name), why)
