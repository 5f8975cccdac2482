"""File names out of what servers say, safe on every file system."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

LONGEST: Final = 200  # bytes of UTF-8; leaves room for what others put before and behind
FALLBACK: Final = "download"
_LONGEST_EXTENSION: Final = 16  # bytes, dot included; what is longer is no extension
_FORBIDDEN: Final = re.compile(r'[<>:"|?*/\\]')
_JOINERS: Final = "\u200c\u200d"  # invisible, and part of how scripts and emoji are spelt
_RESERVED: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"]
)
# A quoted value ends at its quote, or with the header; anything else at the next semicolon.
_PARAMETER: Final = re.compile(r'(?:^|[;\s])\s*([\w\-]+\*?)\s*=\s*("(?:[^"\\]|\\.)*\\?"?|[^;]*)', re.ASCII | re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_ENCODED_WORD: Final = re.compile(r"=\?[\w-]+\?[bBqQ]\?[^?]*\?=", re.ASCII)
# Endings that say what a page or a script is called and not what it sent: they give way to that of the content.
_GIVES_WAY_TEXT: Final = """
    .jpg .jpeg .jpe .jfif .png .apng .gif .webp .bmp .tif .tiff .avif .heic .heif .svg
    .mp4 .m4v .mov .wmv .avi .mpg .mpeg .rmvb .rm .flv .asf .mkv .webm .f4v .ts
    .html .htm .xhtml .php .asp .aspx .jsp .cgi .bin .dat .tmp .part .orig .large .medium .small
"""
_GIVES_WAY: Final = frozenset(_GIVES_WAY_TEXT.split())


def download_name(disposition: str | None, path: str) -> str:
    """The safe name of a download, from its Content-Disposition, else from the path of its address."""
    named = disposition_name(disposition) if disposition else ""
    return safe_name(named or unquote(path.partition("?")[0].rstrip("/").rpartition("/")[2]))


def disposition_name(header: str) -> str:
    """The file name in a Content-Disposition as the server means it, or "". It may hold anything: see `safe_name`.

    RFC 6266: `filename*` before `filename`. Malformed ones are read as browsers do: a missing quote, spaces without
    quotes, percent-encoding and encoded words in the plain form, backslashes that escape nothing.
    """
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        found.setdefault(name.lower(), value.strip())
    extended = _extended(found.get("filename*", ""))
    return extended if extended.strip() else _plain(found.get("filename", ""))


def _extended(value: str) -> str:
    """charset'language'percent-encoded, RFC 8187; the quotes some put around it are taken off."""
    charset, first, rest = value.strip('"').partition("'")
    _, second, encoded = rest.partition("'")
    if not first or not second:
        return ""
    try:
        return unquote_to_bytes(encoded).decode(charset.strip() or "utf-8")
    except (ValueError, LookupError):  # bytes or a name of a charset that make no sense
        return unquote(encoded, errors="replace")


def _plain(value: str) -> str:
    if value.startswith('"'):
        value = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
        value = _ESCAPED.sub(r"\1", value)
    if _ENCODED_WORD.search(value):
        with suppress(HeaderParseError, LookupError, ValueError):
            parts = decode_header(value)
            value = "".join(p if isinstance(p, str) else p.decode(charset or "latin-1") for p, charset in parts)
    elif _PERCENT.search(value):
        with suppress(UnicodeError):
            value = unquote_to_bytes(value).decode()
    return value


def safe_name(text: str) -> str:
    """A name that is one path component everywhere, never empty, never hidden, at most LONGEST bytes; idempotent.

    The last component of a path counts. Unicode stays, in NFC; control characters and invisible marks go.
    """
    text = "".join(sign if _is_kept(sign) else " " if sign.isspace() else "" for sign in text)
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = text.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    text = _FORBIDDEN.sub("_", text).lstrip(" .-").rstrip(" .")
    if not text:
        return FALLBACK
    if text.partition(".")[0].rstrip(" ").upper() in _RESERVED:
        text = "_" + text
    return fitted(text)


def fitted(name: str, longest: int = LONGEST) -> str:
    """A name cut to so many bytes at the border of a character; its extension stays."""
    if len(name.encode()) <= longest:
        return name
    stem, extension = parted(name)
    left = longest - len(extension.encode())
    return stem.encode()[:left].decode(errors="ignore").rstrip(" .") + extension


def parted(name: str) -> tuple[str, str]:
    """Stem and extension; the latter with its dot, or empty where there is none worth the name."""
    stem, dot, ending = name.rpartition(".")
    extension = dot + ending
    if not stem.strip(" .") or not ending or " " in ending or len(extension.encode()) > _LONGEST_EXTENSION:
        return name, ""
    return stem, extension


def with_extension(name: str, extensions: tuple[str, ...]) -> str:
    """A safe name with an extension of its content: it keeps one of those given, else gets the first of them."""
    stem, own = parted(name)
    if not extensions or own.lower() in extensions:
        return name
    return fitted((stem if own.lower() in _GIVES_WAY else name).rstrip(" .") + extensions[0])


def numbered(name: str, number: int) -> str:
    """The name with ` (number)` before its extension, for the case that the name itself is taken."""
    stem, extension = parted(name)
    mark = f" ({number}){extension}"
    return fitted(stem, LONGEST - len(mark.encode())) + mark


def _is_kept(sign: str) -> bool:
    if sign in _JOINERS:
        return True
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
