"""What mutations wrote, kept in the world's folder so that the next run over the same folder sees it.

One line of JSON a change, appended; a later line for the same scene, image or file replaces an earlier one, and one
that states `gone` says that it was removed. A torn last line (the process was killed) is left out. Endpoints of the
world's own stash-boxes are kept by name, as their ports may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.demo.box_library import BoxFingerprint, BoxLibrary, BoxScene
from core.demo.library import StashLibrary, Touched
from core.demo.stash_objects import DemoFile, DemoGroupPlace, DemoImage, DemoMarker, DemoScene, DemoStashId

SHARED = ("title", "code", "details", "date", "urls", "rating100", "organized", "created_at", "updated_at")
PLAIN = (*SHARED, "director", "play_history", "o_history", "play_duration", "resume_time")
IMAGE = (*SHARED, "photographer", "o_counter")


class WorldState:
    """The journal of one world's changes. `endpoints`: server name -> URL as of this run."""

    def __init__(self, directory: Path, endpoints: Mapping[str, str]) -> None:
        self._path = directory / "changes.jsonl"
        self._covers = directory / "covers"
        self._endpoints = endpoints

    def library_written(self, library: StashLibrary, touched: list[Touched]) -> None:
        """Keep scenes, images and files as they are now, or that they are gone."""
        self._append([self._line(library, kind, number) for kind, number in touched])

    def entry_written(self, box: str, scene: BoxScene) -> None:
        """Keep the fingerprints of a stash-box scene as they are now."""
        rows = [
            [entry.algorithm, entry.value, entry.duration, entry.submissions, entry.reports, entry.user_vote]
            for entry in scene.fingerprints
        ]
        self._append([{"box": box, "entry": scene.id, "fingerprints": rows}])

    def restore(self, library: StashLibrary, boxes: Mapping[str, BoxLibrary]) -> int:
        """Bring a library to where the last run left it; the number of things changed is returned."""
        kept = self._read()
        files = {file.id: file for _, file in library.files()}
        for change in kept.values():
            if "file" in change:
                _restore_file(library, files, change)
        for change in kept.values():
            if "scene" in change:
                self._restore_scene(library, files, change)
            elif "image" in change:
                _restore_image(library, files, change)
            elif (box := boxes.get(change.get("box", ""))) is not None and change["entry"] in box.scenes:
                box.scenes[change["entry"]].fingerprints = [
                    BoxFingerprint(algorithm, value, duration, submissions, reports, user_vote=vote)
                    for algorithm, value, duration, submissions, reports, vote in change["fingerprints"]
                ]
                box.changed()
        if kept:
            held = {file.id for owner, file in library.files() if owner is not None}
            library.loose_files = {number: file for number, file in files.items() if number not in held}
            self._compact(list(kept.values()))
        return len(kept)

    # -- a line --------------------------------------------------------------------------------------------------

    def _line(self, library: StashLibrary, kind: str, number: int) -> dict[str, Any]:
        if kind == "scene":
            scene = library.scenes.get(number)
            return {"scene": number, "gone": True} if scene is None else self._scene_line(scene)
        if kind == "image":
            image = library.images.get(number)
            return {"image": number, "gone": True} if image is None else _image_line(image)
        found = library.file_with_id(number)
        return {"file": number, "gone": True} if found is None else {"file": number, "facts": found[1]}

    def _scene_line(self, scene: DemoScene) -> dict[str, Any]:
        if isinstance(scene.cover, bytes):
            self._covers.mkdir(parents=True, exist_ok=True)
            path = self._covers / f"written-{scene.id}.jpg"
            path.write_bytes(scene.cover)
            scene.cover = str(path)
        names = {url: name for name, url in self._endpoints.items()}
        return {
            "scene": scene.id,
            **{name: getattr(scene, name) for name in PLAIN},
            **_shared_line(scene),
            "cover": _relative(scene.cover, self._covers) if scene.cover else None,
            "groups": [[place.group.id, place.scene_index] for place in scene.groups],
            "markers": [
                [
                    marker.id,
                    marker.title,
                    marker.seconds,
                    marker.primary_tag.id,
                    marker.end_seconds,
                    [tag.id for tag in marker.tags],
                ]
                for marker in scene.markers
            ],
            "stash_ids": [
                [names.get(link.endpoint, link.endpoint), link.stash_id, link.updated_at] for link in scene.stash_ids
            ],
        }

    def _restore_scene(self, library: StashLibrary, files: dict[int, DemoFile], change: dict[str, Any]) -> None:
        number = change["scene"]
        if change.get("gone"):
            library.scenes.pop(number, None)
            _used(library, "scene", number)
            return
        if "file_ids" not in change:  # of a version that kept less
            return
        scene = library.scenes.setdefault(number, DemoScene(number))
        for name in PLAIN:
            setattr(scene, name, change[name])
        scene.play_history, scene.o_history = tuple(scene.play_history), tuple(scene.o_history)
        _restore_shared(library, files, scene, change)
        scene.cover = str(self._covers / change["cover"]) if change["cover"] else None
        scene.groups = tuple(
            DemoGroupPlace(library.groups[group], index) for group, index in change["groups"] if group in library.groups
        )
        scene.markers = tuple(
            DemoMarker(
                marker,
                title,
                seconds,
                library.tags[tag],
                end,
                tags=tuple(library.tags[one] for one in further if one in library.tags),
            )
            for marker, title, seconds, tag, end, further in change["markers"]
            if tag in library.tags
        )
        scene.stash_ids = [
            DemoStashId(self._endpoints.get(name, name), stash_id, updated_at)
            for name, stash_id, updated_at in change["stash_ids"]
        ]

    # -- the file ------------------------------------------------------------------------------------------------

    def _append(self, changes: list[dict[str, Any]]) -> None:
        with self._path.open("ab") as file:
            file.write(b"".join(msgspec.json.encode(change) + b"\n" for change in changes))

    def _read(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        kept: dict[tuple[Any, ...], dict[str, Any]] = {}
        for line in lines:
            try:
                change = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue
            kept[tuple(change.get(name) for name in ("scene", "image", "file", "box", "entry"))] = change
        return kept

    def _compact(self, changes: list[dict[str, Any]]) -> None:
        part = self._path.with_suffix(".part")
        part.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in changes))
        part.replace(self._path)


