"""Everything the demo Stash holds, by id; a test builds a tiny one and changes it in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.demo.stash_objects import DemoEntity, DemoFile, DemoGallery, DemoGroup, DemoImage, DemoScene, local_time


class Touched(NamedTuple):
    """What a mutation wrote or removed: `kind` is "scene", "image" or "file"."""

    kind: str
    id: int


@dataclass(slots=True)
class StashLibrary:
    """Everything the demo Stash holds, by id. `clock` gives Unix seconds for `updated_at`.

    `loose_files` are entries that belong to no scene and no image. Mutations note in `touched` what they changed.
    """

    scenes: dict[int, DemoScene] = field(default_factory=dict)
    images: dict[int, DemoImage] = field(default_factory=dict)
    loose_files: dict[int, DemoFile] = field(default_factory=dict)
    studios: dict[int, DemoEntity] = field(default_factory=dict)
    performers: dict[int, DemoEntity] = field(default_factory=dict)
    tags: dict[int, DemoEntity] = field(default_factory=dict)
    groups: dict[int, DemoGroup] = field(default_factory=dict)
    galleries: dict[int, DemoGallery] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    touched: dict[Touched, None] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)
    _order: tuple[tuple[int, int], list[int]] = ((0, 0), [])

    def add(self, *scenes: DemoScene) -> DemoScene:
        """Put scenes in, replacing those of the same id; the last one is returned."""
        for scene in scenes:
            self.scenes[scene.id] = scene
        return scenes[-1]

    def add_images(self, *images: DemoImage) -> DemoImage:
        """Put images in, replacing those of the same id; the last one is returned."""
        for image in images:
            self.images[image.id] = image
        return images[-1]

    def now(self) -> str:
        """The present time as Stash writes it."""
        return local_time(self.clock())

    def touch(self, *things: DemoScene | DemoImage | DemoFile) -> None:
        """Note that these were changed."""
        self.touched |= {Touched(_kind_of(thing), thing.id): None for thing in things}

    def ordered_ids(self) -> list[int]:
        """Scene ids in ascending order. The list is shared: do not change it."""
        mark = (len(self.scenes), next(reversed(self.scenes), 0))
        if mark[0] < 1000:
            return sorted(self.scenes)
        if self._order[0] != mark:
            self._order = (mark, sorted(self.scenes))
        return self._order[1]

    def new_id(self, kind: str) -> int:
        """A number for a new scene, image, file or marker; none is ever given twice, as in Stash's database."""
        if kind == "file":
            used = max((file.id for _, file in self.files()), default=0)
        elif kind == "marker":
            used = max((marker.id for scene in self.scenes.values() for marker in scene.markers), default=0)
        else:
            used = max(self.scenes if kind == "scene" else self.images, default=0)
        self.last_ids[kind] = max(used, self.last_ids.get(kind, 0)) + 1
        return self.last_ids[kind]

    def forget(self, thing: DemoScene | DemoImage | DemoFile) -> None:
        """Remove a scene, an image or a loose file; its number stays used. Files of a scene or image become loose."""
        self.touch(thing)
        kind = _kind_of(thing)
        self.last_ids[kind] = max(thing.id, self.last_ids.get(kind, 0))
        if isinstance(thing, DemoFile):
            self.loose_files.pop(thing.id, None)
            return
        if isinstance(thing, DemoScene):
            del self.scenes[thing.id]
        else:
            del self.images[thing.id]
        held = {file.id for owner, file in self.files() if owner is not None}
        self.loose_files |= {file.id: file for file in thing.files if file.id not in held}

    def files(self) -> Iterator[tuple[DemoScene | DemoImage | None, DemoFile]]:
        """Every file with what it belongs to; twice where two scenes share it."""
        for scene in self.scenes.values():
            for file in scene.files:
                yield scene, file
        for image in self.images.values():
            for file in image.files:
                yield image, file
        for file in self.loose_files.values():
            yield None, file

    def file_with_id(self, file_id: int) -> tuple[DemoScene | DemoImage | None, DemoFile] | None:
        """The file of that id with the scene or image it belongs to."""
        return next(((owner, file) for owner, file in self.files() if file.id == file_id), None)


def _kind_of(thing: DemoScene | DemoImage | DemoFile) -> str:
    return {DemoScene: "scene", DemoImage: "image", DemoFile: "file"}[type(thing)]
