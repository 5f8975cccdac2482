"""Pictures of the review, what came in, and sums over both as JSON and CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.intake.reading import ReviewEntry
from core.model.incoming import Faces, Item
from core.runtime import ReviewLine, Statistics
from tui.documents import csv_cell, iso_time
from tui.present import plain

if TYPE_CHECKING:
    from core.intake.desk import IntakeDesk

_CHUNK: Final = 500
REVIEW_COLUMNS: Final = (
    "id",
    "action",
    "category",
    "file_path",
    "filename",
    "size",
    "source",
    "reason",
    "faces_detected",
    "suggested_person",
    "near",
    "created_at",
    "reviewed_at",
    "reviewed_by",
    "person_name",
    "file_hash",
)


async def lines_of(desk: IntakeDesk, ids: Sequence[int]) -> AsyncIterator[ReviewLine]:
    """These pictures, some at a time."""
    for start in range(0, len(ids), _CHUNK):
        for one in await desk.lines(ids[start : start + _CHUNK]):
            yield one


def review_document(one: ReviewLine) -> dict[str, Any]:
    """A picture of the review; size in bytes, times ISO 8601, the hash in hexadecimal."""
    return {
        "id": one.id,
        "item": one.download_id,
        "action": one.action.value,
        "category": one.category.value,
        "file_path": plain(one.path),
        "filename": plain(one.filename),
        "file_hash": None if one.sha256 is None else one.sha256.hex(),
        "size": one.size,
        "source": plain(one.source),
        "reason": plain(one.reason),
        "faces_detected": one.faces_detected,
        "suggested_person": plain(one.suggested_person) or None,
        "near": plain(one.near) or None,
        "created_at": iso_time(one.created_at),
        "skipped_at": iso_time(one.skipped_at),
        "reviewed_at": iso_time(one.reviewed_at),
        "reviewed_by": plain(one.reviewed_by) or None,
        "person_name": plain(one.person_name) or None,
    }


def review_row(one: ReviewLine) -> list[str]:
    """A picture as cells of REVIEW_COLUMNS."""
    document = review_document(one)
    return [csv_cell(document[column]) for column in REVIEW_COLUMNS]


def entry_document(entry: ReviewEntry) -> dict[str, Any]:
    """A picture of the review with its faces; boxes are left, top, width, height as fractions of the picture."""
    return review_document(entry.line) | {
        "near": plain(entry.near) or None,
        "url": plain(entry.item.url) or None,
        "faces": _faces(entry.faces),
    }


def _faces(faces: Faces | None) -> list[dict[str, Any]] | None:
    if faces is None:
        return None
    return [
        {
            "person": None if one.person is None else plain(one.person.name) or None,
            "confidence": one.confidence,
            "box": [round(part, 4) for part in (one.box.x, one.box.y, one.box.width, one.box.height)],
        }
        for one in faces.found
    ]


def item_document(one: Item) -> dict[str, Any]:
    """Something that came in, wherever it stands."""
    return {
        "item": one.id,
        "state": one.state.value,
        "source": plain(one.source),
        "url": plain(one.url) or None,
        "file_path": plain(one.file_path or one.origin or "") or None,
        "filename": plain(one.filename),
        "error": plain(one.error) or None,
        "created_at": iso_time(one.created_at),
    }


def statistics_document(found: Statistics, now: float) -> dict[str, Any]:
    """The sums of a range; rates from 0 to 1, the age of the queue in seconds."""
    age = found.queue_age(now)
    return {
        "since": iso_time(found.since),
        "until": iso_time(found.until),
        "came_in": found.came_in,
        "auto_sorted": found.auto_sorted,
        "approved": found.approved,
        "rejected": found.rejected,
        "in_review": found.in_review,
        "pending": found.pending,
        "failed": found.failed,
        "returned": found.returned,
        "duplicates": found.duplicates,
        "success_rate": _rate(found.success_rate),
        "duplicate_rate": _rate(found.duplicate_rate),
        "by_person": {plain(name): number for name, number in found.by_person.items()},
        "by_category": {category.value: number for category, number in found.by_category.items()},
        "queue": found.queue,
        "queue_age_seconds": None if age is None else round(age),
    }


def _rate(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
