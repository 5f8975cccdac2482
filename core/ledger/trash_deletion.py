"""The effects that delete for good: a file in its place, or what lies in the trash. Nothing brings it back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.ledger.trash_checks import (
    GoingPayload,
    check_going,
    identity_at,
    is_gone,
    is_there,
    named,
    refuse_vanished,
    seen_at,
    standing,
)
from core.ledger.trash_moves import free_place, hidden_place, in_thread, on_disk
from core.media.moving import move_new, sync_folder
from core.media.volumes import why_missing
from core.model.library_files import FileIdentity
from core.path_text import shown, unpacked
from core.store.journal_records import NewEffect

FILE_DELETE: Final = "file.delete"
TRASH_DELETE: Final = "trash.delete"


def delete_effect(given: GoingPayload, *, part: str = "") -> NewEffect:
    """The planned deletion; its title says that there is no way back."""
    return NewEffect(FILE_DELETE, f"delete for good {named(given.place)}", msgspec.to_builtins(given), part=part)


class DeleteFile:
    """Deletes for good: only where that was asked for by its own word."""

    async def inspect(self, payload: Payload) -> Image:
        """Refused unless it is the file that was looked at and another one stays."""
        await in_thread(check_going, parsed(payload, GoingPayload))
        return {}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Delete it."""
        given = parsed(payload, GoingPayload)

        await in_thread(_delete, given)
        return {}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Whether its folder is there, of the same volume, and it is not; one that was half gone is put back."""
        given = parsed(payload, GoingPayload)

        def is_deleted() -> bool:
            path, hidden = given.place, hidden_place(given.place, given.identity)
            if seen_at(hidden) is not None:
                move_new(hidden, free_place(path))
                return False
            return is_gone(path, given.identity)

        return {} if await in_thread(is_deleted) else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        given = parsed(payload, GoingPayload)
        raise UndoRefusedError(f"{shown(given.place)} was deleted for good: only a backup can bring it back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        await self.may_revert(payload, before, after)


class EmptyPayload(msgspec.Struct, frozen=True):
    """Something in the trash that is deleted for good: where it lies, as what, and the effect that put it there."""

    place: str
    identity: FileIdentity
    trash_id: int


def empty_effect(given: EmptyPayload, name: str) -> NewEffect:
    """The planned deletion out of the trash."""
    return NewEffect(TRASH_DELETE, f"delete {name} out of the trash, for good", msgspec.to_builtins(given))


class EmptyTrashed:
    """Deletes what lies in the trash, if it is what was put there."""

    async def inspect(self, payload: Payload) -> Image:
        """Refused when something else lies there."""
        given = parsed(payload, EmptyPayload)
        place = Path(unpacked(given.place))
        found = await in_thread(seen_at, place)
        if found is not None and (found.size, found.mtime_ns) != (given.identity.size, given.identity.mtime_ns):
            raise EffectRefusedError(f"{shown(place)} is not what was put there; it was left alone")
        if found is None and not is_there(place.parent.parent, given.identity.device):
            raise EffectRefusedError(f"the trash {shown(place.parent.parent)} is not there: is its disk mounted?")
        return {}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Delete it and its empty folder."""
        place = Path(unpacked(parsed(payload, EmptyPayload).place))

        def delete() -> None:
            with suppress(FileNotFoundError):
                on_disk(place.unlink, place)
            with suppress(OSError):
                place.parent.rmdir()

        await in_thread(delete)
        return {}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Whether it is gone from a trash that is there."""
        given = parsed(payload, EmptyPayload)
        place = Path(unpacked(given.place))

        def is_emptied() -> bool:
            return seen_at(place) is None and is_there(place.parent.parent, given.identity.device)

        return {} if await in_thread(is_emptied) else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        raise UndoRefusedError("what was deleted out of the trash cannot come back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Never."""
        await self.may_revert(payload, before, after)


def _delete(given: GoingPayload) -> None:
    """Take its name away, see that those that were to stay are still there, and only then let it go."""
    check_going(given)
    path, hidden, others = given.place, hidden_place(given.place, given.identity), standing(given)
    try:
        on_disk(lambda: move_new(path, hidden), path)
    except FileNotFoundError as error:
        raise EffectRefusedError(why_missing(path, given.identity.device)) from error
    try:
        if identity_at(hidden) != given.identity:
            raise EffectRefusedError(f"{shown(path)} was replaced at this moment; nothing was deleted")
        refuse_vanished(given, others)
        on_disk(hidden.unlink, path)
    except EffectRefusedError:
        move_new(hidden, free_place(path))
        raise
    sync_folder(path.parent)
