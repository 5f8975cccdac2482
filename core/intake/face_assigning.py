"""Which face of a picture is given to the person it is approved to, where somebody asks for that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.errors import MissingScopeError, OtherOwnerError
from core.intake.deciding import Waiting
from core.intake.people_known import PersonChoice
from core.ledger.immich_face import FacePayload, face_effect
from core.path_text import shown
from core.servers.immich import ImmichClient
from core.servers.immich_version import CORRECTION
from core.store.journal_records import NewEffect


async def ensure_correcting(client: ImmichClient) -> None:
    """Raises MissingScopeError for a key that may not change whose a face is, ServerError where Immich is away."""
    if missing := (await client.key_rights()).missing(CORRECTION):
        words = (
            f"the key lacks {', '.join(missing)}, so no face can be assigned: add that to the key in Immich"
            " (Account settings > API keys), or approve without assigning"
        )
        raise MissingScopeError(words, scope=missing[0], server=client.url)


async def face_effects(
    client: ImmichClient, waiting: Sequence[Waiting], person: PersonChoice
) -> tuple[list[NewEffect], list[str]]:
    """The assignments, and in words where none can be made. Raises ServerError where Immich is away."""
    found = await asyncio.gather(*(_one(client, one, person) for one in waiting))
    effects = [one for one in found if isinstance(one, NewEffect)]
    return effects, [one for one in found if isinstance(one, str)]


async def _one(client: ImmichClient, waiting: Waiting, person: PersonChoice) -> NewEffect | str | None:
    """The assignment for one picture; None where the face is the person's already."""
    name = shown(waiting.line.filename)
    asset = await client.asset(waiting.item.asset_id) if waiting.item.asset_id else None
    if asset is None or asset.is_trashed:
        return f"{name}: no face is assigned, Immich does not have this picture any more"
    try:
        faces = await client.people.faces(asset) or ()
    except OtherOwnerError as error:
        return f"{name}: no face is assigned, {error}"
    if any(one.person is not None and one.person.id == person.id for one in faces):
        return None
    choice = faces if len(faces) == 1 else tuple(one for one in faces if one.person is None)
    if len(choice) != 1:
        which = "no face in it" if not faces else f"{len(faces)} faces in it: say in Immich which is whose"
        return f"{name}: no face is assigned, Immich found {which}"
    given = FacePayload(
        asset.id,
        choice[0].id,
        person.name,
        waiting.line.filename,
        person.id if person.is_in_immich else None,
        is_nobodys=choice[0].person is None,
        is_ours=waiting.item.asset_is_ours,
    )
    return face_effect(given, part=waiting.part)
