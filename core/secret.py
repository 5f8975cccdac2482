"""Keys that must not be shown."""

from __future__ import annotations

import typing


class Secret:
    """A key that no message, log or traceback shows; only `reveal()` hands it out. Empty means: none."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

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
