"""One picture looked at once: its size and kind, its PHASH, and a second, independent hash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.media.pictures import opened

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class ImageLook:
    """What one look at a picture gave. `second` is a dhash of 64 bits, None where it was not asked for."""

    width: int
    height: int
    container: str
    is_animated: bool
    phash: int
    phash_method: str
    second: int | None


def look_at_image(path: Path | str, *, is_fast: bool = False, wants_second: bool = False) -> ImageLook:
    """Facts and hashes of a picture. With `is_fast` a large JPEG's PHASH is at most 2 bits off, and says so.

    Raises UnreadableFileError when it cannot be read, DecodeError when it is broken, foreign or too large.
    """
    from core.media.phash import image_phash
    from core.media.reduced import reduce, reduced_phash

    second: int | None = None
    fast: int | None = None
    with opened(path) as image:
        width, height = image.size
        container = (image.format or "").lower()
        is_animated = bool(getattr(image, "is_animated", False))
        if container == "jpeg" and (is_fast or wants_second):
            import numpy

            grey = reduce(image)
            if is_fast:
                fast = reduced_phash(numpy.asarray(grey), width, height)
            if wants_second:
                second = _dhash(grey)
        elif wants_second:
            second = _dhash(_grey(image))
    phash = image_phash(path) if fast is None else fast
    return ImageLook(width, height, container, is_animated, phash, "exact" if fast is None else "fast", second)


def _grey(image: Image) -> Image:
    """The picture in 8 bits of grey. Pillow would cut 16 bits off at 255 instead of scaling them."""
    if image.mode.startswith("I;16"):
        import numpy
        from PIL import Image as Maker

        return Maker.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    return image.convert("RGBA").convert("L") if image.mode in ("P", "PA") else image.convert("L")


def _dhash(image: Image) -> int:
    """The gradient hash of imagehash, as a number."""
    import imagehash

    return int(str(imagehash.dhash(image)), 16)
