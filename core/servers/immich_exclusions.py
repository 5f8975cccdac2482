"""Which files of a library Immich leaves out, by the patterns of the library."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_PARTS: Final = re.compile(
    r"(?P<all>\*\*/)|(?P<deep>\*\*)|(?P<some>\*)|(?P<one>\?)|(?P<open>\{)|(?P<close>\})|(?P<comma>,)"
)
_MEANINGS: Final = {
    "all": "(?:.*/)?",
    "deep": ".*",
    "some": "[^/]*",
    "one": "[^/]",
    "open": "(?:",
    "close": ")",
    "comma": "|",
}


def excluding(path: str, patterns: Iterable[str]) -> str | None:
    """The first pattern that a path of the server falls under; None where none does.

    `**/` is any folders, `*` and `?` are signs of one name, `{a,b}` is one of several; letter case counts not.
    """
    return next((one for one in patterns if _matches(path, one)), None)


def _matches(path: str, pattern: str) -> bool:
    regex, at, depth = "", 0, 0
    for found in _PARTS.finditer(pattern):
        regex += re.escape(pattern[at : found.start()])
        kind, at = str(found.lastgroup), found.end()
        depth += (kind == "open") - (kind == "close")
        regex += "," if kind == "comma" and not depth else _MEANINGS[kind]
    try:
        return re.fullmatch(regex + re.escape(pattern[at:]), path, re.IGNORECASE | re.DOTALL) is not None
    except re.error:  # a brace that is not closed: such a pattern matches nothing that can be foretold
        return False
