"""Portraits for the demo's intake: drawn faces, each at a known place, of people who do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIZE: Final = (720, 900)
_SKINS: Final = ((244, 208, 177), (224, 172, 126), (186, 128, 90), (141, 92, 62), (98, 64, 46))
_HAIR: Final = ((45, 34, 30), (96, 60, 38), (186, 140, 74), (120, 120, 124), (150, 58, 30))
_WALLS: Final = ((52, 84, 108), (96, 122, 88), (142, 108, 82), (90, 78, 120), (160, 150, 128))


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody in a picture: `look` draws the same person every time, the box is in parts of the picture (0..1)."""

    look: int
    box: tuple[float, float, float, float]  # left, top, right, bottom


MIDDLE: Final = (0.3, 0.2, 0.7, 0.66)
LEFT: Final = (0.08, 0.28, 0.42, 0.67)
RIGHT: Final = (0.57, 0.25, 0.93, 0.66)


def portrait(scene: int, *sitters: Sitter) -> Image:
    """A picture of these, RGB, before a wall that `scene` chooses. The same arguments give the same picture."""
    import PIL.Image
    import PIL.ImageDraw

    width, height = SIZE
    random = Random(scene)  # noqa: S311  # a picture, no secret
    canvas = PIL.Image.new("RGB", SIZE, _WALLS[scene % len(_WALLS)])
    pen = PIL.ImageDraw.Draw(canvas)
    for _ in range(9):
        left, top = random.randint(-100, width), random.randint(-100, height)
        shade = tuple(min(255, value + random.randint(-16, 22)) for value in _WALLS[scene % len(_WALLS)])
        pen.rectangle((left, top, left + random.randint(60, 320), top + random.randint(60, 320)), fill=shade)
    for sitter in sitters:
        _head(pen, sitter)
    return canvas


def _head(pen: ImageDraw, sitter: Sitter) -> None:
    width, height = SIZE
    left, top, right, bottom = (
        part * side for part, side in zip(sitter.box, (width, height, width, height), strict=True)
    )
    wide, tall = right - left, bottom - top
    random = Random(sitter.look)  # noqa: S311
    skin, hair = _SKINS[sitter.look % len(_SKINS)], _HAIR[(sitter.look * 3 + 1) % len(_HAIR)]
    coat = (random.randint(40, 200), random.randint(40, 160), random.randint(60, 200))
    pen.ellipse((left - wide * 0.55, bottom - tall * 0.02, right + wide * 0.55, height * 1.6), fill=coat)
    pen.rectangle((left + wide * 0.36, bottom - tall * 0.2, right - wide * 0.36, bottom + tall * 0.14), fill=skin)
    long = random.random() < 0.5
    fall = bottom + tall * 0.12 if long else top + tall * 0.55
    pen.rounded_rectangle((left - wide * 0.07, top - tall * 0.1, right + wide * 0.07, fall), wide * 0.5, fill=hair)
    pen.ellipse((left, top, right, bottom), fill=skin)
    pen.pieslice((left - wide * 0.03, top - tall * 0.12, right + wide * 0.03, top + tall * 0.62), 180, 360, fill=hair)
    for eye in (0.32, 0.68):
        x, y = left + wide * eye, top + tall * 0.46
        pen.ellipse((x - wide * 0.08, y - tall * 0.035, x + wide * 0.08, y + tall * 0.035), fill=(250, 250, 248))
        pen.ellipse((x - wide * 0.034, y - tall * 0.032, x + wide * 0.034, y + tall * 0.032), fill=hair)
        pen.arc((x - wide * 0.12, y - tall * 0.12, x + wide * 0.12, y), 200, 340, fill=hair, width=6)
    nose = left + wide * 0.5
    pen.line(
        (nose, top + tall * 0.5, nose - wide * 0.05, top + tall * 0.66, nose, top + tall * 0.67), fill=hair, width=4
    )
    smile = random.uniform(0.1, 0.2)
    pen.chord(
        (nose - wide * smile, top + tall * 0.7, nose + wide * smile, top + tall * 0.86), 0, 180, fill=(170, 62, 66)
    )
    if random.random() < 0.4:
        for eye in (0.32, 0.68):
            x, y = left + wide * eye, top + tall * 0.46
            frame = (x - wide * 0.14, y - tall * 0.09, x + wide * 0.14, y + tall * 0.09)
            pen.ellipse(frame, outline=(30, 30, 34), width=5)
