"""Good answers with odd items in them: each costs itself and not its neighbours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from raw_server import RawServer, data
from server_cases import FIELD, GROUPS, OSHASH, A

from core.demo.faults import FaultKind
from core.demo.stash_objects import DemoScene, video
from core.demo.world import DemoWorld
from core.errors import GraphQLError, MalformedAnswerError
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.scenes import Scene
from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient

pytest_plugins = ["server_fixtures"]


# -- odd items in good answers -------------------------------------------------------------------------------------


async def crawled(client: StashClient, page_size: int = 10) -> list[Scene]:
    return [scene async for page in client.crawl(page_size=page_size) for scene in page]


async def test_odd_hashes_cost_only_themselves(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    file = video(1, "/data/odd.mp4", oshash=5)
    file.fingerprints |= {"phash": "12345678901234567", "md5": "not hexadecimal!", "sha256": "ab", "PHASH2": ""}
    empty_world.stash.library.add(DemoScene(1, "odd", [file]))
    [scene] = await crawled(demo_stash)
    assert scene.files[0].fingerprints == (Fingerprint(Algorithm.OSHASH, 5),)
    assert set(demo_stash.oddities.words) == {
        "1 x PHASH that is too long: skipped",
        "1 x MD5 that is not hexadecimal: skipped",
    }


async def test_nulls_where_lists_were_cost_only_themselves(raw: RawServer, stash: StashClient) -> None:
    scenes = [
        {"id": "1", "title": None, "files": None, "stash_ids": None},
        {"id": "2", "files": [None, {"id": "5", "fingerprints": None}], "stash_ids": [None]},
        {"id": "3", "files": [{"id": "6", "fingerprints": [None, {"type": "oshash", "value": None}]}]},
        {"id": "4", "files": "what?"},
        {"title": "no id"},
        None,
    ]
    raw.answers(WinnowCrawl=data({"findScenes": {"scenes": scenes}}))
    found = await crawled(stash)
    assert [scene.id for scene in found] == [1, 2, 3]
    assert found[1].files[0].fingerprints == ()
    words = " ".join(stash.oddities.words)
    assert "1 x scene whose files are null" in words
    assert "1 x OSHASH that is missing" in words
    assert "`$.files`): left out" in words


async def test_null_where_the_list_was_is_malformed(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(DemoScene(1))
    empty_world.stash.faults.add(FaultKind.NULL_LIST, only="findScenes")
    with pytest.raises(MalformedAnswerError, match=r"got `null` - at `\$\.findScenes\.scenes`"):
        await crawled(demo_stash)


async def test_pages_that_do_not_go_on_end_with_an_error(raw: RawServer, stash: StashClient) -> None:
    scenes = [{"id": str(number), "files": [], "stash_ids": []} for number in range(1, 11)]
    raw.answers(WinnowCrawl=data({"findScenes": {"scenes": scenes}}))
    with pytest.raises(MalformedAnswerError, match="pages do not go on after id 10"):
        await crawled(stash)


async def test_a_crawl_that_fails_later_gave_its_first_pages(demo_stash: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*(DemoScene(number) for number in range(1, 26)))
    pages: list[int] = []
    with pytest.raises(GraphQLError, match="database is locked"):
        async for page in demo_stash.crawl(page_size=10):
            pages.append(len(page))
            empty_world.stash.faults.add(FaultKind.ERROR, message="database is locked", only="findScenes", times=None)
    assert pages[:1] == [10]


async def test_a_group_with_an_entry_that_came_as_null_is_not_answered(
    demo_box: StashBoxClient, empty_world: DemoWorld
) -> None:
    """Left out, it might be the rival without which the rest looks certain."""
    empty_world.boxes[0].faults.add(FaultKind.INNER_NULLS, only=FIELD)
    assert await demo_box.look_up(GROUPS) == [None, (), None]
    assert demo_box.oddities.words == ("2 x entry that came as null: its scene is not answered",)


async def test_the_wrong_number_of_lists_is_malformed(demo_box: StashBoxClient, empty_world: DemoWorld) -> None:
    empty_world.boxes[0].faults.add(FaultKind.WRONG_LENGTH, only=FIELD)
    with pytest.raises(MalformedAnswerError, match="2 lists for 3 scenes"):
        await demo_box.look_up(GROUPS)


async def test_a_look_up_that_failed_in_part_keeps_its_whole_groups(
    demo_box: StashBoxClient, empty_world: DemoWorld
) -> None:
    empty_world.boxes[0].faults.add(FaultKind.PARTIAL, only=FIELD, message="studio lost")
    first, second, third = await demo_box.look_up(GROUPS)
    assert [candidate.id for candidate in first or ()] == [A]
    assert second == ()
    assert third is None
    assert set(demo_box.oddities.words) == {
        "1 x scene the server failed for: studio lost",
        "1 x entry that came as null: its scene is not answered",
    }


async def test_the_group_that_a_problem_names_is_the_one_that_failed(raw: RawServer, box: StashBoxClient) -> None:
    entry = {"id": A, "title": "t", "fingerprints": None, "images": None, "performers": [None], "tags": None}
    problems = [{"message": "boom", "path": [FIELD, 1, 0, "studio"]}]
    raw.answers(WinnowLookUp=data({FIELD: [[entry], [entry, None], None, "text"]}, problems))
    first, *others = await box.look_up([*GROUPS, [OSHASH]])
    assert first is not None
    assert (first[0].id, first[0].fingerprints) == (A, ())
    assert others == [None, None, None]
    assert "boom" in " ".join(box.oddities.words)


@pytest.mark.parametrize("value", [None, {FIELD: None}, {FIELD: "x"}, {}])
async def test_a_look_up_without_lists_is_malformed(raw: RawServer, box: StashBoxClient, value: Any) -> None:
    raw.answers(WinnowLookUp=data(value))
    with pytest.raises(MalformedAnswerError):
        await box.look_up(GROUPS)


async def test_odd_remote_hashes_cost_only_themselves(raw: RawServer, box: StashBoxClient) -> None:
    prints = [
        {"hash": "zz", "algorithm": "OSHASH", "duration": 5},
        {"hash": "1" * 17, "algorithm": "PHASH", "duration": 5},
        {"hash": "4d", "algorithm": "BLAKE3", "duration": 5},
        {"hash": "4d", "algorithm": "OSHASH", "duration": None},
        None,
    ]
    raw.answers(WinnowLookUp=data({FIELD: [[{"id": A, "fingerprints": prints}]]}))
    [found] = await box.look_up([[OSHASH]])
    assert found is not None
    assert [(item.value, item.duration, item.reports) for item in found[0].fingerprints] == [(77, 0, None)]
    assert len(box.oddities) == 2


async def test_one_endpoint_failing_leaves_the_other_alone(
    http: Http, demo_box: StashBoxClient, empty_world: DemoWorld
) -> None:
    other = empty_world.boxes[1]
    other.faults.add(FaultKind.REFUSE, times=None)
    second = StashBoxClient(http, StashBox(other.endpoint, "Harbour", other.api_key, 60_000))
    one, two = await asyncio.gather(demo_box.look_up(GROUPS), second.look_up(GROUPS), return_exceptions=True)
    assert isinstance(one, list)
    assert isinstance(two, GraphQLError)


@pytest.mark.parametrize("kind", [FaultKind.NULL_LIST, FaultKind.INNER_NULLS])
async def test_a_scene_whose_lists_are_not_known_is_not_taken_for_one_that_holds_nothing(
    demo_stash: StashClient, empty_world: DemoWorld, kind: FaultKind
) -> None:
    """An undo would be taken for done, and what is written back whole would lose what was there."""
    empty_world.stash.library.add(DemoScene(1, "one", [video(1, "/data/one.mp4")], urls=["https://example.com/one"]))
    empty_world.stash.faults.add(kind, only="findScene")
    with pytest.raises(MalformedAnswerError, match="null in its urls"):
        await demo_stash.scene_details(1)
    found = await demo_stash.scene_details(1)
    assert found is not None
    assert found.urls == ("https://example.com/one",)
