"""The mutations of the demo Stash. Each either carries everything out or raises ResolverError and changes nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, TypeVar

from core.demo.criteria import integer_id
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import (
    MAX_64,
    DemoFile,
    DemoGroupPlace,
    DemoImage,
    DemoScene,
    DemoStashId,
    local_time,
    parse_time,
    phash_text,
)

FetchImage = Callable[[str], bytes | None]
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
SHARED_TEXTS = ("title", "code", "details")
Shelved = TypeVar("Shelved")


def update_scene(library: StashLibrary, given: dict[str, Any], fetch_image: FetchImage) -> DemoScene:
    """sceneUpdate: an absent key leaves alone, null clears, lists are replaced whole."""
    scene = library.scenes.get(integer_id(given["id"], "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {given['id']} not found")
    apply_changes(library, scene, scene_changes(library, scene, given, fetch_image))
    return scene


def update_image(library: StashLibrary, given: dict[str, Any]) -> DemoImage:
    """imageUpdate, by the same rules."""
    image = library.images.get(integer_id(given["id"], "image"))
    if image is None:
        raise ResolverError(f"image with id {given['id']} not found")
    apply_changes(library, image, _shared_changes(library, image, given, (*SHARED_TEXTS, "photographer")))
    return image


def apply_changes(library: StashLibrary, thing: DemoScene | DemoImage, changes: dict[str, Any]) -> None:
    """Set the fields; `updated_at` moves even where nothing changes."""
    for name, value in changes.items():
        setattr(thing, name, value)
    thing.updated_at = library.now()
    library.touch(thing)


def scene_changes(
    library: StashLibrary, scene: DemoScene, given: dict[str, Any], fetch_image: FetchImage
) -> dict[str, Any]:
    """The new values that a SceneUpdateInput means; `resume_time` is accepted and never applied, as in Stash."""
    changes = _shared_changes(library, scene, given, (*SHARED_TEXTS, "director"))
    if changes.get("title") == "" and scene.title and not scene.files:
        raise ResolverError("title must be set if scene has no files")
    if "groups" in given:
        places = given["groups"] or []
        groups = _shelved(library.groups, [place["group_id"] for place in places], "group")
        indices = {str(place["group_id"]): place.get("scene_index") for place in places}
        changes["groups"] = tuple(DemoGroupPlace(group, indices[str(group.id)]) for group in groups)
    if "play_duration" in given:
        changes["play_duration"] = given["play_duration"] or 0.0
    if "stash_ids" in given:
        changes["stash_ids"] = _stash_ids(given["stash_ids"] or [], library.now())
    if given.get("cover_image"):
        changes["cover"] = _cover(given["cover_image"], fetch_image)
    return changes


def _shared_changes(
    library: StashLibrary, thing: DemoScene | DemoImage, given: dict[str, Any], texts: tuple[str, ...]
) -> dict[str, Any]:
    changes: dict[str, Any] = {name: (given[name] or "").strip() for name in texts if name in given}
    if "urls" in given:
        changes["urls"] = [url.strip() for url in given["urls"] or []]
    if "date" in given:
        changes["date"] = _date(given["date"])
    if "rating100" in given:
        changes["rating100"] = given["rating100"]
    if "organized" in given:
        changes["organized"] = bool(given["organized"])
    if "studio_id" in given:
        wanted = [given["studio_id"]] if given["studio_id"] else []
        changes["studio"] = next(iter(_shelved(library.studios, wanted, "studio")), None)
    if "performer_ids" in given:
        changes["performers"] = _shelved(library.performers, given["performer_ids"] or [], "performer")
    if "tag_ids" in given:
        changes["tags"] = _shelved(library.tags, given["tag_ids"] or [], "tag")
    if "gallery_ids" in given:
        changes["galleries"] = tuple(_shelved(library.galleries, given["gallery_ids"] or [], "gallery"))
    if given.get("primary_file_id") is not None:
        changes["files"] = _primary_first(thing, integer_id(given["primary_file_id"], "file"))
    return changes


def _primary_first(thing: DemoScene | DemoImage, file_id: int) -> list[DemoFile]:
    if all(file.id != file_id for file in thing.files):
        raise ResolverError(f"file with id {file_id} is not associated with {thing.id}")
    return sorted(thing.files, key=lambda file: file.id != file_id)


def set_fingerprints(library: StashLibrary, given: dict[str, Any]) -> DemoFile:
    """fileSetFingerprints, for any kind of file. `updated_at` of its scene or image does not move."""
    found = library.file_with_id(integer_id(given["id"], "file"))
    if found is None:
        raise ResolverError(f"file with id {given['id']} not found")
    _, file = found
    prints = dict(file.fingerprints)
    for entry in given["fingerprints"]:
        kind, text = entry["type"], entry.get("value")
        if kind in ("md5", "oshash"):
            raise ResolverError(f"cannot modify {kind} fingerprint")
        if text is None:
            prints.pop(kind, None)
        elif kind == "phash":
            if not re.fullmatch(r"[0-9a-fA-F]{1,16}", text):
                raise ResolverError(f'invalid phash: strconv.ParseUint: parsing "{text}": invalid syntax')
            prints[kind] = phash_text(int(text, 16) & MAX_64)
        else:
            prints[kind] = text
    file.fingerprints = prints
    library.touch(file)
    return file


def destroy_files(library: StashLibrary, ids: list[str]) -> None:
    """destroyFiles of 0.31: the entries go, the files on disk stay; a primary file is refused."""
    for file in removable_files(library, ids):
        detach(library, file)
        library.forget(file)


def removable_files(library: StashLibrary, ids: list[str]) -> list[DemoFile]:
    """The files of these ids. Raises ResolverError for an unknown one and for a primary file."""
    found = []
    for text in dict.fromkeys(ids):
        place = library.file_with_id(integer_id(text, "file"))
        if place is None:
            raise ResolverError(f"file with id {text} not found")
        for owner in owners(library, place[1]):
            if owner.files[0].id == place[1].id:
                raise ResolverError(f"cannot delete primary file {place[1].path}")
        found.append(place[1])
    return found


def owners(library: StashLibrary, file: DemoFile) -> list[DemoScene | DemoImage]:
    """The scenes and images that hold a file."""
    return [owner for owner, other in library.files() if other.id == file.id and owner is not None]


def detach(library: StashLibrary, file: DemoFile) -> None:
    """Take a file out of everything that holds it."""
    for owner in owners(library, file):
        owner.files = [other for other in owner.files if other.id != file.id]
        library.touch(owner)


def _date(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    if not DATE.fullmatch(text.strip()):
        raise ResolverError(f'parsing date "{text}": not a date')
    return text.strip()


def _shelved(shelf: dict[int, Shelved], ids: list[str], what: str) -> list[Shelved]:
    wanted = dict.fromkeys(integer_id(text, what) for text in ids)
    if any(entity_id not in shelf for entity_id in wanted):
        raise ResolverError("FOREIGN KEY constraint failed")
    return [shelf[entity_id] for entity_id in wanted]


def _stash_ids(given: list[dict[str, Any]], now: str) -> list[DemoStashId]:
    """The new list: exact duplicates are dropped, two ids at one endpoint break the table's key."""
    links: dict[tuple[str, str], DemoStashId] = {}
    for entry in given:
        updated_at = now
        if entry.get("updated_at") is not None:
            try:
                updated_at = local_time(parse_time(entry["updated_at"]))
            except (ValueError, TypeError):
                raise ResolverError(f"cannot parse {entry['updated_at']!r} as a time") from None
        key = (entry["endpoint"], entry["stash_id"])
        links.setdefault(key, DemoStashId(*key, updated_at))
    if len({endpoint for endpoint, _ in links}) < len(links):
        raise ResolverError(
            "error inserting into scene_stash_ids: UNIQUE constraint failed: "
            "scene_stash_ids.scene_id, scene_stash_ids.endpoint"
        )
    return list(links.values())


def _cover(text: str, fetch_image: FetchImage) -> bytes:
    """The picture of a data URL, or of a URL that Stash fetches itself."""
    if text.startswith(("http://", "https://")):
        content = fetch_image(text)
        if content is None:
            raise ResolverError(f"error processing cover image: could not fetch {text}")
        return content
    _, _, encoded = text.partition("base64,")
    try:
        return base64.b64decode(encoded or text, validate=True)
    except binascii.Error as error:
        raise ResolverError(f"error processing cover image: illegal base64 data: {error}") from None
