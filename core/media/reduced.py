"""The PHASH of a JPEG that was decoded at a fraction of its size: several times faster, at most 2 bits off.

The decoder rounds the fraction of the size up, so the last row and column stand for less of the picture than the
others. The filter counts with the true size; else all frequencies shift, and the hash is up to 8 bits off.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from core.media.phash import BLOCK, SIDE, hash_of_frequencies

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from PIL.Image import Image

LEAST_SIDE: Final = 128  # pixels of the decoded picture, each way, where the whole one has as many
UNSURE: Final = 40.0  # between the four frequencies round the median: most are off by less (of 650 pictures 95 % by 64)


def reduce(image: Image) -> Image:
    """The luma of an opened JPEG, decoded at the smallest of its fractions that has LEAST_SIDE pixels each way."""
    image.draft("L", (LEAST_SIDE, LEAST_SIDE))
    return image.convert("L")


def reduced_phash(luma: NDArray[numpy.uint8], width: int, height: int) -> int | None:
    """The 64-bit hash of luma at a fraction of a picture of this true size in pixels.

    None where nothing was reduced, or too many frequencies lie at the median for the hash to be sure to two bits.
    """
    import numpy

    if luma.shape == (height, width):
        return None
    down, across = (_frequencies(*lengths) for lengths in ((luma.shape[0], height), (luma.shape[1], width)))
    low = (down @ luma.astype(numpy.float32) @ across.T).astype(numpy.float64).reshape(-1)
    middle = numpy.sort(low)[30:34]
    return hash_of_frequencies(low) if middle[3] - middle[0] > UNSURE else None


@lru_cache(maxsize=64)
def _frequencies(length: int, true_length: int) -> NDArray[numpy.float32]:
    """8 x `length` weights: a triangle filter to 64 samples, of which `length` cover `true_length` pixels, and the
    lowest frequencies of its outcome (the unscaled DCT-II, as in `core.media.phash`)."""
    import numpy

    fraction = max(1, 1 << round(math.log2(true_length / length)))
    scale = true_length / fraction / SIDE
    reach = max(scale, 1.0)
    centres = scale * (numpy.arange(SIDE) + 0.5) - 0.5
    weights = numpy.clip(1 - numpy.abs(centres[:, None] - numpy.arange(length)) / reach, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    waves = numpy.cos(numpy.outer(numpy.arange(BLOCK), numpy.arange(SIDE) + 0.5) * math.pi / SIDE)
    found: NDArray[numpy.float32] = (waves @ weights).astype(numpy.float32)
    return found