def _shared_line(thing: DemoScene | DemoImage) -> dict[str, Any]:
    return {
        "studio": thing.studio.id if thing.studio else None,
        "performers": [entity.id for entity in thing.performers],
        "tags": [entity.id for entity in thing.tags],
        "galleries": [gallery.id for gallery in thing.galleries],
        "file_ids": [file.id for file in thing.files],
    }


def _image_line(image: DemoImage) -> dict[str, Any]:
    return {"image": image.id, **{name: getattr(image, name) for name in IMAGE}, **_shared_line(image)}


def _restore_file(library: StashLibrary, files: dict[int, DemoFile], change: dict[str, Any]) -> None:
    number = change["file"]
    if change.get("gone"):
        files.pop(number, None)
        _used(library, "file", number)
        for owner, file in list(library.files()):
            if file.id == number and owner is not None:
                owner.files = [other for other in owner.files if other.id != number]
        return
    facts = msgspec.convert(change["facts"], DemoFile)
    known = files.setdefault(number, facts)
    for name in DemoFile.__slots__:
        setattr(known, name, getattr(facts, name))


def _restore_image(library: StashLibrary, files: dict[int, DemoFile], change: dict[str, Any]) -> None:
    number = change["image"]
    if change.get("gone"):
        library.images.pop(number, None)
        _used(library, "image", number)
        return
    image = library.images.setdefault(number, DemoImage(number))
    for name in IMAGE:
        setattr(image, name, change[name])
    _restore_shared(library, files, image, change)


def _restore_shared(
    library: StashLibrary, files: dict[int, DemoFile], thing: DemoScene | DemoImage, change: dict[str, Any]
) -> None:
    def shelved(name: str) -> list[Any]:
        shelf = getattr(library, name)
        return [shelf[number] for number in change[name] if number in shelf]

    thing.studio = library.studios.get(change["studio"])
    thing.performers, thing.tags = shelved("performers"), shelved("tags")
    thing.galleries = tuple(shelved("galleries"))
    thing.files = [files[number] for number in change["file_ids"] if number in files]


def _used(library: StashLibrary, kind: str, number: int) -> None:
    library.last_ids[kind] = max(number, library.last_ids.get(kind, 0))


def _relative(path: str, folder: Path) -> str:
    """A path under the folder by its name there; joined to the folder again, both kinds are what they were."""
    return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path
