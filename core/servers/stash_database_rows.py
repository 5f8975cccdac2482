"""The SQL that reads Stash's tables, and the way from their rows to the records the server itself would answer."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.model.fingerprints import Algorithm
from core.model.library_records import GroupMembership, LibraryRecord, Media, StashFile
from core.model.scenes import LocalEntity, StashId
from core.servers.ahead import Fetched
from core.servers.oddities import Oddities
from core.servers.stash_database_cells import (
    Row,
    amount_of,
    date_of,
    entities_of,
    first_of,
    full_path,
    hashes_of,
    number_of,
    text_of,
)
from core.servers.stash_database_schema import Schema
from core.servers.stash_library_records import known, known_duration, known_text, unix_time


@dataclass(frozen=True, slots=True)
class _Tables:
    """What the tables of a kind of record are called. `record_id` is the record's column in all tables that link it."""

    records: str
    record_id: str
    files: str
    urls: str
    tags: str
    performers: str
    galleries: str


_TABLES: Final = {
    Media.VIDEO: _Tables(
        "scenes", "scene_id", "scenes_files", "scene_urls", "scenes_tags", "performers_scenes", "scenes_galleries"
    ),
    Media.IMAGE: _Tables(
        "images", "image_id", "images_files", "image_urls", "images_tags", "performers_images", "galleries_images"
    ),
}


def count_records(connection: sqlite3.Connection, media: Media) -> int:
    """How many scenes or images there are."""
    return int(connection.execute(f"SELECT COUNT(*) FROM {_TABLES[media].records}").fetchone()[0])


def read_page(
    connection: sqlite3.Connection, schema: Schema, media: Media, after_id: int, size: int, oddities: Oddities
) -> Fetched[LibraryRecord]:
    """The next records above an id. One whose rows hold what they should not is left out and noted."""
    page = _Page(connection, schema, media, after_id, size)
    records = []
    for row in page.records:
        try:
            records.append(page.record(row, oddities))
        except (TypeError, ValueError, OverflowError):
            oddities.note(f"{page.noun} whose rows in the database hold what they should not: left out")
    return Fetched(records, page.last_id, len(page.records) < size)


