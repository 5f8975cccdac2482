"""The hash cache: a content is known by what its file is, and by nothing else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StoreError
from core.media.file_at_path import look_at
from core.model.library_files import FileFacts, FileHashes, FileIdentity
from core.store import hash_cache
from core.store.database import Database
from core.store.hash_cache import Known
from core.store.library import signed, unsigned

WHOLE = Known(
    FileHashes(
        phash=0x8001_0000_0000_0001,
        phash_method="exact",
        second=(1 << 64) - 1,
        oshash=1 << 63,
        md5=1,
        sha1=(1 << 160) - 1,
        sha256=1 << 200,
    ),
    FileFacts(1920, 1080, 12.34, "h264", "aac", 29.97, 4_000_000, "mov,mp4", is_animated=True),
)
IDENTITY = FileIdentity(2049, 1234, 5678, 1_600_000_000_123_456_789)


async def put(database: Database, *found: tuple[FileIdentity, Known], now: float = 0.0) -> None:
    async with database.write() as tx:
        await hash_cache.put(tx, found, now=now)


async def get(database: Database, *wanted: FileIdentity) -> dict[FileIdentity, Known]:
    async with database.read() as reader:
        return await hash_cache.get(reader, wanted)


def identity_of(path: Path) -> FileIdentity:
    found = look_at(str(path)).identity
    assert found is not None
    return found


@pytest.mark.parametrize(
    "known",
    [
        WHOLE,
        Known(),
        Known(FileHashes(phash=0, phash_method="fast", second=0, md5=0, sha1=0, sha256=0, oshash=0), FileFacts()),
        Known(problem="is broken (image file is truncated)"),
        replace(WHOLE, facts=None, problem="über\nlong"),
    ],
)
async def test_what_is_put_comes_back_as_it_was(database: Database, known: Known) -> None:
    await put(database, (IDENTITY, known))
    assert await get(database, IDENTITY) == {IDENTITY: known}


@given(st.integers(0, (1 << 64) - 1))
def test_hashes_of_64_bits_fit_a_signed_column(value: int) -> None:
    kept = signed(value)
    assert kept is not None
    assert -(1 << 63) <= kept < 1 << 63
    assert unsigned(kept) == value


async def test_a_renamed_or_moved_file_is_found_again(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    await put(database, (identity_of(path), WHOLE))
    (tmp_path / "folder").mkdir()
    moved = path.rename(tmp_path / "folder" / os.fsdecode(b"caf\xe9.jpg"))
    moved.chmod(0o600)
    (tmp_path / "link.jpg").hardlink_to(moved)
    for one in (moved, tmp_path / "link.jpg"):
        assert await get(database, identity_of(one)) == {identity_of(moved): WHOLE}


async def test_a_file_that_was_written_to_is_not_found(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    before = path.stat()
    await put(database, (identity_of(path), WHOLE))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert await get(database, identity_of(path)) == {}
    path.write_bytes(b"content!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the size alone tells
    assert identity_of(path).inode == before.st_ino
    assert await get(database, identity_of(path)) == {}
    path.write_bytes(b"content")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert identity_of(path) in await get(database, identity_of(path))


async def test_a_file_that_was_replaced_or_copied_is_another_one(database: Database, tmp_path: Path) -> None:
    path, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(b"content")
    facts = path.stat()
    await put(database, (identity_of(path), WHOLE))
    other.write_bytes(b"CONTENT")
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.replace(path)
    assert await get(database, identity_of(path)) == {}


@pytest.mark.parametrize("name", ["device", "inode", "size", "mtime_ns"])
async def test_every_part_of_the_identity_counts(database: Database, name: str) -> None:
    other = replace(IDENTITY, **{name: getattr(IDENTITY, name) + 1})
    await put(database, (IDENTITY, WHOLE))
    assert await get(database, other) == {}
    await put(database, (other, Known(problem="other")))
    assert await get(database, IDENTITY, other) == {IDENTITY: WHOLE, other: Known(problem="other")}


async def test_a_later_put_takes_the_place_of_the_earlier(database: Database) -> None:
    await put(database, (IDENTITY, Known(problem="was busy")))
    await put(database, (IDENTITY, WHOLE))
    assert await get(database, IDENTITY) == {IDENTITY: WHOLE}


async def test_more_than_one_query_holds_are_found_and_strangers_left_out(database: Database) -> None:
    all_of_them = [FileIdentity(1, number, 10, 20) for number in range(450)]
    await put(database, *((one, Known(FileHashes(phash=one.inode))) for one in all_of_them[::2]))
    found = await get(database, *all_of_them, *all_of_them)
    assert {one.inode: known.hashes.phash for one, known in found.items()} == {n: n for n in range(0, 450, 2)}
    assert await get(database) == {}


async def test_a_content_is_found_by_its_sha256_under_any_inode(database: Database) -> None:
    await put(database, (IDENTITY, WHOLE), (replace(IDENTITY, inode=9), Known()))
    async with database.read() as reader:
        assert await hash_cache.by_sha256(reader, 1 << 200) == WHOLE
        assert await hash_cache.by_sha256(reader, 1) is None


async def test_a_problem_with_a_name_that_is_no_utf8_can_be_kept(database: Database) -> None:
    await put(database, (IDENTITY, Known(problem=f"cannot be decoded ({os.fsdecode(b'caf' + bytes([0xE9]))})")))
    assert (await get(database, IDENTITY))[IDENTITY].problem == r"cannot be decoded (caf\udce9)"


async def test_what_is_not_used_is_forgotten_and_what_is_used_stays(database: Database) -> None:
    day = 86400.0
    old, used, new = (replace(IDENTITY, inode=number) for number in (1, 2, 3))
    await put(database, (old, WHOLE), (used, WHOLE), now=1 * day)
    await put(database, (new, WHOLE), now=3 * day)
    async with database.write() as tx:
        await hash_cache.touch(tx, [used, replace(IDENTITY, inode=4)], now=4 * day)
    assert set(await get(database, old, used, new, replace(IDENTITY, inode=4))) == {old, used, new}
    async with database.write() as tx:
        assert await hash_cache.prune(tx, before=1 * day) == 0
        assert await hash_cache.prune(tx, before=3 * day) == 1
    assert set(await get(database, old, used, new)) == {used, new}
    async with database.write() as tx:
        assert await hash_cache.prune(tx, before=4 * day) == 1
    assert await get(database, old, used, new) == {used: WHOLE}


async def test_use_is_noted_to_the_day_also_when_the_clock_was_ahead(database: Database) -> None:
    day = 86400.0
    await put(database, (IDENTITY, WHOLE), now=10 * day)
    for now, kept_since in ((10.5 * day, 10 * day), (11.5 * day, 11.5 * day), (2 * day, 2 * day)):
        async with database.write() as tx:
            await hash_cache.touch(tx, [IDENTITY], now=now)
        async with database.read() as reader:
            row = await reader.one("SELECT used_at FROM hash_cache", ())
        assert row is not None
        assert row[0] == kept_since


async def test_a_put_that_fails_keeps_what_was_known(database: Database) -> None:
    await put(database, (IDENTITY, WHOLE))
    with pytest.raises(StoreError):
        async with database.write() as tx:
            await hash_cache.put(tx, [(IDENTITY, Known(problem="half"))], now=1.0)
            await tx.execute("INSERT INTO unheard_of VALUES (1)")
    assert await get(database, IDENTITY) == {IDENTITY: WHOLE}


async def test_what_is_kept_survives_the_process(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "kept.db") as database:
        await put(database, (IDENTITY, WHOLE))
    async with Database.open(tmp_path / "kept.db") as database:
        assert await get(database, IDENTITY) == {IDENTITY: WHOLE}
