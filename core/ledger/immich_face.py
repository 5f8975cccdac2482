"""The effect that gives a face in Immich to a person, who is made where there is none; and back to whose it was.

A face that was nobody's stays assigned: Immich has no way to take it away from a person again. A person made for it is
removed by Immich itself, in the night, once it has no face left.
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import EffectRefusedError, ServerError, UncertainWriteError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.path_text import shown
from core.servers.immich import ImmichClient
from core.servers.immich_faces import Face
from core.store.journal_records import NewEffect

IMMICH_FACE: Final = "immich.face"
IMMICH_FACE_FOR_GOOD: Final = "immich.face-for-good"
"""Of a face that was nobody's: nothing in it can be taken back."""


class FacePayload(msgspec.Struct, frozen=True):
    """A face in an asset, and the person it is to be given to; without an id, one of that name is made.

    `file` is the name of the picture, for the messages; `is_nobodys`: it belonged to nobody when it was looked at.
    `is_ours`: Winnow put the picture into Immich, for as long as it is looked at.
    """

    asset_id: str
    face_id: str
    person_name: str
    file: str
    person_id: str | None = None
    is_nobodys: bool = False
    is_ours: bool = False


class _Before(msgspec.Struct, frozen=True):
    person_id: str | None
    cannot_come_back: str = ""


class AssignedImage(msgspec.Struct, frozen=True):
    """Whose the face is now."""

    person_id: str


def face_effect(given: FacePayload, *, part: str) -> NewEffect:
    """The planned assignment; its title says where there is no way back."""
    title = f"assign the face in {shown(given.file)} to {shown(given.person_name)} in Immich"
    if given.is_nobodys:
        title += " (an undo leaves that as it is)"
    kind = IMMICH_FACE_FOR_GOOD if given.is_nobodys else IMMICH_FACE
    return NewEffect(kind, title, msgspec.to_builtins(given), part=part)


def is_for_good(effect: NewEffect) -> bool:
    """Whether an undo leaves a planned assignment as it is."""
    return effect.kind == IMMICH_FACE_FOR_GOOD


class AssignFace:
    """Gives faces to people."""

    def __init__(self, client: ImmichClient) -> None:
        self._client = client
        self._made: dict[str, str] = {}

    async def inspect(self, payload: Payload) -> Image:
        """Whose it is. Refused when the picture or the face is gone from Immich."""
        given = parsed(payload, FacePayload)
        face = await self._face(given)
        if face is None:
            raise EffectRefusedError(f"{shown(given.file)}: Immich no longer has this picture, or this face in it")
        stays = f"the face in {shown(given.file)} stays {shown(given.person_name)}'s in Immich"
        before = _Before(None, stays) if face.person is None else _Before(face.person.id)
        return msgspec.to_builtins(before)  # type: ignore[no-any-return]

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Give it, and read back whose it is."""
        given = parsed(payload, FacePayload)
        person_id = given.person_id or await self._person_named(given.person_name)
        await self._client.people.reassign(given.face_id, person_id)
        face = await self._face(given)
        if face is None or face.person is None or face.person.id != person_id:
            raise ServerError(
                f"it took the face in {shown(given.file)} for {shown(given.person_name)}, but says otherwise",
                server=self._client.url,
            )
        return _image(person_id)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """Whose it is, if that is the person it was to be given to."""
        given, old = parsed(payload, FacePayload), parsed(before, _Before)
        face = await self._face(given)
        if face is None or face.person is None:
            return None
        if given.person_id is not None:
            is_given = face.person.id == given.person_id
        else:
            is_given = face.person.id != old.person_id and face.person.name == given.person_name
        return _image(face.person.id) if is_given else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Refused when it was nobody's before, was given to somebody else since, or is gone."""
        given, old, image = parsed(payload, FacePayload), parsed(before, _Before), parsed(after, AssignedImage)
        face = await self._face(given)
        if face is None:
            raise UndoRefusedError(f"{shown(given.file)}: Immich no longer has this picture, or this face in it")
        if old.person_id is None:
            raise UndoRefusedError(f"{old.cannot_come_back}: Immich cannot take a face away from a person")
        if face.person is None or face.person.id not in (image.person_id, old.person_id):
            raise UndoRefusedError(f"the face in {shown(given.file)} was given to somebody else in Immich since")

    async def revert(self, payload: Payload, before: Image, after: Image) -> str | None:
        """Give it back to whose it was; a second time changes nothing."""
        await self.may_revert(payload, before, after)
        given, old = parsed(payload, FacePayload), parsed(before, _Before)
        assert old.person_id is not None
        await self._client.people.reassign(given.face_id, old.person_id)
        return None

    async def _face(self, given: FacePayload) -> Face | None:
        asset = await self._client.asset(given.asset_id)
        if asset is None or asset.is_trashed:
            return None
        faces = await self._client.people.faces(asset) or ()
        return next((one for one in faces if one.id == given.face_id), None)

    async def _person_named(self, name: str) -> str:
        """The only one of that name, made where there is none. Raises EffectRefusedError where there are several."""
        known = self._made.get(name)
        if known is not None and await self._client.people.person(known) is not None:
            return known
        alike = [one.id for one in await self._client.people.all() if one.name == name]
        if len(alike) > 1:
            raise EffectRefusedError(
                f"{len(alike)} people are called {shown(name)} in Immich by now: choose one of them"
            )
        if alike:
            return alike[0]
        try:
            made = await self._client.people.create(name)
        except UncertainWriteError as error:  # one without a face is gone by tomorrow
            raise ServerError(f"{error}; nothing was assigned: try again", server=self._client.url) from error
        self._made[name] = made.id
        return made.id


def _image(person_id: str) -> Image:
    return msgspec.to_builtins(AssignedImage(person_id))  # type: ignore[no-any-return]
