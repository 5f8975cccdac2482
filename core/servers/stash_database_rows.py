"""The SQL that reads Stash's tables, and the way from their rows to the records the server itself would answer."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.model.fingerprints import Algorithm
from core.model.library_records import GroupMembership, LibraryRecord, Media, StashFile
from core.model.scenes import LocalEntity, StashId
from core.servers.ahead import Fetched
from core.servers.hashes import read_hash
from core.servers.numbers import MOST_REAL, MOST_WHOLE
from core.servers.oddities import Oddities
from core.servers.stash_database_schema import Schema
from core.servers.stash_library_wire import known, known_duration, known_text, unix_time

Row = tuple[Any, ...]

_MAX_64: Final = (1 << 64) - 1


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
            title=_text(values["title"]),
            code=_text(values["code"]),
            details=_text(values["details"]),
            director=_text(values["director"]),
            photographer=_text(values["photographer"]),
            date=_date(values["date"], values["date_precision"]),
            urls=tuple(_text(url) for (url,) in self._urls.get(record_id, ()) if url),
            rating100=None if values["rating"] is None else _number(values["rating"]),
            is_organized=bool(_number(values["organized"])),
            studio=None if studio[0] is None else LocalEntity(_number(studio[0]), _text(studio[1])),
            performers=_entities(self._performers.get(record_id, ())),
            tags=_entities(self._tags.get(record_id, ())),
            groups=tuple(
                GroupMembership(_number(group), None if index is None else _number(index))
                for group, index in only.get("groups", ())
            ),
            gallery_ids=tuple(_number(gallery) for (gallery,) in self._galleries.get(record_id, ())),
            stash_ids=tuple(
                StashId(_text(endpoint), _text(stash_id), None if at is None else _text(at))
                for endpoint, stash_id, at in only.get("links", ())
            ),
            marker_count=_first(only.get("markers")),
            play_count=_first(only.get("plays")),
            play_duration=_amount(values["play_duration"]),
            resume_time=_amount(values["resume_time"]),
            o_count=_first(only["os"]) if is_scene else max(0, _number(values["o_counter"])),
            created_at=_text(values["created_at"]),
            updated_at=_text(values["updated_at"]),
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
            hashes = _hashes(self._hashes.get(file_id, ()), oddities)
            yield StashFile(
                id=_number(file_id),
                media=media,
                path=full_path(_text(folder), _text(basename)),
                size=known(_number(size)),
                modified_at=unix_time(_text(modified), oddities),
                width=known(_number(width)),
                height=known(_number(height)),
                duration=known_duration(_amount(shape.get("duration"))),
                video_codec=known_text(_text(shape.get("video_codec"))),
                audio_codec=known_text(_text(shape.get("audio_codec"))),
                frame_rate=_amount(shape.get("frame_rate")),
                bit_rate=known(_number(shape.get("bit_rate"))),
                container=known_text(_text(container)),
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


def full_path(folder: str, basename: str) -> str:
    """The path as Stash names it, with the separator of the system it runs on, not doubled after a root."""
    is_windows = "\\" in folder and (folder.startswith("\\\\") or folder[1:2] == ":")
    separator = "\\" if is_windows else "/"
    return f"{folder}{basename}" if folder.endswith(separator) else f"{folder}{separator}{basename}"


def _date(text: Any, precision: Any) -> str:
    """YYYY-MM-DD; of a date known to the month or the year alone, which Stash fills up with 01, just those."""
    whole = _text(text)[:10]
    return whole[: {1: 7, 2: 4}.get(precision, 10)]


def _hashes(rows: Sequence[Row], oddities: Oddities) -> dict[Algorithm, int]:
    """The first hash of each kind. PHASHes are stored as signed integers, the others as text."""
    found: dict[Algorithm, int] = {}
    for kind, value in rows:
        if kind == "phash":
            if isinstance(value, int):
                found.setdefault(Algorithm.PHASH, value & _MAX_64)
            else:
                oddities.note("PHASH that is stored as no number: skipped")
            continue
        read = read_hash(kind, _text(value), oddities)
        if read is not None:
            found.setdefault(*read)
    return found


def _entities(rows: Sequence[Row]) -> tuple[LocalEntity, ...]:
    return tuple(LocalEntity(_number(entity_id), _text(name)) for entity_id, name in rows)


def _first(rows: Sequence[Row] | None) -> int:
    return rows[0][0] if rows else 0


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(value: Any) -> int:
    """A whole number, 0 for none. Raises TypeError for what is no number, ValueError for one out of bounds."""
    if value is None:
        return 0
    if not isinstance(value, int | float):
        raise TypeError(value)
    if not -MOST_WHOLE <= value <= MOST_WHOLE:
        raise ValueError(value)
    return int(value)


def _amount(value: Any) -> float:
    """A number that is not negative, 0 for none. Raises as `_number`."""
    if value is None:
        return 0.0
    if not isinstance(value, int | float):
        raise TypeError(value)
    if not -MOST_REAL <= value <= MOST_REAL:
        raise ValueError(value)
    return max(0.0, float(value))


def _article(noun: str) -> str:
    return f"an {noun}" if noun == "image" else f"a {noun}"
