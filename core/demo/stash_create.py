"""What the demo Stash makes anew or hands over: scenes, files between scenes, markers."""

from __future__ import annotations

from typing import Any

from core.demo.criteria import integer_id
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoEntity, DemoFile, DemoMarker, DemoScene
from core.demo.stash_write import FetchImage, apply_changes, detach, owners, scene_changes

FoundMarker = tuple[DemoScene, DemoMarker]


def create_scene(library: StashLibrary, given: dict[str, Any], fetch_image: FetchImage) -> DemoScene:
    """sceneCreate: with the files named, which leave the scenes they are in; a primary one is refused."""
    files = [_free_video(library, text) for text in dict.fromkeys(given.get("file_ids") or [])]
    if not files and not given.get("title"):
        raise ResolverError("title must be set if scene has no files")
    scene = DemoScene(0, created_at=library.now())
    changes = scene_changes(library, scene, given, fetch_image)
    scene.id = library.new_id("scene")
    library.add(scene)
    for file in files:
        _hand_over(library, file, scene)
    apply_changes(library, scene, changes)
    return scene


def assign_file(library: StashLibrary, given: dict[str, Any]) -> None:
    """sceneAssignFile: the file leaves the scene it is in; a primary one is refused."""
    scene = _scene(library, given["scene_id"])
    file = _free_video(library, given["file_id"])
    _hand_over(library, file, scene)
    scene.updated_at = library.now()


def create_marker(library: StashLibrary, given: dict[str, Any]) -> FoundMarker:
    """sceneMarkerCreate."""
    scene = _scene(library, given["scene_id"])
    tag = library.tags.get(integer_id(given["primary_tag_id"], "tag"))
    if tag is None:
        raise ResolverError("FOREIGN KEY constraint failed")
    now = library.now()
    number = library.new_id("marker")
    tags = _tags(library, given)
    marker = DemoMarker(number, given["title"], given["seconds"], tag, given.get("end_seconds"), now, now, tags)
    scene.markers += (marker,)
    library.touch(scene)
    return scene, marker


def update_marker(library: StashLibrary, given: dict[str, Any]) -> FoundMarker:
    """sceneMarkerUpdate: `scene_id` moves the marker to another scene."""
    scene, marker = _marker(library, given["id"])
    goal = _scene(library, given["scene_id"]) if given.get("scene_id") else scene
    for name in ("title", "seconds"):
        if given.get(name) is not None:
            setattr(marker, name, given[name])
    if "end_seconds" in given:
        marker.end_seconds = given["end_seconds"]
    if given.get("primary_tag_id"):
        [marker.primary_tag] = _tags(library, {"tag_ids": [given["primary_tag_id"]]})
    if "tag_ids" in given:
        marker.tags = _tags(library, given)
    marker.updated_at = library.now()
    scene.markers = tuple(other for other in scene.markers if other.id != marker.id)
    goal.markers = (*goal.markers, marker)
    library.touch(scene, goal)
    return goal, marker


def _tags(library: StashLibrary, given: dict[str, Any]) -> tuple[DemoEntity, ...]:
    numbers = [integer_id(one, "tag") for one in given.get("tag_ids") or ()]
    if any(one not in library.tags for one in numbers):
        raise ResolverError("FOREIGN KEY constraint failed")
    return tuple(library.tags[one] for one in numbers)


def destroy_marker(library: StashLibrary, text: str) -> None:
    """sceneMarkerDestroy."""
    scene, marker = _marker(library, text)
    scene.markers = tuple(other for other in scene.markers if other.id != marker.id)
    library.last_ids["marker"] = max(marker.id, library.last_ids.get("marker", 0))
    library.touch(scene)


def _free_video(library: StashLibrary, text: str) -> DemoFile:
    found = library.file_with_id(integer_id(text, "file"))
    if found is None:
        raise ResolverError(f"file with id {text} not found")
    file = found[1]
    if file.kind != "video":
        raise ResolverError(f"{file.path} is not a video file")
    if any(owner.files[0].id == file.id for owner in owners(library, file)):
        raise ResolverError(f"cannot reassign primary file {file.path}")
    return file


def _hand_over(library: StashLibrary, file: DemoFile, scene: DemoScene) -> None:
    detach(library, file)
    library.loose_files.pop(file.id, None)
    scene.files = [*scene.files, file]
    library.touch(scene)


def _scene(library: StashLibrary, text: str) -> DemoScene:
    scene = library.scenes.get(integer_id(text, "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {text} not found")
    return scene


def _marker(library: StashLibrary, text: str) -> FoundMarker:
    wanted = integer_id(text, "marker")
    for scene in library.scenes.values():
        for marker in scene.markers:
            if marker.id == wanted:
                return scene, marker
    raise ResolverError(f"scene marker with id {text} not found")
