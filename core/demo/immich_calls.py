"""The calls a demo Immich knows, with the scope each takes and the version that brought it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.demo.immich_backend import ImmichBackend
from core.demo.immich_import import MEDIA_TYPES, kind_of
from core.demo.immich_request import Asked, RefusedError
from core.demo.immich_search import search
from core.demo.immich_world import UPLOADS, DemoAsset, DemoLibrary, DemoPerson

Carried = tuple[int, Any]
Handler = Callable[[ImmichBackend, Asked], Carried]
_MIN_FACES = 3


def _nothing(_: ImmichBackend, __: Asked) -> Carried:
    return 204, None


@dataclass(frozen=True, slots=True)
class DemoCall:
    """One call. `pretend` answers as if it had been carried out, `scope` is empty where any key will do."""

    method: str
    route: str
    answer: Handler
    scope: str = ""
    is_admin: bool = False
    is_public: bool = False
    since: tuple[int, int] = (1, 0)
    pretend: Handler = _nothing

    @property
    def name(self) -> str:
        """As the request log has it."""
        return f"{self.method} {self.route}"


# -- what it is --------------------------------------------------------------------------------------------------------


def _media_types(_: ImmichBackend, __: Asked) -> Carried:
    return 200, MEDIA_TYPES


def _key(backend: ImmichBackend, asked: Asked) -> Carried:
    key = next(key for key in backend.world.keys.values() if key.secret == asked.headers["x-api-key"])
    times = {"createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z"}
    return 200, {"id": asked.user.id, "name": "Winnow", "permissions": sorted(key.scopes), **times}


# -- libraries ---------------------------------------------------------------------------------------------------------


def _library(backend: ImmichBackend, asked: Asked) -> DemoLibrary:
    library = backend.world.libraries.get(asked.path["id"])
    if library is None:
        raise RefusedError(400, "Library not found")
    return library


def _libraries(backend: ImmichBackend, _: Asked) -> Carried:
    return 200, [backend.answers.library(library) for library in backend.world.libraries.values()]


def _one_library(backend: ImmichBackend, asked: Asked) -> Carried:
    return 200, backend.answers.library(_library(backend, asked))


def _scan(backend: ImmichBackend, asked: Asked) -> Carried:
    backend.imports.scan(_library(backend, asked))
    return 204, None


# -- assets ------------------------------------------------------------------------------------------------------------


def _asset(backend: ImmichBackend, asked: Asked, asset_id: str, right: str = "asset.read") -> DemoAsset:
    asset = backend.world.assets.get(asset_id)
    can_see = asset is not None and backend.world.can_see(asked.user, asset)
    is_allowed = asset is not None and (can_see if right == "asset.read" else asset.owner_id == asked.user.id)
    if asset is None or not is_allowed:
        raise RefusedError(400, f"Not found or no {right} access")
    return asset


def _one_asset(backend: ImmichBackend, asked: Asked) -> Carried:
    return 200, backend.answers.asset(_asset(backend, asked, asked.path["id"]), asked.user)


def _search(backend: ImmichBackend, asked: Asked) -> Carried:
    found, page, cursor = search(backend.world, asked)
    items = [backend.answers.asset(asset, asked.user) for asset in found]
    counts: dict[str, Any] = {"count": len(items), "total": len(items), "facets": []}
    assets = {"items": items, "nextPage": page} | counts
    if backend.version >= (3, 2):
        assets["nextCursor"] = cursor
    return 200, {"assets": assets, "albums": {"count": 0, "total": 0, "facets": [], "items": []}}


def _trash(backend: ImmichBackend, asked: Asked) -> Carried:
    """A force delete is carried out as well, and noted: Winnow must never ask for one."""
    if asked.body.get("force"):
        backend.violations.append("it deleted assets by force")
    for asset_id in asked.wants(asked.body.get("ids"), "ids", list):
        asset = _asset(backend, asked, asked.wants_id(asset_id, "ids"), "asset.delete")
        if asset.library_id is not None and backend.disk.exists(asset.path):
            backend.violations.append("it put an asset into the trash whose original Immich would remove later")
        asset.is_trashed = True
    return 204, None


def _check(backend: ImmichBackend, asked: Asked) -> Carried:
    results = []
    for item in asked.wants(asked.body.get("assets"), "assets", list):
        known = backend.world.uploaded(asked.user.id, bytes.fromhex(item["checksum"]))
        result = {"id": item["id"], "action": "accept" if known is None else "reject"}
        if known is not None:
            result |= {"reason": "duplicate", "assetId": known.id, "isTrashed": known.is_trashed}
        results.append(result)
    return 200, {"results": results}


def _upload(backend: ImmichBackend, asked: Asked) -> Carried:
    old = ("deviceAssetId", "deviceId") if backend.version < (3, 0) else ()
    stated = asked.headers.get("x-immich-checksum", "")
    known = backend.world.uploaded(asked.user.id, bytes.fromhex(stated)) if stated else None
    if known is None:
        asked.wants_form("fileCreatedAt", "fileModifiedAt", *old)
        if asked.file_name is None:
            raise RefusedError(400, "Validation failed", [("assetData", "should not be empty")])
        name = asked.form.get("filename") or asked.file_name
        if not (kind := kind_of(name)):
            raise RefusedError(400, f"Unsupported file type {name}")
        digest = hashlib.sha1(asked.content, usedforsecurity=False).digest()
        known = backend.world.uploaded(asked.user.id, digest)
        if known is None:
            path = f"{UPLOADS}/{asked.user.id}/{backend.world.new_id()}{name[name.rfind('.') :].lower()}"
            asset = backend.world.add_asset(asked.user.id, path, sha1=digest)
            asset.file_name, asset.kind, asset.content = name, kind, asked.content
            asset.visibility = asked.form.get("visibility", "timeline")
            backend.imports.look_at(asset)
            return 201, {"id": asset.id, "status": "created"}
    return 200, {"id": known.id, "status": "duplicate"}


def _pretended_upload(backend: ImmichBackend, _: Asked) -> Carried:
    return 201, {"id": backend.world.new_id(), "status": "created"}


# -- faces and people --------------------------------------------------------------------------------------------------


def _person(backend: ImmichBackend, asked: Asked, right: str) -> DemoPerson:
    person = backend.world.people.get(asked.path["id"])
    if person is None or person.owner_id != asked.user.id:
        raise RefusedError(400, f"Not found or no {right} access")
    return person


def _faces(backend: ImmichBackend, asked: Asked) -> Carried:
    asset = _asset(backend, asked, asked.wants_id(asked.argument("id"), "id"))
    return 200, [backend.answers.face(face, asked.user) for face in asset.faces]


def _people(backend: ImmichBackend, asked: Asked) -> Carried:
    counts: dict[str, int] = {}
    for asset in backend.world.assets.values():
        if not asset.is_trashed and asset.visibility == "timeline":
            for face in asset.faces:
                if face.person is not None:
                    counts[face.person.id] = counts.get(face.person.id, 0) + 1
    mine = [one for one in backend.world.people.values() if one.owner_id == asked.user.id and one.id in counts]
    listed = [one for one in mine if one.name or counts[one.id] >= _MIN_FACES]
    shown = [one for one in listed if not one.is_hidden or asked.argument("withHidden") == "true"]
    page, size = int(asked.argument("page", "1") or 1), int(asked.argument("size", "500") or 500)
    items = [backend.answers.person(one) for one in shown[(page - 1) * size : page * size]]
    hidden = sum(one.is_hidden for one in mine)
    return 200, {"people": items, "total": len(mine), "hidden": hidden, "hasNextPage": len(shown) > page * size}


def _one_person(backend: ImmichBackend, asked: Asked) -> Carried:
    return 200, backend.answers.person(_person(backend, asked, "person.read"))


def _new_person(backend: ImmichBackend, asked: Asked) -> Carried:
    name = asked.wants(asked.body.get("name", ""), "name", str)
    return 201, backend.answers.person(backend.world.add_person(asked.user, name))


def _pretended_person(backend: ImmichBackend, asked: Asked) -> Carried:
    return 201, backend.answers.person(DemoPerson(backend.world.new_id(), asked.user.id, asked.body.get("name", "")))


def _reassign(backend: ImmichBackend, asked: Asked) -> Carried:
    person = _person(backend, asked, "person.update")
    face_id = asked.wants_id(asked.body.get("id"), "id")
    mine = (asset for asset in backend.world.assets.values() if asset.owner_id == asked.user.id)
    face = next((face for asset in mine for face in asset.faces if face.id == face_id), None)
    if face is None:
        raise RefusedError(400, "Not found or no person.create access")
    face.person = person
    return 200, backend.answers.person(person)


def _pretended_reassign(backend: ImmichBackend, asked: Asked) -> Carried:
    return 200, backend.answers.person(_person(backend, asked, "person.update"))


# -- queues ------------------------------------------------------------------------------------------------------------


def _queues(backend: ImmichBackend, _: Asked) -> Carried:
    return 200, [backend.answers.queue(queue) for queue in backend.queues.all.values()]


def _old_queues(backend: ImmichBackend, _: Asked) -> Carried:
    return 200, {name: backend.answers.old_queue(queue) for name, queue in backend.queues.all.items()}


def _queue_jobs(backend: ImmichBackend, asked: Asked) -> Carried:
    queue = backend.queues.all.get(asked.path["name"])
    if queue is None:
        raise RefusedError(400, "Validation failed", [("name", "must be one of the queue names")])
    statuses = [value for key, value in asked.query if key == "status"]
    jobs = [job for status in statuses or ("active", "waiting") for job in queue.jobs(status)][:1000]
    return 200, [{"id": job.id, "name": job.name, "timestamp": 1_780_000_000_000, "data": job.data} for job in jobs]


def _command(backend: ImmichBackend, asked: Asked) -> Carried:
    backend.violations.append(f"it told a queue to {asked.body.get('command')}")
    raise RefusedError(400, "the demo takes no commands")


def _public(route: str, answer: Handler) -> DemoCall:
    return DemoCall("GET", route, answer, is_public=True)


CALLS = (
    _public("/server/ping", lambda _, __: (200, {"res": "pong"})),
    _public("/server/version", lambda backend, _: (200, backend.answers.version())),
    _public(
        "/server/features",
        lambda backend, _: (200, backend.answers.features(has_faces=backend.has_faces, has_trash=backend.has_trash)),
    ),
    _public("/server/media-types", _media_types),
    DemoCall("GET", "/api-keys/me", _key, since=(1, 139)),
    DemoCall("GET", "/users/me", lambda backend, asked: (200, backend.answers.user(asked.user)), "user.read"),
    DemoCall("GET", "/libraries", _libraries, "library.read", is_admin=True),
    DemoCall("GET", "/libraries/{id}", _one_library, "library.read", is_admin=True),
    DemoCall("POST", "/libraries/{id}/scan", _scan, "library.update", is_admin=True),
    DemoCall("POST", "/search/metadata", _search, "asset.read"),
    DemoCall("POST", "/assets/bulk-upload-check", _check, "asset.upload"),
    DemoCall("POST", "/assets", _upload, "asset.upload", pretend=_pretended_upload),
    DemoCall("DELETE", "/assets", _trash, "asset.delete"),
    DemoCall("GET", "/assets/{id}", _one_asset, "asset.read"),
    DemoCall("GET", "/faces", _faces, "face.read"),
    DemoCall("PUT", "/faces/{id}", _reassign, "face.update", pretend=_pretended_reassign),
    DemoCall("GET", "/people", _people, "person.read"),
    DemoCall("POST", "/people", _new_person, "person.create", pretend=_pretended_person),
    DemoCall("GET", "/people/{id}", _one_person, "person.read"),
    DemoCall("GET", "/jobs", _old_queues, "job.read", is_admin=True),
    DemoCall("PUT", "/jobs/{name}", _command, "job.create", is_admin=True),
    DemoCall("GET", "/queues", _queues, "queue.read", is_admin=True, since=(2, 4)),
    DemoCall("GET", "/queues/{name}/jobs", _queue_jobs, "queueJob.read", is_admin=True, since=(2, 4)),
)
