"""Merging, destroying and deleting at the demo Stash. Each carries everything out or raises ResolverError."""

from __future__ import annotations

from typing import Any

from core.demo.criteria import integer_id
from core.demo.disk import DemoDisk
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoFile, DemoImage, DemoScene
from core.demo.stash_write import FetchImage, apply_changes, detach, owners, removable_files, scene_changes


def merge_scenes(library: StashLibrary, given: dict[str, Any], fetch_image: FetchImage) -> DemoScene:
    """sceneMerge: files and markers move, histories where asked for; nothing else of the sources is kept.

    `values` are set on the destination as sceneUpdate would. The sources are gone afterwards, their files are not.
    """
    goal = integer_id(given["destination"], "scene")
    sources = [_scene(library, text) for text in dict.fromkeys(given["source"])]
    if any(source.id == goal for source in sources):
        raise ResolverError("destination scene cannot be in source list")
    scene = _scene(library, given["destination"])
    moved = {file.id: file for source in sources for file in source.files}
    values = dict(given.get("values") or {})
    primary = values.pop("primary_file_id", None)  # the destination keeps the one it has
    changes = scene_changes(library, scene, values, fetch_image) if values else {}
    for file in moved.values():
        detach(library, file)
    files = [*scene.files, *moved.values()]
    if not scene.files and primary is not None:
        files.sort(key=lambda file: str(file.id) != str(primary))
    scene.files = files
    for source in sources:
        scene.markers += source.markers
        if given.get("play_history"):
            scene.play_history += source.play_history
        if given.get("o_history"):
            scene.o_history += source.o_history
        library.forget(source)
    apply_changes(library, scene, changes)
    return scene


def destroy_scenes(library: StashLibrary, disk: DemoDisk, ids: list[str], given: dict[str, Any]) -> None:
    """sceneDestroy and scenesDestroy; see `_destroy`."""
    _destroy(library, disk, [_scene(library, text) for text in dict.fromkeys(ids)], given)


def destroy_images(library: StashLibrary, disk: DemoDisk, ids: list[str], given: dict[str, Any]) -> None:
    """imageDestroy and imagesDestroy; see `_destroy`."""
    images = []
    for text in dict.fromkeys(ids):
        image = library.images.get(integer_id(text, "image"))
        if image is None:
            raise ResolverError(f"image with id {text} not found")
        images.append(image)
    _destroy(library, disk, images, given)


def delete_files(library: StashLibrary, disk: DemoDisk, ids: list[str]) -> None:
    """deleteFiles: the entries and the files on disk; a primary file is refused, a missing one is no error."""
    for file in removable_files(library, ids):
        disk.remove(file.path)
        detach(library, file)
        library.forget(file)


def _destroy(
    library: StashLibrary, disk: DemoDisk, things: list[DemoScene] | list[DemoImage], given: dict[str, Any]
) -> None:
    """Without `delete_file` the entries of the files stay and belong to nothing; the next scan takes them up again.

    With it every file goes from the disk too (with the funscript of a video), but for those something else holds.
    `destroy_file_entry` of 0.31 removes the entries and leaves the files.
    """
    for thing in things:
        library.forget(thing)
    if not (given.get("delete_file") or given.get("destroy_file_entry")):
        return
    for file in _left_alone(library, things):
        if given.get("delete_file"):
            if file.kind == "video":
                disk.remove_video(file.path)
            else:
                disk.remove(file.path)
        library.forget(file)


def _left_alone(library: StashLibrary, things: list[DemoScene] | list[DemoImage]) -> list[DemoFile]:
    return [file for thing in things for file in thing.files if not owners(library, file)]


def _scene(library: StashLibrary, text: str) -> DemoScene:
    scene = library.scenes.get(integer_id(text, "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {text} not found")
    return scene
