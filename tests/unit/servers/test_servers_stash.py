"""The Stash client against the demo Stash: reading, writing, finding, pictures."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from core.demo.stash_objects import DemoEntity, DemoScene, DemoStashId, video
from core.demo.stash_server import ConfiguredBox
from core.demo.world import DemoWorld
from core.errors import ConfigError, GraphQLError
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.scenes import SceneChanges, StashId
from core.model.stash_boxes import RemoteEntity
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient

ENDPOINT = "https://box.example/graphql"
OTHER = "https://other.example/graphql"
PHASH = 0x9C3A5F0E71D2B486
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(Policy(attempts=2, wait_initial=0.01, wait_jitter=0.0)) as http:
        yield http


@pytest.fixture
def client(http: Http, empty_world: DemoWorld) -> StashClient:
    return StashClient(http, empty_world.stash.base_url, empty_world.stash.api_key)


def scenes(count: int) -> list[DemoScene]:
    return [
        DemoScene(number, f"scene {number}", [video(number, f"/data/{number}.mp4", oshash=number, phash=PHASH)])
        for number in range(1, count + 1)
    ]


async def test_status_says_version_and_state(client: StashClient) -> None:
    status = await client.status()
    assert (status.version, status.database_schema, status.os, status.is_ready) == ("v0.30.1", 75, "linux", True)


@pytest.mark.parametrize("suffix", ["", "/", "/graphql", "/graphql/"])
async def test_any_usual_spelling_of_the_address_works(http: Http, empty_world: DemoWorld, suffix: str) -> None:
    stash = StashClient(http, empty_world.stash.base_url + suffix, empty_world.stash.api_key)
    assert (await stash.status()).is_ready


async def test_no_key_header_is_sent_when_the_key_is_blank(http: Http, empty_world: DemoWorld) -> None:
    empty_world.stash.requires_login = False
    assert (await StashClient(http, empty_world.stash.base_url, " ").status()).is_ready


async def test_an_address_that_is_none_is_a_configuration_error_without_its_text(http: Http) -> None:
    with pytest.raises(ConfigError, match=r"url under \[stash\]") as caught:
        StashClient(http, "nas:hunter2@9999")
    assert "hunter2" not in str(caught.value)


async def test_boxes_that_state_no_limit_get_the_default(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.boxes = [ConfiguredBox(ENDPOINT, "k1", "One", 0), ConfiguredBox(OTHER, "k2", "Two", 30)]
    boxes = await client.stash_boxes()
    assert [(box.endpoint, box.name, box.api_key, box.max_requests_per_minute) for box in boxes] == [
        (ENDPOINT, "One", "k1", 240),
        (OTHER, "Two", "k2", 30),
    ]
    assert "k1" not in repr(boxes)


async def test_features_are_asked_once(client: StashClient, empty_world: DemoWorld) -> None:
    features = await client.features()
    assert features.has_link_times
    assert features.has_request_limits
    await client.features()
    assert len(empty_world.stash.log.of("WinnowStashFeatures")) == 1


async def test_crawl_goes_through_all_scenes_by_id(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*scenes(25))
    pages = [[scene.id for scene in page] async for page in client.crawl(page_size=10)]
    assert pages == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]
    assert len(empty_world.stash.log.of("WinnowCrawl")) == 3


async def test_crawl_starts_after_an_id_and_narrows_by_the_servers_own_time(
    client: StashClient, empty_world: DemoWorld
) -> None:
    for scene in scenes(6):
        scene.updated_at = f"2026-01-1{scene.id}T10:00:00+02:00"
        empty_world.stash.library.add(scene)
    found = [scene async for page in client.crawl(after_id=2) for scene in page]
    assert [scene.id for scene in found] == [3, 4, 5, 6]
    later = [scene async for page in client.crawl(updated_after=found[1].updated_at) for scene in page]
    assert [scene.id for scene in later] == [5, 6]


async def test_crawl_reads_every_field_of_a_scene(client: StashClient, empty_world: DemoWorld) -> None:
    file = video(7, "/data/a b.mp4", oshash=255, phash=PHASH, md5="0" * 31 + "a", duration=12.5)
    file.fingerprints["sha256"] = "ab" * 32
    unknown = video(8, "/data/unknown.mp4", duration=-1)
    links = [DemoStashId(ENDPOINT, "id-1", "2025-01-01T00:00:00+02:00")]
    empty_world.stash.library.add(DemoScene(3, "title", [file, unknown], links, organized=True))
    [[scene]] = [page async for page in client.crawl()]
    assert (scene.id, scene.title, scene.is_organized, scene.stash_id_at(ENDPOINT)) == (3, "title", True, "id-1")
    assert scene.files[0].fingerprints == (
        Fingerprint(Algorithm.OSHASH, 255),
        Fingerprint(Algorithm.MD5, 10),
        Fingerprint(Algorithm.PHASH, PHASH),
    )
    assert (scene.files[0].name, scene.files[0].duration, scene.files[1].duration) == ("a b.mp4", 12.5, None)
    assert not client.oddities.words


async def test_the_next_page_is_under_way_while_the_caller_works(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*scenes(30))
    log = empty_world.stash.log
    async with aclosing(client.crawl(page_size=10)) as pages:
        await anext(pages)
        while len(log.of("WinnowCrawl")) < 2:  # without asking for the next page
            await client.status()
        assert len(log.of("WinnowCrawl")) == 2


async def test_an_outline_has_the_digest_of_its_scene(client: StashClient, empty_world: DemoWorld) -> None:
    library = empty_world.stash.library
    one, two = video(1, "/a", oshash=5, phash=PHASH, md5="f" * 32), video(2, "/b", oshash=6)
    two.fingerprints |= {"phash": "not hex", "sha256": "x"}
    library.add(DemoScene(1, "", [one, two]), DemoScene(2, "", []), *scenes(9)[2:])
    full = {scene.id: scene async for page in client.crawl() for scene in page}
    outlines = {item.id: item async for page in client.outlines(page_size=4) for item in page}
    assert outlines.keys() == full.keys()
    assert all(outlines[number].digest == full[number].digest for number in full)
    assert len({item.digest for item in outlines.values()}) == 9


async def test_unknown_ids_are_left_out(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*scenes(10))
    found = await client.scenes([9, 700, 2, 701, 2, 5])
    assert [scene.id for scene in found] == [9, 2, 5]
    assert await client.scenes([700]) == []
    assert await client.scenes([]) == []
    assert await client.scene(700) is None
    assert (await client.scene(4)) == (await client.scenes([4]))[0]


async def test_writing_links_sends_nothing_else_and_keeps_times(client: StashClient, empty_world: DemoWorld) -> None:
    old = DemoStashId(OTHER, "kept", "2025-01-01T00:00:00+02:00")
    empty_world.stash.library.add(DemoScene(1, "t", [], [old], details="stays"))
    scene = await client.scene(1)
    assert scene is not None
    held = await client.write_stash_ids(1, [*scene.stash_ids, StashId(ENDPOINT, "new")])
    assert {(link.endpoint, link.stash_id) for link in held} == {(OTHER, "kept"), (ENDPOINT, "new")}
    assert held[0].updated_at == old.updated_at
    [request] = empty_world.stash.log.of("sceneUpdate")
    assert request.variables is not None
    assert request.variables["input"].keys() == {"id", "stash_ids"}
    assert request.variables["input"]["stash_ids"][1] == {"endpoint": ENDPOINT, "stash_id": "new"}
    assert empty_world.stash.library.scenes[1].details == "stays"


async def test_a_refused_write_says_why(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*scenes(1))
    with pytest.raises(GraphQLError, match="UNIQUE constraint failed"):
        await client.write_stash_ids(1, [StashId(ENDPOINT, "a"), StashId(ENDPOINT, "b")])
    with pytest.raises(GraphQLError, match="scene with id 5 not found"):
        await client.write_stash_ids(5, [])
    assert empty_world.stash.library.scenes[1].stash_ids == []


async def test_details_and_changes_of_every_field(client: StashClient, empty_world: DemoWorld) -> None:
    library = empty_world.stash.library
    library.studios[1] = DemoEntity(1, "Studio")
    library.performers |= {1: DemoEntity(1, "P1"), 2: DemoEntity(2, "P2")}
    library.tags[1] = DemoEntity(1, "T1")
    library.add(DemoScene(1, "old", [video(1, "/a.mp4")], details="stays"))
    before = await client.scene_details(1)
    assert before is not None
    assert (before.title, before.has_cover, before.studio, before.date) == ("old", False, None, "")
    cover = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
    changes = SceneChanges(
        title="new",
        code="c",
        director="d",
        date="2024-05",
        urls=("https://a.example", "https://b.example"),
        studio_id=1,
        performer_ids=(2, 1),
        tag_ids=(1,),
        stash_ids=(StashId(ENDPOINT, "x"),),
        cover_image=cover,
        is_organized=True,
    )
    after = await client.update_scene(1, changes)
    assert (after.title, after.code, after.director, after.date, after.details) == ("new", "c", "d", "2024-05", "stays")
    assert after.studio is not None
    assert (after.studio.name, [p.name for p in after.performers], [t.id for t in after.tags]) == (
        "Studio",
        ["P2", "P1"],
        [1],
    )
    assert (after.has_cover, after.is_organized, after.stash_ids[0].stash_id) == (True, True, "x")
    assert await client.cover_image(1) == cover
    emptied = await client.update_scene(1, SceneChanges(date="", urls=(), studio_id=0, performer_ids=()))
    assert (emptied.date, emptied.urls, emptied.studio, emptied.performers) == ("", (), None, ())
    assert emptied.title == "new"
    assert await client.scene_details(99) is None


async def test_no_changes_write_nothing(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(*scenes(1))
    assert (await client.update_scene(1, SceneChanges())).title == "scene 1"
    assert not empty_world.stash.log.of("sceneUpdate")


@pytest.mark.parametrize("kind", ["performer", "studio", "tag"])
async def test_entities_by_stash_id_then_name_then_alias(
    client: StashClient, empty_world: DemoWorld, kind: str
) -> None:
    shelf = getattr(empty_world.stash.library, f"{kind}s")
    find = getattr(client, f"find_{kind}")
    shelf |= {
        1: DemoEntity(1, "Linked under another name", stash_ids=[DemoStashId(ENDPOINT, "uuid-1")]),
        2: DemoEntity(2, "Ann"),
        3: DemoEntity(3, "Somebody", aliases=["Bea"]),
        4: DemoEntity(4, "Cleo", stash_ids=[DemoStashId(ENDPOINT, "uuid-of-another-cleo")]),
        5: DemoEntity(5, "Cleo at the other box", stash_ids=[DemoStashId(OTHER, "uuid-9")]),
        6: DemoEntity(6, "D_n%"),
        7: DemoEntity(7, "Dina"),
        8: DemoEntity(8, "One", aliases=["Twin"]),
        9: DemoEntity(9, "Two", aliases=["Twin"]),
    }

    async def found(remote_id: str, name: str) -> Any:
        match = await find(ENDPOINT, RemoteEntity(remote_id, name))
        assert match.reason
        return None if match.entity is None else match.entity.id

    assert await found("uuid-1", "Ann") == 1
    assert await found("uuid-2", "Ann") == 2
    assert await found("uuid-2", "ann") is None  # Stash ignores case, an exact name does not
    assert await found("uuid-3", "Bea") == 3
    assert await found("uuid-4", "Cleo") is None  # a namesake that is linked to somebody else
    assert await found("uuid-9", "Nobody") is None  # the id is one of another stash-box
    assert await found("uuid-6", "D_n%") == 6  # wildcards match Dina too
    assert await found("uuid-7", "%") is None
    assert await found("uuid-8", "Twin") is None
    ambiguous = await find(ENDPOINT, RemoteEntity("uuid-8", "Twin"))
    assert "2 are" in ambiguous.reason


async def test_a_screenshot_is_a_picture_or_nothing(client: StashClient, empty_world: DemoWorld) -> None:
    empty_world.stash.library.add(DemoScene(1, "", [], cover=JPEG), DemoScene(2))
    assert await client.screenshot(1) == JPEG
    assert await client.screenshot(2) is None  # the drawing Stash sends for want of a cover
    assert await client.screenshot(3) is None
