"""Whether two files show the same: the mean squared error of their frames at equal times.

Each frame is scaled to 160 pixels of width and turned to grey (0..255); the error is the mean of the squared
differences, 0 for equal frames, 65025 for black against white. Of videos the first frame and three more are compared,
at a quarter, half and three quarters of the shorter one; the greatest error counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DecodeError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from PIL.Image import Image

WIDTH = 160
_SHARES = (0.0, 0.25, 0.5, 0.75)


def image_error(one: Path | str, other: Path | str) -> float:
    """Of two pictures, upright as their EXIF says. Raises UnreadableFileError and DecodeError."""
    return _error(_grey_picture(one), _grey_picture(other))


def video_error(one: Path | str, other: Path | str, durations: Sequence[float], *, ffmpeg: str = "") -> float:
    """The greatest of four; `durations` in seconds. Raises UnreadableFileError and DecodeError."""
    from PIL import Image

    from core.media.video import frames_at

    shorter = min(durations)
    if shorter <= 0:
        raise DecodeError("has no duration, so its frames cannot be compared", path=one)
    times = [share * shorter for share in _SHARES]
    pairs = zip(
        frames_at(one, times, width=WIDTH, ffmpeg=ffmpeg),
        frames_at(other, times, width=WIDTH, ffmpeg=ffmpeg),
        strict=True,
    )
    return max(_error(Image.fromarray(here).convert("L"), Image.fromarray(there).convert("L")) for here, there in pairs)


def _grey_picture(path: Path | str) -> Image:
    from PIL import Image, ImageOps

    from core.media.pictures import opened

    with opened(path) as image:
        image.draft("L", (2 * WIDTH, 2 * WIDTH))
        upright = ImageOps.exif_transpose(image)
        flat = upright.convert("RGBA").convert("L") if upright.mode in ("P", "PA") else upright.convert("L")
        height = max(1, round(WIDTH * flat.height / flat.width))
        return flat.resize((WIDTH, height), Image.Resampling.BOX)


def _error(one: Image, other: Image) -> float:
    import numpy

    if other.size != one.size:
        from PIL import Image

        other = other.resize(one.size, Image.Resampling.BILINEAR)
    here: NDArray[numpy.float64] = numpy.asarray(one).astype(numpy.float64)
    there: NDArray[numpy.float64] = numpy.asarray(other).astype(numpy.float64)
    return float(((here - there) ** 2).mean())
