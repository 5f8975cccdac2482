"""What `winnow doctor` finds out about the Immich of the intake desk: server, key, library, queues, database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

from core.doctor_machine import Check, State
from core.errors import AuthenticationError, ConfigError, MissingScopeError, ServerError
from core.intake.immich_ready import ensure_library
from core.path_map import immich_path
from core.path_text import shown
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.servers.immich_database import ImmichDatabase
from core.servers.immich_exclusions import excluding
from core.servers.immich_version import CORRECTION, LIBRARY, NEWEST, READING, TRASH, UPLOAD, ImmichVersion, KeyRights
from core.settings_intake import IntakeSettings

_PURPOSES: Final = {
    "asset.read": "to find pictures",
    "face.read": "to see their faces",
    "person.read": "to know whose faces they are",
    "user.read": "to know whose key it is",
    "library.read": "to see the library and its folders",
    "library.update": "to have the library scanned",
    "asset.upload": "to upload pictures",
    "queue.read": "to know when a picture is analysed",
    "queueJob.read": "to know when a picture is analysed",
    "job.read": "to know when a picture is analysed",
    "asset.delete": "to take uploaded copies away again, into Immich's trash",
    "face.update": "to assign a face when you approve a picture",
    "person.create": "to make a new person when you approve a picture",
}
_KEYS: Final = "add it to the key in Immich: Account settings > API keys"
_DATABASE: Final = "Immich database"
_READER: Final = (
    "make a role that only reads: CREATE ROLE winnow LOGIN PASSWORD '...';"
    ' GRANT SELECT ON asset, asset_face, face_search TO winnow; GRANT SELECT (id, "clusterGroupId") ON "user" TO winnow'
)


async def examine_immich(http: Http, settings: IntakeSettings) -> AsyncIterator[Check]:
    """Every check, one after another; what cannot be asked ends only what builds on it."""
    if not settings.immich.url:
        words = "no address is set: nobody is recognised, every picture goes to review"
        yield Check("Immich", State.WARNING, words, "set [intake.immich] url and api_key")
    else:
        async for check in _server(http, settings):
            yield check
    if settings.immich.database:
        yield await _database(settings)


async def _server(http: Http, settings: IntakeSettings) -> AsyncIterator[Check]:
    try:
        client = ImmichClient(http, settings.immich.url, settings.immich.api_key.reveal())
        await client.ping()
        version = await client.version()
        features = await client.features()
    except (ServerError, ConfigError) as error:
        yield Check("Immich", State.FAILED, str(error), "is it running, and is [intake.immich] url right?")
        return
    yield _version(client, version)
    if features.has_face_recognition:
        yield Check("face recognition", State.OK, "is switched on in Immich")
    else:
        advice = "switch it on: Administration > Settings > Machine learning > Facial recognition"
        yield Check("face recognition", State.FAILED, "is switched off in Immich: nobody is ever recognised", advice)
    try:
        rights = await client.key_rights()
        for check in _rights(rights, settings, version):
            yield check
        user = await client.user()
    except MissingScopeError:  # said by the check of the rights
        return
    except ServerError as error:
        yield Check("Immich key", State.FAILED, str(error), "make one in Immich: Account settings > API keys")
        return
    if not user.is_admin:
        words = f"acts as {shown(user.name)}, who is no administrator: libraries and queues cannot be seen"
        advice = "use a key of an administrator, who owns the library"
        yield Check("Immich key", State.FAILED, words, advice)
        return
    yield Check("Immich key", State.OK, f"acts as {shown(user.name)}, an administrator")
    yield await _library(client, settings)
    async for check in _queues(client):
        yield check


def _version(client: ImmichClient, version: ImmichVersion) -> Check:
    words = f"{client.url} runs version {version.text}"
    if (version.major, version.minor) > (NEWEST.major, NEWEST.minor):
        words += f", which is newer than {NEWEST.major}.{NEWEST.minor}, the newest that this Winnow knows"
        return Check("Immich", State.WARNING, words, "update Winnow if something does not work")
    return Check("Immich", State.OK, words)


def _rights(rights: KeyRights, settings: IntakeSettings, version: ImmichVersion) -> Iterator[Check]:
    """Each right that the key lacks, and what it takes it for."""
    is_library = bool(settings.immich.library_id)
    needed = (*READING, *(LIBRARY if is_library else UPLOAD), *version.queue_scopes)
    useful = (*(() if is_library else TRASH), *CORRECTION)
    if rights.scopes is None:
        yield Check("Immich key", State.OK, "its rights cannot be asked before Immich 1.139")
        return
    for scope in rights.missing(needed):
        yield Check("Immich key", State.FAILED, f"lacks {scope}, which it takes {_PURPOSES[scope]}", _KEYS)
    for scope in rights.missing(useful):
        yield Check("Immich key", State.WARNING, f"lacks {scope}, which it takes {_PURPOSES[scope]}", _KEYS)


async def _library(client: ImmichClient, settings: IntakeSettings) -> Check:
    """Whether the library is the key's user's, and takes what lies in `temp_dir`."""
    name, immich = "Immich library", settings.immich
    if not immich.library_id:
        return Check(name, State.SKIPPED, "none is set: pictures are uploaded")
    folder = immich_path(settings.temp_dir, immich.path_map)
    try:
        library = await ensure_library(client, immich.library_id, folder)
    except AuthenticationError as error:
        return Check(name, State.FAILED, str(error), "the library and the key must be of one user, an administrator")
    except ServerError as error:
        advice = "see [intake.immich] library_id and path_map, and the library in Immich"
        return Check(name, State.FAILED, str(error), advice)
    label = shown(library.name or library.id)
    sample = f"{folder.rstrip('/')}/1/picture.jpg"
    if (pattern := excluding(sample, library.exclusion_patterns)) is not None:
        words = f"{label} leaves out {shown(sample)}, by its exclusion pattern {shown(pattern)}"
        return Check(name, State.FAILED, words, "take that pattern out of the library, or choose another temp_dir")
    same = "" if folder == settings.temp_dir else f", which is {shown(settings.temp_dir)} here"
    return Check(name, State.OK, f"{label} holds {shown(folder)}{same}")


async def _queues(client: ImmichClient) -> AsyncIterator[Check]:
    try:
        queues = await client.queues()
    except ServerError as error:
        yield Check("Immich queues", State.FAILED, str(error), "until that works no picture counts as analysed")
        return
    for name in queues.paused:
        words = f"{name} is paused: pictures wait until it goes on"
        yield Check("Immich queues", State.WARNING, words, "resume it in Immich: Administration > Jobs")
    if not queues.paused:
        yield Check("Immich queues", State.OK, f"none is paused; they are {queues.state().value}")


async def _database(settings: IntakeSettings) -> Check:
    """Whether distances of faces can be asked for, by whom, and which layout it has."""
    try:
        database = ImmichDatabase(settings.immich.database)
        try:
            state = await database.look()
        finally:
            await database.close()
    except (ServerError, ConfigError) as error:
        advice = "correct [intake.immich] database, or leave it empty to do without"
        return Check(_DATABASE, State.FAILED, str(error), advice)
    words = f"{database.name} can be read, laid out as by {state.layout.words}"
    if state.can_write:
        return Check(_DATABASE, State.WARNING, f"{words}; its role could also write, which Winnow never does", _READER)
    return Check(_DATABASE, State.OK, words)
