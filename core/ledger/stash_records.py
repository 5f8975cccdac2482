"""Whole records of Stash as JSON in the journal, so that they can be brought back, and what is said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from core.ledger.effects import Image, parsed
from core.model.library_records import LibraryRecord, Marker, Media, RecordRef
from core.model.record_changes import Merged, RecordChanges
from core.servers.stash_library_records import History

NOUNS: Final = {Media.VIDEO: "scene", Media.IMAGE: "image"}


class Turn(Protocol):
    """Gives the lock under which a record is read and written."""

    def __call__(self) -> AbstractAsyncContextManager[None]: ...


class Merge(Protocol):
    """Works out what a keeper lacks of what others hold."""

    def __call__(self, keeper: LibraryRecord, losers: Sequence[LibraryRecord]) -> Merged: ...


class Locate(Protocol):
    """Where a file that Stash names lies on this machine; None where no mapping says."""

    def __call__(self, path: str) -> Path | None: ...


class FileName(msgspec.Struct, frozen=True):
    """A file of Stash: its number and its path there."""

    id: int
    path: str


class Snapshot(msgspec.Struct, frozen=True):
    """A record as it was, with the dates of its plays and O's and its markers (a scene's)."""

    record: LibraryRecord
    plays: tuple[str, ...] = ()
    o_dates: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files' paths at Stash, the primary one first."""
        return tuple(file.path for file in self.record.files)


def said(ref: RecordRef | LibraryRecord) -> str:
    """A record in words."""
    return f"{NOUNS[ref.media]} {ref.id}"


def snapshot(record: LibraryRecord, history: History | None) -> Snapshot:
    """A record to be kept in the journal. MD5s have no place in JSON; a rescan computes them anyway."""
    known = history or History()
    kept = replace(record, files=tuple(replace(file, md5=None) for file in record.files))
    return Snapshot(kept, known.plays, known.o_dates, known.markers)


def as_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as it stands in the journal."""
    found: dict[str, Any] = msgspec.to_builtins(snapshot)
    return found


def snapshot_of(image: Image, name: str) -> Snapshot:
    """The snapshot under a name. Raises LedgerError for another shape."""
    return parsed(image[name], Snapshot)


def changes_json(changes: RecordChanges) -> dict[str, Any]:
    """The fields that are written, as JSON."""
    found: dict[str, Any] = msgspec.to_builtins({name: getattr(changes, name) for name in changes.names})
    return found


def changes_of(value: dict[str, Any]) -> RecordChanges:
    """The reverse of `changes_json`. Raises LedgerError for another shape."""
    return parsed(value, RecordChanges)


def steady(record: LibraryRecord) -> LibraryRecord:
    """A record without what changes by itself, or by being written."""
    files = tuple(sorted((file.id, file.path, file.size) for file in record.files))
    return replace(record, files=files, updated_at="", resume_time=0.0, marker_count=0)  # type: ignore[arg-type]


def file_names(record: LibraryRecord) -> set[FileName]:
    """Which files it holds."""
    return {FileName(file.id, file.path) for file in record.files}


def moments(texts: Iterable[str]) -> Counter[int]:
    """Times as Unix seconds: a server writes the same moment in more than one way. Unreadable ones are left out."""
    found: Counter[int] = Counter()
    for text in texts:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        found[int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())] += 1
    return found


def as_times(seconds: Counter[int]) -> list[str]:
    """Moments as Stash takes them, in order."""
    return [datetime.fromtimestamp(one, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for one in sorted(seconds.elements())]


def cannot_come_back(record: LibraryRecord, *, is_merge: bool) -> str:
    """What an undo cannot bring back when this record goes, in words to be shown beforehand."""
    noun = NOUNS[record.media]
    lost = [f"its number ({noun} {record.id}) and the date it was added"]
    if record.media is Media.VIDEO:
        lost.append("its cover and previews, which Stash can generate anew")
    if record.marker_count and not is_merge:
        lost.append("the numbers and pictures of its markers")
    if len(record.files) > 1 and record.media is Media.IMAGE:
        lost.append("its files as one image")
    return f"an undo brings {said(record)} back under a new number, without " + ", ".join(lost)
