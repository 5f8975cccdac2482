"""What was found out about a content, kept by what the file is: device, inode, size and time of change.

A renamed file is found again, one that was written to is not. What is known of a content under another inode (a copy,
a file that came back from the trash) is found by its SHA-256.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.model.library_files import FileFacts, FileHashes, FileIdentity
from core.store.database import Reader, Row, Transaction
from core.store.library import signed, unsigned
from core.store.statements import storable

_KEYS: Final = 200  # identities in one query: four values each
_DAY: Final = 86400.0
_COLUMNS: Final = (
    "device, inode, size, mtime_ns, phash, phash_method, second, oshash, md5, sha1, sha256, facts, problem"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a content. `facts` is None while nobody looked; `problem`: why it cannot be read or decoded."""

    hashes: FileHashes = field(default_factory=FileHashes)
    facts: FileFacts | None = None
    problem: str = ""


_facts = msgspec.json.Decoder(FileFacts)


def _blob(value: int | None, length: int) -> bytes | None:
    return None if value is None else value.to_bytes(length, "big")


def _number(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


def _known(row: Row) -> Known:
    hashes = FileHashes(
        phash=unsigned(row[4]),
        phash_method=row[5],
        second=unsigned(row[6]),
        oshash=unsigned(row[7]),
        md5=_number(row[8]),
        sha1=_number(row[9]),
        sha256=_number(row[10]),
    )
    return Known(hashes, None if row[11] is None else _facts.decode(row[11]), row[12])


async def get(reader: Reader, wanted: Sequence[FileIdentity]) -> dict[FileIdentity, Known]:
    """What is known of these contents; unknown ones are left out."""
    found: dict[FileIdentity, Known] = {}
    unique = list(dict.fromkeys(wanted))
    for start in range(0, len(unique), _KEYS):
        chunk = unique[start : start + _KEYS]
        marks = ", ".join(["(?, ?, ?, ?)"] * len(chunk))
        values = [number for one in chunk for number in (one.device, one.inode, one.size, one.mtime_ns)]
        rows = await reader.rows(
            f"SELECT {_COLUMNS} FROM hash_cache WHERE (device, inode, size, mtime_ns) IN (VALUES {marks})", values
        )
        found.update((FileIdentity(*row[:4]), _known(row)) for row in rows)
    return found


async def by_sha256(reader: Reader, sha256: int) -> Known | None:
    """What is known of a content under whatever inode, None where nothing is."""
    row = await reader.one(f"SELECT {_COLUMNS} FROM hash_cache WHERE sha256 = ? LIMIT 1", (_blob(sha256, 32),))
    return None if row is None else _known(row)


async def put(tx: Transaction, found: Iterable[tuple[FileIdentity, Known]], *, now: float) -> None:
    """Write down what was found; what stood there of the same content is replaced."""
    await tx.many(
        f"INSERT OR REPLACE INTO hash_cache ({_COLUMNS}, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.device,
                one.inode,
                one.size,
                one.mtime_ns,
                signed(known.hashes.phash),
                known.hashes.phash_method,
                signed(known.hashes.second),
                signed(known.hashes.oshash),
                _blob(known.hashes.md5, 16),
                _blob(known.hashes.sha1, 20),
                _blob(known.hashes.sha256, 32),
                None if known.facts is None else msgspec.json.encode(known.facts),
                storable(known.problem),
                now,
            )
            for one, known in found
        ],
    )


async def touch(tx: Transaction, used: Collection[FileIdentity], *, now: float) -> None:
    """Note that these are still in use, to the day."""
    if used:
        await tx.many(
            "UPDATE hash_cache SET used_at = ? "
            "WHERE device = ? AND inode = ? AND size = ? AND mtime_ns = ? AND abs(used_at - ?) > ?",
            [(now, one.device, one.inode, one.size, one.mtime_ns, now, _DAY) for one in used],
        )


async def forget_problems(tx: Transaction) -> int:
    """Let whatever could not be decoded be tried anew; how many that were."""
    return await tx.execute("UPDATE hash_cache SET problem = '' WHERE problem <> ''")


async def prune(tx: Transaction, *, before: float) -> int:
    """Forget what nobody asked about since a moment (Unix seconds); how many that were."""
    return await tx.execute("DELETE FROM hash_cache WHERE used_at < ?", (before,))
