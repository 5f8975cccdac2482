"""The faces Immich found in a picture, and the people it takes them for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its upper left and lower right corner."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def area(self) -> float:
        """Width times height, in the unit of the corners."""
        return max(0.0, self.x2 - self.x1) * max(0.0, self.y2 - self.y1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody Immich knows apart from others. Names are not unique; an empty one means that nobody gave one."""

    id: str
    name: str
    is_hidden: bool

    @property
    def is_named(self) -> bool:
        """Whether somebody gave a name."""
        return bool(self.name.strip())


@dataclass(frozen=True, slots=True)
class Face:
    """One face. `box` is in pixels of the preview, which is `image_width` x `image_height`, not of the original.

    `source` is machine-learning, exif or manual. Immich states no probability.
    """

    id: str
    box: Box
    image_width: int
    image_height: int
    person: Person | None
    source: str

    @property
    def share(self) -> Box | None:
        """The box in parts of the picture, 0 to 1, cut off at its edges; None when the picture's size is not known."""
        if self.image_width <= 0 or self.image_height <= 0:
            return None
        width, height = self.image_width, self.image_height
        left, right = sorted((_part(self.box.x1, width), _part(self.box.x2, width)))
        top, bottom = sorted((_part(self.box.y1, height), _part(self.box.y2, height)))
        return Box(left, top, right, bottom)


def _part(value: float, whole: int) -> float:
    return min(1.0, max(0.0, value / whole))
