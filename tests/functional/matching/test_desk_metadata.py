"""Accepting with metadata: what is shown side by side, what is written, and what an undo brings back."""

from __future__ import annotations

import pytest
from decision_cases import accept, state_of, undo_last
from matching_desk import (
    desk_of,
    forget_requests,
    link,
    only,
    touch,
)

from core.demo.cases import Case, entry_id
from core.demo.graphql_http import picture
from core.demo.world import DemoWorld
from core.matching.metadata import Choice, Field, uniform_choices
from core.model.recommendations import Recommendation, Status
from core.runtime import Runtime, ScanOptions

pytest_plugins = ["decision_fixtures"]

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


async def _metadata(world: DemoWorld, runtime: Runtime) -> Recommendation:
    entry = world.boxes[0].library.scenes[entry_id(0, Case.METADATA)]
    for image in entry.images:
        image.source = JPEG
    await runtime.matching.scan(ScanOptions(is_full=True))
    return await only(runtime, Case.METADATA)


async def test_side_by_side(world: DemoWorld, scanned_cases: Runtime) -> None:
    """ "field by field", by stash id, by name, by alias; what is not here is listed and not invented"""
    one = await _metadata(world, scanned_cases)
    changes = {
        change.field: change
        for change in await scanned_cases.matching.compare_metadata(one, uniform_choices(Choice.FILL))
    }
    assert set(changes) == set(Field)
    performers = changes[Field.PERFORMERS]
    assert isinstance(performers.result, tuple)
    assert {getattr(person, "name", "") for person in performers.result} == {"Ada F.", "Bruno Vale", "C. Marsh"}
    assert [item.remote.name for item in performers.unresolved] == ["Dmitri Sand"]
    assert [item.remote.name for item in changes[Field.TAGS].unresolved] == ["Aurora"]
    assert getattr(changes[Field.STUDIO].result, "name", "") == "Meadow Pics"
    kept = await scanned_cases.matching.compare_metadata(one, {})
    assert not any(change.is_change for change in kept)


@pytest.mark.parametrize("choice", [Choice.FILL, Choice.REPLACE])
async def test_accept_with_metadata(world: DemoWorld, scanned_cases: Runtime, choice: Choice) -> None:
    """Every field is written as chosen and every one is put back; nothing is blanked, nothing invented"""
    one = await _metadata(world, scanned_cases)
    scene = world.stash.library.scenes[Case.METADATA]
    entry = world.boxes[0].library.scenes[one.candidate.id]
    scene.details, scene.urls, scene.code = "My own words.", ["https://mine.example/1"], ""
    scene.performers = [world.stash.library.performers[4]]
    scene.cover = JPEG + b"mine"
    entry.director, entry.code = "Edda Lind", None
    scene.code = "MINE-1"
    touch(scene)
    before, counts = state_of(scene), (len(world.stash.library.performers), len(world.stash.library.tags))
    await scanned_cases.matching.scan(ScanOptions(is_full=True))
    report = await accept(scanned_cases, one.id, metadata=uniform_choices(choice, cover=choice))
    assert report.not_done == []
    after = state_of(scene)
    assert after["title"] == "Aurora over the Sea"
    assert after["date"] == "2021-11"
    assert after["director"] == "Edda Lind"
    assert after["code"] == "MINE-1"  # the entry states none: nothing is blanked
    assert after["details"] == ("My own words." if choice is Choice.FILL else entry.details)
    assert after["studio"] == 1
    assert after["performers"] == [1, 2, 3, 4]  # one is not known here, so none is taken away
    assert set(after["tags"]) == {1, 2, 3}
    assert after["urls"][0] == "https://mine.example/1"
    assert set(entry.urls) < set(after["urls"])
    assert picture(scene.cover) == (JPEG + b"mine" if choice is Choice.FILL else JPEG)
    assert after["organized"] == before["organized"]
    assert (len(world.stash.library.performers), len(world.stash.library.tags)) == counts
    effects = await scanned_cases.history.effects(report.batch_id)
    assert any("Dmitri Sand" in words for words in (effects[1].after or {})["unresolved"])
    report = await undo_last(scanned_cases)
    assert report.not_done == []
    assert state_of(scene) == before
    assert picture(scene.cover) == JPEG + b"mine"
    assert (await only(scanned_cases, Case.METADATA)).status is Status.PENDING


async def test_no_cover_from_a_stash_box_that_is_turned_off(world: DemoWorld, scanned_cases: Runtime) -> None:
    """Stash would fetch it there: all else is taken from what Winnow knows already"""
    one = await _metadata(world, scanned_cases)
    scene = world.stash.library.scenes[Case.METADATA]
    forget_requests(world)
    async with desk_of(world, disabled_endpoints=(one.endpoint,)) as runtime:
        choices = uniform_choices(Choice.REPLACE, cover=Choice.REPLACE)
        changes = {change.field: change for change in await runtime.matching.compare_metadata(one, choices)}
        assert "turned off" in changes[Field.COVER].notes[0]
        report = await accept(runtime, one.id, metadata=choices)
        assert report.not_done == []
    assert (scene.cover, scene.title) == (None, "Aurora over the Sea")
    assert len(world.boxes[0].log.requests) == 0


async def test_metadata_without_the_link_is_not_taken(world: DemoWorld, scanned_cases: Runtime) -> None:
    """A refused link takes its metadata with it, and the reason says so"""
    one = await only(scanned_cases, Case.METADATA)
    scene = world.stash.library.scenes[Case.METADATA]
    plan = await scanned_cases.matching.plan_accept([one.id])
    link(scene, world, "another")
    before = state_of(scene)
    report = await scanned_cases.matching.accept(plan, metadata=uniform_choices(Choice.REPLACE))
    assert [outcome.is_done for outcome in report.outcomes] == [False, False]
    assert "not linked to this entry" in report.not_done[1].words
    assert state_of(scene) == before
