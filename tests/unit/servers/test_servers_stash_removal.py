"""The writes of the duplicates desk: what is sent, what is believed, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.demo.faults import FaultKind
from core.demo.stash_objects import DemoScene, video
from core.demo.world import DemoWorld, empty
from core.errors import GraphQLError, LedgerError, UncertainWriteError
from core.model.library_records import Media, RecordRef
from core.model.record_changes import RecordChanges
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_library_documents import CAN_FIND_FILES
from core.servers.stash_removal import StashRemoval


@asynccontextmanager
async def removal_of(world: DemoWorld) -> AsyncIterator[StashRemoval]:
    async with Http() as http:
        client = StashClient(http, world.stash.base_url, world.stash.api_key)
        yield StashRemoval(client, StashLibrary(client))


async def test_only_what_is_given_is_sent(empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(DemoScene(1, "t", [video(11, "/data/a.mp4")], rating100=20, code="c"))
    async with removal_of(empty_world) as removal:
        ref = RecordRef(Media.VIDEO, 1)
        await removal.update_record(ref, RecordChanges())
        assert not empty_world.stash.log.of("sceneUpdate")
        await removal.update_record(ref, RecordChanges(rating100=0, studio_id=0, title="", photographer="nobody"))
        (request,) = empty_world.stash.log.of("sceneUpdate")
        assert request.variables == {"input": {"id": "1", "title": "", "rating100": None, "studio_id": None}}
        found = await removal.record(ref)
        assert found is not None
        assert (found.rating100, found.title, found.code) == (None, "", "c")


@pytest.mark.parametrize(("version", "asked"), [("0.30", "deleteFiles"), ("0.31", "destroyFiles")])
async def test_an_entry_goes_in_the_way_this_stash_knows(tmp_path: Path, version: str, asked: str) -> None:
    async with DemoWorld.open(tmp_path, library=empty, stash_version=version) as world:
        place = world.directory / "library" / "a.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")
        world.stash.library.loose_files[5] = video(5, "/data/a.mp4")
        async with removal_of(world) as removal:
            await removal.forget_files([5])
        assert (len(world.stash.log.of(asked)), world.stash.library.loose_files) == (1, {})
        assert place.exists() == (version == "0.31")


async def test_refusals_and_cut_connections_are_told_apart(empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(DemoScene(1, "t", [video(11, "/data/a.mp4")]))
    async with removal_of(empty_world) as removal:
        with pytest.raises(GraphQLError, match="scene with id 9 not found"):
            await removal.merge_scenes([9], 1, RecordChanges())
        with pytest.raises(GraphQLError, match="cannot delete primary file"):
            await removal.delete_file(11)
        empty_world.stash.faults.add(FaultKind.CUT, only="sceneDestroy")
        with pytest.raises(UncertainWriteError):
            await removal.destroy_scene(1)
        assert not empty_world.stash.library.scenes


async def test_files_by_number_without_those_that_are_gone(empty_world: DemoWorld) -> None:
    for number in (3, 5, 8):
        empty_world.stash.library.loose_files[number] = video(number, f"/data/{number}.mp4", phash=number)
    async with removal_of(empty_world) as removal:
        found = await removal.files([1, 3, 4, 5, 8, 9, 3])
        assert {number: file.phash for number, file in found.items()} == {3: 3, 5: 5, 8: 8}
        features = await removal._client.features()
        removal._client._features = type(features)(features.known - {CAN_FIND_FILES})
        with pytest.raises(LedgerError, match="update it to"):
            await removal.files([3])


async def test_waiting_for_a_job_has_an_end(empty_world: DemoWorld) -> None:
    jobs = empty_world.stash.jobs
    async with removal_of(empty_world) as removal:
        jobs.hold()
        number = await removal.rescan(["/data"])
        running = await removal.wait_for_job(number, seconds=0.1)
        assert running is not None
        assert not running.has_ended
        jobs.release()
        ended = await removal.wait_for_job(number, seconds=10)
        assert ended is not None
        assert (ended.status, ended.has_ended) == ("FINISHED", True)
        assert await removal.wait_for_job(777, seconds=10) is None
        jobs.fail_with = "no disk"
        failed = await removal.wait_for_job(await removal.rescan(["/data"]), seconds=10)
        assert failed is not None
        assert (failed.status, failed.error) == ("FAILED", "no disk")
        (request, *_) = empty_world.stash.log.of("metadataScan")
        assert request.variables == {"input": {"paths": ["/data"]}}
