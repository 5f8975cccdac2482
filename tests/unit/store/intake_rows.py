"""Pictures in every state, for the tests of what is kept of them."""

from __future__ import annotations

from typing import Any

from core.model.incoming import (
    Box,
    Category,
    Destination,
    DuplicateOf,
    Faces,
    FoundFace,
    Item,
    ItemState,
    Known,
    NewItem,
    Outcome,
    Person,
)
from core.store import intake, review_queue
from core.store.database import Database

ANN, BEA = Person("a", "Ann"), Person("b", "Bea")
FACES = Faces(is_analysed=True, found=(FoundFace(ANN, Box(0.1, 0.2, 0.3, 0.4), 0.5),))
SORTED = Outcome(Destination.PERSON, "p.jpg", "Ann was recognised", person=ANN)
DAY = 86_400.0


def to_review(
    category: Category = Category.LOW_CONFIDENCE, *, suggested: Person | None = ANN, reason: str = ""
) -> Outcome:
    duplicate = DuplicateOf(Known.LIBRARY, "/x", 1.0) if category is Category.DUPLICATES else None
    return Outcome(Destination.REVIEW, "x.jpg", reason or category, category, suggested=suggested, duplicate=duplicate)


def sha(number: int) -> bytes:
    return number.to_bytes(32, "big")


async def added(database: Database, *urls: str, now: float = 1.0, source: str = "hook") -> list[int]:
    async with database.write() as tx:
        items = [NewItem.at(url, source=source, filename=url) for url in urls]
        return [one.id for one in await intake.add(tx, items, now=now)]


async def fetched(database: Database, number: int, *, now: float = 1.0) -> int:
    (item_id,) = await added(database, f"u{number}", now=now)
    async with database.write() as tx:
        path = f"/in/{number}.jpg"
        assert await intake.set_fetched(tx, item_id, path=path, filename="p.jpg", size=9, sha256=sha(number), now=now)
    return item_id


async def reviewed(database: Database, number: int, outcome: Outcome, *, now: float = 1.0, **more: Any) -> int:
    """A picture in the review; its id there."""
    item_id = await fetched(database, number, now=now)
    path = more.pop("path", f"/review/{number}.jpg")
    given: dict[str, Any] = {"size": number, "source": "hook", "faces_detected": 1} | more
    async with database.write() as tx:
        await intake.set_finished(tx, item_id, ItemState.REVIEW, path=path, outcome=outcome, now=now)
        return await review_queue.put(tx, item_id, outcome, path=path, sha256=sha(number), now=now, **given)


async def item(database: Database, item_id: int) -> Item:
    async with database.read() as reader:
        found = await intake.get(reader, item_id)
    assert found is not None
    return found
