"""Immich gets a copy of each picture: for an Immich that does not see the intake's folders.

The copy is asked away again, into Immich's own trash, when the picture was finally sorted or rejected; only one that
Winnow itself put there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from core.errors import (
    AuthenticationError,
    RateLimitedError,
    ServerError,
    UncertainWriteError,
    UnreachableError,
    UnreadableFileError,
)
from core.intake.immich_looks import NOT_TAKEN, Look, Standing, look_of
from core.intake.immich_ready import ensure_ready
from core.model.incoming import Item
from core.servers.immich import ImmichClient
from core.servers.immich_assets import UploadCheck
from core.servers.immich_version import UPLOAD, MediaTypes

IN_TRASH: Final = "Immich has it in its trash, where it looks for no faces: restore it there, or empty its trash"
_TOO_LARGE: Final = 413
_CHECKED: Final = 200  # contents that are asked about at once
_AT_ONCE: Final = 4  # uploads at the same time


class ThroughUpload:
    """The way where no `library_id` is set. `is_ours` tells which assets came by Winnow.

    `will_upload` is told of pictures that Immich has not got before they are uploaded: a sudden end between the upload
    and its record must not leave a copy that nobody asks away.
    """

    def __init__(self, client: ImmichClient, will_upload: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
        self._client = client
        self._will_upload = will_upload
        self._types: MediaTypes | None = None
        self.is_ours: set[str] = set()

    async def prepare(self) -> None:
        """See `ImmichWay.prepare`."""
        await ensure_ready(self._client, UPLOAD)
        self._types = await self._client.media_types()

    def takes_in(self, item: Item) -> bool:
        """Never: it stays where it is."""
        return False

    async def offer(self, items: Sequence[Item]) -> AsyncIterator[tuple[Item, Look]]:
        """Upload those whose content Immich has not got."""
        for start in range(0, len(items), _CHECKED):
            some = items[start : start + _CHECKED]
            checks = await self._client.check_uploads(_sha1(one) for one in some)
            await self._will_upload([one for one in some if checks[_sha1(one)].is_accepted])
            for first in range(0, len(some), _AT_ONCE):
                part = some[first : first + _AT_ONCE]
                tasks = (self._one(item, checks[_sha1(item)]) for item in part)
                looks = await asyncio.gather(*tasks, return_exceptions=True)
                for item, look in zip(part, looks, strict=True):
                    if isinstance(look, Look):
                        yield item, look
                if failures := [one for one in looks if isinstance(one, BaseException)]:
                    raise failures[0]

    async def _one(self, item: Item, check: UploadCheck) -> Look:
        assert self._types is not None
        if not self._types.takes(item.filename):
            return Look(Standing.NEVER, words=NOT_TAKEN)
        if (look := _known(check)) is not None:
            if look.asset_id and item.asset_is_ours and not item.asset_id:
                self.is_ours.add(look.asset_id)  # it came by an earlier run, which could not note it any more
            return look
        try:
            return await self._upload(item)
        except (UnreachableError, AuthenticationError, RateLimitedError):
            raise
        except UnreadableFileError as error:
            return Look(Standing.HELD, words=str(error))
        except ServerError as error:
            return Look(Standing.NEVER if error.status == _TOO_LARGE else Standing.HELD, words=str(error))

    async def _upload(self, item: Item) -> Look:
        sha1 = _sha1(item)
        try:
            stored = await self._client.upload(Path(item.file_path or ""), sha1=sha1, name=item.filename)
        except UncertainWriteError as error:
            check = (await self._client.check_uploads([sha1]))[sha1]
            if check.asset_id is None:
                raise UnreachableError(str(error)) from error
            self.is_ours.add(check.asset_id)  # a moment ago nobody had this content
            return Look(Standing.WAITING, check.asset_id)
        if stored.is_trashed:
            return Look(Standing.NEVER, words=IN_TRASH)
        if stored.is_new:
            self.is_ours.add(stored.asset_id)
        return Look(Standing.WAITING, stored.asset_id)

    async def announce(self) -> None:
        """Nothing: an upload is looked at by itself."""

    async def look(self, items: Sequence[Item]) -> dict[int, Look]:
        """By the assets that the uploads gave."""
        found: dict[int, Look] = {}
        answers = await asyncio.gather(*(self._client.asset(item.asset_id) for item in items))
        assets = {item.id: asset for item, asset in zip(items, answers, strict=True)}
        known = {one: asset for one, asset in assets.items() if asset is not None}
        progress = await self._client.progress_of(known.values())
        for item in items:
            asset = known.get(item.id)
            if asset is None:
                found[item.id] = Look(Standing.NEVER, item.asset_id, words="it is gone from Immich")
            elif asset.is_trashed:
                found[item.id] = Look(Standing.NEVER, item.asset_id, words=IN_TRASH)
            else:
                found[item.id] = look_of(asset, progress[asset.id])
        return found


def _known(check: UploadCheck) -> Look | None:
    """What follows from Immich's word about a content, None where it is to be uploaded."""
    if check.is_accepted:
        return None
    if check.asset_id is None:
        return Look(Standing.NEVER, words=f"Immich does not take it ({check.reason or 'it says not why'})")
    return Look(Standing.NEVER, words=IN_TRASH) if check.is_trashed else Look(Standing.WAITING, check.asset_id)


def _sha1(item: Item) -> str:
    assert item.sha1 is not None
    return item.sha1.hex()
