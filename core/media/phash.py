"""The perceptual hash of Stash, bit for bit: 64 bits that stay close when a picture is scaled or compressed again.

The steps are those of goimagehash's PerceptionHash over nfnt/resize's bilinear filter: scale to 64 x 64 with integer
weights, grey, two-dimensional DCT-II, the 8 x 8 lowest frequencies against their median. Each step keeps the
original's integer arithmetic and the order of its floating-point operations, so equal pictures give equal bits even
where coefficients tie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.media.cosine import cosine

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8] | NDArray[numpy.uint16]

SIDE = 64  # pixels of the scaled picture
BLOCK = 8  # lowest frequencies kept, each way
MONTAGE_SIDE = 5  # frames a row and a column of a video's montage
BAND_BYTES = 8 << 20  # of pixels widened at a time


def perception_hash(pixels: Pixels) -> int:
    """The 64-bit hash of a picture: element (row 0, column 0) of the frequencies is the top bit.

    `pixels` is height x width (grey), x 3 (RGB) or x 4 (RGBA, alpha not multiplied in), of 8 or 16 bits; 8-bit and
    16-bit pictures are scaled in their own precision, as the original does. Raises ValueError on another shape.
    """
    import numpy

    is_deep = pixels.dtype == numpy.uint16
    channels = 1 if pixels.ndim == 2 else pixels.shape[2] if pixels.ndim == 3 else 0
    if channels not in (1, 3, 4) or pixels.size == 0 or not (is_deep or pixels.dtype == numpy.uint8):
        raise ValueError(f"not a picture: {pixels.dtype} {pixels.shape}")
    planes = pixels.reshape(*pixels.shape[:2], channels)
    if planes.shape[:2] == (SIDE, SIDE):
        scaled = _premultiplied(planes.astype(numpy.uint16) * (1 if is_deep else 257), 65535)
        return _hash_of_grey(_grey(scaled))
    scaled = _scaled(planes)
    return _hash_of_grey(_grey(scaled if is_deep else scaled * 257))


def perception_hash_ycc(luma: Pixels, blue: Pixels, red: Pixels) -> int:
    """The hash of an 8-bit picture held as luma and two chroma planes (JPEG): scaled as such, then made RGB.

    A chroma plane may be smaller by a whole factor each way; its samples are then repeated, as the original does.
    """
    import numpy

    small = numpy.empty((SIDE, SIDE, 3), dtype=numpy.int32)
    for index, plane in enumerate((luma, blue, red)):
        full = repeated(plane, luma.shape)
        small[:, :, index] = full if full.shape == (SIDE, SIDE) else _scaled(full[:, :, None])[:, :, 0]
    return _hash_of_grey(_grey(rgb_of_ycc(small[:, :, 0], small[:, :, 1], small[:, :, 2])))


def repeated(plane: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A chroma plane at full size: each sample repeated a whole number of times, cut at the edges."""
    down, across = -(-shape[0] // plane.shape[0]), -(-shape[1] // plane.shape[1])
    if (down, across) == (1, 1):
        return plane
    return plane.repeat(down, axis=0).repeat(across, axis=1)[: shape[0], : shape[1]]


def rgb_of_ycc(luma: NDArray[Any], blue: NDArray[Any], red: NDArray[Any]) -> NDArray[Any]:
    """RGB at 16 bits from 8-bit planes of one size, in the fixed-point arithmetic of Go's colour package."""
    import numpy

    y, cb, cr = (plane.astype(numpy.int32) for plane in (luma, blue, red))
    y, cb, cr = y * 0x10101, cb - 128, cr - 128
    rgb = numpy.stack([y + 91881 * cr, y - 22554 * cb - 46802 * cr, y + 116130 * cb], axis=2)
    clipped: NDArray[Any] = numpy.clip(rgb >> 8, 0, 0xFFFF)
    return clipped


def image_phash(path: Path | str) -> int:
    """The hash Stash stores for an image file: of its pixels as stored, an EXIF rotation is not applied.

    Raises UnreadableFileError when it cannot be read, DecodeError when it is broken, foreign or too large.
    """
    from core.media.pictures import decode

    picture = decode(path)
    return perception_hash_ycc(*picture) if isinstance(picture, tuple) else perception_hash(picture)


def montage(frames: Sequence[Pixels]) -> Pixels:
    """25 RGB frames as one picture, 5 x 5, row by row without gaps; the first frame gives the size of a tile.

    A larger frame is cut, a smaller one leaves black, as pasting does. Raises ValueError unless there are 25.
    """
    import numpy

    if len(frames) != MONTAGE_SIDE**2:
        raise ValueError(f"a montage takes {MONTAGE_SIDE**2} frames, not {len(frames)}")
    height, width = frames[0].shape[:2]
    sheet = numpy.zeros((height * MONTAGE_SIDE, width * MONTAGE_SIDE, 3), dtype=numpy.uint8)
    for index, frame in enumerate(frames):
        row, column = divmod(index, MONTAGE_SIDE)
        part = frame[:height, :width, :3]
        sheet[row * height :, column * width :][: part.shape[0], : part.shape[1]] = part
    return sheet


def montage_phash(frames: Sequence[Pixels]) -> int:
    """The hash Stash stores for a video, from its 25 frames (see `core.media.video.sample_times`)."""
    return perception_hash(montage(frames))


@lru_cache(maxsize=32)
def _taps(length: int, one: int) -> tuple[tuple[tuple[int, tuple[int, ...]], ...], int]:
    """For each of 64 outputs: the first input and the integer weights of a triangle filter; and the largest sum.

    `one` is the weight 1.0: 256 for 8-bit pixels, 65536 for 16-bit. Inputs beyond an edge are folded onto it, zero
    weights cut off. Source: createWeights8 / createWeights16 of nfnt/resize.
    """
    scale = length / SIDE
    count = 2 * max(math.ceil(scale), 1)
    factor = min(1.0 / scale, 1.0)
    rows = []
    for output in range(SIDE):
        centre = scale * (output + 0.5) - 0.5
        first = int(centre) - count // 2 + 1
        weights: dict[int, int] = {}
        for tap in range(count):
            distance = abs((centre - first - tap) * factor)
            weight = int((1 - distance) * one) if distance <= 1 else 0
            if weight:
                source = min(max(first + tap, 0), length - 1)
                weights[source] = weights.get(source, 0) + weight
        rows.append((min(weights), tuple(weights.values())))
    return tuple(rows), max(sum(weights) for _, weights in rows)


def _scaled(planes: Pixels) -> NDArray[Any]:
    """The picture at 64 x 64, alpha multiplied in and dropped: int32, height x width x channels.

    Across first, then down, each pass cut to whole pixel values. The sums are made in floating point wide enough to
    hold them exactly, band by band to bound memory.
    """
    import numpy

    height, width, depth = planes.shape
    one, top = (65536, 65535) if planes.dtype == numpy.uint16 else (256, 255)
    channels = 3 if depth == 4 else depth
    taps, largest = _taps(width, one)
    exact: type[numpy.floating[Any]] = numpy.float32 if largest * top < 1 << 24 else numpy.float64
    kernels = [
        numpy.kron(numpy.array(weights, dtype=exact)[:, None], numpy.eye(channels, dtype=exact)) for _, weights in taps
    ]
    narrow = numpy.empty((height, SIDE, channels), dtype=numpy.int32)
    band = max(1, BAND_BYTES // (width * channels * 4))
    for start in range(0, height, band):
        rows = _premultiplied(planes[start : start + band], top).astype(exact).reshape(-1, width * channels)
        for output, (first, weights) in enumerate(taps):
            sums = rows[:, first * channels : (first + len(weights)) * channels] @ kernels[output]
            narrow[start : start + band, output] = sums.astype(numpy.int64) // sum(weights)
    return _shortened(narrow, one, top)


def _shortened(narrow: NDArray[Any], one: int, top: int) -> NDArray[Any]:
    """The second pass: height x 64 x channels becomes 64 x 64 x channels."""
    import numpy

    height, _, channels = narrow.shape
    taps, largest = _taps(height, one)
    exact: type[numpy.floating[Any]] = numpy.float32 if largest * top < 1 << 24 else numpy.float64
    columns = narrow.reshape(height, SIDE * channels).astype(exact)
    small = numpy.empty((SIDE, SIDE, channels), dtype=numpy.int32)
    for output, (first, weights) in enumerate(taps):
        sums = numpy.array(weights, dtype=exact) @ columns[first : first + len(weights)]
        small[output] = (sums.astype(numpy.int64) // sum(weights)).reshape(SIDE, channels)
    return small


def _premultiplied(planes: NDArray[Any], top: int) -> NDArray[Any]:
    """Colour times alpha where there is alpha, cut to whole values; alpha itself is dropped. `top` is full alpha."""
    import numpy

    if planes.shape[2] != 4:
        return planes
    colour, alpha = planes[:, :, :3].astype(numpy.uint64), planes[:, :, 3:].astype(numpy.uint64)
    return colour * alpha // numpy.uint64(top)


def _grey(deep: NDArray[Any]) -> NDArray[numpy.float64]:
    """Luminosity of 64 x 64 x 1 or 3 pixels of 16 bits; blue is cut by /256 where the others are by /257."""
    import numpy

    red, green, blue = (deep[:, :, channel].astype(numpy.int64) for channel in (0, deep.shape[2] // 2, -1))
    grey: NDArray[numpy.float64] = 0.299 * (red // 257) + 0.587 * (green // 257) + 0.114 * (blue // 256)
    return grey


def _hash_of_grey(grey: NDArray[numpy.float64]) -> int:
    """The bits of the lowest frequencies above their median, row by row, top bit first."""
    import numpy

    across = _cosine_transform(grey.T).T
    low = _cosine_transform(across)[:BLOCK, :BLOCK].reshape(-1)
    middle = numpy.sort(low)[BLOCK * BLOCK // 2 - 1 : BLOCK * BLOCK // 2 + 1]
    bits = numpy.packbits(low > middle[0] / 2 + middle[1] / 2)
    return int.from_bytes(bits.tobytes(), "big")


def _cosine_transform(columns: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The unscaled DCT-II of every column, by Lee's recursive halving (B. G. Lee, 1984)."""
    import numpy

    length = columns.shape[0]
    if length == 1:
        return columns
    half = length // 2
    upper, lower = columns[:half], columns[: half - 1 : -1]
    divisors = numpy.array([cosine((index + 0.5) * math.pi / length) * 2 for index in range(half)])
    even = _cosine_transform(upper + lower)
    odd = _cosine_transform((upper - lower) / divisors[:, None])
    result = numpy.empty_like(columns)
    result[0::2] = even
    result[1:-1:2] = odd[:-1] + odd[1:]
    result[-1] = odd[-1]
    return result
