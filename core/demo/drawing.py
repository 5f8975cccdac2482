"""What the demo's clips and images show: landscapes, test patterns, clocks. Everything is drawn, nothing is found.

Each subject is a function of (canvas, size, time, random numbers of the clip); time runs from 0 to 1 over the clip.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
Subject = Callable[["ImageDraw", int, int, float, Random], None]


def draw(subject: str, seed: int, time: float, width: int, height: int) -> Image:
    """One frame, RGB. The same arguments give the same picture."""
    import PIL.Image
    import PIL.ImageDraw

    canvas = PIL.Image.new("RGB", (width, height))
    SUBJECTS[subject](PIL.ImageDraw.Draw(canvas), width, height, time, Random(seed))  # noqa: S311  # a picture, no secret
    return canvas


def _colour(random: Random, low: int = 0, high: int = 255) -> Colour:
    return random.randint(low, high), random.randint(low, high), random.randint(low, high)


def _blend(one: Colour, other: Colour, part: float) -> Colour:
    part = min(max(part, 0.0), 1.0)
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _sky(pen: ImageDraw, width: int, height: int, top: Colour, bottom: Colour) -> None:
    bands = 24
    for band in range(bands):
        box = (0, band * height // bands, width, (band + 1) * height // bands)
        pen.rectangle(box, fill=_blend(top, bottom, band / bands))


def _ridge(pen: ImageDraw, width: int, height: int, base: float, colour: Colour, random: Random, shift: float) -> None:
    waves = [(random.uniform(1, 7), random.uniform(0, 6.3), random.uniform(0.02, 0.1)) for _ in range(4)]
    points = [(0.0, float(height))]
    for step in range(33):
        x = step / 32
        y = base + sum(size * math.sin(count * (x + shift) * 3 + phase) for count, phase, size in waves)
        points.append((x * width, y * height))
    pen.polygon([*points, (width, height)], fill=colour)


def _disc(pen: ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def hills(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Rolling hills under a sun that crosses the sky."""
    day, dusk = _colour(random, 90, 255), _colour(random, 10, 120)
    light = time if random.random() < 0.5 else 1 - time
    _sky(pen, width, height, _blend(day, dusk, light), _blend(_colour(random, 150, 255), dusk, light))
    arc = random.uniform(0.1, 0.5)
    _disc(pen, width * time, height * (arc + (time - 0.5) ** 2), height * random.uniform(0.05, 0.2), (255, 240, 170))
    for layer in range(3):
        colour = _blend(_colour(random, 30, 160), dusk, light * 0.7)
        _ridge(pen, width, height, random.uniform(0.35, 0.6) + 0.15 * layer, colour, random, time * 0.2 * layer)


