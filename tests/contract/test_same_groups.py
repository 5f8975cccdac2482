"""A Stash that is read by its API and one that is read by its database file are the same library: the same groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from duplicates_desk import groups_of
from stash_file import write_stash_file

from core.config import load_settings
from core.demo.duplicate_cases import EXPECTED
from core.demo.world import DemoWorld
from core.model.groups import Group
from core.model.library_records import LibraryRecord, Media
from core.runtime import Runtime, open_runtime
from core.servers.http import Http
from core.servers.library_source import LibrarySource
from core.servers.stash import StashClient
from core.servers.stash_database import StashDatabase
from core.servers.stash_library import StashLibrary

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "stash-75.sqlite"
pytestmark = pytest.mark.skipif(
    not CONTRACT.is_file(), reason=f"the empty database of a real Stash, {CONTRACT}, is absent"
)


@pytest.fixture
def stash_file(duplicates_world: DemoWorld, tmp_path: Path) -> Path:
    """The database file of the world's Stash."""
    return write_stash_file(duplicates_world.stash.library, CONTRACT, tmp_path / "stash-go.sqlite")


@asynccontextmanager
async def desk(
    world: DemoWorld, data: Path, *, url: bool = False, database: Path | None = None
) -> AsyncIterator[Runtime]:
    """The world's configuration with one or both ways to its library."""
    settings = load_settings(world.config_path)
    stash = msgspec.structs.replace(
        settings.stash, url=settings.stash.url if url else "", database="" if database is None else str(database)
    )
    async with open_runtime(msgspec.structs.replace(settings, stash=stash), data_dir=data) as runtime:
        yield runtime


async def crawled(source: LibrarySource) -> dict[tuple[Media, int], LibraryRecord]:
    """All records by their kind and number."""
    found: dict[tuple[Media, int], LibraryRecord] = {}
    for media in Media:
        async with aclosing(source.crawl(media, page_size=7)) as pages:
            async for page in pages:
                found |= {(media, one.id): one for one in page}
    return found


def seen(group: Group) -> dict[str, Any]:
    """All that a person sees of a group, without Winnow's own numbers."""
    return {
        "kind": group.kind,
        "keeper": group.keeper.file.shown_path if group.keeper else None,
        "reason": group.reason,
        "gate": group.gate,
        "weak": group.is_weak,
        "reclaimable": group.reclaimable_bytes,
        "record_keeper": group.record_keeper,
        "records": {ref: record.title for ref, record in group.records.items()},
        "members": [
            (
                one.file.path,
                one.file.stash_path,
                one.file.stash_file_id,
                one.file.record,
                one.file.is_primary,
                one.distance,
                one.protected,
                one.file.hashes,
                one.file.facts,
            )
            for one in group.members
        ],
    }


async def scanned(runtime: Runtime) -> dict[frozenset[str], dict[str, Any]]:
    """The groups of a scan by the paths of their members."""
    report = await runtime.duplicates.scan()
    assert report.is_ok
    return {frozenset(one.file.shown_path for one in group.members): seen(group) for group in await groups_of(runtime)}


async def test_the_records_are_the_same(duplicates_world: DemoWorld, stash_file: Path) -> None:
    stash = duplicates_world.stash
    async with Http() as http, StashDatabase.open(stash_file) as database:
        by_server = await crawled(StashLibrary(StashClient(http, stash.base_url, stash.api_key)))
        by_file = await crawled(database)
        assert [await database.count(media) for media in Media] == [
            len(stash.library.scenes if media is Media.VIDEO else stash.library.images) for media in Media
        ]
    assert len(by_server) == len(stash.library.scenes) + len(stash.library.images)
    assert by_file == by_server
    assert database.notes == ()


async def test_the_groups_are_the_same(duplicates_world: DemoWorld, stash_file: Path, tmp_path: Path) -> None:
    before = stash_file.read_bytes()
    async with desk(duplicates_world, tmp_path / "server", url=True) as runtime:
        by_server = await scanned(runtime)
    async with desk(duplicates_world, tmp_path / "file", database=stash_file) as runtime:
        by_file = await scanned(runtime)
    assert len(by_server) > len(EXPECTED)
    assert set(by_file) == set(by_server)
    assert {one["kind"] for one in by_file.values()} == {expected.kind for expected in EXPECTED}
    for paths, group in by_server.items():
        assert by_file[paths] == group, paths
    assert stash_file.read_bytes() == before
    assert [one.name for one in tmp_path.glob("stash-go*")] == ["stash-go.sqlite"]  # nothing is left beside it


async def test_one_way_after_the_other_changes_nothing(
    duplicates_world: DemoWorld, stash_file: Path, tmp_path: Path
) -> None:
    """Who gives the file in place of the address, or both, finds every group as it was, and hashes nothing anew."""
    async with desk(duplicates_world, tmp_path / "one", url=True) as runtime:
        first = await scanned(runtime)
    for url, database in ((False, stash_file), (True, stash_file), (True, None)):
        async with desk(duplicates_world, tmp_path / "one", url=url, database=database) as runtime:
            report = await runtime.duplicates.scan()
            assert (report.is_ok, report.counts.new, report.counts.withdrawn, report.hashed) == (True, 0, 0, 0)
            assert await scanned(runtime) == first


async def test_a_file_that_differs_makes_other_groups(
    duplicates_world: DemoWorld, stash_file: Path, tmp_path: Path
) -> None:
    """What the file says counts, and nothing that was remembered: here of a film that it names elsewhere."""
    library = duplicates_world.stash.library
    film = next(file for _, file in library.files() if file.basename == "storm at sea.mkv")
    async with desk(duplicates_world, tmp_path / "one", database=stash_file) as runtime:
        assert any(any("storm at sea.mkv" in path for path in paths) for paths in await scanned(runtime))
    film.path = film.path.replace("storm at sea.mkv", "moved away.mkv")
    write_stash_file(library, CONTRACT, stash_file)
    async with desk(duplicates_world, tmp_path / "one", database=stash_file) as runtime:
        paths = set(await scanned(runtime))
    assert not any("storm at sea.mkv" in path for group in paths for path in group)
    assert any("moved away.mkv" in path for group in paths for path in group)
