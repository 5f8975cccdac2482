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
BAND_BYTES = 2 << 20  # of pixels widened at a time: they stay in the processor's cache
GROUP = 8  # outputs computed at once


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
    kernels, totals = _kernels(width, one, top, channels)
    narrow = numpy.empty((height, SIDE, channels), dtype=numpy.int32)
    band = max(1, BAND_BYTES // (width * channels * 4))
    for start in range(0, height, band):
        rows = _premultiplied(planes[start : start + band], top).astype(kernels[0][1].dtype)
        rows = rows.reshape(-1, width * channels)
        for number, (first, kernel) in enumerate(kernels):
            sums = (rows[:, first : first + len(kernel)] @ kernel).reshape(-1, GROUP, channels)
            outputs = slice(number * GROUP, (number + 1) * GROUP)
            narrow[start : start + band, outputs] = sums.astype(totals.dtype) // totals[None, outputs, None]
    return _shortened(narrow, one, top)


@lru_cache(maxsize=32)
def _kernels(width: int, one: int, top: int, channels: int) -> tuple[list[tuple[int, NDArray[Any]]], NDArray[Any]]:
    """The weights of `_taps` as matrices, GROUP outputs in each, with the first column they count from; and their sums.

    Every sum of products is a whole number that the matrices' type holds exactly, in whatever order it is added up.
    """
    import numpy

    taps, largest = _taps(width, one)
    is_small = largest * top < 1 << 24
    exact: type[numpy.floating[Any]] = numpy.float32 if is_small else numpy.float64
    kernels = []
    for start in range(0, SIDE, GROUP):
        some = taps[start : start + GROUP]
        first = some[0][0]
        kernel = numpy.zeros((max(one + len(weights) for one, weights in some) - first, GROUP), exact)
        for output, (source, weights) in enumerate(some):
            kernel[source - first : source - first + len(weights), output] = weights
        kernels.append((first * channels, numpy.kron(kernel, numpy.eye(channels, dtype=exact))))
    sums = [sum(weights) for _, weights in taps]
    return kernels, numpy.array(sums, numpy.int32 if is_small else numpy.int64)


def _shortened(narrow: NDArray[Any], one: int, top: int) -> NDArray[Any]:
    """The second pass: height x 64 x channels becomes 64 x 64 x channels."""
    import numpy

    height, _, channels = narrow.shape
    kernels, totals = _kernels(height, one, top, 1)
    columns = narrow.reshape(height, SIDE * channels).astype(kernels[0][1].dtype)
    parts = [kernel.T @ columns[first : first + len(kernel)] for first, kernel in kernels]
    small = numpy.concatenate(parts).astype(totals.dtype) // totals[:, None]
    scaled: NDArray[Any] = small.astype(numpy.int32).reshape(SIDE, SIDE, channels)
    return scaled


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
    return hash_of_frequencies(lowest_frequencies(grey))


def lowest_frequencies(grey: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The 64 lowest frequencies of a 64 x 64 picture, row by row."""
    across = _cosine_transform(grey.T).T
    return _cosine_transform(across)[:BLOCK, :BLOCK].reshape(-1)


def hash_of_frequencies(low: NDArray[numpy.float64]) -> int:
    """The bits of the frequencies above their median, row by row, top bit first."""
    import numpy

    middle = numpy.sort(low)[BLOCK * BLOCK // 2 - 1 : BLOCK * BLOCK // 2 + 1]
    bits = numpy.packbits(low > middle[0] / 2 + middle[1] / 2)
    return int.from_bytes(bits.tobytes(), "big")


@lru_cache(maxsize=8)
def _divisors(length: int) -> NDArray[numpy.float64]:
    import numpy

    return numpy.array([cosine((index + 0.5) * math.pi / length) * 2 for index in range(length // 2)])


def _cosine_transform(columns: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The unscaled DCT-II of every column, by Lee's recursive halving (B. G. Lee, 1984), all halves of a size at once.

    The order of the operations on each number is that of the recursion.
    """
    import numpy

    width = columns.shape[1]
    parts = columns[None]
    while (length := parts.shape[1]) > 1:
        upper, lower = parts[:, : length // 2], parts[:, : length // 2 - 1 : -1]
        halves = numpy.stack((upper + lower, (upper - lower) / _divisors(length)[:, None]), axis=1)
        parts = halves.reshape(-1, length // 2, width)
    while len(parts) > 1:
        even, odd = parts[0::2], parts[1::2]
        result = numpy.empty((len(parts) // 2, 2 * parts.shape[1], width))
        result[:, 0::2] = even
        result[:, 1:-1:2] = odd[:, :-1] + odd[:, 1:]
        result[:, -1] = odd[:, -1]
        parts = result
    transformed: NDArray[numpy.float64] = parts[0]
    return transformed
