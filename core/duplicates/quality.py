"""How good a file is, in figures that can be compared. Pure.

Bits per pixel say how much a frame may hold; newer codecs hold the same in fewer. The factors are rough and documented,
and a rule only believes differences well beyond its tolerance.
"""

from __future__ import annotations

import math
from typing import Final

from core.model.library_files import LibraryFile
from core.model.library_records import Media

_GENERATIONS: Final = {
    "av1": 2.2,
    "hevc": 1.8,
    "h265": 1.8,
    "vp9": 1.7,
    "h264": 1.0,
    "vp8": 0.9,
    "mpeg4": 0.6,
    "msmpeg4v3": 0.5,
    "wmv3": 0.6,
    "vc1": 0.8,
    "mpeg2video": 0.5,
    "mpeg1video": 0.4,
    "mjpeg": 0.2,
}
"""What a bit of a codec is worth in bits of H.264."""
_LOSSLESS: Final = frozenset({"png", "bmp", "tiff", "gif"})
_FRAME_RATES: Final = (20.0, 33.0, 66.0)  # between slow, normal, double and higher


def pixels(file: LibraryFile) -> int:
    """Pixels of one frame; 0 where that is not known."""
    return file.facts.width * file.facts.height


def codec_factor(codec: str) -> float:
    """What one of its bits is worth in bits of H.264; 1 for a codec that is not listed."""
    return _GENERATIONS.get(codec.casefold(), 1.0)


def worth(file: LibraryFile) -> float | None:
    """Bits a pixel and frame, as H.264 would need them (videos), or bytes a pixel (pictures).

    None where that cannot be told: something is not known, or the picture's format loses nothing, so that its size says
    little about what is in it.
    """
    area = pixels(file)
    if not area:
        return None
    facts = file.facts
    if file.media is Media.IMAGE:
        return None if facts.container.casefold() in _LOSSLESS else file.size / area
    rate = facts.bit_rate or (file.size * 8 / facts.duration if facts.duration else 0)
    if not rate or not facts.frame_rate:
        return None
    return rate / (area * facts.frame_rate) * codec_factor(facts.video_codec)


def frame_rate_class(file: LibraryFile) -> int | None:
    """0 slow, 1 about 24 to 30, 2 about 50 to 60, 3 above; None where it is not known."""
    rate = file.facts.frame_rate
    return sum(rate >= border for border in _FRAME_RATES) if rate > 0 and math.isfinite(rate) else None


def is_complete(file: LibraryFile) -> bool:
    """Whether it could be read, holds something, and states what a whole file of its kind states."""
    if file.problem or not file.size:
        return False
    if file.media is Media.VIDEO:
        return bool(file.facts.duration and pixels(file))
    return bool(pixels(file))


def shape(file: LibraryFile) -> float | None:
    """Width over height; None where that is not known."""
    return file.facts.width / file.facts.height if pixels(file) else None
