"""What a demo stash-box holds: plain mutable objects, as in `library`. Fingerprints are unsigned integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class BoxFingerprint:
    """One fingerprint of a stash-box scene, summed over users. `value` unsigned, `duration` whole seconds."""

    algorithm: str
    value: int
    duration: int
    submissions: int = 1
    reports: int = 0
    created: str = "2025-03-01T12:00:00Z"
    updated: str = "2025-03-01T12:00:00Z"
    user_vote: int = 0

    @property
    def user_submitted(self) -> bool:
        """Whether the owner of the key submitted it."""
        return self.user_vote > 0

    @property
    def user_reported(self) -> bool:
        """Whether the owner of the key reported it."""
        return self.user_vote < 0


@dataclass(slots=True)
class BoxImage:
    """A picture at a stash-box. `source` is the path of a JPEG or its bytes; None: the server has lost it."""

    id: str
    width: int = 640
    height: int = 360
    source: str | bytes | None = None


@dataclass(slots=True)
class BoxEntity:
    """A studio, performer or tag of a stash-box."""

    id: str
    name: str
    aliases: list[str] = field(default_factory=list)
    disambiguation: str | None = None
    parent: BoxEntity | None = None
    deleted: bool = False
    created: str = "2024-05-01T08:00:00Z"
    updated: str = "2024-05-01T08:00:00Z"


class BoxAppearance(NamedTuple):
    """A performer in a scene, with the name used there if it is another one."""

    performer: BoxEntity
    as_name: str | None = None


@dataclass(slots=True)
class BoxScene:
    """An entry of a stash-box. `duration` in whole seconds where the entry states one."""

    id: str
    title: str | None = None
    fingerprints: list[BoxFingerprint] = field(default_factory=list)
    duration: int | None = None
    date: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    urls: list[str] = field(default_factory=list)
    studio: BoxEntity | None = None
    performers: list[BoxAppearance] = field(default_factory=list)
    tags: list[BoxEntity] = field(default_factory=list)
    images: list[BoxImage] = field(default_factory=list)
    deleted: bool = False
    created: str = "2024-05-01T08:00:00.123456Z"
    updated: str = "2024-05-02T08:00:00.123456Z"


@dataclass(slots=True)
class BoxLibrary:
    """Everything one demo stash-box holds.

    `changes` counts what was changed through `add`, `remove` and `changed`. The look-up index is renewed at every
    request while fewer than 500 scenes are held, so that a test may change a scene in place; above, call `changed()`.
    """

    scenes: dict[str, BoxScene] = field(default_factory=dict)
    changes: int = 0

    def add(self, *scenes: BoxScene) -> BoxScene:
        """Put scenes in, replacing those of the same id; the last one is returned."""
        for scene in scenes:
            self.scenes[scene.id] = scene
        self.changes += 1
        return scenes[-1]

    def remove(self, scene_id: str) -> None:
        """Delete a scene for good: it is then found by nothing."""
        del self.scenes[scene_id]
        self.changes += 1

    def changed(self) -> None:
        """Say that scenes were changed in place."""
        self.changes += 1

    def image(self, image_id: str) -> BoxImage | None:
        """The picture of that id."""
        pictures = (image for scene in self.scenes.values() for image in scene.images)
        return next((image for image in pictures if image.id == image_id), None)


def box_prints(
    *,
    oshash: int | None = None,
    phashes: Iterable[int] = (),
    duration: int = 60,
    submissions: int = 5,
    reports: int = 0,
) -> list[BoxFingerprint]:
    """Fingerprints of one stash-box scene that agree in duration and votes."""
    prints = [BoxFingerprint("PHASH", value, duration, submissions, reports) for value in phashes]
    if oshash is not None:
        prints.insert(0, BoxFingerprint("OSHASH", oshash, duration, submissions, reports))
    return prints
