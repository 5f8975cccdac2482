"""Hashes between their text on the wire and the integers Winnow works with."""

from __future__ import annotations

import re

from core.model.fingerprints import Algorithm, Fingerprint
from core.servers.oddities import Oddities

# Any case: Stash writes its types in lower case, stash-box in upper case.
_KINDS = {name: kind for kind in Algorithm for name in (kind.value, kind.value.lower())}
_IS_HASH = {kind: re.compile(f"[0-9a-fA-F]{{1,{kind.hex_digits}}}").fullmatch for kind in Algorithm}


def is_hex(text: str) -> bool:
    """Whether this is the text of any hash that has a number."""
    return any(matches(text) is not None for matches in _IS_HASH.values())


def read_hash(name: str | None, text: str | None, oddities: Oddities) -> tuple[Algorithm, int] | None:
    """The algorithm and value a server states, or None for what cannot be looked up.

    Types of others (sha256 of a plug-in) are passed over in silence; a known type with a value that is missing, too
    long or not hexadecimal is noted. Stash writes PHASHes without leading zeros, so a short value is a whole one.
    """
    kind = _KINDS.get(name or "")
    if kind is None:
        return None
    if text is None or _IS_HASH[kind](text) is None:
        why = "missing" if not text else "too long" if len(text) > kind.hex_digits else "not hexadecimal"
        oddities.note(f"{kind} that is {why}: skipped")
        return None
    return kind, int(text, 16)


def write_hash(item: Fingerprint) -> str:
    """The spelling that every version of every stash-box understands.

    OSHASH and MD5 with all digits, PHASH without leading zeros: servers before 0.8 compare text, and that is how Stash
    always submitted them.
    """
    return f"{item.value:x}" if item.algorithm is Algorithm.PHASH else item.hex
