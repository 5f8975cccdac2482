"""Stash's own database file with what a demo Stash holds, written as Stash 0.30 writes it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.demo.library import StashLibrary
from core.demo.stash_objects import EPOCH_TEXT, DemoFile, DemoImage, DemoScene

TIMES = {"created_at": EPOCH_TEXT, "updated_at": EPOCH_TEXT}


def write_stash_file(library: StashLibrary, contract: Path, path: Path) -> Path:
    """A copy of the empty database with the rows of a library."""
    shutil.copyfile(contract, path)
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute("PRAGMA foreign_keys = ON")
            _Writer(connection).library(library)
    finally:
        connection.close()
    return path


class _Writer:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._folders: dict[str, int] = {}

    def _put(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self._connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', tuple(values.values()))

    def library(self, library: StashLibrary) -> None:
        """Everything that a record or a file refers to, then these."""
        for table, entities in (
            ("studios", library.studios),
            ("performers", library.performers),
            ("tags", library.tags),
            ("groups", library.groups),
        ):
            for entity in entities.values():
                self._put(table, id=entity.id, name=entity.name, **TIMES)
        for gallery in library.galleries.values():
            self._put("galleries", id=gallery.id, title=gallery.title, **TIMES)
        for scene in library.scenes.values():
            self._scene(scene)
        for image in library.images.values():
            self._image(image)

    def _scene(self, scene: DemoScene) -> None:
        self._put(
            "scenes",
            director=scene.director,
            play_duration=scene.play_duration,
            resume_time=scene.resume_time,
            **_common(scene),
        )
        self._links("scene", scene.id, scene, tags="scenes_tags", performers="performers_scenes")
        for place in scene.groups:
            self._put("groups_scenes", scene_id=scene.id, group_id=place.group.id, scene_index=place.scene_index)
        for gallery in scene.galleries:
            self._put("scenes_galleries", scene_id=scene.id, gallery_id=gallery.id)
        for link in scene.stash_ids:
            self._put(
                "scene_stash_ids",
                scene_id=scene.id,
                endpoint=link.endpoint,
                stash_id=link.stash_id,
                updated_at=link.updated_at,
            )
        for marker in scene.markers:
            self._put(
                "scene_markers",
                id=marker.id,
                title=marker.title,
                seconds=marker.seconds,
                primary_tag_id=marker.primary_tag.id,
                scene_id=scene.id,
                **TIMES,
            )
        for at in scene.play_history:
            self._put("scenes_view_dates", scene_id=scene.id, view_date=at)
        for at in scene.o_history:
            self._put("scenes_o_dates", scene_id=scene.id, o_date=at)
        self._files("scene", scene.id, scene.files)

    def _image(self, image: DemoImage) -> None:
        self._put("images", photographer=image.photographer, o_counter=image.o_counter, **_common(image))
        self._links("image", image.id, image, tags="images_tags", performers="performers_images")
        for gallery in image.galleries:
            self._put("galleries_images", image_id=image.id, gallery_id=gallery.id)
        self._files("image", image.id, image.files)

    def _links(self, kind: str, number: int, record: DemoScene | DemoImage, *, tags: str, performers: str) -> None:
        key = f"{kind}_id"
        for position, url in enumerate(record.urls):
            self._put(f"{kind}_urls", **{key: number}, position=position, url=url)
        for tag in record.tags:
            self._put(tags, **{key: number}, tag_id=tag.id)
        for performer in record.performers:
            self._put(performers, **{key: number}, performer_id=performer.id)

    def _files(self, kind: str, number: int, files: Iterable[DemoFile]) -> None:
        for position, file in enumerate(files):
            self._file(file)
            self._put(f"{kind}s_files", **{f"{kind}_id": number}, file_id=file.id, primary=position == 0)

    def _file(self, file: DemoFile) -> None:
        folder = file.path.rpartition("/")[0] or "/"
        if folder not in self._folders:
            self._folders[folder] = len(self._folders) + 1
            self._put("folders", id=self._folders[folder], path=folder, mod_time=EPOCH_TEXT, **TIMES)
        self._put(
            "files",
            id=file.id,
            basename=file.basename,
            parent_folder_id=self._folders[folder],
            size=file.size,
            mod_time=file.mod_time,
            **TIMES,
        )
        shape = {"format": file.format, "width": file.width, "height": file.height}
        if file.kind == "image":
            self._put("image_files", file_id=file.id, **shape)
        else:
            self._put(
                "video_files",
                file_id=file.id,
                duration=file.duration,
                video_codec=file.video_codec,
                audio_codec=file.audio_codec,
                frame_rate=file.frame_rate,
                bit_rate=file.bit_rate,
                **shape,
            )
        for name, value in file.fingerprints.items():
            if name != "phash" or len(value) <= 16:  # what does not fit into its number cannot stand in a database
                self._put("files_fingerprints", file_id=file.id, type=name, fingerprint=_stored(name, value))


def _common(record: DemoScene | DemoImage) -> dict[str, Any]:
    return {
        "id": record.id,
        "title": record.title,
        "code": record.code,
        "details": record.details,
        "date": record.date,
        "rating": record.rating100,
        "organized": record.organized,
        "studio_id": record.studio.id if record.studio else None,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def _stored(name: str, value: str) -> int | str:
    """A PHASH is stored as a signed number."""
    if name != "phash":
        return value
    number = int(value, 16)
    return number - (1 << 64) if number >= 1 << 63 else number