class _Page:
    """All rows that belong to the records of a page, by record."""

    def __init__(self, connection: sqlite3.Connection, schema: Schema, media: Media, after_id: int, size: int) -> None:
        self._connection = connection
        self._schema = schema
        self._names = names = _TABLES[media]
        self._media = media
        self.noun = names.records[:-1]
        picked = schema.pick(names.records, "r", *_RECORD_COLUMNS)
        studio = "r.studio_id" if "studio_id" in schema.columns[names.records] else "NULL"
        self.records = list(
            connection.execute(
                f"SELECT r.id, {picked}, s.id, s.name FROM {names.records} r LEFT JOIN studios s ON s.id = {studio} "
                "WHERE r.id > ? AND typeof(r.id) = 'integer' ORDER BY r.id LIMIT ?",
                (after_id, size),
            )
        )
        self.last_id = self.records[-1][0] if self.records else after_id
        self._span = (after_id, self.last_id)
        self._files = self._of_files()
        self._hashes = self._of_hashes()
        self._urls = self._linked(names.urls, "url", order="position")
        self._tags = self._entities(names.tags, "tags", "tag_id")
        self._performers = self._entities(names.performers, "performers", "performer_id")
        self._galleries = self._linked(names.galleries, "gallery_id", order="gallery_id")
        self._only_scenes: dict[str, dict[int, list[Row]]] = {}
        if media is Media.VIDEO:
            index = schema.pick("groups_scenes", "l", "scene_index")
            times = schema.pick("scene_stash_ids", "l", "updated_at")
            self._only_scenes = {
                "groups": self._linked("groups_scenes", f"group_id, {index}", order="group_id"),
                "links": self._linked("scene_stash_ids", f"endpoint, l.stash_id, {times}", order="endpoint"),
                "markers": self._counted("scene_markers"),
                "plays": self._counted("scenes_view_dates"),
                "os": self._counted("scenes_o_dates"),
            }

    def _rows(self, sql: str) -> dict[int, list[Row]]:
        """Rows by their first column, the record."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self._connection.execute(sql, self._span):
            found[row[0]].append(row[1:])
        return found

    def _linked(self, table: str, columns: str, *, order: str) -> dict[int, list[Row]]:
        key = self._names.record_id
        return self._rows(f"SELECT l.{key}, l.{columns} FROM {table} l {self._within()} ORDER BY l.{key}, l.{order}")

    def _counted(self, table: str) -> dict[int, list[Row]]:
        key = self._names.record_id
        return self._rows(f"SELECT l.{key}, COUNT(*) FROM {table} l {self._within()} GROUP BY l.{key}")

    def _entities(self, table: str, entities: str, entity_id: str) -> dict[int, list[Row]]:
        return self._rows(
            f"SELECT l.{self._names.record_id}, e.id, e.name FROM {table} l "
            f"CROSS JOIN {entities} e ON e.id = l.{entity_id} {self._within()} ORDER BY e.id"
        )

    def _of_files(self) -> dict[int, list[Row]]:
        pick = self._schema.pick
        video = pick("video_files", "v", "file_id", *_VIDEO_COLUMNS)
        image = pick("image_files", "i", "file_id", "format", "width", "height")
        return self._rows(
            f"SELECT l.{self._names.record_id}, f.id, d.path, f.basename, f.size, "
            f"{pick('files', 'f', 'mod_time', 'zip_file_id')}, {video}, {image} "
            f"FROM {self._names.files} l CROSS JOIN files f ON f.id = l.file_id "
            "LEFT JOIN folders d ON d.id = f.parent_folder_id LEFT JOIN video_files v ON v.file_id = f.id "
            f'LEFT JOIN image_files i ON i.file_id = f.id {self._within()} ORDER BY l."primary" DESC, f.id'
        )

    def _of_hashes(self) -> dict[int, list[Row]]:
        """By file, not by record."""
        return self._rows(
            f"SELECT h.file_id, h.type, h.fingerprint FROM {self._names.files} l "
            f"CROSS JOIN files_fingerprints h ON h.file_id = l.file_id {self._within()} "
            "AND h.type IN ('phash', 'oshash', 'md5') ORDER BY h.type, h.fingerprint"
        )

    def _within(self) -> str:
        return f"WHERE l.{self._names.record_id} > ? AND l.{self._names.record_id} <= ?"

    def record(self, row: Row, oddities: Oddities) -> LibraryRecord:
        """A record. Raises TypeError or ValueError where a value is of a kind that cannot be used."""
        record_id, values, studio = row[0], dict(zip(_RECORD_COLUMNS, row[1:-2], strict=True)), row[-2:]
        is_scene = self._media is Media.VIDEO
        only = {name: found.get(record_id, []) for name, found in self._only_scenes.items()}
        return LibraryRecord(
            media=self._media,
            id=record_id,
            files=tuple(self._files_of(record_id, oddities)),
            title=text_of(values["title"]),
            code=text_of(values["code"]),
            details=text_of(values["details"]),
            director=text_of(values["director"]),
            photographer=text_of(values["photographer"]),
            date=date_of(values["date"], values["date_precision"]),
            urls=tuple(text_of(url) for (url,) in self._urls.get(record_id, ()) if url),
            rating100=None if values["rating"] is None else number_of(values["rating"]),
            is_organized=bool(number_of(values["organized"])),
            studio=None if studio[0] is None else LocalEntity(number_of(studio[0]), text_of(studio[1])),
            performers=entities_of(self._performers.get(record_id, ())),
            tags=entities_of(self._tags.get(record_id, ())),
            groups=tuple(
                GroupMembership(number_of(group), None if index is None else number_of(index))
                for group, index in only.get("groups", ())
            ),
            gallery_ids=tuple(number_of(gallery) for (gallery,) in self._galleries.get(record_id, ())),
            stash_ids=tuple(
                StashId(text_of(endpoint), text_of(stash_id), None if at is None else text_of(at))
                for endpoint, stash_id, at in only.get("links", ())
            ),
            marker_count=first_of(only.get("markers")),
            play_count=first_of(only.get("plays")),
            play_duration=amount_of(values["play_duration"]),
            resume_time=amount_of(values["resume_time"]),
            o_count=first_of(only["os"]) if is_scene else max(0, number_of(values["o_counter"])),
            created_at=text_of(values["created_at"]),
            updated_at=text_of(values["updated_at"]),
        )

    def _files_of(self, record_id: int, oddities: Oddities) -> Iterable[StashFile]:
        for row in self._files.get(record_id, ()):
            file_id, folder, basename, size, modified, zip_id = row[:6]
            video, image = row[6 : 6 + 1 + len(_VIDEO_COLUMNS)], row[7 + len(_VIDEO_COLUMNS) :]
            media = Media.VIDEO if video[0] is not None else Media.IMAGE
            if folder is None or (video[0] is None and (image[0] is None or self._media is Media.VIDEO)):
                oddities.note(f"file of {_article(self.noun)} that the database does not say enough of: left out")
                continue
            shape = dict(zip(_VIDEO_COLUMNS, video[1:], strict=True)) if media is Media.VIDEO else {}
            container, width, height = (shape["format"], shape["width"], shape["height"]) if shape else image[1:]
            hashes = hashes_of(self._hashes.get(file_id, ()), oddities)
            yield StashFile(
                id=number_of(file_id),
                media=media,
                path=full_path(text_of(folder), text_of(basename)),
                size=known(number_of(size)),
                modified_at=unix_time(text_of(modified), oddities),
                width=known(number_of(width)),
                height=known(number_of(height)),
                duration=known_duration(amount_of(shape.get("duration"))),
                video_codec=known_text(text_of(shape.get("video_codec"))),
                audio_codec=known_text(text_of(shape.get("audio_codec"))),
                frame_rate=amount_of(shape.get("frame_rate")),
                bit_rate=known(number_of(shape.get("bit_rate"))),
                container=known_text(text_of(container)),
                phash=hashes.get(Algorithm.PHASH),
                oshash=hashes.get(Algorithm.OSHASH),
                md5=hashes.get(Algorithm.MD5),
                is_in_zip=zip_id is not None,
            )


_RECORD_COLUMNS: Final = (
    "title",
    "code",
    "details",
    "director",
    "photographer",
    "date",
    "date_precision",
    "rating",
    "organized",
    "play_duration",
    "resume_time",
    "o_counter",
    "created_at",
    "updated_at",
)
_VIDEO_COLUMNS: Final = (
    "format",
    "width",
    "height",
    "duration",
    "video_codec",
    "audio_codec",
    "frame_rate",
    "bit_rate",
)


def _article(noun: str) -> str:
    return f"an {noun}" if noun == "image" else f"a {noun}"
