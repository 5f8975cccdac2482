"""Whether an Immich can be worked with: asked once a run, before anything is handed to it."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import MissingScopeError, OtherOwnerError, ServerError
from core.servers.immich import ImmichClient
from core.servers.immich_assets import Library
from core.servers.immich_version import READING


async def ensure_ready(client: ImmichClient, scopes: Iterable[str]) -> None:
    """Raises ServerError, in words, for an Immich that finds no faces, MissingScopeError for a key without a right."""
    version = await client.version(is_fresh=True)
    if not (await client.features()).has_face_recognition:
        words = "its recognition of faces is switched off, so it recognises nobody: switch it on in its settings"
        raise ServerError(words, server=client.url)
    missing = (await client.key_rights()).missing((*READING, *scopes, *version.queue_scopes))
    if missing:
        words = f"the key lacks {', '.join(missing)}: add that to the key in Immich (Account settings > API keys)"
        raise MissingScopeError(words, scope=missing[0], server=client.url)


async def ensure_library(client: ImmichClient, library_id: str, folder: str) -> Library:
    """The library, which must be the key's user's own and hold a folder of the server. Raises ServerError."""
    library, user = await client.library(library_id), await client.user()
    if library is None:
        words = f"there is no library {library_id}: correct library_id under [intake.immich]"
        raise ServerError(words, server=client.url)
    if library.owner_id != user.id:
        words = (
            f"the library {library.name or library.id} belongs to another user than the key ({user.name}), who is not"
            " told who is in its pictures: use a key of its owner"
        )
        raise OtherOwnerError(words, server=client.url)
    if not library.holds(folder + "/"):
        words = (
            f"the library {library.name or library.id} does not hold {folder}: add that to its import paths, or correct"
            " path_map under [intake.immich]"
        )
        raise ServerError(words, server=client.url)
    return library
