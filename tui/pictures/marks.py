"""Frames drawn onto a picture, for example round the faces in it. Runs in threads, like all decoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

Mark = tuple[float, float, float, float]
"""Left, top, width, height as fractions (0..1) of the picture, whatever its size."""

COLOUR: Final = (255, 184, 46)
"""The accent, brighter than on the screen, where nothing as colourful as a photograph surrounds it."""

_SHADOW: Final = 110  # of 255: how much light is left beside a frame, so that it stands out on any ground
_LEAST_SHADED: Final = 40  # pixels of the shorter side below which a shadow inside would cover what is framed


def mark(image: Image, marks: Sequence[Mark]) -> None:
    """Draw a frame round each of these places, in place. `image` is in RGB and has its final size.

    A frame is drawn at that size, so it is never thinner than a pixel, which for half-blocks is half a cell. What
    reaches beyond the picture is cut at its edge, what has no extent is left out.
    """
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    width = max(1, round(min(image.size) / 110))
    for one in marks:
        place = _pixels(one, image.width, image.height)
        if place is None:
            continue
        left, top, right, bottom = place
        is_large = min(right - left, bottom - top) >= _LEAST_SHADED
        _shade(image, (left - 1, top - 1, right + 1, bottom + 1), width + (2 if is_large else 1))
        pen.rectangle(place, outline=COLOUR, width=width)


def _pixels(one: Mark, width: int, height: int) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom, each of them inside; None for a place that is nowhere in the picture."""
    left, top, right, bottom = one[0], one[1], one[0] + one[2], one[1] + one[3]
    if not (left < right and top < bottom and left < 1 and top < 1 and right > 0 and bottom > 0):
        return None
    x, y = min(width - 1, round(max(0.0, left) * width)), min(height - 1, round(max(0.0, top) * height))
    return x, y, max(x, round(min(1.0, right) * width) - 1), max(y, round(min(1.0, bottom) * height) - 1)


def _shade(image: Image, frame: tuple[int, int, int, int], width: int) -> None:
    """Darken the lines of a frame."""
    left, top, right, bottom = frame
    for strip in (
        (left, top, right + 1, top + width),
        (left, bottom - width + 1, right + 1, bottom + 1),
        (left, top + width, left + width, bottom - width + 1),
        (right - width + 1, top + width, right + 1, bottom - width + 1),
    ):
        region = (max(0, strip[0]), max(0, strip[1]), min(image.width, strip[2]), min(image.height, strip[3]))
        if region[0] < region[2] and region[1] < region[3]:
            image.paste(image.crop(region).point(lambda value: value * _SHADOW // 255), region[:2])
