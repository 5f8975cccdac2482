"""What Winnow wrote down and cannot read any more: an error that says so, whatever stands there now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from core.errors import StoreError
from core.store import jobs, journal
from core.store.database import Database, Reader
from core.store.journal_records import NewEffect

JUNK = [
    b"",
    b"{",
    b"[]",
    b"5",
    b'"x"',
    b"\xff\xfe",
    b'{"a": "\xff"}',
    "text",
]
READS: dict[str, tuple[str, str, Callable[[Reader], Awaitable[object]]]] = {
    "payload": ("effects", "payload", lambda reader: journal.get(reader, 1)),
    "before": ("effects", "before", lambda reader: journal.of_batch(reader, 1)),
    "after": ("effects", "after", journal.unsettled),
    "parameters": ("jobs", "parameters", lambda reader: jobs.get(reader, 1)),
    "result": ("jobs", "result", jobs.newest),
}


@pytest.fixture
async def filled(database: Database) -> Database:
    async with database.write() as tx:
        effects = [NewEffect("link", "t", {"recommendation_id": 5})]
        await journal.add_batch(tx, kind="k", title="t", effects=effects, owner="o", now=1.0)
        await journal.start(tx, 1, before={}, owner="o", now=1.0)
        await jobs.add(tx, kind="k", title="t", parameters={}, owner="o", now=1.0)
    return database


@pytest.mark.parametrize("name", READS)
async def test_it_is_said_that_it_cannot_be_read(filled: Database, name: str) -> None:
    table, column, read = READS[name]
    async with filled.read() as reader:
        await read(reader)
    for junk in JUNK:
        async with filled.write() as tx:
            await tx.execute(f"UPDATE {table} SET {column} = ?", (junk,))
        with pytest.raises(StoreError, match="cannot be read") as caught:
            async with filled.read() as reader:
                await read(reader)
        assert str(filled.path) in str(caught.value)
        with pytest.raises(StoreError, match="cannot be read"):
            async with filled.write() as tx:
                await tx.execute(f"UPDATE {table} SET {column} = ?", (b"{}",))
                await tx.execute(f"UPDATE {table} SET {column} = ?", (junk,))
                await read(tx)
        async with filled.read() as reader:  # nothing of that transaction was kept
            assert await reader.value(f"SELECT {column} FROM {table}") == junk
