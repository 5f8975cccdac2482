"""What came in: each picture with its state and all that is needed to go on with it after a sudden end.

Hashes are bytes: 32 of SHA-256, 20 of SHA-1, 16 of MD5. Times are Unix seconds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.model.incoming import Added, Faces, Item, ItemState, NewItem, Outcome, Person, as_json, faces_of, outcome_of
from core.model.library_files import FileIdentity
from core.store.database import Reader, Row, Transaction
from core.store.statements import chunks, storable

_COLUMNS: Final = (
    "id, state, source, url, origin, file_path, filename, file_hash, sha1, md5, size, expected_size, fetching, "
    "created_at, download_date, next_at, attempts, error, asset_id, faces, outcome, person_id, person_name, "
    "auto_sorted, finished_at, device, inode, mtime_ns, asset_is_ours, near"
)
# The size stands beside them anyway.
_IDENTITY: Final = "device = coalesce(?, device), inode = coalesce(?, inode), mtime_ns = coalesce(?, mtime_ns)"


def _item(row: Row) -> Item:
    origin, file_path = (None if one is None else os.fsdecode(one) for one in row[4:6])
    return Item(
        id=row[0],
        state=ItemState(row[1]),
        source=row[2],
        url=row[3],
        origin=origin,
        file_path=file_path,
        filename=row[6],
        sha256=row[7],
        sha1=row[8],
        md5=row[9],
        size=row[10],
        expected_size=row[11],
        fetching={} if row[12] is None else msgspec.json.decode(row[12], type=dict[str, Any]),
        created_at=row[13],
        download_date=row[14],
        next_at=row[15],
        attempts=row[16],
        error=row[17],
        asset_id=row[18],
        faces=None if row[19] is None else faces_of(row[19]),
        outcome=None if row[20] is None else outcome_of(row[20]),
        person_id=row[21],
        person_name=row[22],
        auto_sorted=bool(row[23]),
        finished_at=row[24],
        identity=None if row[25] is None else FileIdentity(row[25], row[26], row[10], row[27]),
        asset_is_ours=bool(row[28]),
        near=row[29],
    )


def _path(path: str | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def _seen(identity: FileIdentity | None) -> tuple[int | None, ...]:
    """The values of _IDENTITY."""
    if identity is None:
        return (None,) * 3
    return (identity.device, identity.inode, identity.mtime_ns)


# -- handing over and working on -------------------------------------------------------------------------------------


async def add(tx: Transaction, items: Sequence[NewItem], *, now: float) -> list[Added]:
    """Record pictures; one that was recorded before is named again, and nothing of it is changed."""
    added: list[Added] = []
    for one in items:
        is_new = await tx.execute(
            "INSERT INTO downloads (token, state, source, url, filename, created_at, next_at) "
            "VALUES (?, 'added', ?, ?, ?, ?, ?) ON CONFLICT (token) DO NOTHING",
            (one.token, storable(one.source), storable(one.url), storable(one.filename), now, now),
        )
        row = await tx.one("SELECT id, state FROM downloads WHERE token = ?", (one.token,))
        assert row is not None
        added.append(Added(row[0], is_new > 0, ItemState(row[1])))
    return added


async def get(reader: Reader, item_id: int) -> Item | None:
    """One picture, None when there is none."""
    row = await reader.one(f"SELECT {_COLUMNS} FROM downloads WHERE id = ?", (item_id,))
    return None if row is None else _item(row)


async def fetch(reader: Reader, wanted: Sequence[int]) -> list[Item]:
    """These pictures, in this order; unknown ids are left out."""
    found: dict[int, Item] = {}
    for chunk in chunks(wanted):
        marks = ", ".join("?" * len(chunk))
        rows = await reader.rows(f"SELECT {_COLUMNS} FROM downloads WHERE id IN ({marks})", list(chunk))
        found.update((row[0], _item(row)) for row in rows)
    return [found[one] for one in wanted if one in found]


async def of_states(reader: Reader, states: Sequence[ItemState], *, limit: int | None = None) -> list[Item]:
    """The pictures that stand so, the newest first."""
    marks = ", ".join("?" * len(states))
    rows = await reader.rows(
        f"SELECT {_COLUMNS} FROM downloads WHERE state IN ({marks}) ORDER BY created_at DESC, id DESC LIMIT ?",
        [*states, -1 if limit is None else limit],
    )
    return [_item(row) for row in rows]


async def state_counts(reader: Reader) -> dict[ItemState, int]:
    """How many pictures stand so, none left out."""
    rows = await reader.rows("SELECT state, count(*) FROM downloads GROUP BY state")
    return dict.fromkeys(ItemState, 0) | {ItemState(state): number for state, number in rows}


async def to_do(reader: Reader, *, now: float, limit: int) -> list[Item]:
    """What is to be worked on next, the one that waits longest first."""
    rows = await reader.rows(
        f"SELECT {_COLUMNS} FROM downloads WHERE state IN ('added', 'fetched', 'pending') AND next_at <= ? "
        "ORDER BY next_at, id LIMIT ?",
        (now, limit),
    )
    return [_item(row) for row in rows]


async def next_moment(reader: Reader) -> float | None:
    """When something is to be worked on next; None while nothing is."""
    found = await reader.value(
        "SELECT next_at FROM downloads WHERE state IN ('added', 'fetched', 'pending') ORDER BY next_at LIMIT 1"
    )
    return None if found is None else float(found)


async def keep_fetching(tx: Transaction, item_id: int, fetching: dict[str, Any], *, expected: int | None) -> None:
    """Note what a download needs to be continued after a sudden end."""
    await tx.execute(
        "UPDATE downloads SET fetching = ?, expected_size = ? WHERE id = ?",
        (msgspec.json.encode(fetching), expected, item_id),
    )


async def set_fetched(
    tx: Transaction,
    item_id: int,
    *,
    path: str,
    filename: str,
    size: int,
    sha256: bytes,
    sha1: bytes | None = None,
    md5: bytes | None = None,
    identity: FileIdentity | None = None,
    now: float,
) -> bool:
    """Note that the file is here and hashed; False when the item is not waiting for it any more."""
    changed = await tx.execute(
        "UPDATE downloads SET state = 'fetched', file_path = ?, filename = ?, size = ?, file_hash = ?, sha1 = ?, "
        f"md5 = ?, download_date = ?, next_at = ?, attempts = 0, error = '', fetching = NULL, {_IDENTITY} "
        "WHERE id = ? AND state = 'added'",
        (_path(path), storable(filename), size, sha256, sha1, md5, now, now, *_seen(identity), item_id),
    )
    return changed > 0


async def set_pending(
    tx: Transaction,
    item_id: int,
    *,
    next_at: float,
    path: str | None = None,
    identity: FileIdentity | None = None,
    asset_id: str | None = None,
    asset_is_ours: bool | None = None,
    faces: Faces | None = None,
    outcome: Outcome | None = None,
    near: str | None = None,
    is_attempt: bool = False,
    words: str = "",
) -> bool:
    """Note that it is to be looked at again, and what is known by now; False when it is done with meanwhile.

    None leaves what is known. `is_attempt` counts a look that found no face; `words` say what it waits for.
    """
    changed = await tx.execute(
        "UPDATE downloads SET state = 'pending', next_at = ?, file_path = coalesce(?, file_path), "
        "asset_id = coalesce(?, asset_id), faces = coalesce(?, faces), outcome = coalesce(?, outcome), "
        "asset_is_ours = coalesce(?, asset_is_ours), near = coalesce(?, near), "
        f"attempts = attempts + ?, error = ?, {_IDENTITY} WHERE id = ? AND state IN ('fetched', 'pending')",
        (
            next_at,
            _path(path),
            asset_id,
            None if faces is None else as_json(faces),
            None if outcome is None else as_json(outcome),
            asset_is_ours,
            None if near is None else storable(near),
            is_attempt,
            storable(words),
            *_seen(identity),
            item_id,
        ),
    )
    return changed > 0


async def set_place(tx: Transaction, item_id: int, *, path: str, identity: FileIdentity) -> None:
    """Note where the file lies now; nothing else changes."""
    await tx.execute(
        f"UPDATE downloads SET file_path = ?, {_IDENTITY} WHERE id = ?", (_path(path), *_seen(identity), item_id)
    )


async def set_asset_is_ours(tx: Transaction, asset_id: str, *, is_ours: bool) -> None:
    """Note whether an asset of Immich is there for Winnow's sake alone."""
    await tx.execute("UPDATE downloads SET asset_is_ours = ? WHERE asset_id = ?", (is_ours, asset_id))


