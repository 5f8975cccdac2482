"""Groups of duplicates as JSON and CSV: one shape for the command line and the export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.model.groups import Group
from tui.documents import csv_cell, iso_time
from tui.present import plain

if TYPE_CHECKING:
    from core.duplicates.desk import DuplicatesDesk

_CHUNK: Final = 200
GROUP_COLUMNS: Final = (
    "group",
    "kind",
    "media",
    "status",
    "weak",
    "keeper",
    "reason",
    "gate",
    "reclaimable_bytes",
    "file",
    "path",
    "stash_path",
    "record",
    "size",
    "distance",
    "mark",
    "protected",
    "width",
    "height",
    "duration",
    "phash",
    "problem",
)
"""One row a file; the columns before `file` are its group's and repeat."""


async def groups_of(desk: DuplicatesDesk, ids: Sequence[int]) -> AsyncIterator[Group]:
    """These groups with their files, some at a time."""
    for start in range(0, len(ids), _CHUNK):
        for group in await desk.groups(ids[start : start + _CHUNK]):
            yield group


def group_rows(group: Group) -> Iterator[list[str]]:
    """A row of GROUP_COLUMNS for each file; empty where there is nothing to say."""
    document = group_document(group)
    gate = document["gate"]
    head = [document["id"], *(document[name] for name in GROUP_COLUMNS[1:7]), gate and gate["text"]]
    for file in document["files"]:
        values = [*head, group.reclaimable_bytes, file["id"], *(file[name] for name in GROUP_COLUMNS[10:])]
        yield [csv_cell(one) for one in values]


def group_document(group: Group) -> dict[str, Any]:
    """A group with its files; hashes in hexadecimal, sizes in bytes, durations in seconds, times ISO 8601."""
    return {
        "id": group.id,
        "type": "duplicate_group",
        "kind": group.kind.value,
        "media": group.media.value,
        "status": group.status.value,
        "weak": group.is_weak,
        "keeper": group.keeper_id,
        "reason": group.reason,
        "gate": None if group.gate is None else {"code": group.gate.code.value, "text": group.gate.words},
        "reclaimable_bytes": group.reclaimable_bytes,
        "distance": group.distance,
        "merging": group.is_merging,
        "created": iso_time(group.created_at),
        "decided": iso_time(group.decided_at),
        "files": [
            {
                "id": one.file.id,
                "path": plain(one.file.shown_path),
                "stash_path": one.file.stash_path or None,
                "record": None if one.file.record is None else one.file.record.id,
                "size": one.file.size,
                "distance": one.distance,
                "mark": one.mark.value or None,
                "protected": one.protected or None,
                "width": one.file.facts.width,
                "height": one.file.facts.height,
                "duration": one.file.facts.duration,
                "phash": None if one.file.hashes.phash is None else f"{one.file.hashes.phash:016x}",
                "problem": one.file.problem or None,
            }
            for one in group.members
        ],
    }
