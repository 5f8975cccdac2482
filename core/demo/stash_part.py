"""Parting at the demo Stash: new scenes of files that were another's, files that change their scene, dates that go."""

from __future__ import annotations

from typing import Any

from core.demo.criteria import integer_id
from core.demo.library import DemoFile, DemoImage, DemoScene, StashLibrary, parse_time
from core.demo.projection import ResolverError
from core.demo.stash_write import FetchImage, apply_changes, detach, owners, scene_changes


def create_scene(library: StashLibrary, given: dict[str, Any], fetch_image: FetchImage) -> DemoScene:
    """sceneCreate: the files are taken from the scenes that hold them; one that is primary somewhere is refused."""
    values = {name: value for name, value in given.items() if name != "file_ids"}
    files = [_free_file(library, text) for text in dict.fromkeys(given.get("file_ids") or [])]
    if not files and not (values.get("title") or "").strip():
        raise ResolverError("title must be set if scene has no files")
    scene = DemoScene(0, files=files, created_at=library.now())
    changes = scene_changes(library, scene, values, fetch_image)
    scene.id = library.new_id("scene")
    for file in files:
        detach(library, file)
        library.loose_files.pop(file.id, None)
    library.add(scene)
    apply_changes(library, scene, changes)
    return scene


def assign_file(library: StashLibrary, given: dict[str, Any]) -> None:
    """sceneAssignFile: a video file goes from its scene to another; one that is primary somewhere is refused."""
    scene = library.scenes.get(integer_id(given["scene_id"], "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {given['scene_id']} not found")
    file = _free_file(library, given["file_id"])
    detach(library, file)
    library.loose_files.pop(file.id, None)
    scene.files = [*scene.files, file]
    library.touch(scene)


def delete_times(library: StashLibrary, given: dict[str, Any], field: str) -> tuple[str, ...]:
    """sceneDeletePlay (`play_history`) and sceneDeleteO (`o_history`): one entry a time, without times the newest."""
    scene = library.scenes.get(integer_id(given["id"], "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {given['id']} not found")
    left = list(getattr(scene, field))
    try:
        wanted = [int(parse_time(text)) for text in given.get("times") or []]
    except (ValueError, TypeError):
        raise ResolverError(f"cannot parse {given['times']!r} as times") from None
    for moment in wanted or [max((int(parse_time(text)) for text in left), default=0)]:
        found = next((text for text in left if int(parse_time(text)) == moment), None)
        if found is not None:
            left.remove(found)
    setattr(scene, field, tuple(left))
    library.touch(scene)
    return tuple(left)


def decrement_o(library: StashLibrary, text: str) -> int:
    """imageDecrementO: the new count, never below 0."""
    image = library.images.get(integer_id(text, "image"))
    if image is None:
        raise ResolverError(f"image with id {text} not found")
    image.o_counter = max(0, image.o_counter - 1)
    library.touch(image)
    return image.o_counter


def _free_file(library: StashLibrary, text: str) -> DemoFile:
    place = library.file_with_id(integer_id(text, "file"))
    if place is None or place[1].kind != "video":
        raise ResolverError(f"file with id {text} not found")
    for owner in owners(library, place[1]):
        if isinstance(owner, DemoImage) or owner.files[0].id == place[1].id:
            raise ResolverError("cannot reassign primary file")
    return place[1]
