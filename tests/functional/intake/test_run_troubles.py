"""What goes wrong in a run of the intake: it is named, the rest goes on, and nothing is lost or filed wrongly."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from feed_cases import Feed, feed, jpeg

from core.demo.faults import FaultKind
from core.demo.web import DemoWeb
from core.errors import JobRunningError
from core.intake.adding import HowAdded
from core.servers.immich_queues import RECOGNITION


async def test_a_paused_queue_is_named_and_the_pictures_wait(tmp_path: Path) -> None:
    async with feed(tmp_path, immich_settings={"deadline_seconds": 1}) as (place, server):
        place.person("Ada")
        place.put("one.jpg", jpeg(1, "Ada"))
        server.queues.pause(RECOGNITION)
        report = await place.run()
        assert (report.sorted, report.pending, sum(report.review.values())) == (0, 1, 0)
        (item,) = await place.items()
        assert "paused" in item.error
        server.queues.resume()
        assert (await place.run()).sorted == 1
        assert place.tree() == ["faces/Ada/one.jpg"]


@pytest.mark.parametrize("lacking", ["face.read", "library.update", "queue.read"])
async def test_a_right_that_the_key_lacks_is_named(tmp_path: Path, lacking: str) -> None:
    async with feed(tmp_path) as (place, server):
        rights = {"library.read", "library.update", "queue.read", "queueJob.read", "job.read", "asset.read"}
        rights |= {"face.read", "person.read", "user.read", "server.about"}
        server.key.scopes = frozenset(rights - {lacking})
        place.put("one.jpg", jpeg(1))
        report = await place.run()
        assert [lacking in one.error for one in report.errors] == [True]
        assert (report.pending, place.tree()) == (1, [])


async def test_the_key_of_another_user_is_no_nobody(tmp_path: Path) -> None:
    async with feed(tmp_path) as (place, server):
        place.person("Ada")
        other = server.world.add_user("Other", is_admin=True)
        server.key.user = other
        place.put("one.jpg", jpeg(1, "Ada"))
        report = await place.run()
        assert [("another user" in one.error) for one in report.errors] == [True]
        assert (report.pending, place.tree()) == (1, [])


async def test_an_immich_that_goes_away_in_the_middle_leaves_the_rest_waiting(tmp_path: Path) -> None:
    async with feed(tmp_path, is_library=False) as (place, server):
        place.person("Ada")
        for number in range(3):
            place.put(f"{number}.jpg", jpeg(number, "Ada"))
        server.faults.add(FaultKind.STATUS, only="/assets", status=503, times=None)
        report = await place.run()
        assert not report.is_ok
        assert report.pending + report.sorted == 3
        everything = place.contents
        server.faults.clear()
        assert (await place.run()).is_ok
        assert place.tree() == [f"faces/Ada/{number}.jpg" for number in range(3)]
        assert place.contents == everything


async def test_what_immich_cannot_read_is_not_analysed_and_not_without_a_face(tmp_path: Path) -> None:
    async with feed(tmp_path) as (place, server):
        server.world.broken.add("torn.jpg")
        place.put("torn.jpg", jpeg(1))
        await place.run()
        assert place.tree() == ["review/unidentified/unknown_torn.jpg"]
        (item,) = await place.items()
        assert item.outcome is not None
        assert "not analysed" in item.outcome.reason


async def test_a_drop_folder_that_is_not_there_is_said_and_the_rest_is_worked_on(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(jpeg(7))
    async with place.open() as runtime:
        await runtime.intake.add([str(elsewhere)])
        shutil.rmtree(place.drop)
        report = await runtime.intake.run()
    assert [str(place.drop) in f"{one.source} {one.error}" for one in report.errors] == [True]
    assert place.tree() == ["review/unidentified/unknown_elsewhere.jpg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    place.put("one.jpg", jpeg(1))
    place.review.chmod(0o500)
    report = await place.run()
    place.review.chmod(0o700)
    assert not report.is_ok
    assert place.tree(place.drop) == ["drop/one.jpg"]


async def test_a_base_that_is_a_file_is_named_and_the_picture_stays(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    path = place.put("one.jpg", jpeg(1))
    place.review.rmdir()
    place.review.write_text("no folder")
    report = await place.run()
    assert not report.is_ok
    assert (report.pending, path.read_bytes()) == (1, jpeg(1))
    place.review.unlink()
    place.review.mkdir()
    assert (await place.run()).is_ok
    assert place.tree() == ["review/unidentified/unknown_one.jpg"]


async def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    bad = {"page.jpg": b"<!doctype html><html></html>", "nothing.jpg": b"", "words.png": b"not a picture at all"}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.jpg").write_bytes(jpeg(1))
    async with place.open() as runtime:
        reports = await runtime.intake.add([str(tmp_path / name) for name in (*bad, "good.jpg", "missing.jpg")])
    refused = {Path(one.what).name: one.words for one in reports if one.how is HowAdded.REFUSED}
    assert set(refused) == {*bad, "missing.jpg"}
    assert "web page" in refused["page.jpg"]
    assert "empty" in refused["nothing.jpg"]
    assert [one.how for one in reports if Path(one.what).name == "good.jpg"] == [HowAdded.NEW]


async def test_addresses_that_fail_are_named_and_the_others_come(tmp_path: Path) -> None:
    async with DemoWeb.open(files={"good.jpg": jpeg(1), "cut.jpg": jpeg(2), "page.jpg": jpeg(3)}) as web:
        place = Feed(tmp_path)
        urls = [
            web.url("files", "good.jpg"),
            web.url("cut", "cut.jpg"),
            web.url("page", "page.jpg"),
            web.url("status", "good.jpg", code=404),
            web.url("status", "good.jpg", code=403),
            web.url("loop", "good.jpg"),
            web.url("huge", "good.jpg", size=10_000_000_000_000),
        ]
        async with place.open() as runtime:
            reports = await runtime.intake.add([*urls, "ftp://127.0.0.1/a.jpg"])
            assert [one.how for one in reports].count(HowAdded.REFUSED) == 1
            report = await runtime.intake.run()
        assert report.failed == 5
        assert place.tree() == ["review/unidentified/unknown_cut.jpg", "review/unidentified/unknown_good.jpg"]
        assert place.tree(place.temp) == []
        words = [item.error for item in await place.items() if item.state == "failed"]
        assert all(words)


async def test_a_file_that_is_added_twice_at_once_is_filed_once(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    path = tmp_path / "one.jpg"
    path.write_bytes(jpeg(1))
    async with place.open() as one, place.open() as other:
        reports = await asyncio.gather(one.intake.add([str(path)]), other.intake.add([str(path)]))
        assert sorted(each.how for (each,) in reports) == [HowAdded.KNOWN, HowAdded.NEW]
        ends = await asyncio.gather(one.intake.run(), other.intake.run(), return_exceptions=True)
    assert sum(isinstance(end, JobRunningError) for end in ends) <= 1
    assert place.tree() == ["review/unidentified/unknown_one.jpg"]
    assert len(await place.items()) == 1


async def test_a_file_that_changed_or_went_since_it_was_handed_over(tmp_path: Path) -> None:
    place = Feed(tmp_path)
    changed, gone = tmp_path / "changed.jpg", tmp_path / "gone.jpg"
    changed.write_bytes(jpeg(1))
    gone.write_bytes(jpeg(2))
    async with place.open() as runtime:
        await runtime.intake.add([str(changed), str(gone)])
        changed.write_bytes(jpeg(3))
        gone.unlink()
        report = await runtime.intake.run()
    assert (report.failed, sum(report.review.values())) == (1, 1)
    (filed,) = place.review.rglob("*.jpg")
    assert filed.read_bytes() == jpeg(3)


@pytest.mark.parametrize("name", ["..", "a" * 240 + ".jpg", "CON.jpg", "x\u202egpj.exe", "caf\udce9.jpg", " .jpg"])
async def test_hostile_names_end_below_the_review(tmp_path: Path, name: str) -> None:
    place = Feed(tmp_path)
    path = place.put(name if name != ".." else "...jpg.jpg", jpeg(1))
    async with place.open() as runtime:
        await runtime.intake.add([str(path)])
        await runtime.intake.run()
    (filed,) = (one for one in place.review.rglob("*") if one.is_file())
    assert filed.parent == place.review / "unidentified"
    assert filed.read_bytes() == jpeg(1)
