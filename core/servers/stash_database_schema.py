"""What a database of Stash is and can tell: its version, and the tables and columns it has."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from core.errors import MalformedAnswerError

KNOWN_VERSION: Final = 75
"""The schema this was written for (Stash 0.30). Others are read by what columns they have."""
# Without these a record cannot be told; any other column may be lacking, and what it holds is left out then.
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "folders": ("id", "path"),
    "files": ("id", "basename", "parent_folder_id", "size"),
    "files_fingerprints": ("file_id", "type", "fingerprint"),
    "video_files": ("file_id",),
    "image_files": ("file_id",),
    "studios": ("id", "name"),
    "performers": ("id", "name"),
    "tags": ("id", "name"),
    "scenes": ("id",),
    "scenes_files": ("scene_id", "file_id", "primary"),
    "scene_urls": ("scene_id", "position", "url"),
    "scenes_tags": ("scene_id", "tag_id"),
    "performers_scenes": ("scene_id", "performer_id"),
    "scenes_galleries": ("scene_id", "gallery_id"),
    "groups_scenes": ("scene_id", "group_id"),
    "scene_stash_ids": ("scene_id", "endpoint", "stash_id"),
    "scene_markers": ("scene_id",),
    "scenes_view_dates": ("scene_id",),
    "scenes_o_dates": ("scene_id",),
    "images": ("id",),
    "images_files": ("image_id", "file_id", "primary"),
    "image_urls": ("image_id", "position", "url"),
    "images_tags": ("image_id", "tag_id"),
    "performers_images": ("image_id", "performer_id"),
    "galleries_images": ("image_id", "gallery_id"),
}


@dataclass(frozen=True, slots=True)
class Schema:
    """The version of a database, and the columns of its tables."""

    version: int
    columns: dict[str, frozenset[str]]

    def pick(self, table: str, alias: str, *columns: str) -> str:
        """A list of columns for a SELECT, NULL for each that is lacking."""
        found = self.columns[table]
        return ", ".join(f'{alias}."{name}"' if name in found else "NULL" for name in columns)


def read_version(connection: sqlite3.Connection, name: str) -> int:
    """The schema's number.

    Raises MalformedAnswerError for what is no database of Stash, and for one in the middle of a migration.
    """
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
    rows = [] if found.fetchone() is None else list(connection.execute("SELECT version, dirty FROM schema_migrations"))
    if len(rows) != 1 or not isinstance(rows[0][0], int):
        words = "this is not a database of Stash: is the path right? Stash calls it stash-go.sqlite"
        raise MalformedAnswerError(words, server=name)
    version, is_dirty = rows[0]
    if is_dirty:
        words = (
            f"Stash is migrating it, or a migration (to {version}) was interrupted: wait until Stash has finished, or "
            "put back the backup that Stash made before it"
        )
        raise MalformedAnswerError(words, server=name)
    return int(version)


def read_schema(connection: sqlite3.Connection, name: str) -> Schema:
    """What this database can tell. Raises MalformedAnswerError as `read_version`, and when a table is lacking."""
    version = read_version(connection, name)
    columns: dict[str, set[str]] = defaultdict(set)
    sql = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
    for table, column in connection.execute(sql):
        columns[table].add(column)
    lacking = [table for table, needed in _NEEDED.items() if not columns[table].issuperset(needed)]
    if lacking:
        age = "older" if version < KNOWN_VERSION else "newer" if version > KNOWN_VERSION else "other"
        words = (
            f"its schema ({version}) is an {age} one than Winnow can read: {', '.join(lacking)} is lacking. "
            "Bring Stash up to date, or give the address of the Stash server instead"
        ).replace("an newer", "a newer")
        raise MalformedAnswerError(words, server=name)
    return Schema(version, {table: frozenset(found) for table, found in columns.items()})
