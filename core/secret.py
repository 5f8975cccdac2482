"""Keys that must not be shown, and texts of any origin without them."""

from __future__ import annotations

import re
import typing
from typing import Final
from urllib.parse import unquote, urlsplit

_USER: Final = re.compile(r"//[^/]*@")
_LEAST: Final = 6  # characters; a shorter text stands everywhere by chance
_known: set[str] = set()  # of this process: what any text is cleared of


class Secret:
    """A key that no message, log or traceback shows; only `reveal()` hands it out. Empty means: none."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text
        remember(text)

    def reveal(self) -> str:
        """The key itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"

    def __str__(self) -> str:
        return "***" if self._text else ""

    def __reduce__(self) -> typing.NoReturn:
        raise TypeError("a key is not written anywhere; pass on revealed text only where it is used")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def without_password(text: str) -> str:
    """A text in which no address shows who logs in with it, and how."""
    return _USER.sub("//***@", text)


def remember(*secrets: str) -> None:
    """From now on `hidden` blacks these out, and the password of an address among them on its own."""
    for secret in secrets:
        parts = [secret]
        if "://" in secret:
            try:
                password = urlsplit(secret).password or ""
            except ValueError:
                password = ""
            parts += [password, unquote(password)]
        _known.update(part for part in parts if len(part) >= _LEAST)


def hidden(text: str) -> str:
    """A text of any origin without the keys and passwords that are known."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
