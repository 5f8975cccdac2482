"""What the last scan for duplicates saw: files, and the scenes and images of Stash that own them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from core.model.library_files import FileFacts, FileHashes, FileIdentity, LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.store.database import Reader, Row, Transaction
from core.store.statements import chunks, storable

_STASH: Final = b"stash:"
_SIGN: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class _Detail:
    """What is stored as JSON: everything of a LibraryFile that no column holds."""

    stash_path: str
    is_primary: bool
    is_in_zip: bool
    identity: FileIdentity | None
    links: int
    modified_at: float | None
    facts: FileFacts
    hashes: FileHashes
    problem: str
    sources: tuple[str, ...]


class _Place(msgspec.Struct, gc=False):
    """The part of `_Detail` by which a file is told to be as it was."""

    stash_path: str
    identity: FileIdentity | None
    links: int
    modified_at: float | None
    problem: str
    sources: tuple[str, ...]


_details = msgspec.json.Decoder(_Detail)
_places = msgspec.json.Decoder(_Place)
_records = msgspec.json.Decoder(LibraryRecord)
_encoder = msgspec.json.Encoder()
_COLUMNS: Final = "id, place, media, size, record_id, stash_file_id, detail"


def signed(value: int | None) -> int | None:
    """An unsigned 64-bit hash as SQLite keeps it."""
    return None if value is None else value - (1 << 64) if value >= _SIGN else value


def unsigned(value: int | None) -> int | None:
    """A hash as SQLite keeps it, unsigned again."""
    return None if value is None else value & ((1 << 64) - 1)


def place_of(path: str | None, stash_path: str) -> bytes:
    """What tells a file from every other one: its local path, or that of Stash where there is none."""
    return os.fsencode(path) if path is not None else _STASH + stash_path.encode("utf-8", "surrogatepass")


def _file(row: Row) -> LibraryFile:
    detail = _details.decode(row[6])
    media = Media(row[2])
    place: bytes = row[1]
    return LibraryFile(
        id=row[0],
        media=media,
        size=row[3],
        path=None if place.startswith(_STASH) else os.fsdecode(place),
        stash_path=detail.stash_path,
        stash_file_id=row[5],
        record=None if row[4] is None else RecordRef(media, row[4]),
        is_primary=detail.is_primary,
        is_in_zip=detail.is_in_zip,
        identity=detail.identity,
        links=detail.links,
        modified_at=detail.modified_at,
        facts=detail.facts,
        hashes=detail.hashes,
        problem=detail.problem,
        sources=detail.sources,
    )


def _values(file: LibraryFile, scan: int) -> tuple[object, ...]:
    detail = _Detail(
        storable(file.stash_path),
        file.is_primary,
        file.is_in_zip,
        file.identity,
        file.links,
        file.modified_at,
        file.facts,
        file.hashes,
        storable(file.problem),
        tuple(storable(one) for one in file.sources),
    )
    return (
        place_of(file.path, file.stash_path),
        file.media,
        file.size,
        signed(file.hashes.phash),
        file.facts.duration,
        None if file.record is None else file.record.id,
        file.stash_file_id,
        scan,
        _encoder.encode(detail),
    )


async def put_files(tx: Transaction, files: Iterable[LibraryFile], *, scan: int) -> None:
    """Write files down by their place; `id` is not looked at: a place that is known keeps its row."""
    await tx.many(
        "INSERT INTO library_files (place, media, size, phash, duration, record_id, stash_file_id, scan, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place) DO UPDATE SET media = excluded.media, "
        "size = excluded.size, phash = excluded.phash, duration = excluded.duration, record_id = excluded.record_id, "
        "stash_file_id = excluded.stash_file_id, scan = excluded.scan, detail = excluded.detail",
        [_values(file, scan) for file in files],
    )


class SeenBefore:
    """A file as an earlier reading wrote it down: `scan` saw it last. Only what is asked for is taken apart."""

    __slots__ = ("_row", "id", "scan")

    def __init__(self, row: Row) -> None:
        self.id: int = row[0]
        self.scan: int = row[-1]
        self._row = row

    def file(self) -> LibraryFile:
        """All of it."""
        return _file(self._row)

    def still_holds(self, file: LibraryFile) -> bool:
        """Whether a file that folders alone show is the one that was written down, without a problem."""
        row = self._row
        if row[2] != file.media or row[4] is not None or file.record is not None or file.identity is None:
            return False
        known = _places.decode(row[6])
        return (
            not known.problem
            and known.stash_path == file.stash_path
            and known.identity == file.identity
            and known.links == file.links
            and known.modified_at == file.modified_at
            and known.sources == file.sources
        )


async def last_seen(reader: Reader, places: Sequence[bytes]) -> dict[bytes, SeenBefore]:
    """What is known of these places; unknown ones are left out."""
    found: dict[bytes, SeenBefore] = {}
    for chunk in chunks(places):
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT {_COLUMNS}, scan FROM library_files WHERE place IN ({marks})"
        found.update((row[1], SeenBefore(row)) for row in await reader.rows(sql, list(chunk)))
    return found


async def mark_seen(tx: Transaction, ids: Sequence[int], *, scan: int) -> None:
    """Note that a scan saw these files as they were."""
    for chunk in chunks(ids):
        await tx.execute(
            f"UPDATE library_files SET scan = ? WHERE id IN ({', '.join('?' * len(chunk))})", [scan, *chunk]
        )


async def files(reader: Reader, ids: Sequence[int]) -> dict[int, LibraryFile]:
    """The files with these ids; unknown ids are left out."""
    found: dict[int, LibraryFile] = {}
    for chunk in chunks(list(dict.fromkeys(ids))):
        marks = ", ".join("?" * len(chunk))
        rows = await reader.rows(f"SELECT {_COLUMNS} FROM library_files WHERE id IN ({marks})", list(chunk))
        found.update((row[0], _file(row)) for row in rows)
    return found


async def files_of_size(reader: Reader, size: int) -> list[LibraryFile]:
    """The files that have so many bytes."""
    return [_file(row) for row in await reader.rows(f"SELECT {_COLUMNS} FROM library_files WHERE size = ?", (size,))]


async def phashes(reader: Reader, media: Media, *, after: int, limit: int) -> list[tuple[int, int]]:
    """The id and the PHASH (unsigned) of files of a medium that have one, by rising id."""
    rows = await reader.rows(
        "SELECT id, phash FROM library_files WHERE id > ? AND media = ? AND phash IS NOT NULL ORDER BY id LIMIT ?",
        (after, media, limit),
    )
    return [(row[0], row[1] & (1 << 64) - 1) for row in rows]


async def files_after(reader: Reader, after_id: int, *, limit: int = 2000) -> list[LibraryFile]:
    """The next files by rising id."""
    rows = await reader.rows(
        f"SELECT {_COLUMNS} FROM library_files WHERE id > ? ORDER BY id LIMIT ?", (after_id, limit)
    )
    return [_file(row) for row in rows]


async def count_files(reader: Reader) -> int:
    """How many files are known."""
    return int(await reader.value("SELECT count(*) FROM library_files"))


async def unseen_files(reader: Reader, *, scan: int) -> list[LibraryFile]:
    """The files that this scan did not see."""
    rows = await reader.rows(f"SELECT {_COLUMNS} FROM library_files WHERE scan <> ? ORDER BY id", (scan,))
    return [_file(row) for row in rows]


async def forget_files(tx: Transaction, ids: Sequence[int]) -> None:
    """Files that no source names any more."""
    await tx.many("DELETE FROM library_files WHERE id = ?", [(one,) for one in ids])


async def sizes_shared(reader: Reader) -> set[tuple[str, int]]:
    """The (media, size) pairs that several files have: only those can be equal byte for byte."""
    rows = await reader.rows(
        "SELECT media, size FROM library_files WHERE size > 0 GROUP BY media, size HAVING count(*) > 1"
    )
    return {(row[0], row[1]) for row in rows}


async def put_records(tx: Transaction, records: Iterable[LibraryRecord], *, scan: int) -> None:
    """Write scenes and images down as they are now."""
    await tx.many(
        "INSERT INTO library_records (media, id, scan, snapshot) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (media, id) DO UPDATE SET scan = excluded.scan, snapshot = excluded.snapshot",
        [(one.media, one.id, scan, _encoder.encode(one)) for one in records],
    )


async def records(reader: Reader, refs: Iterable[RecordRef]) -> dict[RecordRef, LibraryRecord]:
    """These scenes and images as the last scan saw them; unknown ones are left out."""
    found: dict[RecordRef, LibraryRecord] = {}
    by_media: dict[Media, list[int]] = {}
    for ref in dict.fromkeys(refs):
        by_media.setdefault(ref.media, []).append(ref.id)
    for media, ids in by_media.items():
        for chunk in chunks(ids):
            marks = ", ".join("?" * len(chunk))
            rows = await reader.rows(
                f"SELECT id, snapshot FROM library_records WHERE media = ? AND id IN ({marks})", [media, *chunk]
            )
            found.update((RecordRef(media, row[0]), _records.decode(row[1])) for row in rows)
    return found


async def records_after(reader: Reader, media: Media, after_id: int, *, limit: int = 2000) -> list[LibraryRecord]:
    """The next scenes or images by rising id."""
    rows = await reader.rows(
        "SELECT snapshot FROM library_records WHERE media = ? AND id > ? ORDER BY id LIMIT ?", (media, after_id, limit)
    )
    return [_records.decode(row[0]) for row in rows]


async def forget_records(tx: Transaction, media: Media, *, scan: int) -> None:
    """Drop the scenes or images that this scan did not see."""
    await tx.execute("DELETE FROM library_records WHERE media = ? AND scan <> ?", (media, scan))
