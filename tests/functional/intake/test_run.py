"""A run of the intake over real files and a real Immich on loopback: each picture ends where it belongs, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from feed_cases import VERSIONS, Feed, feed, jpeg

from core.model.incoming import Category, ItemState


@pytest.mark.parametrize("is_library", [True, False], ids=["library", "upload"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_each_picture_ends_where_it_belongs_and_a_second_run_adds_nothing(
    tmp_path: Path, version: str, is_library: bool
) -> None:
    async with feed(tmp_path, version=version, is_library=is_library, intake={"blacklist": ["Kim"]}) as (place, server):
        for name in ("Ada", "Kim"):
            place.person(name)
        place.person("", "nobody named")
        place.person("Juno", is_hidden=True)
        place.person("Ada B", "two of them")
        place.person("Cleo", "two of them")
        for number, mark in enumerate(["Ada", "Kim", "nobody named", "Juno", "two of them", "empty"]):
            place.put(f"p{number}.jpg", jpeg(number, mark))
        place.put("copy.jpg", jpeg(0, "Ada"))
        place.put("Ada's.jpg.json", b"{}")
        report = await place.run()
        assert report.errors == []
        assert (report.processed, report.sorted, report.duplicates, report.pending) == (7, 1, 1, 0)
        copied = {"copy.jpg", "p0.jpg"}
        (ada,) = place.faces.rglob("*.jpg")
        (duplicate,) = (place.review / "duplicates").iterdir()
        assert {ada.name, duplicate.name.removeprefix("duplicate_")} == copied
        assert [one for one in place.tree() if not one.startswith(("faces", "review/duplicates"))] == [
            "review/multiple_faces/multi_p4.jpg",
            "review/unidentified/noface_p5.jpg",
            "review/unidentified/unknown_p2.jpg",
            "review/unidentified/unknown_p3.jpg",
            "review/unwanted_person/unwanted_p1.jpg",
        ]
        assert place.tree(place.drop, place.temp) == ["drop/Ada's.jpg.json"]
        await server.queues.settled()
        if is_library:
            assert all(one.is_trashed for one in server.world.assets.values())
            assert server.log.counts["/libraries/{id}/scan"] == 2
        else:
            # What waits in the review stays in Immich, so that its face can be given to somebody.
            assert sum(one.is_trashed for one in server.world.assets.values()) == 1
        tree = place.tree()
        again = await place.run()
        assert (again.processed, again.pending, again.errors) == (0, 0, [])
        assert place.tree() == tree


async def test_without_an_immich_everything_goes_to_the_review(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    place.put("a/b/one.jpg", jpeg(1))
    place.put("two.jpg", jpeg(2))
    report = await place.run()
    assert report.review[Category.UNIDENTIFIED] == 2
    assert place.tree() == ["review/unidentified/unknown_one.jpg", "review/unidentified/unknown_two.jpg"]


async def test_what_an_undo_took_back_is_left_alone_until_it_is_handed_over_again(tmp_path: Path) -> None:
    async with feed(tmp_path) as (place, _):
        place.person("Ada")
        path = place.put("one.jpg", jpeg(1, "Ada"))
        async with place.open() as runtime:
            await runtime.intake.run()
            assert place.tree() == ["faces/Ada/one.jpg"]
            for batch in await runtime.history.batches():
                report = await runtime.history.undo_batch(batch.id)
                assert report.not_done == []
            assert path.read_bytes() == jpeg(1, "Ada")
            assert place.tree(place.temp) == []
            again = await runtime.intake.run()
            assert (again.processed, again.pending) == (0, 0)
            assert await place.states() == {"one.jpg": "returned"}
            (added,) = await runtime.intake.add([str(path)])
            assert added.how == "again"
            assert (await runtime.intake.run()).sorted == 1
        assert place.tree() == ["faces/Ada/one.jpg"]


async def test_the_state_of_each_item_is_told(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    place.put("one.jpg", jpeg(1))
    await place.run()
    (item,) = await place.items()
    assert (item.state, item.source) == (ItemState.REVIEW, "drop folder")
