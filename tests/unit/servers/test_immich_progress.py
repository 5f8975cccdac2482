"""How far an asset got: idle, busy, paused, failed, broken, in every version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from immich_cases import VERSIONS, Setting, setting

from core.demo.immich_world import FacePlan
from core.errors import AuthenticationError, MalformedAnswerError, MissingScopeError
from core.servers.immich_assets import Asset
from core.servers.immich_queues import BEFORE_THUMBNAIL, DETECTION, RECOGNITION, AssetProgress, QueueState, Stage

DONE = AssetProgress(Stage.DONE)


@pytest.fixture(params=VERSIONS)
async def immich(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library", request.param) as one:
        one.server.world.faces["two.jpg"] = [FacePlan(one.server.world.add_person(one.server.owner, "Ann")), FacePlan()]
        yield one


def has_queues(immich: Setting) -> bool:
    return immich.server.version >= (2, 4)


async def begun(immich: Setting, name: str, queue: str) -> Asset:
    """The asset of a new file, once it reached a queue that goes no further."""
    path = immich.server.path_of(immich.file(name))
    await immich.client.scan_library(immich.server.library.id)
    await immich.server.queues.reached(queue)
    [asset] = await immich.client.find_assets(path)
    return asset


async def test_idle_busy_and_paused_are_told_apart(immich: Setting) -> None:
    client, queues = immich.client, immich.server.queues
    assert (await client.queues()).state() is QueueState.IDLE
    queues.stick("faceDetection")
    asset = await begun(immich, "two.jpg", "faceDetection")
    now = await client.queues()
    assert (now.state(), now.state(BEFORE_THUMBNAIL), now.paused) == (QueueState.BUSY, QueueState.IDLE, ())
    detection = now.named(DETECTION)
    assert detection is not None
    assert (detection.active, detection.pending, detection.state) == (1, 1, QueueState.BUSY)
    queues.pause("facialRecognition")
    now = await client.queues()
    assert (now.state(), now.state((DETECTION,)), now.paused) == (QueueState.PAUSED, QueueState.BUSY, (RECOGNITION,))
    assert now.named("nothing") is None
    jobs = await client.queued_jobs(DETECTION)
    assert jobs is None if not has_queues(immich) else jobs is not None and jobs.may_hold(asset.id)


@pytest.mark.parametrize(
    ("queue", "stage"),
    [
        ("sidecar", Stage.THUMBNAIL),
        ("metadataExtraction", Stage.THUMBNAIL),
        ("thumbnailGeneration", Stage.THUMBNAIL),
        ("faceDetection", Stage.DETECTION),
        ("facialRecognition", Stage.RECOGNITION),
    ],
)
@pytest.mark.parametrize("is_paused", [False, True])
async def test_an_asset_waits_where_it_is(immich: Setting, queue: str, stage: Stage, is_paused: bool) -> None:
    (immich.server.queues.pause if is_paused else immich.server.queues.stick)(queue)
    asset = await begun(immich, "two.jpg", queue)
    now = await immich.progress(asset)
    assert now == AssetProgress(stage, QueueState.PAUSED if is_paused else QueueState.BUSY)
    assert not now.is_over
    immich.server.queues.resume()
    await immich.server.queues.settled()
    assert await immich.progress(asset) == DONE
    faces = await immich.client.people.faces(asset)
    assert faces is not None
    assert [face.person is not None for face in faces] == [True, False]


async def test_done_with_and_without_faces(immich: Setting) -> None:
    both = [await immich.scanned("two.jpg"), await immich.scanned("none.jpg")]
    assert await immich.client.progress([one.id for one in both]) == {one.id: DONE for one in both}
    assert DONE.is_over
    assert await immich.client.progress([]) == {}


async def test_a_file_that_cannot_be_read_is_not_waited_for(immich: Setting) -> None:
    immich.server.world.broken.add("broken.jpg")
    for asset in (await immich.scanned("broken.jpg"), await immich.scanned("empty.jpg", b"")):
        now = await immich.progress(asset)
        assert now == AssetProgress(Stage.THUMBNAIL, QueueState.IDLE)
        assert now.is_over


async def test_a_thumbnail_that_comes_between_two_questions_is_seen(immich: Setting) -> None:
    immich.server.world.broken.add("late.jpg")
    asset = await immich.scanned("late.jpg")

    def make(request: object) -> None:
        if immich.server.log.of("/queues") or immich.server.log.of("/jobs"):
            immich.server.world.assets[asset.id].thumbhash = "made meanwhile"

    immich.server.on_request = make
    assert await immich.progress(asset) == AssetProgress(Stage.DETECTION, QueueState.BUSY)
    assert await immich.progress(asset) == DONE


async def test_a_search_for_faces_that_broke_off_is_not_an_asset_without_faces(immich: Setting) -> None:
    immich.server.world.undetectable.add("bad.jpg")
    asset = await immich.scanned("bad.jpg")
    now = await immich.progress(asset)
    # Before 2.4 the server cannot be asked which jobs failed, only how many.
    assert now.stage is (Stage.FAILED if has_queues(immich) else Stage.DONE)
    detection = (await immich.client.queues()).named(DETECTION)
    assert detection is not None
    assert detection.failed == 1


async def test_anothers_asset_and_one_that_is_gone(immich: Setting) -> None:
    world = immich.server.world
    other = world.add_user("Other")
    hers = world.add_seen(other, "/hers.jpg", FacePlan(world.add_person(other, "Ann")))
    world.partners.add((other.id, immich.server.owner.id))
    nobody = world.new_id()
    found = await immich.client.progress([hers.id, nobody])
    assert found == {hers.id: AssetProgress(Stage.OTHER_OWNER), nobody: AssetProgress(Stage.GONE)}
    assert all(one.is_over for one in found.values())


async def test_work_for_others_holds_up_the_old_versions_alone(immich: Setting) -> None:
    asset = await immich.scanned("two.jpg")
    immich.server.queues.stick("faceDetection")
    await begun(immich, "other.jpg", "faceDetection")
    stage = Stage.DONE if has_queues(immich) else Stage.DETECTION
    assert (await immich.progress(asset)).stage is stage


async def test_a_list_of_jobs_that_was_cut_off_rules_nothing_out(immich: Setting) -> None:
    asset = await immich.scanned("two.jpg")
    immich.server.queues.pause("faceDetection")
    for _ in range(1000):
        immich.server.queues.add("faceDetection", "AssetDetectFaces", {"id": "someone"}, lambda: None)
    assert await immich.progress(asset) == AssetProgress(Stage.DETECTION, QueueState.PAUSED)


async def test_jobs_about_nothing_are_no_hindrance(tmp_path: Path) -> None:
    async with setting(tmp_path) as one:
        asset = await one.scanned("two.jpg")
        one.server.queues.pause("facialRecognition", "faceDetection")
        one.server.queues.add("facialRecognition", "FacialRecognitionQueueAll", {"force": False}, lambda: None)
        one.server.alter = lambda name, body: [job | {"data": None} for job in body] if name.endswith("jobs") else body
        assert await one.progress(asset) == DONE


async def test_queues_need_an_administrator_and_their_scope(immich: Setting) -> None:
    world = immich.server.world
    world.add_key("user's", world.add_user("User"))
    with pytest.raises(AuthenticationError, match="no administrator"):
        await immich.as_user("user's").queues()
    world.add_key("few", immich.server.owner, frozenset({"asset.read"}))
    scope = "queue.read" if has_queues(immich) else "job.read"
    if immich.server.version < (1, 137):
        await immich.as_user("few").queues()
        return
    with pytest.raises(MissingScopeError, match=scope.replace(".", r"\.")) as caught:
        await immich.as_user("few").queues()
    assert caught.value.scope == scope


async def test_a_queue_that_is_missing_is_told(immich: Setting) -> None:
    del immich.server.queues.all["faceDetection"]
    with pytest.raises(MalformedAnswerError, match="lack faceDetection"):
        await immich.client.queues()
