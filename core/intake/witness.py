"""Keeps what came in and the review in step with the effects that move and trash files: inside the journal's own
transaction, so that no sudden end parts the two.

What a move or a trashed file means to the intake stands in its payload, and is nobody else's business.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from core.clock import Clock
from core.errors import LedgerError
from core.intake.people_known import local_person
from core.ledger.effects import parsed
from core.ledger.immich_face import AssignedImage, FacePayload
from core.ledger.move import MovedImage
from core.ledger.move_plan import MovePayload
from core.ledger.trash_checks import GoingPayload, identity_at
from core.media.moving import places_of
from core.model.incoming import Faces, ItemState, Known, Outcome, Person
from core.model.library_files import FileIdentity
from core.path_text import unpacked
from core.store import intake, intake_known, review_queue
from core.store.database import Transaction
from core.store.journal_records import EffectRecord
from core.store.review_queue import ReviewAction

_LOOKED_AT: Final = 100  # places; the database waits meanwhile


class TakeIn(msgspec.Struct, frozen=True, tag_field="kind", tag="take-in"):
    """A file goes to where Immich sees it; nothing is decided about it yet."""


class Route(msgspec.Struct, frozen=True, tag_field="kind", tag="route"):
    """The rules decided. `source` is who handed it over, `near` what it looks like."""

    outcome: Outcome
    source: str
    faces: Faces | None = None
    near: str = ""


class Approve(msgspec.Struct, frozen=True, tag_field="kind", tag="approve"):
    """Somebody decided whose picture it is."""

    review_id: int
    person: Person
    by: str


class Reject(msgspec.Struct, frozen=True, tag_field="kind", tag="reject"):
    """Somebody decided that it is not wanted. `sha256` in hexadecimal."""

    review_id: int
    item_id: int
    by: str
    sha256: str | None = None


class TrashDuplicate(msgspec.Struct, frozen=True, tag_field="kind", tag="trash-duplicate"):
    """The rules decided that a copy of what is known already goes to the trash."""

    item_id: int
    outcome: Outcome


Moving = TakeIn | Route | Approve
Trashing = Reject | TrashDuplicate


def meaning_of(value: Moving | Trashing) -> dict[str, Any]:
    """What a payload carries of it."""
    return msgspec.to_builtins(value)  # type: ignore[no-any-return]


class MoveWitness:
    """Follows the moves of files that came in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """A file lies where it was to go."""
        given = parsed(effect.payload, MovePayload)
        if given.item_id is None or given.meaning is None:
            return
        image = parsed(effect.after or {}, MovedImage)
        path, now = unpacked(image.place), self._clock.now()
        meaning = _moving(given.meaning)
        if isinstance(meaning, TakeIn):
            await intake.set_place(tx, given.item_id, path=path, identity=image.identity)
            return
        if isinstance(meaning, Route):
            await self._routed(tx, given, meaning, path, image.identity)
            return
        owner = (await intake_known.person_folders(tx)).get(given.folder, meaning.person.id)
        person = Person(owner, meaning.person.name)  # who may have come to be known in Immich meanwhile
        await review_queue.decide(
            tx, meaning.review_id, ReviewAction.APPROVED, by=meaning.by, path=path, person_name=person.name, now=now
        )
        await intake.set_finished(
            tx, given.item_id, ItemState.SORTED, path=path, identity=image.identity, person=person, now=now
        )
        await intake_known.keep_folder(tx, given.folder, person)

    async def _routed(
        self, tx: Transaction, given: MovePayload, meaning: Route, path: str, identity: FileIdentity
    ) -> None:
        assert given.item_id is not None
        now, outcome = self._clock.now(), meaning.outcome
        is_sorted = outcome.person is not None
        await intake.set_finished(
            tx,
            given.item_id,
            ItemState.SORTED if is_sorted else ItemState.REVIEW,
            path=path,
            identity=identity,
            outcome=outcome,
            faces=meaning.faces,
            person=outcome.person,
            is_auto=is_sorted,
            now=now,
        )
        if outcome.person is not None:
            await intake_known.keep_folder(tx, given.folder, outcome.person)
            return
        await review_queue.put(
            tx,
            given.item_id,
            outcome,
            path=path,
            sha256=None if given.sha256 is None else bytes.fromhex(given.sha256),
            size=identity.size,
            source=meaning.source,
            faces_detected=0 if meaning.faces is None else len(meaning.faces.found),
            near=meaning.near,
            now=now,
        )

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """It lies where it lay, or beside that."""
        given = parsed(effect.payload, MovePayload)
        if given.item_id is None or given.meaning is None:
            return
        path, identity = await _back(given.path, given.identity)
        now, meaning = self._clock.now(), _moving(given.meaning)
        if isinstance(meaning, Approve):
            await review_queue.reopen(tx, meaning.review_id, path=path)
            await intake.set_finished(tx, given.item_id, ItemState.REVIEW, path=path, identity=identity, now=now)
            return
        if isinstance(meaning, Route):
            await review_queue.drop(tx, given.item_id)
        await intake.give_back(tx, given.item_id, path=path, identity=identity, now=now)


