"""What a file is by its content: its name and what a server says of it do not count."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from core.media.files import reading
from core.media.pictures import BROKEN

HEAD: Final = 4096  # bytes looked at


class What(StrEnum):
    """What a file can be. OTHER: neither, or nothing that can be decoded here."""

    IMAGE = "image"
    VIDEO = "video"
    PAGE = "page"  # HTML, as sites send it in place of a picture
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Kind:
    """A file's kind. `extensions` are those that fit, the usual one first; empty where it is not known."""

    what: What
    format: str = ""
    extensions: tuple[str, ...] = ()


UNKNOWN: Final = Kind(What.OTHER)
_PAGE: Final = Kind(What.PAGE, "html", (".html", ".htm"))
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.S)
_PAGE_BEGINS: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)[\s>]", re.I)
_UNDECODED: Final = ("AVIF", "HEIF")  # certain by their beginning, whether or not Pillow was built to read them
# Pillow's formats, with what their files begin with.
_IMAGES: Final = {
    "JPEG": (re.compile(rb"\xff\xd8\xff"), (".jpg", ".jpeg")),
    "PNG": (re.compile(rb"\x89PNG\r\n\x1a\n"), (".png",)),
    "GIF": (re.compile(rb"GIF8[79]a"), (".gif",)),
    "WEBP": (re.compile(rb"RIFF....WEBP", re.S), (".webp",)),
    "BMP": (re.compile(rb"BM"), (".bmp",)),
    "TIFF": (re.compile(rb"II[*+]\x00|MM\x00[*+]"), (".tif", ".tiff")),
    "AVIF": (re.compile(rb"....ftyp(?:avif|avis)", re.S), (".avif",)),
    "HEIF": (re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.S), (".heic", ".heif")),
}
_VIDEOS: Final = (
    ("mov", re.compile(rb"....(?:ftypqt  |moov|mdat|wide)", re.S), (".mov",)),
    ("mp4", re.compile(rb"....ftyp", re.S), (".mp4", ".m4v", ".f4v")),
    ("webm", re.compile(rb"\x1a\x45\xdf\xa3.{0,60}webm", re.S), (".webm",)),
    ("matroska", re.compile(rb"\x1a\x45\xdf\xa3"), (".mkv",)),
    ("avi", re.compile(rb"RIFF....AVI ", re.S), (".avi",)),
    ("flv", re.compile(rb"FLV\x01"), (".flv",)),
    ("asf", re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"), (".wmv", ".asf")),
    ("rm", re.compile(rb"\.RMF\x00"), (".rm", ".rmvb")),
    ("mpeg", re.compile(rb"\x00\x00\x01\xba"), (".mpg", ".mpeg")),
)


def kind_of(path: Path | str) -> Kind:
    """The kind of a file. An image is one whose header Pillow can read, HEIC only where pillow-heif is installed.

    Whether all of it can be decoded is not tried. Raises UnreadableFileError when it cannot be read.
    """
    with reading(path) as file:
        head = file.read(HEAD)
    for name, (begins, extensions) in _IMAGES.items():
        if begins.match(head):
            if _is_image(path, name):
                return Kind(What.IMAGE, name.lower(), extensions)
            return Kind(What.OTHER, name.lower(), extensions) if name in _UNDECODED else UNKNOWN
    for name, begins, extensions in _VIDEOS:
        if begins.match(head):
            return Kind(What.VIDEO, name, extensions)
    return _PAGE if _PAGE_BEGINS.match(_COMMENT.sub(b"", head)) else UNKNOWN


def _is_image(path: Path | str, name: str) -> bool:
    """Whether Pillow reads the header in that format. One with too many pixels to decode is an image nevertheless."""
    from PIL import Image, UnidentifiedImageError

    if name == "HEIF" and not _has_heif():
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=[name]) as image:
                return image.width > 0
    except Image.DecompressionBombError:
        return True
    except (UnidentifiedImageError, OSError, *BROKEN):
        return False


def _has_heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True
