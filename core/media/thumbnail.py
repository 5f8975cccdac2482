"""Small JPEGs of pictures and of moments of videos, and of what differs between two of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DecodeError
from core.media.pictures import decoding, opened

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 480  # pixels of the longer side
QUALITY = 85
_STRENGTH = 4  # how much brighter differences are shown


def thumbnail(path: Path | str, at: float | None, *, ffmpeg: str = "") -> bytes:
    """A JPEG of a picture, or of a video's frame at a time in seconds (its first frame where there is none).

    Raises UnreadableFileError and DecodeError.
    """
    if at is not None:
        return _jpeg(_frame(path, at, ffmpeg))
    from PIL import Image, ImageOps

    with opened(path) as image:
        image.draft("RGB", (LONGEST, LONGEST))
        upright = ImageOps.exif_transpose(image)
        shown = upright.convert("RGBA") if upright.mode in ("P", "PA", "LA") else upright
        if shown.mode == "RGBA":
            ground = Image.new("RGBA", shown.size, (40, 40, 40, 255))
            shown = Image.alpha_composite(ground, shown)
        flat = _eight_bits(shown).convert("RGB")
        flat.thumbnail((LONGEST, LONGEST))
        return _jpeg(flat)


def _frame(path: Path | str, at: float, ffmpeg: str) -> Image:
    from PIL import Image

    from core.media.video import frames_at

    try:
        frames = frames_at(path, [at], width=LONGEST, ffmpeg=ffmpeg)
    except DecodeError:
        if at == 0:
            raise
        frames = frames_at(path, [0.0], width=LONGEST, ffmpeg=ffmpeg)
    return Image.fromarray(frames[0])


def _eight_bits(image: Image) -> Image:
    """A picture of 16 bits in 8: Pillow's own conversion would only cut."""
    if not image.mode.startswith(("I", "F")):
        return image
    import numpy
    from PIL import Image

    deep = numpy.asarray(image).astype(numpy.float64)
    top = 65535.0 if deep.max() > 255 else 255.0
    return Image.fromarray((deep / top * 255).clip(0, 255).astype(numpy.uint8))


def difference(one: bytes, other: bytes) -> bytes:
    """A JPEG of what differs between two pictures, brighter where more does. Raises DecodeError."""
    from PIL import Image, ImageChops

    with decoding("a thumbnail"), Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        here = first.convert("L")
        there = second.convert("L").resize(here.size)
        return _jpeg(ImageChops.difference(here, there).point(lambda value: min(255, value * _STRENGTH)).convert("RGB"))


def _jpeg(image: Image) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()
