"""Immich looks at pictures where they lie: in a folder of one of its external libraries.

It is asked to scan the library once for all that came in, and once when they have gone, so that it takes their assets
away by itself; Winnow never removes an asset of a library.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from core.intake.immich_looks import NOT_TAKEN, Look, Standing, look_of
from core.intake.immich_ready import ensure_library, ensure_ready
from core.model.incoming import Item
from core.path_map import immich_path
from core.servers.immich import ImmichClient
from core.servers.immich_assets import Asset
from core.servers.immich_version import LIBRARY, MediaTypes
from core.settings_intake import IntakeSettings

_FEW: Final = 8  # pictures that are looked for one by one


class ThroughLibrary:
    """The way through `[intake.immich] library_id`."""

    def __init__(self, client: ImmichClient, settings: IntakeSettings) -> None:
        self._client = client
        self._settings = settings
        self._library_id = settings.immich.library_id
        self._folder = self._there(settings.temp_dir)
        self._types: MediaTypes | None = None

    async def prepare(self) -> None:
        """See `ImmichWay.prepare`."""
        await ensure_ready(self._client, LIBRARY)
        await ensure_library(self._client, self._library_id, self._folder)
        self._types = await self._client.media_types()

    def takes_in(self, item: Item) -> bool:
        """Whether it lies elsewhere than in the folder of the item in `temp_dir`."""
        return Path(item.file_path or "").parent != own_folder(self._settings, item.id)

    async def offer(self, items: Sequence[Item]) -> AsyncIterator[tuple[Item, Look]]:
        """They lie where the next scan finds them."""
        assert self._types is not None
        for item in items:
            is_taken = self._types.takes(_name(item.file_path or item.filename))
            yield item, Look(Standing.WAITING) if is_taken else Look(Standing.NEVER, words=NOT_TAKEN)

    async def announce(self) -> None:
        """One scan for all of them."""
        if self._settings.immich.trigger_scan:
            await self._client.scan_library(self._library_id)

    async def look(self, items: Sequence[Item]) -> dict[int, Look]:
        """By the exact paths of the files; few questions for many."""
        places = {item.id: self._there(item.file_path or "") for item in items}
        found = await self._found(list(places.values()))
        known = {item.id: asset for item in items if (asset := found.get(places[item.id])) is not None}
        progress = await self._client.progress_of(known.values())
        unseen = Look(Standing.UNSEEN, words="Immich has not found it in its library yet")
        return {
            item.id: look_of(known[item.id], progress[known[item.id].id]) if item.id in known else unseen
            for item in items
        }

    async def _found(self, places: list[str]) -> dict[str, Asset]:
        """The assets at these paths of the server; an own one goes before a partner's."""
        if len(places) > _FEW:
            some = await self._client.assets_below(self._folder, library_id=self._library_id)
        else:
            several = [await self._client.find_assets(one, library_id=self._library_id) for one in places]
            some = tuple(asset for found in several for asset in found)
        return {asset.path: asset for asset in sorted(some, key=lambda one: one.is_own)}

    def _there(self, path: str) -> str:
        """How Immich names a file of this machine."""
        return immich_path(path, self._settings.immich.path_map)


def own_folder(settings: IntakeSettings, item_id: int) -> Path:
    """The folder of an item in `temp_dir`."""
    return Path(settings.temp_dir) / str(item_id)


def _name(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119  names that are no UTF-8 pass
