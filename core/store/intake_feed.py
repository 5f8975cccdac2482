"""What is handed over to the intake and what is to be worked on: files and addresses, each once."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.model.incoming import Added, Item, ItemState, NewFile, NewItem
from core.model.library_files import FileIdentity
from core.store import intake
from core.store.database import Reader, Transaction
from core.store.statements import chunks, storable

_BEGUN_ANEW = (ItemState.FAILED, ItemState.RETURNED)


async def hand_over_files(tx: Transaction, files: Sequence[NewFile], *, now: float) -> list[Added]:
    """Record files that lie where they were named, as fetched.

    A file that is on its way already is not recorded twice, by whatever path it is named; one that failed or was
    returned begins anew. Another copy of the content of one that is done with is a new item.
    """
    return [await _hand_over(tx, one, now) for one in files]


async def _hand_over(tx: Transaction, file: NewFile, now: float) -> Added:
    if (same := await _on_its_way(tx, file)) is not None:
        return same
    if (rewritten := await _rewritten(tx, file)) is not None:
        return rewritten
    row = await tx.one("SELECT id, state, file_path FROM downloads WHERE token = ?", (file.token,))
    state = None if row is None else ItemState(row[1])
    if row is not None and state in _BEGUN_ANEW:
        await _record(tx, row[0], file, now)
        return Added(row[0], is_new=False, state=ItemState.FETCHED, is_again=True)
    if row is not None and state in (ItemState.FETCHED, ItemState.PENDING) and row[2] == os.fsencode(file.path):
        await intake.set_place(tx, row[0], path=file.path, identity=file.identity)
        return Added(row[0], is_new=False, state=state)
    if row is not None:  # its file went elsewhere: this is another one
        await tx.execute("UPDATE downloads SET token = randomblob(16) WHERE id = ?", (row[0],))
    item_id = await tx.insert(
        "INSERT INTO downloads (token, state, source, filename, created_at, next_at) VALUES (?, 'added', ?, ?, ?, ?)",
        (file.token, storable(file.source), storable(file.filename), now, now),
    )
    await _record(tx, item_id, file, now)
    return Added(item_id, is_new=True, state=ItemState.FETCHED)


async def _on_its_way(tx: Transaction, file: NewFile) -> Added | None:
    """The item that this very file is already, whatever its path."""
    row = await tx.one(
        "SELECT id, state FROM downloads WHERE file_hash = ? AND device = ? AND inode = ? "
        "AND state IN ('fetched', 'pending', 'review') ORDER BY id LIMIT 1",
        (file.sha256, file.identity.device, file.identity.inode),
    )
    return None if row is None else Added(row[0], is_new=False, state=ItemState(row[1]))


async def _rewritten(tx: Transaction, file: NewFile) -> Added | None:
    """The item whose file, which was not worked on yet, holds something else by now: it is no second one."""
    row = await tx.one(
        "SELECT id FROM downloads WHERE file_path = ? AND file_hash <> ? AND state IN ('fetched', 'pending')",
        (os.fsencode(file.path), file.sha256),
    )
    if row is None:
        return None
    await took_new_content(tx, row[0], file)
    return Added(row[0], is_new=False, state=ItemState.FETCHED)


async def _record(tx: Transaction, item_id: int, file: NewFile, now: float) -> None:
    await tx.execute(
        "UPDATE downloads SET state = 'fetched', origin = ?1, file_path = ?1, filename = ?2, size = ?3, device = ?4, "
        "inode = ?5, mtime_ns = ?6, file_hash = ?7, sha1 = ?8, md5 = ?9, download_date = ?10, next_at = ?10, "
        "attempts = 0, error = '', asset_id = '', faces = NULL, outcome = NULL, near = '', finished_at = NULL "
        "WHERE id = ?11",
        (os.fsencode(file.path), storable(file.filename), *_content(file), now, item_id),
    )


async def hand_over_addresses(tx: Transaction, items: Sequence[NewItem], *, now: float) -> list[Added]:
    """Record addresses to be fetched; one that failed or was returned begins anew, any other stays as it is."""
    handed: list[Added] = []
    for one in await intake.add(tx, items, now=now):
        if one.state in _BEGUN_ANEW and await intake.retry(tx, one.id, now=now):
            found = await intake.get(tx, one.id)
            assert found is not None
            handed.append(Added(one.id, is_new=False, state=found.state, is_again=True))
        else:
            handed.append(one)
    return handed


async def took_new_content(tx: Transaction, item_id: int, file: NewFile) -> None:
    """The file of an item that waits was written to since: what it holds now is what counts."""
    await tx.execute(
        "UPDATE downloads SET size = ?, device = ?, inode = ?, mtime_ns = ?, file_hash = ?, sha1 = ?, md5 = ?, "
        "near = '', asset_id = '', state = 'fetched' WHERE id = ? AND state IN ('fetched', 'pending')",
        (*_content(file), item_id),
    )


async def fetch_anew(tx: Transaction, item_id: int, *, now: float) -> None:
    """The file behind an address is gone before anything was done with it: it is to be fetched again."""
    await tx.execute(
        "UPDATE downloads SET state = 'added', file_path = NULL, inode = NULL, device = NULL, mtime_ns = NULL, "
        "file_hash = NULL, next_at = ? "
        "WHERE id = ? AND state IN ('fetched', 'pending') AND url <> ''",
        (now, item_id),
    )


async def to_fetch(reader: Reader, *, now: float, limit: int) -> list[Item]:
    """The addresses whose turn has come, the one that waits longest first."""
    rows = await reader.rows(
        "SELECT id FROM downloads WHERE state IN ('added', 'fetched', 'pending') AND state = 'added' AND next_at <= ? "
        "ORDER BY next_at, id LIMIT ?",
        (now, limit),
    )
    return await intake.fetch(reader, [row[0] for row in rows])


async def to_look_at(reader: Reader, *, due_by: float | None) -> list[int]:
    """The files that are here and not done with, by rising number; with `due_by` only those whose turn has come."""
    rows = await reader.rows(
        "SELECT id FROM downloads WHERE state IN ('added', 'fetched', 'pending') AND state <> 'added' "
        "AND (?1 IS NULL OR next_at <= ?1) ORDER BY id",
        (due_by,),
    )
    return [row[0] for row in rows]


async def handed_over(reader: Reader, files: Sequence[tuple[str, FileIdentity]]) -> set[str]:
    """Which of these paths hold a file that was handed over before and still lies there as it was.

    What failed or was returned is among them: it waits for being handed over by somebody.
    """
    found: set[tuple[str, FileIdentity]] = set()
    for chunk in chunks([os.fsencode(path) for path, _ in files]):
        marks = ", ".join("?" * len(chunk))
        rows = await reader.rows(
            f"SELECT file_path, device, inode, size, mtime_ns FROM downloads WHERE file_path IN ({marks})", chunk
        )
        found |= {(os.fsdecode(row[0]), FileIdentity(*row[1:])) for row in rows if None not in row}
    return {path for path, _ in found.intersection(files)}


async def alike(reader: Reader, *, after: int, limit: int) -> list[tuple[int, int]]:
    """The number and the PHASH (unsigned) of what came in and still stands, by rising number."""
    rows = await reader.rows(
        "SELECT d.id, h.phash FROM downloads d JOIN hash_cache h ON h.sha256 = d.file_hash "
        "WHERE d.id > ? AND d.state IN ('fetched', 'pending', 'review', 'sorted') AND h.phash IS NOT NULL "
        "GROUP BY d.id ORDER BY d.id LIMIT ?",
        (after, limit),
    )
    return [(row[0], row[1] & (1 << 64) - 1) for row in rows]


async def own_assets(reader: Reader, *, after: int, limit: int) -> list[Item]:
    """Those that are done with, and whose asset Winnow itself brought to Immich, by rising number."""
    rows = await reader.rows(
        "SELECT id FROM downloads WHERE asset_is_ours AND asset_id <> '' AND id > ? "
        "AND state IN ('sorted', 'rejected', 'trashed') ORDER BY id LIMIT ?",
        (after, limit),
    )
    return await intake.fetch(reader, [row[0] for row in rows])


async def will_upload(tx: Transaction, item_ids: Sequence[int]) -> None:
    """Note that an asset for these comes by Winnow, before it does: a sudden end must not leave one unowned."""
    await tx.many("UPDATE downloads SET asset_is_ours = 1, asset_id = '' WHERE id = ?", [(one,) for one in item_ids])


async def asset_went(tx: Transaction, item_ids: Sequence[int]) -> None:
    """The assets of these are no concern of Winnow's any more."""
    await tx.many("UPDATE downloads SET asset_is_ours = 0 WHERE id = ?", [(one,) for one in item_ids])


def _content(file: NewFile) -> tuple[int | bytes, ...]:
    """Which file it is, and what it holds."""
    one = file.identity
    return (one.size, one.device, one.inode, one.mtime_ns, file.sha256, file.sha1, file.md5)
