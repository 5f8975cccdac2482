"""Scans after the first: only what changed is asked, and every change is found."""

from __future__ import annotations

import uuid

import pytest
from matching_desk import (
    DAY,
    SetClock,
    add_entry,
    add_scene,
    asked,
    desk_of,
    entry_name,
    forget_requests,
    groups_asked,
    link,
    looked_up,
    of_scene,
    only,
    oshash,
    phash,
    touch,
    words_of,
)

from core.demo.cases import Case
from core.demo.stash_objects import DemoStashId, phash_text, video
from core.demo.stash_server import ConfiguredBox
from core.demo.world import DemoWorld
from core.model.recommendations import Status
from core.runtime import Runtime, ScanOptions

pytest_plugins = ["small_fixtures"]


async def test_nothing_changed_nothing_asked(small: DemoWorld, scanned: Runtime) -> None:
    report = await scanned.matching.scan()
    assert (report.scenes, looked_up(report), report.pending, report.high_confidence) == (3, 0, 2, 2)
    assert (report.counts.new, report.counts.updated, report.counts.withdrawn) == (0, 0, 0)
    assert [len(box.log.requests) for box in small.boxes] == [0, 0]


async def test_full_asks_everything_again(small: DemoWorld, scanned: Runtime) -> None:
    report = await scanned.matching.scan(ScanOptions(is_full=True))
    assert (looked_up(report), groups_asked(small), groups_asked(small, 1)) == (6, 3, 3)
    assert (report.counts.new, report.counts.updated) == (0, 0)
    assert small.stash.log.counts["sceneUpdate"] == 0  # a scan changes nothing outside Winnow


@pytest.mark.parametrize("is_changed", [False, True])
async def test_a_phash_without_updated_at(small: DemoWorld, scanned: Runtime, *, is_changed: bool) -> None:
    """Stash does not move `updated_at` when it makes a phash: the hashes themselves are compared"""
    scene = small.stash.library.scenes[3]
    if is_changed:
        scene.files[0].fingerprints["phash"] = phash_text(phash(30))
    else:
        del scene.files[0].fingerprints["phash"]
        await scanned.matching.scan(ScanOptions(is_full=True))
        forget_requests(small)
        scene.files[0].fingerprints["phash"] = phash_text(phash(30))
    small.boxes[0].library.add(add_entry(small, 30))
    report = await scanned.matching.scan()
    assert (looked_up(report), groups_asked(small)) == (2, 1)
    assert (await only(scanned, 3)).evidence.phash_distance == 0


async def test_a_phash_of_a_partly_linked_scene(small: DemoWorld, scanned: Runtime) -> None:
    """The same for a scene that is linked at one stash-box and waits at the other"""
    scene = small.stash.library.scenes[3]
    link(scene, small, "elsewhere", box=1)
    await scanned.matching.scan()
    forget_requests(small)
    scene.files[0].fingerprints["phash"] = phash_text(phash(30))
    add_entry(small, 30)
    await scanned.matching.scan()
    assert (groups_asked(small), groups_asked(small, 1)) == (1, 0)
    assert (await only(scanned, 3)).evidence.phash_distance == 0


async def test_a_new_scene(small: DemoWorld, scanned: Runtime) -> None:
    add_scene(small, 4)
    add_entry(small, 4)
    report = await scanned.matching.scan()
    assert (report.scenes, groups_asked(small), report.counts.new) == (4, 1, 1)
    assert (await only(scanned, 4)).is_high_confidence


async def test_a_deleted_scene(small: DemoWorld, scanned: Runtime) -> None:
    del small.stash.library.scenes[1]
    report = await scanned.matching.scan()
    assert (report.scenes, report.counts.withdrawn, report.pending) == (2, 1, 1)
    gone = await only(scanned, 1)
    assert (gone.status, gone.is_high_confidence) == (Status.WITHDRAWN, False)
    assert "has left the library" in words_of(gone)
    add_scene(small, 1)  # a backup was put back
    report = await scanned.matching.scan()
    assert ((await only(scanned, 1)).status, groups_asked(small)) == (Status.PENDING, 1)


async def test_a_deleted_library(small: DemoWorld, scanned: Runtime) -> None:
    """More scenes than Stash would name one by one are gone at once; then they are back"""
    for number in range(10, 300):
        add_scene(small, number)
    await scanned.matching.scan()
    one = await only(scanned, 1)
    await scanned.matching.dismiss([one.id])
    kept = dict(small.stash.library.scenes)
    small.stash.library.scenes.clear()
    forget_requests(small)
    report = await scanned.matching.scan()
    assert (report.scenes, report.pending, report.counts.withdrawn) == (0, 0, 1)
    assert len(small.stash.log.requests) < 20
    small.stash.library.scenes |= kept
    report = await scanned.matching.scan()
    assert (report.scenes, report.pending) == (293, 1)
    assert (await only(scanned, 1)).status is Status.DISMISSED


