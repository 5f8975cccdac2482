"""What the desk shows of the review: entries with their faces, pictures, counts, the desk at a glance."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from intake_cases import Place, desk_over, in_review, item, several
from PIL import Image

from core.demo.drawing import draw
from core.model.incoming import Box, Category, Faces, FoundFace, ItemState, Person
from core.runtime import ReviewFilter
from core.store import intake
from core.store.database import Database

FACES = Faces(is_analysed=True, found=(FoundFace(Person("a", "Ada"), Box(0.25, 0.1, 0.5, 0.6)),))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def jpeg() -> bytes:
    found = io.BytesIO()
    draw("hills", 7, 0.0, 640, 480).save(found, "JPEG")
    return found.getvalue()


async def test_an_entry_has_its_faces_as_fractions(place: Place) -> None:
    review_id = await in_review(place, "a.jpg", faces=FACES, suggested=Person("a", "Ada"))
    async with desk_over(place) as runtime:
        entry = await runtime.intake.get(review_id)
        assert entry is not None
        assert entry.faces == FACES
        assert (entry.line.suggested_person, entry.item.filename, entry.near) == ("Ada", "a.jpg", "")
        assert await runtime.intake.get(99) is None


async def test_a_picture_is_small_and_what_is_none_is_nothing(place: Place) -> None:
    good = await in_review(place, "a.jpg", jpeg())
    bad = await in_review(place, "b.jpg", b"\xff\xd8 broken")
    gone = await in_review(place, "c.jpg", jpeg() + b"c")
    (place.review / "unidentified" / "unknown_c.jpg").unlink()
    async with desk_over(place) as runtime:
        found = await runtime.intake.picture(good)
        assert found is not None
        with Image.open(io.BytesIO(found)) as image:
            assert image.size == (480, 360)
        assert [await runtime.intake.picture(one) for one in (bad, gone, 99)] == [None] * 3


async def test_counts_and_sources_follow_the_filter(place: Place) -> None:
    await several(place, 2)
    await in_review(place, "d.jpg", category=Category.DUPLICATES, source="drop")
    async with desk_over(place) as runtime:
        counts = await runtime.intake.counts(ReviewFilter())
        assert (counts[Category.UNIDENTIFIED], counts[Category.DUPLICATES], sum(counts.values())) == (2, 1, 3)
        assert await runtime.intake.sources() == ["drop", "hook"]
        assert sum((await runtime.intake.counts(ReviewFilter(source="drop"))).values()) == 1


async def test_the_desk_at_a_glance(place: Place) -> None:
    ids = await several(place, 3)
    now = time.time()
    await in_review(place, "today.jpg", now=now)
    failed = await item(place, ids[0])
    async with Database.open(place.database) as database, database.write() as tx:
        await intake.set_finished(tx, failed.id, ItemState.FAILED, now=now)
    async with desk_over(place) as runtime:
        found = await runtime.intake.summary()
        assert (found.queue[Category.UNIDENTIFIED], found.pending, found.failed) == (4, 0, 1)
        assert (found.is_configured, found.last_run) == (True, None)
        assert found.next_run_at is not None
        assert found.queue_age is not None
        assert found.today.since <= now < found.today.until
        assert found.today.in_review == 1
