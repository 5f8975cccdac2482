"""The effect that links a scene to a stash-box entry, without losing a link that somebody else made meanwhile.

Stash replaces the whole list of links at every write and has no compare-and-set. So the list is read immediately
before it is written, under a lock that all Winnows on this machine share, and read back from the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from core.errors import EffectConflictError, EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.model.scenes import Scene, StashId
from core.servers.stash import StashClient

STASH_LINK: Final = "stash.link"

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Gives the lock under which a scene is read and written."""


class LinkPayload(msgspec.Struct, frozen=True):
    """Which scene is linked to which entry."""

    scene_id: int
    endpoint: str
    stash_id: str


class _LinkImage(msgspec.Struct, frozen=True):
    stash_ids: tuple[StashId, ...]


class StashLink:
    """Links, and takes the link back only where it is still the one Winnow wrote."""

    def __init__(self, stash: StashClient, turn: Turn) -> None:
        self._stash = stash
        self._turn = turn

    async def inspect(self, payload: Payload) -> Image:
        """The links the scene holds now. Refused when it is gone, or holds an id for this endpoint already."""
        link = _payload(payload)
        scene = await self._stash.scene(link.scene_id)
        if scene is None:
            raise EffectRefusedError(f"scene {link.scene_id} is no longer in Stash")
        held = scene.stash_id_at(link.endpoint)
        if held == link.stash_id:
            raise EffectRefusedError(f"scene {link.scene_id} was linked to this very entry meanwhile; nothing to write")
        if held is not None:
            raise EffectRefusedError(
                f"conflict: scene {link.scene_id} already holds another id at {link.endpoint} ({held}); nothing was "
                "written. Take that link away in Stash first, if this one is right"
            )
        return _image(scene.stash_ids)

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Write the links read a moment ago and the new one, and give what Stash holds then."""
        link = _payload(payload)
        known = _links(before)
        async with self._turn():
            scene = await self._stash.scene(link.scene_id)
            if scene is None:
                raise EffectRefusedError(f"scene {link.scene_id} is no longer in Stash")
            if _pairs(scene.stash_ids) != _pairs(known):
                raise EffectConflictError(
                    f"somebody else changed the stash ids of scene {link.scene_id} at this moment; nothing was "
                    "written. Accept it again"
                )
            wanted = (*scene.stash_ids, StashId(link.endpoint, link.stash_id))
            held = await self._stash.write_stash_ids(link.scene_id, wanted)
        if (link.endpoint, link.stash_id) not in _pairs(held):
            raise LedgerError(
                f"Stash took the link of scene {link.scene_id} but does not hold it: look for a plugin that changes "
                "scenes after an update"
            )
        return _image(held)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """What the scene holds, if it holds the link."""
        link = _payload(payload)
        scene = await self._stash.scene(link.scene_id)
        if scene is None or scene.stash_id_at(link.endpoint) != link.stash_id:
            return None
        return _image(scene.stash_ids)

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused unless the scene still holds the link that Winnow wrote."""
        link = _payload(payload)
        scene = await self._still_there(link)
        if scene.stash_id_at(link.endpoint) is None:
            raise UndoRefusedError(f"scene {link.scene_id} no longer holds the link; somebody else took it away")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Put the previous list back: everything the scene holds now but the link that Winnow wrote."""
        link = _payload(payload)
        async with self._turn():
            scene = await self._still_there(link)
            kept = tuple(one for one in scene.stash_ids if one.endpoint != link.endpoint)
            if len(kept) == len(scene.stash_ids):
                return
            held = await self._stash.write_stash_ids(link.scene_id, kept)
        if (link.endpoint, link.stash_id) in _pairs(held):
            raise LedgerError(
                f"Stash took the undo of scene {link.scene_id} but still holds the link: look for a plugin that "
                "changes scenes after an update"
            )

    async def _still_there(self, link: LinkPayload) -> Scene:
        scene = await self._stash.scene(link.scene_id)
        if scene is None:
            raise UndoRefusedError(f"scene {link.scene_id} is no longer in Stash: there is nothing to take back")
        held = scene.stash_id_at(link.endpoint)
        if held not in (None, link.stash_id):
            raise UndoRefusedError(
                f"scene {link.scene_id} now holds another id at {link.endpoint} ({held}), which Winnow did not write"
            )
        return scene


def _payload(payload: Payload) -> LinkPayload:
    return parsed(payload, LinkPayload)


def _image(links: tuple[StashId, ...]) -> Image:
    return {"stash_ids": msgspec.to_builtins(links)}


def _links(image: Image) -> tuple[StashId, ...]:
    return parsed(image, _LinkImage).stash_ids


def _pairs(links: tuple[StashId, ...]) -> set[tuple[str, str]]:
    return {(one.endpoint, one.stash_id) for one in links}