@pytest.mark.parametrize("stash_id", ["another", entry_name(1)])
async def test_a_scene_linked_elsewhere(small: DemoWorld, scanned: Runtime, stash_id: str) -> None:
    link(small.stash.library.scenes[1], small, stash_id)
    report = await scanned.matching.scan()
    assert (report.counts.withdrawn, asked(small)) == (1, 0)
    gone = await only(scanned, 1)
    assert gone.status is Status.WITHDRAWN
    assert "in Stash the scene holds the id of" in words_of(gone)
    small.stash.library.scenes[1].stash_ids.clear()
    touch(small.stash.library.scenes[1])
    report = await scanned.matching.scan()
    assert (report.counts.new, (await only(scanned, 1)).is_high_confidence) == (1, True)
    assert groups_asked(small) == 1


@pytest.mark.parametrize("is_undo", [False, True])
async def test_evidence_is_not_older_than_a_link_that_is_gone(
    small: DemoWorld, scanned: Runtime, *, is_undo: bool
) -> None:
    """ "frozen evidence": a linked scene is not looked up, so it is asked anew when its link was taken away"""
    one = await only(scanned, 1)
    report = await scanned.matching.accept(await scanned.matching.plan_accept([one.id]))
    small.boxes[0].library.scenes[entry_name(1)].title = "Renamed"
    await scanned.matching.scan(ScanOptions(is_full=True))
    assert (await only(scanned, 1)).candidate.title == "Entry 1"
    if is_undo:
        await scanned.history.undo_batch(report.batch_id)
    else:
        small.stash.library.scenes[1].stash_ids.clear()
        touch(small.stash.library.scenes[1])
    forget_requests(small)
    await scanned.matching.scan()
    assert ((await only(scanned, 1)).candidate.title, groups_asked(small)) == ("Renamed", 1)


async def test_a_title(small: DemoWorld, scanned: Runtime) -> None:
    small.stash.library.scenes[1].title = "Renamed"
    touch(small.stash.library.scenes[1])
    report = await scanned.matching.scan()
    assert (report.counts.updated, asked(small)) == (1, 0)
    assert (await only(scanned, 1)).local_title == "Renamed"


async def test_another_file(small: DemoWorld, scanned: Runtime) -> None:
    """A scan of Stash attaches a further file: it is looked up, and the best file speaks"""
    scene = small.stash.library.scenes[3]
    scene.files.append(video(31, "/data/better.mp4", oshash=oshash(31), phash=phash(31)))
    touch(scene)
    add_entry(small, 31)
    await scanned.matching.scan()
    one = await only(scanned, 3)
    assert (one.evidence.file_name, one.evidence.match_percentage) == ("better.mp4", 100.0)


async def test_changed_settings_need_no_look_ups(small: DemoWorld, scanned: Runtime) -> None:
    small.boxes[0].library.scenes[entry_name(1)].fingerprints.pop()
    await scanned.matching.scan(ScanOptions(is_full=True))
    assert not (await only(scanned, 1)).is_high_confidence
    forget_requests(small)
    async with desk_of(small, min_matching_fingerprints=1, min_match_percentage=50) as runtime:
        report = await runtime.matching.scan()
        assert (report.counts.updated, report.high_confidence) == (1, 2)
        assert (await only(runtime, 1)).is_high_confidence
    assert [len(box.log.requests) for box in small.boxes] == [0, 0]


async def test_a_candidate_disappears_and_comes_back(small: DemoWorld, scanned: Runtime) -> None:
    entry = small.boxes[0].library.scenes[entry_name(1)]
    small.boxes[0].library.remove(entry.id)
    report = await scanned.matching.scan(ScanOptions(is_full=True))
    assert (report.counts.withdrawn, (await only(scanned, 1)).status) == (1, Status.WITHDRAWN)
    assert "no longer names this entry" in words_of(await only(scanned, 1))
    small.boxes[0].library.add(entry)
    await scanned.matching.scan(ScanOptions(is_full=True))
    assert (await only(scanned, 1)).is_high_confidence


async def test_a_deleted_candidate_is_no_rival(small: DemoWorld, scanned: Runtime) -> None:
    """ThePornDB still answers what was deleted there"""
    add_entry(small, 3, box=1)
    add_entry(small, 3, box=1, copy=1).deleted = True
    await scanned.matching.scan(ScanOptions(is_full=True))
    live, dead = sorted(await of_scene(scanned, 3), key=lambda one: one.candidate.is_deleted)
    assert (live.status, live.is_ambiguous) == (Status.PENDING, False)
    assert (dead.status, dead.candidate.is_deleted) == (Status.WITHDRAWN, True)


