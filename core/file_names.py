"""Names that every file system takes, whatever the text they are made of; pure.

A safe name is one path component: no separators, no control or invisible signs, Unicode in NFC, none that Windows
reserves, neither hidden nor ending in a dot or a space, at most LONGEST bytes of UTF-8.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from typing import Final

LONGEST: Final = 200  # bytes; leaves room for a mark of time within the 255 that file systems allow
_ENDING: Final = 32  # bytes; a longer "ending" is none
_FORBIDDEN: Final = re.compile(r'[/\\<>:"|?*]')
_JOINERS: Final = "\u200c\u200d"  # invisible, and yet part of how some scripts are written
_GONE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL
)


def safe_name(text: str, *, fallback: str, longest: int = LONGEST) -> str:
    """The text as a name for a folder; `fallback`, which must be one itself, where nothing of it may stand in one."""
    return _settled(_cleaned(text), longest) or fallback


def safe_file_name(text: str, *, fallback: str = "unnamed", longest: int = LONGEST) -> str:
    """The text as the name of a file: its ending is kept when it must be shortened."""
    name = _settled(_cleaned(text), 1 << 20) or fallback
    if len(name.encode()) <= longest:
        return name
    stem, ending = split(name)
    return (_settled(stem, longest - len(ending.encode())) or fallback) + ending


def split(name: str) -> tuple[str, str]:
    """A file's name and its ending with the dot; what is too long, or holds spaces, is no ending."""
    stem, dot, ending = name.rpartition(".")
    if not stem or not ending or len(ending.encode(errors="surrogateescape")) > _ENDING or " " in ending:
        return name, ""
    return stem, dot + ending


def free_names(name: str, stamp: str, longest: int = 255) -> Iterator[str]:
    """The names to try for a file, in order: its own, with a stamp of time, with the stamp and a number from 2 on.

    `longest` is what the folder's file system allows, in bytes; where it is less, the name is shortened.
    """
    stem, ending = split(name)
    for number in count(0):
        mark = "" if number == 0 else f"_{stamp}" if number == 1 else f"_{stamp}_{number}"
        room = longest - len((mark + ending).encode(errors="surrogateescape"))
        yield _cut(stem, room) + mark + ending


def folded(name: str) -> str:
    """What two names have in common that some file system, or a person's eye, takes for one.

    Unicode's compatibility caseless matching (Unicode Standard 3.13, D146), without invisible signs.
    """
    text = "".join(one for one in name if unicodedata.category(one) != "Cf")
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _cleaned(text: str) -> str:
    """Without anything that may not stand in a name; length and ends are not looked at."""
    signs = (
        one if one in _JOINERS or (kind := unicodedata.category(one)) not in _GONE else " " if kind[0] == "Z" else ""
        for one in text.encode("utf-8", "replace").decode()
    )
    text = unicodedata.normalize("NFC", "".join(signs))
    return " ".join(_FORBIDDEN.sub("_", text).split())


def _settled(text: str, longest: int) -> str:
    """Trimmed, short enough and not reserved; empty where nothing is left."""
    text = _cut(_trimmed(text), longest)
    if _RESERVED.fullmatch(text):
        text = _cut("_" + text, longest)
    return text


def _trimmed(text: str) -> str:
    return text.strip(" ." + _JOINERS)


def _cut(text: str, longest: int) -> str:
    """At most so many bytes; no sign is cut in the middle or parted from its accents."""
    raw = text.encode(errors="surrogateescape")
    if len(raw) <= longest:
        return text
    kept = raw[:longest].decode(errors="ignore")
    while kept and unicodedata.combining(text[len(kept)]):
        kept = kept[:-1]
    return _trimmed(kept)
