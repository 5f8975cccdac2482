"""Settings and faces to decide about."""

from __future__ import annotations

from typing import Any

import msgspec

from core.intake.route import route
from core.model.incoming import Box, DuplicateOf, Faces, FoundFace, Known, Outcome, Person
from core.settings_intake import CategorySettings, ImmichSettings, IntakeSettings

RULES = IntakeSettings(enabled=True, temp_dir="/in", final_base="/faces", review_base="/review")
BOX = Box(0.1, 0.2, 0.3, 0.4)
ANN, BEA, NOBODY = Person("a", "Ann"), Person("b", "Bea"), Person("n")
SEEN = DuplicateOf(Known.LIBRARY, "/faces/Ann/old.jpg", 1_699_963_200.0)
NOT_YET, NO_FACE = Faces(is_analysed=False), Faces(is_analysed=True)


def rules(**changed: Any) -> IntakeSettings:
    return msgspec.structs.replace(RULES, **changed)


def immich(**changed: Any) -> IntakeSettings:
    return rules(immich=ImmichSettings(**changed))


def without(*names: str) -> IntakeSettings:
    return rules(categories=CategorySettings(**dict.fromkeys(names, False)))


def seen(*people: Person | None, sure: float | None = None) -> Faces:
    return Faces(is_analysed=True, found=tuple(FoundFace(one, BOX, sure) for one in people))


def look(faces: Faces | None, given: IntakeSettings = RULES, **more: Any) -> Outcome:
    return route("p.jpg", rules=given, faces=faces, **more)
