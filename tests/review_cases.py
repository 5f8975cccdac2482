"""A review of drawn portraits with the boxes of their faces, for the tests of its screen and for its picture."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from intake_cases import NOW, Place, in_review

from core.demo.portraits import LEFT, MIDDLE, RIGHT, Sitter, portrait
from core.model.incoming import Box, Category, Faces, FoundFace, Person

ADA: Final = Person("id-ada", "Ada Lindqvist")
BRUNO: Final = Person("id-bruno", "Bruno Maas")
CLARA: Final = Person("id-clara", "Clara Öztürk")
_PREFIXES: Final = {
    Category.DUPLICATES: "duplicate_",
    Category.UNIDENTIFIED: "unknown_",
    Category.MULTIPLE_FACES: "multi_",
    Category.UNWANTED_PERSON: "unwanted_",
    Category.LOW_CONFIDENCE: "lowconf_",
}


def _face(box: tuple[float, float, float, float], person: Person | None, confidence: float | None = None) -> FoundFace:
    left, top, right, bottom = box
    return FoundFace(person, Box(left, top, right - left, bottom - top), confidence)


def drawn(scene: int, *sitters: Sitter) -> bytes:
    """A portrait as JPEG."""
    out = BytesIO()
    portrait(scene, *sitters).save(out, "JPEG", quality=88)
    return out.getvalue()


async def put(place: Place, number: int, category: Category, person: Person | None, *, name: str = "") -> int:
    """One portrait in the review, the later ones of higher `number`; its id there."""
    if category is Category.MULTIPLE_FACES:
        sitters = [Sitter(number, LEFT), Sitter(number + 1, RIGHT)]
        found: tuple[FoundFace, ...] = (_face(LEFT, person), _face(RIGHT, None))
    else:
        sitters = [Sitter(number, MIDDLE)]
        sure = 0.48 if category is Category.LOW_CONFIDENCE else None
        found = (_face(MIDDLE, person, sure),)
    return await in_review(
        place,
        name or f"IMG_{2400 + number}.jpg",
        drawn(number, *sitters),
        category=category,
        prefix=_PREFIXES[category],
        suggested=person,
        faces=Faces(True, found),
        source=("gallery-dl", "drop folder")[number % 2],
        now=NOW + 60 * number,
    )


async def twenty(place: Place) -> list[int]:
    """A review of twenty, of every category; ten of them have somebody suggested."""
    plan = [
        (Category.UNIDENTIFIED, None), (Category.LOW_CONFIDENCE, ADA), (Category.MULTIPLE_FACES, BRUNO),
        (Category.UNIDENTIFIED, None), (Category.LOW_CONFIDENCE, CLARA), (Category.UNWANTED_PERSON, BRUNO),
        (Category.UNIDENTIFIED, None), (Category.DUPLICATES, ADA), (Category.UNIDENTIFIED, None),
        (Category.MULTIPLE_FACES, None),
    ]  # fmt: skip
    return [await put(place, number, *plan[number % len(plan)]) for number in range(20)]