class FaceWitness:
    """Follows the faces that are given to people in Immich.

    A picture whose face is somebody's stays there. A folder that was a mere name's is from then on that of the person
    who was made for the face.
    """

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """A face is somebody's."""
        given, image = parsed(effect.payload, FacePayload), parsed(effect.after or {}, AssignedImage)
        if given.is_ours:
            await intake.set_asset_is_ours(tx, given.asset_id, is_ours=False)
        if given.person_id is not None:
            return
        local = local_person(given.person_name).id
        for folder, owner in (await intake_known.person_folders(tx)).items():
            if owner == local:
                await intake_known.hand_over(tx, folder, local, Person(image.person_id, given.person_name))

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """The picture need not stay. The person keeps the folder until somebody else has that name."""
        given = parsed(effect.payload, FacePayload)
        if given.is_ours:
            await intake.set_asset_is_ours(tx, given.asset_id, is_ours=True)


class RejectWitness:
    """Follows what goes to the trash of what came in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """A file lies in the trash: its content is remembered as one that was deleted on purpose."""
        given = parsed(effect.payload, GoingPayload)
        if given.meaning is None:
            return
        meaning, now = _trashing(given.meaning), self._clock.now()
        if isinstance(meaning, TrashDuplicate):
            await intake.set_finished(tx, meaning.item_id, ItemState.TRASHED, outcome=meaning.outcome, now=now)
            return
        await review_queue.decide(tx, meaning.review_id, ReviewAction.REJECTED, by=meaning.by, now=now)
        await intake.set_finished(tx, meaning.item_id, ItemState.REJECTED, now=now)
        if meaning.sha256 is not None:
            content = bytes.fromhex(meaning.sha256)
            await intake_known.remember(tx, Known.DELETED, [(content, unpacked(given.path), now)])

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """It is back: nothing is known of a deletion any more."""
        given = parsed(effect.payload, GoingPayload)
        if given.meaning is None:
            return
        meaning, now = _trashing(given.meaning), self._clock.now()
        path, identity = await _back(given.path, given.identity)
        if isinstance(meaning, TrashDuplicate):
            await intake.give_back(tx, meaning.item_id, path=path, identity=identity, now=now)
            return
        await review_queue.reopen(tx, meaning.review_id, path=path)
        await intake.set_finished(tx, meaning.item_id, ItemState.REVIEW, path=path, identity=identity, now=now)
        if meaning.sha256 is not None:
            await intake_known.forget(tx, Known.DELETED, bytes.fromhex(meaning.sha256), unpacked(given.path))


def _moving(value: dict[str, Any]) -> Moving:
    return _read(value, Moving)  # type: ignore[no-any-return]


def _trashing(value: dict[str, Any]) -> Trashing:
    return _read(value, Trashing)  # type: ignore[no-any-return]


def _read(value: dict[str, Any], shape: Any) -> Any:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise LedgerError(
            f"what this action meant to the intake cannot be read ({error}): did a newer Winnow do it?"
        ) from error


async def _back(place: str, identity: FileIdentity) -> tuple[str, FileIdentity | None]:
    """Where a file that was put back lies, which may be beside its place, and as what."""
    return await asyncio.to_thread(_looked_for, Path(unpacked(place)), identity)


def _looked_for(path: Path, identity: FileIdentity) -> tuple[str, FileIdentity | None]:
    alike: list[tuple[str, FileIdentity]] = []
    for one in islice(places_of(path), _LOOKED_AT):
        with suppress(OSError):
            found = identity_at(one)
            if found == identity:
                return str(one), found
            if found is not None and (found.size, found.mtime_ns) == (identity.size, identity.mtime_ns):
                alike.append((str(one), found))  # it came back across file systems
    return alike[0] if alike else (str(path), None)