async def set_error(tx: Transaction, item_id: int, words: str, *, next_at: float | None, now: float) -> None:
    """Note what went wrong. `next_at` is when it is tried again; None: never, it failed."""
    await tx.execute(
        "UPDATE downloads SET error = ?, attempts = attempts + 1, next_at = coalesce(?, next_at), "
        "state = iif(? IS NULL, 'failed', state), finished_at = iif(? IS NULL, ?, finished_at) "
        "WHERE id = ? AND state IN ('added', 'fetched', 'pending')",
        (storable(words), next_at, next_at, next_at, now, item_id),
    )


async def retry(tx: Transaction, item_id: int, *, now: float) -> bool:
    """Begin again with one that failed or was returned; False for another one."""
    changed = await tx.execute(
        "UPDATE downloads SET state = iif(file_hash IS NULL, 'added', 'fetched'), attempts = 0, error = '', "
        "next_at = ?, finished_at = NULL, outcome = NULL, asset_id = '' "
        "WHERE id = ? AND state IN ('failed', 'returned')",
        (now, item_id),
    )
    return changed > 0


async def set_finished(
    tx: Transaction,
    item_id: int,
    state: ItemState,
    *,
    path: str | None = None,
    identity: FileIdentity | None = None,
    outcome: Outcome | None = None,
    faces: Faces | None = None,
    person: Person | None = None,
    is_auto: bool = False,
    now: float,
) -> None:
    """Note where it ended; `path` is where it is now, None where it did not move.

    `outcome` is what led there, None where a person decided: what is known then stays known.
    """
    category = "" if outcome is None or outcome.category is None else outcome.category.value
    is_duplicate = None if outcome is None else outcome.duplicate is not None
    await tx.execute(
        "UPDATE downloads SET state = ?, file_path = coalesce(?, file_path), outcome = coalesce(?, outcome), "
        "faces = coalesce(?, faces), category = iif(? = '', category, ?), person_id = ?, person_name = ?, "
        "auto_sorted = ?, is_duplicate = coalesce(?, is_duplicate), finished_at = ?, error = '', "
        f"{_IDENTITY} WHERE id = ?",
        (
            state,
            _path(path),
            None if outcome is None else as_json(outcome),
            None if faces is None else as_json(faces),
            category,
            category,
            "" if person is None else person.id,
            "" if person is None else storable(person.name),
            is_auto,
            is_duplicate,
            now,
            *_seen(identity),
            item_id,
        ),
    )


async def give_back(
    tx: Transaction, item_id: int, *, path: str, identity: FileIdentity | None = None, now: float
) -> None:
    """Note that what was done with it unasked was taken back: it lies at `path` again, and stays there."""
    await tx.execute(
        "UPDATE downloads SET state = 'returned', file_path = ?, outcome = NULL, category = '', person_id = '', "
        f"person_name = '', auto_sorted = 0, is_duplicate = 0, finished_at = ?, {_IDENTITY} WHERE id = ?",
        (_path(path), now, *_seen(identity), item_id),
    )
