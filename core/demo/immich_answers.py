"""What a demo Immich answers, in the shape of its version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.demo.immich_jobs import DemoQueue
from core.demo.immich_world import DemoAsset, DemoFace, DemoLibrary, DemoPerson, DemoUser, ImmichWorld

PREVIEW = (1440, 960)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def moment(time: datetime) -> str:
    """A time as Immich writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Answers:
    """The shapes of one version, given as (major, minor)."""

    def __init__(self, version: tuple[int, ...], world: ImmichWorld) -> None:
        self._version = version
        self._world = world

    def version(self) -> dict[str, Any]:
        """GET /server/version."""
        major, minor, patch = (*self._version, 0, 0)[:3]
        numbers: dict[str, Any] = {"major": major, "minor": minor, "patch": patch}
        return numbers | ({"prerelease": None} if self._version >= (3, 0) else {})

    def features(self, *, has_faces: bool, has_trash: bool) -> dict[str, bool]:
        """GET /server/features."""
        off = ("configFile", "email", "importFaces", "oauth", "oauthAutoLaunch")
        on = ("duplicateDetection", "map", "passwordLogin", "reverseGeocoding", "search", "sidecar", "smartSearch")
        known = dict.fromkeys(off, False) | dict.fromkeys(on, True)
        known |= {"facialRecognition": has_faces, "trash": has_trash}
        if self._version >= (2, 2):
            known["ocr"] = False
        return known | ({"realtimeTranscoding": False} if self._version >= (3, 0) else {})

    def user(self, user: DemoUser) -> dict[str, Any]:
        """GET /users/me."""
        created = moment(_LONG_AGO)
        answer: dict[str, Any] = {
            "id": user.id,
            "name": user.name,
            "email": f"{user.name.lower()}@example.com",
            "isAdmin": user.is_admin,
            "avatarColor": "primary",
            "profileImagePath": "",
            "profileChangedAt": created,
            "createdAt": created,
            "updatedAt": created,
            "deletedAt": None,
            "oauthId": "",
            "license": None,
            "quotaSizeInBytes": None,
            "quotaUsageInBytes": None,
            "shouldChangePassword": False,
            "status": "active",
            "storageLabel": None,
        }
        has_cluster = self._version >= (3, 2)
        return answer | ({"clusterGroupId": "5f0c8a52-3c7e-4b1d-9a64-0d2f6f1f7b11"} if has_cluster else {})

    def library(self, library: DemoLibrary) -> dict[str, Any]:
        """One of GET /libraries."""
        held = [asset for asset in self._world.assets.values() if asset.library_id == library.id]
        return {
            "id": library.id,
            "ownerId": library.owner_id,
            "name": library.name,
            "assetCount": len(held),
            "importPaths": library.import_paths,
            "exclusionPatterns": library.exclusion_patterns,
            "createdAt": moment(_LONG_AGO),
            "updatedAt": moment(_LONG_AGO),
            "refreshedAt": None if library.refreshed_at is None else moment(library.refreshed_at),
        }

    def asset(self, asset: DemoAsset, user: DemoUser) -> dict[str, Any]:
        """An asset as that user sees it: people are told to its owner alone."""
        created = moment(asset.created_at)
        answer: dict[str, Any] = {
            "id": asset.id,
            "ownerId": asset.owner_id,
            "libraryId": asset.library_id,
            "originalPath": asset.path,
            "originalFileName": asset.file_name,
            "checksum": asset.checksum,
            "type": asset.kind,
            "visibility": asset.visibility,
            "isTrashed": asset.is_trashed,
            "isOffline": asset.is_offline,
            "isArchived": asset.visibility == "archive",
            "isFavorite": False,
            "hasMetadata": True,
            "thumbhash": asset.thumbhash,
            "duplicateId": None,
            "livePhotoVideoId": None,
            "duration": None,
            "people": [],
            **dict.fromkeys(("createdAt", "updatedAt", "fileCreatedAt", "fileModifiedAt", "localDateTime"), created),
        }
        if self._version >= (2, 5):
            width, height = PREVIEW if asset.thumbhash else (None, None)
            answer |= {"width": width, "height": height, "isEdited": False}
        is_own, is_old = asset.owner_id == user.id, self._version < (3, 0)
        if is_own:
            answer["people"] = [
                self.person(person) | ({"faces": [self._bare(face) for face in faces]} if is_old else {})
                for person, faces in _people_of(asset)
            ]
        if is_old:
            unassigned = [self._bare(face) for face in asset.faces if face.person is None]
            old = {"deviceId": "Library Import", "deviceAssetId": asset.file_name, "duration": "0:00:00.00000"}
            answer |= old | {"unassignedFaces": unassigned if is_own else []}
        return answer

    def person(self, person: DemoPerson) -> dict[str, Any]:
        """A person."""
        answer: dict[str, Any] = {
            "id": person.id,
            "name": person.name,
            "birthDate": None,
            "thumbnailPath": f"/usr/src/app/upload/thumbs/{person.id}.jpeg",
            "isHidden": person.is_hidden,
            "isFavorite": False,
            "updatedAt": moment(_LONG_AGO),
        }
        if self._version >= (3, 3):
            answer |= {"otherPeople": [], "sharedBy": [], "sharedWith": []}
        return answer

    def face(self, face: DemoFace, user: DemoUser) -> dict[str, Any]:
        """A face as that user sees it: other users' people look like nobody."""
        is_told = face.person is not None and face.person.owner_id == user.id
        person = self.person(face.person) if face.person is not None and is_told else None
        return self._bare(face) | {"person": person}

    def _bare(self, face: DemoFace) -> dict[str, Any]:
        width, height = PREVIEW
        left, top, right, bottom = face.plan.box
        return {
            "id": face.id,
            "imageWidth": width,
            "imageHeight": height,
            "boundingBoxX1": round(left * width),
            "boundingBoxY1": round(top * height),
            "boundingBoxX2": round(right * width),
            "boundingBoxY2": round(bottom * height),
            "sourceType": "machine-learning",
        }

    def queue(self, queue: DemoQueue) -> dict[str, Any]:
        """One of GET /queues."""
        return {"name": queue.name, "isPaused": queue.is_paused, "statistics": queue.counts}

    def old_queue(self, queue: DemoQueue) -> dict[str, Any]:
        """One of GET /jobs."""
        status = {"isActive": bool(queue.active), "isPaused": queue.is_paused}
        return {"jobCounts": queue.counts, "queueStatus": status}

    def error(self, status: int, message: str, fields: list[tuple[str, str]]) -> dict[str, Any]:
        """The body of a refusal; `fields` are (name, what is wrong with it) of a body that is none."""
        names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
        if self._version >= (3, 0):
            issues = [{"code": "custom", "path": [name], "message": words} for name, words in fields]
            return {"message": "Validation failed", "errors": issues} if fields else {"message": message}
        listed = [f"{name} {words}" for name, words in fields]
        return {
            "message": listed or message,
            "error": names.get(status, "Internal Server Error"),
            "statusCode": status,
            "correlationId": "demo0001",
        }


def _people_of(asset: DemoAsset) -> list[tuple[DemoPerson, list[DemoFace]]]:
    """Who is in an asset, each with their faces."""
    found: dict[str, tuple[DemoPerson, list[DemoFace]]] = {}
    for face in asset.faces:
        if face.person is not None:
            found.setdefault(face.person.id, (face.person, []))[1].append(face)
    return list(found.values())
