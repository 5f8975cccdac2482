"""Bytes from a server made into a small picture, and the small picture into what a terminal draws. Runs in threads.

Pillow is imported inside the functions: an app without pictures never loads it.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final

from core.errors import DecodeError
from core.model.picture_formats import PICTURE_FORMATS
from tui.pictures.detect import Cell, Drawing
from tui.pictures.marks import Mark, mark

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL_PIXELS: Final = 320  # of the longer side: what the disk cache keeps
_QUALITY: Final = 82
_KITTY_COLOURS: Final = 64
_MOST_PIXELS: Final = 100_000_000
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    MemoryError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """Room for a picture, in cells, and the pixels of a cell."""

    columns: int
    rows: int
    cell: Cell = field(default_factory=Cell)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture ready to be drawn in `columns` x `rows` cells.

    `data` is RGB of columns x 2 rows pixels for half-blocks, a PNG for kitty, the escape sequence for sixel.
    """

    drawing: Drawing
    columns: int
    rows: int
    data: bytes


def shrink(raw: bytes) -> bytes:
    """A JPEG of at most 320 pixels a side. Raises DecodeError for what is no picture, broken or too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(raw)) as image:
                if image.format not in PICTURE_FORMATS:
                    raise UnidentifiedImageError
                if image.width * image.height > _MOST_PIXELS:
                    raise DecodeError("too large a picture")
                image.draft("RGB", (THUMBNAIL_PIXELS * 2, THUMBNAIL_PIXELS * 2))
                small = _flat(image)
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.BILINEAR, reducing_gap=2.0)
        out = BytesIO()
        small.save(out, "JPEG", quality=_QUALITY)
    except UnidentifiedImageError as error:
        raise DecodeError("not a picture") from error
    except Image.DecompressionBombError as error:
        raise DecodeError("too large a picture") from error
    except _BROKEN as error:
        raise DecodeError("a broken picture") from error
    return out.getvalue()


def _flat(image: Image) -> Image:
    """The picture in RGB; what is transparent becomes black."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        from PIL import Image as Pillow

        see_through = image.convert("RGBA")
        ground = Pillow.new("RGBA", see_through.size, (0, 0, 0, 255))
        return Pillow.alpha_composite(ground, see_through).convert("RGB")
    return image.convert("RGB")


def fitted(width: int, height: int, box: Box) -> tuple[int, int]:
    """The cells a picture of these pixels takes up inside a box, in its own proportions; at least 1 x 1."""
    room_width, room_height = box.columns * box.cell.width, box.rows * box.cell.height
    scale = min(room_width / max(width, 1), room_height / max(height, 1))
    columns = round(width * scale / box.cell.width)
    rows = round(height * scale / box.cell.height)
    return max(1, min(columns, box.columns)), max(1, min(rows, box.rows))


def draw(thumbnail: bytes, box: Box, drawing: Drawing, marks: Sequence[Mark] = ()) -> Drawn:
    """A cached thumbnail drawn for a box, with frames round these places. Raises DecodeError when it is broken."""
    from PIL import Image

    try:
        with Image.open(BytesIO(thumbnail), formats=["JPEG"]) as opened:
            image = opened.convert("RGB")
        columns, rows = fitted(image.width, image.height, box)
        if drawing is Drawing.HALFCELL:
            pixels = image.resize((columns, rows * 2), Image.Resampling.BOX, reducing_gap=2.0)
            mark(pixels, marks)
            return Drawn(drawing, columns, rows, pixels.tobytes())
        image = image.resize((columns * box.cell.width, rows * box.cell.height), Image.Resampling.BILINEAR)
        mark(image, marks)
        if drawing is Drawing.KITTY:
            out = BytesIO()
            image.quantize(_KITTY_COLOURS, Image.Quantize.FASTOCTREE).save(out, "PNG", compress_level=6)
            return Drawn(drawing, columns, rows, out.getvalue())
        from tui.pictures import sixel

        return Drawn(drawing, columns, rows, sixel.encode(image))
    except _BROKEN as error:
        raise DecodeError("a broken picture") from error
