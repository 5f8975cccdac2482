"""A database of 100,000 pictures that wait in the review, written through the store."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from core.model.incoming import Box, Category, Destination, Faces, FoundFace, ItemState, NewItem, Outcome, Person
from core.store import intake, review_queue
from core.store.database import Database, Transaction

ROWS: Final = 100_000
SOURCES: Final = ("gallery-dl", "yt-dlp", "drop folder")
_CHUNK: Final = 5000
_CATEGORIES: Final = tuple(Category)


async def fill(path: Path, rows: int = ROWS) -> None:
    """A new database with that many pictures that wait."""
    random = Random(5)
    async with Database.open(path) as database:
        for start in range(0, rows, _CHUNK):
            numbers = range(start, min(start + _CHUNK, rows))
            new = [
                NewItem(SOURCES[number % 3], f"key {number}", f"a picture that came in {number}.jpg")
                for number in numbers
            ]
            async with database.write() as tx:
                for number, added in zip(numbers, await intake.add(tx, new, now=1.7e9 + start), strict=True):
                    await _put(tx, number, added.id, random)


async def _put(tx: Transaction, number: int, item_id: int, random: Random) -> None:
    category = _CATEGORIES[number % len(_CATEGORIES)]
    seen = None if number % 2 else Person(f"id-{number % 3000}", f"Person {number % 3000}")
    faces = Faces(True, (FoundFace(seen, Box(0.3, 0.2, 0.3, 0.4)),))
    path = f"/review/{category.folder}/a picture that came in {number}.jpg"
    outcome = Outcome(
        Destination.REVIEW, Path(path).name, "a reason of about this length, in words", category, suggested=seen
    )
    when = 1.7e9 + random.randrange(30_000_000)
    await intake.set_finished(tx, item_id, ItemState.REVIEW, path=path, outcome=outcome, faces=faces, now=when)
    await review_queue.put(
        tx, item_id, outcome, path=path, sha256=random.randbytes(32), size=random.randrange(1 << 16, 1 << 25),
        source=SOURCES[number % 3], faces_detected=1, now=when,
    )  # fmt: skip
