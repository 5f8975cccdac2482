"""Local hashes: how they are read and spelled, and when two of them meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

MAX_64 = (1 << 64) - 1


class Algorithm(StrEnum):
    """Fingerprint algorithms a stash-box knows, spelled as its GraphQL enum."""

    OSHASH = "OSHASH"
    PHASH = "PHASH"
    MD5 = "MD5"

    @property
    def hex_digits(self) -> int:
        """Digits of a full value in hexadecimal."""
        return 32 if self is Algorithm.MD5 else 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One local hash."""

    algorithm: Algorithm
    value: int

    @property
    def hex(self) -> str:
        """Lower case, zero-padded to the full width."""
        return f"{self.value:0{self.algorithm.hex_digits}x}"

    @staticmethod
    def parse(algorithm: str, text: str) -> Fingerprint | None:
        """The fingerprint a server states as text, or None for an algorithm that cannot be looked up.

        Raises ValueError when the text is not hexadecimal, or longer than the algorithm allows.
        """
        try:
            kind = Algorithm(algorithm.upper())
        except ValueError:
            return None
        return Fingerprint(kind, parse_hash(kind, text))


def parse_hash(algorithm: Algorithm, text: str) -> int:
    """The integer behind a hexadecimal hash, padded or not.

    Raises ValueError when the text is not hexadecimal, or longer than the algorithm allows.
    """
    digits = text.strip()
    if not digits or len(digits) > algorithm.hex_digits or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError(f"not a {algorithm} value: {text[:48]!r}")
    return int(digits, 16)


def is_degenerate_phash(value: int) -> bool:
    """Whether a PHASH says nothing: black, flat or foreign content, which would match strangers.

    0, the top bit alone, all ones, fewer than 16 or more than 48 of 64 bits set. A weight other than 32 alone does
    not condemn a value, since other versions of the hash may use an approximate median.
    """
    return value in (0, 1 << 63, MAX_64) or not 16 <= value.bit_count() <= 48


def phash_distance(one: int, other: int) -> int:
    """Bits in which two PHASHes differ, 0..64."""
    return (one ^ other).bit_count()


def fingerprint_digest(files: Iterable[Iterable[tuple[str, int]]]) -> str:
    """Sixteen hexadecimal digits that change when the hashes of a scene's files do.

    Each file is given as its (algorithm, value) pairs. Neither the order of files and pairs nor repetitions count, nor
    do files without a hash.
    """
    texts = (",".join(sorted({f"{name}:{value:x}" for name, value in pairs})) for pairs in files)
    return blake2b(";".join(sorted(filter(None, texts))).encode(), digest_size=8).hexdigest()
