"""Which formats of pictures are decoded, wherever pictures are: in a library, from a download, from a stash-box."""

from __future__ import annotations

from typing import Final

PICTURE_FORMATS: Final = frozenset(
    (
        *("JPEG", "MPO", "PNG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "AVIF", "HEIF", "JXL", "JPEG2000"),
        *("PPM", "ICO", "ICNS", "TGA", "PCX", "SGI", "DDS", "QOI", "PSD"),
    )
)
"""Pillow's names. Not among them: what it has another program draw (PostScript), and curiosities."""