async def test_scenes_without_a_usable_hash(small: DemoWorld, scanned: Runtime) -> None:
    """No file, no hash, a degenerate one, garbage: nothing is sent for them, in this scan and the next"""
    library = small.stash.library
    library.scenes[3].files.clear()
    touch(library.scenes[3])
    for number, prints in {4: {}, 5: {"phash": "0"}, 6: {"phash": "xyz", "oshash": ""}, 7: {"sha256": "ab"}}.items():
        add_scene(small, number)
        library.scenes[number].files[0].fingerprints = dict(prints)
    for _ in range(2):
        report = await scanned.matching.scan()
        assert (looked_up(report), [box.log.of("findScenesBySceneFingerprints") for box in small.boxes]) == (
            0,
            [[], []],
        )
    assert await of_scene(scanned, 3) == []


async def test_the_last_hash_of_a_matched_scene_is_taken_away(small: DemoWorld, scanned: Runtime) -> None:
    small.stash.library.scenes[1].files[0].fingerprints.clear()
    report = await scanned.matching.scan()
    assert (report.counts.withdrawn, (await only(scanned, 1)).status) == (1, Status.WITHDRAWN)


async def test_more_than_64_phashes(small: DemoWorld, scanned: Runtime) -> None:
    """A scene of many files goes out in several requests; it counts once, and every file is compared"""
    scene = small.stash.library.scenes[3]
    scene.files = [video(1000 + n, f"/data/part {n}.mp4", phash=phash(1000 + n)) for n in range(150)]
    touch(scene)
    add_entry(small, 1001)
    add_entry(small, 1149)
    report = await scanned.matching.scan()
    assert {one.evidence.file_name for one in await of_scene(scanned, 3)} == {"part 1.mp4", "part 149.mp4"}
    assert looked_up(report) == 2
    assert small.boxes[0].log.violations == []
    job = (await scanned.matching.summary()).last_scan
    assert job is not None
    assert (job.done, job.total) == (2, 2)
    forget_requests(small)
    await scanned.matching.scan()
    assert asked(small) == 0


async def test_the_clock_goes_backwards(small: DemoWorld) -> None:
    """Look-ups that lie in the future say nothing: neither for ever unasked nor asked in every scan"""
    clock = SetClock()
    async with desk_of(small, clock=clock) as runtime:
        desk = runtime.matching
        await desk.scan()
        clock.at -= 3600
        assert looked_up(await desk.scan()) == 0
        clock.at += 60
        assert looked_up(await desk.scan(ScanOptions(is_full=True))) == 6
        clock.at -= 400 * DAY
        assert looked_up(await desk.scan()) == 6
        clock.at += 60
        assert looked_up(await desk.scan()) == 0
        assert await desk.next_scan_at() is not None


async def test_recheck_days_of_zero_asks_in_every_scan(small: DemoWorld) -> None:
    clock = SetClock()
    async with desk_of(small, clock=clock, recheck_days=0) as runtime:
        for _ in range(2):
            assert looked_up(await runtime.matching.scan()) == 6
            clock.at += 1


async def test_the_same_stash_box_twice_in_stash(small: DemoWorld) -> None:
    first = small.stash.boxes[0]
    small.stash.boxes.append(ConfiguredBox(first.endpoint, first.api_key, "again", first.max_requests_per_minute))
    async with desk_of(small) as runtime:
        report = await runtime.matching.scan()
        assert len(report.endpoints) == 2
        assert groups_asked(small) == 3


async def test_scenes_of_a_foreign_stash_box(world: DemoWorld) -> None:
    """A link to a stash-box that Stash no longer has does not count, and is kept"""
    async with desk_of(world) as runtime:
        desk = runtime.matching
        await desk.scan()
        one = await only(runtime, Case.LINKED_BOX1)
        before = list(world.stash.library.scenes[Case.LINKED_BOX1].stash_ids)
        await desk.accept(await desk.plan_accept([one.id]))
        after = world.stash.library.scenes[Case.LINKED_BOX1].stash_ids
        assert {(link.endpoint, link.stash_id) for link in after} == {
            *((link.endpoint, link.stash_id) for link in before),
            (one.endpoint, one.candidate.id),
        }
        forget_requests(world)
        assert looked_up(await desk.scan()) == 0


async def test_scattered_ids(empty_world: DemoWorld) -> None:
    """Ids far apart, at the ends of pages: nothing is forgotten or left behind"""
    ids = [1, 2, 999, 1000, 1001, 2000, 2001, 5000, 99_999, 2**31 - 1]
    for number in ids:
        add_scene(empty_world, number)
        add_entry(empty_world, number % 1_000_000)
    async with desk_of(empty_world) as runtime:
        assert (await runtime.matching.scan()).scenes == len(ids)
        for number in (1, 1000, 2**31 - 1):
            del empty_world.stash.library.scenes[number]
        report = await runtime.matching.scan()
        assert (report.scenes, report.counts.withdrawn) == (len(ids) - 3, 2)
        assert looked_up(report) == 0
        empty_world.stash.library.scenes[2].stash_ids.append(
            DemoStashId("https://x.example/graphql", str(uuid.uuid4()))
        )
        touch(empty_world.stash.library.scenes[2])
        assert looked_up(await runtime.matching.scan()) == 0
