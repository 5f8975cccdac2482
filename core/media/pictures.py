"""Image files decoded to the pixels that Stash hashes: as stored, not rotated, the first picture of an animation.

Stash decodes with the decoders of the Go language; the shape returned here is the one those give, since the hash
depends on whether a picture is scaled as luma and chroma, in 8 bits or in 16.
"""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DecodeError
from core.media.files import unreadable
from core.model.picture_formats import PICTURE_FORMATS

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from core.media.phash import Pixels

BROKEN = (
    SyntaxError,  # Pillow's word for a malformed file
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)


READ_BYTES = 4 << 20  # of a file at a time: where they end in the middle of a row of blocks, it is decoded twice
WHOLE_BYTES = 16 << 20  # a file of no more is read at once, into memory of just its size


def decode(path: Path | str) -> Pixels | tuple[Pixels, Pixels, Pixels]:
    """The pixels of an image file: one array (see `perception_hash`), or luma and two chroma planes.

    Raises UnreadableFileError when it cannot be read, DecodeError when it is broken, foreign or too large.
    """
    with opened(path) as image:
        if image.format == "GIF" and image.tile:
            box = image.tile[0][1]
            image.load()
            return _pixels(image.crop(box) if box else image)
        if image.format == "JPEG" and _is_luma_and_chroma(image):
            return _luma_and_chroma(image)
        if image.format == "WEBP" and not getattr(image, "is_animated", False):
            planes = _webp_planes(path)
            if planes is not None:
                return planes
        image.load()
        return _pixels(image)


def _webp_planes(path: Path | str) -> Pixels | tuple[Pixels, Pixels, Pixels] | None:
    """A lossy WebP as its decoder leaves it, before any colour conversion; None for a lossless one.

    The format prescribes the planes to the bit, so the hash is that of Stash. With alpha: RGB at 16 bits, multiplied.
    """
    import av
    import numpy

    from core.media.phash import repeated, rgb_of_ycc

    try:
        # By its content alone: FFmpeg would take a name with a % in it for a pattern of other names.
        with (
            Path(path).open("rb") as file,
            av.open(file, "r", format="webp_pipe", metadata_errors="replace") as container,
        ):
            frame = next(container.decode(video=0), None)
    except av.FFmpegError:
        return None
    if frame is None or frame.format.name not in ("yuv420p", "yuva420p"):
        return None
    planes = [
        numpy.frombuffer(memoryview(plane), numpy.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    ]
    if len(planes) == 3:
        return planes[0], planes[1], planes[2]
    luma, blue, red, alpha = planes
    colour = rgb_of_ycc(luma, repeated(blue, luma.shape), repeated(red, luma.shape)).astype(numpy.uint64)
    shown: Pixels = (colour * (alpha[:, :, None].astype(numpy.uint64) * 257) // 0xFFFF).astype(numpy.uint16)
    return shown


def _is_luma_and_chroma(image: Image) -> bool:
    """Whether an opened JPEG holds luma and chroma, rather than grey, RGB or CMYK."""
    if image.mode != "RGB":
        return False
    is_marked = "jfif" in image.info or "adobe" in image.info
    is_named_rgb = [layer[0] for layer in getattr(image, "layer", ())] == list(b"RGB")
    is_stored_as_rgb = "jfif" not in image.info and (
        image.info.get("adobe_transform") == 0 or (is_named_rgb and not is_marked)
    )
    return not is_stored_as_rgb


def _luma_and_chroma(image: Image) -> tuple[Pixels, Pixels, Pixels]:
    """The three planes of an opened JPEG at full size.

    Chroma is smoothed where Go repeats it, and the decoders differ by 1 here and there: of 150 pictures 98 % hash as
    with Go 1.19, none further off than 2 bits; through RGB 91 % would.
    """
    import numpy

    image.draft("YCbCr", None)
    image.load()
    luma, blue, red = (
        numpy.frombuffer(image.tobytes("raw", band), numpy.uint8).reshape(image.height, image.width)
        for band in ("Y", "Cb", "Cr")
    )
    return luma, blue, red


def _pixels(image: Image) -> Pixels:
    """One array out of a loaded Pillow picture, in the depth and alpha that Go's decoders would give."""
    import numpy

    mode = image.mode
    if mode in ("P", "PA"):
        return _through_palette(image)
    if "transparency" in image.info and mode in ("1", "L", "RGB"):
        return numpy.asarray(image.convert("RGBA"))
    if mode in ("L", "RGB", "RGBA"):
        return numpy.asarray(image)
    if mode.startswith("I;16"):
        return numpy.asarray(image).astype(numpy.uint16)
    if mode == "CMYK":
        return _without_black(numpy.asarray(image))
    if mode == "LA":
        return numpy.asarray(image.convert("RGBA"))
    if mode == "1":
        return numpy.asarray(image.convert("L"))
    return numpy.asarray(image.convert("RGB"))


def _through_palette(image: Image) -> Pixels:
    """Colours of a palette picture at 16 bits, alpha multiplied in, as Go reads a paletted image."""
    import numpy

    rgba = image.convert("RGBA")
    pixels = numpy.asarray(rgba).astype(numpy.uint32)
    colour, alpha = pixels[:, :, :3] * 257, pixels[:, :, 3:]
    return (colour * alpha // 255).astype(numpy.uint16)


def _without_black(cmyk: Any) -> Pixels:
    """RGB at 16 bits from cyan, magenta, yellow and black."""
    import numpy

    ink = cmyk.astype(numpy.uint32) * 257
    light: Pixels = ((65535 - ink[:, :, :3]) * (65535 - ink[:, :, 3:]) // 65535).astype(numpy.uint16)
    return light


@contextmanager
def opened(path: Path | str) -> Iterator[ImageFile]:
    """An image file, its pixels not decoded yet; what is done with it raises the errors of `decoding`."""
    from PIL import Image, UnidentifiedImageError

    with decoding(path), Path(path).open("rb", buffering=0) as file:
        is_small = os.fstat(file.fileno()).st_size <= WHOLE_BYTES
        with Image.open(BytesIO(file.read()) if is_small else path) as image:
            if image.format not in PICTURE_FORMATS:
                raise UnidentifiedImageError
            yield image


@contextmanager
def decoding(path: Path | str) -> Iterator[None]:
    """Everything Pillow raises over a file becomes an error of ours.

    Its warning about a large picture is silenced; its refusal at twice that size (179 million pixels) stands.
    """
    from PIL import Image, ImageFile, UnidentifiedImageError

    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, READ_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError as error:
        raise DecodeError("is no image that can be decoded; if it should be one, it is damaged", path=path) from error
    except Image.DecompressionBombError as error:
        raise DecodeError(
            "states more than 178 million pixels, which Winnow does not decode; look at it by hand", path=path
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from error
        raise DecodeError(f"is broken ({error}); restore it from a backup or remove it", path=path) from error
    except BROKEN as error:
        raise DecodeError(f"is broken ({error or type(error).__name__}); look at it by hand", path=path) from error
