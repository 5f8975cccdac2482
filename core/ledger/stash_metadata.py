"""The effect that writes metadata fields of a scene, and puts every field it wrote back."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from core.errors import EffectConflictError, EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_link import Turn
from core.model.scenes import SceneChanges, SceneDetails
from core.servers.stash import StashClient

STASH_METADATA: Final = "stash.metadata"
_COVER: Final = "cover_image"


@dataclass(frozen=True, slots=True)
class MetadataWrite:
    """What is to be written, as JSON by field of SceneChanges, and what could not be found, in words."""

    changes: dict[str, Any]
    unresolved: tuple[str, ...]


Compute = Callable[[Payload, SceneDetails], Awaitable[MetadataWrite]]
"""Works out what to write from what the scene holds at this moment."""


class StashMetadata:
    """Writes fields. The cover of a scene that had none cannot be taken away again: Stash has no way to do that."""

    def __init__(self, stash: StashClient, turn: Turn, compute: Compute) -> None:
        self._stash = stash
        self._turn = turn
        self._compute = compute

    async def inspect(self, payload: Payload) -> Image:
        """What is to be written and what stands there now; it may be nothing. Refused unless the scene is linked."""
        scene_id = int(payload["scene_id"])
        details = await self._stash.scene_details(scene_id)
        if details is None:
            raise EffectRefusedError(f"scene {scene_id} is no longer in Stash")
        if all((one.endpoint, one.stash_id) != (payload["endpoint"], payload["stash_id"]) for one in details.stash_ids):
            raise EffectRefusedError(f"scene {scene_id} is not linked to this entry, so nothing was taken from it")
        wanted = await self._compute(payload, details)
        fields = _values(details, wanted.changes)
        if _COVER in wanted.changes:
            fields[_COVER] = await self._stash.cover_image(scene_id) if details.has_cover else None
        return {"changes": wanted.changes, "fields": fields, "unresolved": list(wanted.unresolved)}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Write the fields, if the scene is still as it was, and give what Stash holds then."""
        scene_id = int(payload["scene_id"])
        if not before["changes"]:
            return {"fields": {}, "unresolved": before["unresolved"]}
        async with self._turn():
            details = await self._stash.scene_details(scene_id)
            if details is None:
                raise EffectRefusedError(f"scene {scene_id} is no longer in Stash")
            if _values(details, before["changes"]) != _without_cover(before["fields"]):
                raise EffectConflictError(
                    f"somebody else changed scene {scene_id} at this moment; nothing was written. Try again"
                )
            written = await self._stash.update_scene(scene_id, parsed(before["changes"], SceneChanges))
        return await self._after(written, before)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """What the scene holds, if it holds what was to be written."""
        details = await self._stash.scene_details(int(payload["scene_id"]))
        if details is None or not before["changes"]:
            return None
        held = _values(details, before["changes"])
        if held == _without_cover(before["fields"]) and held:
            return None
        if any(_plain(held[name]) != _plain(before["changes"][name]) for name in held):
            return None
        if not held:  # the cover alone: compare the picture itself
            cover = await self._stash.cover_image(details.id) if details.has_cover else None
            if cover == before["fields"].get(_COVER):
                return None
        return await self._after(details, before)

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused when a field no longer holds what Winnow wrote; the words name the fields."""
        scene_id = int(payload["scene_id"])
        if before["fields"] == {_COVER: None}:
            raise UndoRefusedError(
                f"scene {scene_id} had no cover before, and Stash has no way to take one away: change it there"
            )
        if not await self._check(scene_id, before, after):
            raise UndoRefusedError(f"scene {scene_id} holds again what it held before; somebody else put it back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Put every written field back, if each still holds what Winnow wrote, or all what was there before."""
        scene_id = int(payload["scene_id"])
        old = {name: value for name, value in before["fields"].items() if name != _COVER or value is not None}
        empty: dict[str, Any] = {"studio_id": 0, "date": ""}
        changes = {name: empty.get(name, "") if value is None else value for name, value in old.items()}
        if not changes:
            return
        async with self._turn():
            if not await self._check(scene_id, before, after):
                return
            held = _values(await self._stash.update_scene(scene_id, parsed(changes, SceneChanges)), changes)
        wrong = [name for name, value in held.items() if _plain(value) != _plain(before["fields"][name])]
        if wrong:
            raise LedgerError(f"Stash took the undo of scene {scene_id} but holds something else in {', '.join(wrong)}")

    async def _check(self, scene_id: int, before: Image, after: Image) -> bool:
        """True: the scene holds what Winnow wrote. False: what was there before. Anything else is refused."""
        details = await self._stash.scene_details(scene_id)
        if details is None:
            raise UndoRefusedError(f"scene {scene_id} is no longer in Stash: there is nothing to put back")
        held = _values(details, before["changes"])
        written, old = dict(after["fields"]), dict(before["fields"])
        if _COVER in before["changes"]:
            held[_COVER] = _fingerprint(await self._stash.cover_image(scene_id) if details.has_cover else None)
            old[_COVER] = _fingerprint(old.get(_COVER)) or written.get(_COVER)  # a first cover stays
        changed = [name for name, value in held.items() if _plain(value) != _plain(written.get(name))]
        if not changed:
            return True
        if all(_plain(value) == _plain(old.get(name)) for name, value in held.items()):
            return False
        names = ", ".join("cover" if name == _COVER else name for name in changed)
        raise UndoRefusedError(f"scene {scene_id} was changed by somebody else since ({names}); nothing was put back")

    async def _after(self, details: SceneDetails, before: Image) -> Image:
        fields = _values(details, before["changes"])
        if _COVER in before["changes"]:
            fields[_COVER] = _fingerprint(await self._stash.cover_image(details.id))
        return {"fields": fields, "unresolved": before["unresolved"]}


def _values(details: SceneDetails, names: dict[str, Any]) -> dict[str, Any]:
    """What a scene holds in these fields of SceneChanges, but the cover, as JSON."""
    held: dict[str, Any] = {
        "title": details.title,
        "code": details.code,
        "details": details.details,
        "director": details.director,
        "date": details.date,
        "urls": list(details.urls),
        "studio_id": details.studio.id if details.studio else 0,
        "performer_ids": sorted(one.id for one in details.performers),
        "tag_ids": sorted(one.id for one in details.tags),
    }
    return {name: held[name] for name in names if name in held}


def _plain(value: Any) -> Any:
    """A value as Stash keeps it: text trimmed, nothing for an empty one, lists in no order."""
    if isinstance(value, str):
        return value.strip() or None
    return sorted(value) if isinstance(value, list) else value


def _without_cover(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != _COVER}


def _fingerprint(cover: str | None) -> str | None:
    return None if cover is None else hashlib.sha256(cover.encode()).hexdigest()
