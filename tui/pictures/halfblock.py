"""Pictures of upper half-blocks: two pixels a cell, in any terminal with colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_HALF: Final = "\N{UPPER HALF BLOCK}"
_COARSE: Final = 0xF8  # 5 bits a colour: equal neighbours share one escape sequence, which halves what is sent


def strips(rgb: bytes, columns: int, rows: int) -> list[Strip]:
    """The lines of a picture given as RGB of `columns` x 2 `rows` pixels."""
    return [_strip(rgb, columns, row) for row in range(rows)]


def _strip(rgb: bytes, columns: int, row: int) -> Strip:
    stride = columns * 3
    upper = rgb[2 * row * stride : (2 * row + 1) * stride]
    lower = rgb[(2 * row + 1) * stride : (2 * row + 2) * stride]
    segments: list[Segment] = []
    length, previous = 0, (-1, -1)
    for at in range(0, stride, 3):
        pair = (_coarse(upper, at), _coarse(lower, at))
        if pair != previous and length:
            segments.append(Segment(_HALF * length, _style(*previous)))
            length = 0
        previous = pair
        length += 1
    segments.append(Segment(_HALF * length, _style(*previous)))
    return Strip(segments, columns)


def _coarse(pixels: bytes, at: int) -> int:
    return (pixels[at] & _COARSE) << 16 | (pixels[at + 1] & _COARSE) << 8 | (pixels[at + 2] & _COARSE)


@lru_cache(maxsize=4096)
def _style(upper: int, lower: int) -> Style:
    return Style.from_color(_colour(upper), _colour(lower))


@lru_cache(maxsize=4096)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)