def sea(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Waves, and a boat on its way."""
    _sky(pen, width, height, _colour(random, 60, 255), _colour(random, 100, 255))
    horizon = random.uniform(0.3, 0.6)
    deep = random.randint(0, 40), random.randint(20, 90), random.randint(70, 170)
    near = random.randint(20, 90), random.randint(110, 200), random.randint(120, 220)
    speed = random.uniform(0.3, 1.0) * random.choice((-1, 1))
    x = width * ((random.random() + speed * time) % 1)
    size = height * random.uniform(0.1, 0.3)
    for row in range(10):
        if row == 3:
            pen.polygon(
                [(x - size, height * horizon), (x, height * horizon - size * 1.8), (x, height * horizon)],
                fill=(250, 245, 235),
            )
            pen.polygon(
                [
                    (x - size, height * horizon),
                    (x + size, height * horizon),
                    (x + size / 2, height * horizon + size / 2),
                ],
                fill=_blend(deep, (120, 60, 30), 0.8),
            )
        _ridge(pen, width, height, horizon + row * 0.07, _blend(deep, near, row / 9), random, time * (row % 3 + 1))


def skyline(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """A city at night; windows go on and off."""
    night = _colour(random, 0, 60)
    _sky(pen, width, height, night, _blend(night, _colour(random, 40, 200), 0.6))
    x = -random.uniform(0, 0.1) * width
    while x < width:
        wide, high = random.uniform(0.06, 0.2) * width, random.uniform(0.2, 0.85) * height
        wall, glow = _colour(random, 10, 90), _colour(random, 150, 255)
        pen.rectangle((x, height - high, x + wide, height), fill=wall)
        for row in range(6):
            for column in range(3):
                on_at = random.random()
                if on_at < time < on_at + 0.4 or time < on_at - 0.6:
                    left, top = x + wide * (0.15 + 0.28 * column), height - high + high * (0.08 + 0.15 * row)
                    pen.rectangle((left, top, left + wide * 0.15, top + high * 0.07), fill=glow)
        x += wide + random.uniform(0, 0.03) * width


def bars(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Colour bars with a block that wanders over them."""
    count = random.randint(4, 9)
    for bar in range(count):
        pen.rectangle((bar * width / count, 0, (bar + 1) * width / count, height), fill=_colour(random))
    turns, size = random.uniform(0.5, 3), random.uniform(0.1, 0.35) * height
    x, y = width * (0.5 + 0.4 * math.cos(6.3 * turns * time)), height * (0.5 + 0.4 * math.sin(6.3 * turns * time))
    pen.rectangle((x - size, y - size, x + size, y + size), fill=_colour(random), outline=(255, 255, 255), width=3)


def clock(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """A clock whose hands turn."""
    wall, face, hand = _colour(random, 0, 160), _colour(random, 150, 255), _colour(random, 0, 90)
    pen.rectangle((0, 0, width, height), fill=wall)
    for stripe in range(random.randint(0, 6)):
        left = width * (stripe * 0.2 + random.uniform(-0.1, 0.1))
        pen.rectangle((left, 0, left + width * 0.05, height), fill=_blend(wall, _colour(random), 0.5))
    x, y, radius = (
        width * random.uniform(0.3, 0.7),
        height * random.uniform(0.4, 0.6),
        height * random.uniform(0.25, 0.42),
    )
    _disc(pen, x, y, radius * 1.1, hand)
    _disc(pen, x, y, radius, face)
    for hour in range(12):
        angle = hour * math.pi / 6
        _disc(pen, x + radius * 0.85 * math.cos(angle), y + radius * 0.85 * math.sin(angle), radius * 0.05, hand)
    start, turns = random.uniform(0, 6.3), random.uniform(0.5, 2)
    for length, speed, thick in ((0.8, 1.0, 4), (0.5, 1 / 12, 8)):
        angle = start + 6.3 * turns * time * speed
        end = (x + radius * length * math.cos(angle), y + radius * length * math.sin(angle))
        pen.line([(x, y), end], fill=hand, width=thick)


def balls(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Balls that bounce."""
    pen.rectangle((0, 0, width, height), fill=_colour(random))
    for _ in range(random.randint(3, 7)):
        x, y = random.random() + random.uniform(-1.5, 1.5) * time, random.random() + random.uniform(-1.5, 1.5) * time
        x, y = abs((x % 2) - 1), abs((y % 2) - 1)
        _disc(pen, x * width, y * height, height * random.uniform(0.08, 0.3), _colour(random))


def rings(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Rings that spread as on a pond."""
    x, y = width * random.uniform(0.2, 0.8), height * random.uniform(0.2, 0.8)
    colours = [_colour(random) for _ in range(random.randint(2, 4))]
    gap, speed = height * random.uniform(0.12, 0.3), random.uniform(1, 4) * random.choice((-1, 1))
    for ring in range(16, 0, -1):
        radius = (ring - (speed * time) % len(colours)) * gap
        if radius > 0:
            _disc(pen, x, y, radius, colours[ring % len(colours)])


def stars(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """A night sky that turns, with a planet."""
    pen.rectangle((0, 0, width, height), fill=_colour(random, 0, 40))
    for _ in range(60):
        angle, far = random.uniform(0, 6.3) + time * 1.5, random.uniform(0.05, 0.9)
        _disc(
            pen,
            width * (0.5 + far * math.cos(angle)),
            height * (0.5 + far * math.sin(angle)),
            random.uniform(1, 3),
            (255, 255, 240),
        )
    x = random.uniform(0.1, 0.9) + random.uniform(-0.5, 0.5) * time
    _disc(
        pen, width * x, height * random.uniform(0.2, 0.8), height * random.uniform(0.2, 0.4), _colour(random, 80, 255)
    )


def black(pen: ImageDraw, width: int, height: int, time: float, random: Random) -> None:
    """Nothing at all: its PHASH is 0."""
    del time, random
    pen.rectangle((0, 0, width, height), fill=(0, 0, 0))


SUBJECTS: dict[str, Subject] = {
    "hills": hills,
    "sea": sea,
    "skyline": skyline,
    "bars": bars,
    "clock": clock,
    "balls": balls,
    "rings": rings,
    "stars": stars,
    "black": black,
}
