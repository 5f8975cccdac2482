"""The effect that writes PHASHes of files into Stash, some at a time, and takes them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from core.errors import EffectRefusedError, GraphQLError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.stash_records import Turn
from core.servers.stash_removal import StashRemoval
from core.store.journal_records import NewEffect

STASH_FINGERPRINTS: Final = "stash.fingerprints"
FILES_AN_EFFECT: Final = 100
_PHASH: Final = "phash"


class _Prints(msgspec.Struct, frozen=True):
    phashes: dict[str, str | None]


def fingerprint_effects(phashes: Mapping[int, int], *, part: str = "") -> list[NewEffect]:
    """Planned effects that set these PHASHes (unsigned 64-bit, by the number of the file), FILES_AN_EFFECT each."""
    ids = sorted(phashes)
    chunks = [ids[start : start + FILES_AN_EFFECT] for start in range(0, len(ids), FILES_AN_EFFECT)]
    return [
        NewEffect(
            STASH_FINGERPRINTS,
            f"set the PHASH of {'1 file' if len(chunk) == 1 else f'{len(chunk)} files'} in Stash",
            {"phashes": {str(one): f"{phashes[one]:x}" for one in chunk}},
            part=part,
        )
        for chunk in chunks
    ]


class StashFingerprints:
    """Sets PHASHes. Files that are gone from Stash, and those that hold the value already, are passed over."""

    def __init__(self, removal: StashRemoval, turn: Turn) -> None:
        self._removal = removal
        self._turn = turn

    async def inspect(self, payload: Payload) -> Image:
        """What the files hold that are to be changed. Refused when there is none."""
        wanted = _prints(payload)
        held = await self._held(wanted)
        old = {file_id: value for file_id, value in held.items() if value != wanted[file_id]}
        if not old:
            raise EffectRefusedError("none of these files is in Stash without this PHASH any more: nothing to write")
        return _image(old)

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Set them, and give those that Stash holds then. One that was cut short in the middle counts as done."""
        wanted = _prints(payload)
        old = _prints(before)
        refusal: GraphQLError | None = None
        async with self._turn():
            for file_id in old:
                try:
                    await self._removal.set_fingerprints(file_id, {_PHASH: wanted[file_id]})
                except GraphQLError as error:  # this one alone: it may have left Stash at this moment
                    refusal = refusal or error
        after = await self._after(wanted, old)
        if not after["phashes"]:
            raise refusal or LedgerError("Stash took the PHASHes but does not hold them: look into its log")
        return after

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Those that hold the written value, None if not one does."""
        after = await self._after(_prints(payload), _prints(before))
        return after if after["phashes"] else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused when no file holds what was written any more."""
        written = _prints(after)
        held = await self._held(written)
        if not any(value == written[file_id] for file_id, value in held.items()):
            raise UndoRefusedError("no file holds the PHASH any more that Winnow wrote: there is nothing to put back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Set the old value, or none, wherever the written one stands."""
        written, old = _prints(after), _prints(before)
        async with self._turn():
            for file_id, value in (await self._held(written)).items():
                if value == written[file_id]:
                    await self._removal.set_fingerprints(file_id, {_PHASH: old.get(file_id)})

    async def _held(self, wanted: Mapping[int, str | None]) -> dict[int, str | None]:
        """The PHASHes of those of the files that Stash knows."""
        files = await self._removal.files(list(wanted))
        return {file.id: None if file.phash is None else f"{file.phash:x}" for file in files.values()}

    async def _after(self, wanted: Mapping[int, str | None], old: Mapping[int, str | None]) -> Image:
        held = await self._held(old)
        missing = [file_id for file_id in old if held.get(file_id) != wanted[file_id]]
        written = {file_id: wanted[file_id] for file_id in old if file_id not in missing}
        return _image(written) | {"not_taken": missing}


def _prints(value: Payload | Image) -> dict[int, str | None]:
    """PHASHes by the number of the file, in hexadecimal; None: it has none. JSON writes numbers of keys as text."""
    return {int(file_id): phash for file_id, phash in parsed(value, _Prints).phashes.items()}


def _image(phashes: Mapping[int, str | None]) -> Image:
    return {"phashes": {str(file_id): value for file_id, value in phashes.items()}}
