"""The review from the command line: list, show, approve, reject, skip, retry, figures, export, and all of it undone."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Ran, Terminal, command, winnow
from intake_cases import Place, in_review, item

from core.demo.immich_server import DemoImmich
from core.demo.immich_world import FacePlan
from core.model.incoming import Box, Category, Faces, FoundFace, Person
from core.store import intake
from core.store.database import Database

Winnow = Callable[..., Awaitable[Ran]]
ADA = Person("a", "Ada")
FACES = Faces(
    is_analysed=True, found=(FoundFace(ADA, Box(0.25, 0.1, 0.5, 0.6), 0.41), FoundFace(None, Box(0, 0, 1, 1)))
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def places(place: Place) -> dict[str, str]:
    return {"WINNOW_CONFIG": str(place.config), "WINNOW_DATA_DIR": str(place.data)}


@pytest.fixture
def run(tmp_path: Path, places: dict[str, str]) -> Winnow:
    """Runs a command there."""

    async def run_here(*words: str | Path) -> Ran:
        return await command(tmp_path, *words, **places)

    return run_here


@pytest.fixture
async def ids(place: Place) -> list[int]:
    """Three pictures that wait."""
    return [
        await in_review(place, "a.jpg", category=Category.LOW_CONFIDENCE, suggested=ADA, faces=FACES),
        await in_review(place, "b\x1b[2J.jpg"),
        await in_review(place, "=c.jpg", category=Category.DUPLICATES, prefix=""),
    ]


async def document(run: Winnow, *words: str, status: int = 0) -> dict[str, Any]:
    """What a command prints with --json."""
    ran = await run(*words, "--json")
    assert ran.status == status, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    assert found["version"] == 1
    return found


async def test_the_list_shows_what_waits(run: Winnow, ids: list[int]) -> None:
    found = await document(run, "list", "intake")
    assert (found["total"], found["categories"]["low_confidence"]) == (3, 1)
    assert {one["id"] for one in found["review"]} == set(ids)
    one = next(one for one in found["review"] if one["id"] == ids[0])
    assert (one["category"], one["suggested_person"], one["faces_detected"]) == ("low_confidence", "Ada", 2)
    assert len(one["file_hash"]) == 64
    ran = await run("list", "intake")
    assert "Ada?" in ran.out
    assert "\x1b" not in ran.out
    some = await document(run, "list", "intake", "--category", "duplicates", "--limit", "1")
    assert [one["id"] for one in some["review"]] == [ids[2]]
    assert (await document(run, "intake"))["total"] == 3


async def test_one_picture_is_shown_with_its_faces(run: Winnow, ids: list[int]) -> None:
    for words in (("intake", "show"), ("show",)):
        found = (await document(run, *words, str(ids[0])))["review"]
        assert found["faces"][0] == {"person": "Ada", "confidence": 0.41, "box": [0.25, 0.1, 0.5, 0.6]}
        ran = await run(*words, str(ids[0]))
        assert "face 1: Ada, 41% sure, at 25% 10%, 50% by 60%" in ran.out
        assert "face 2: nobody known" in ran.out
        assert (await run(*words, "99")).status == 2


async def test_approve_and_undo(run: Winnow, place: Place, ids: list[int]) -> None:
    before = place.tree
    found = await document(run, "intake", "approve", *map(str, ids[:2]), "--person", "Ada Lovelace", "--yes")
    assert found["ok"]
    assert {one["person_name"] for one in found["approved"]} == {"Ada Lovelace"}
    assert Path(found["approved"][0]["file_path"]).parent == place.final / "Ada Lovelace"
    assert (await document(run, "list", "intake"))["total"] == 1
    assert (await document(run, "list", "intake", "--status", "approved"))["total"] == 2
    history = await document(run, "history")
    assert history["batches"][0]["title"] == "approve 2 pictures to Ada Lovelace"
    dry = await run("undo", "--last", "--dry-run")
    assert "would be undone: move unknown_a.jpg" in dry.out
    undone = await run("undo", "--last")
    assert (undone.status, place.tree) == (0, before)
    assert (await document(run, "list", "intake"))["total"] == 3


async def test_reject_counts_pictures_and_says_how_to_take_it_back(run: Winnow, place: Place, ids: list[int]) -> None:
    (place.review / "duplicates" / "=c.json").write_text("{}")
    before = place.tree
    ran = await run("intake", "reject", str(ids[2]), "--yes")
    assert ran.status == 0
    assert "Rejected: 1." in ran.out
    assert "winnow undo 1" in ran.out
    assert len((await document(run, "trash"))["trash"]) == 2
    assert (await run("undo", "1")).status == 0
    assert place.tree == before


async def test_what_cannot_be_done_is_refused_with_its_reason(run: Winnow, place: Place, ids: list[int]) -> None:
    Path((await document(run, "intake", "show", str(ids[0])))["review"]["file_path"]).unlink()
    ran = await run("intake", "approve", *map(str, ids), "--person", "Ada", "--yes")
    assert ran.status == 1
    assert "Approved: 2." in ran.out
    assert "is gone" in ran.out
    found = await document(run, "intake", "reject", *map(str, ids), "--yes", status=1)
    assert ([one["id"] for one in found["rejected"]], len(found["refused"])) == ([ids[0]], 2)  # what is gone is let go
    for _ in ("reject", "approve"):
        assert (await run("undo", "--last")).status == 0
    await run("intake", "approve", str(ids[1]), "--person", "Ada", "--yes")
    found = await document(run, "intake", "approve", *map(str, ids[1:]), "--person", "Ada", "--yes", status=1)
    assert ([one["id"] for one in found["approved"]], len(found["refused"])) == ([ids[2]], 1)
    assert (await run("intake", "approve", "99", "--person", "Ada", "--yes")).status == 2
    assert (await run("intake", "approve", str(ids[0]), "--yes")).status == 2


async def test_without_a_terminal_nothing_is_asked_or_done(run: Winnow, place: Place, ids: list[int]) -> None:
    before = place.tree
    for words in (("approve", str(ids[0]), "--person", "Ada"), ("reject", str(ids[0]))):
        ran = await run("intake", *words)
        assert (ran.status, "--yes" in ran.err) == (2, True)
    assert place.tree == before


async def test_at_a_terminal_enter_is_no(tmp_path: Path, place: Place, places: dict[str, str], ids: list[int]) -> None:
    before = place.tree
    with Terminal(tmp_path, "intake", "reject", str(ids[0]), **places) as terminal:
        await terminal.expect("[y/N]")
        terminal.type("")
        assert await terminal.end() == 0
    assert place.tree == before
    with Terminal(tmp_path, "intake", "approve", str(ids[0]), "--person", "Ada", **places) as terminal:
        await terminal.expect("Ada (a new folder)? [y/N]")
        terminal.type("y")
        await terminal.expect("Approved: 1.")
        assert await terminal.end() == 0


async def test_skip_puts_to_the_end(run: Winnow, ids: list[int]) -> None:
    first = (await document(run, "list", "intake"))["review"][0]["id"]
    assert (await document(run, "intake", "skip", str(first)))["skipped"] == 1
    listed = (await document(run, "list", "intake"))["review"]
    assert (listed[-1]["id"], listed[-1]["skipped_at"] is not None) == (first, True)
    assert (await run("intake", "skip", "99")).status == 1


async def test_what_failed_is_listed_and_begun_anew(run: Winnow, place: Place, ids: list[int]) -> None:
    one = await item(place, ids[0])
    async with Database.open(place.database) as database, database.write() as tx:
        await intake.give_back(tx, one.id, path="/in/a.jpg", now=2.0)
    found = await document(run, "list", "intake", "--status", "returned")
    assert [each["item"] for each in found["items"]] == [one.id]
    assert "a.jpg" in (await run("list", "intake", "--status", "returned")).out
    assert (await document(run, "intake", "retry", str(one.id)))["items"][0]["state"] == "fetched"
    assert (await document(run, "intake", "retry", str(one.id), status=1))["left"] == [one.id]
    assert (await run("intake", "retry", "99")).status == 2
    assert len((await document(run, "list", "intake", "--status", "waiting"))["items"]) == 1


async def test_figures_of_some_days(run: Winnow, place: Place) -> None:
    ids = [await in_review(place, f"{one}.jpg", now=time.time()) for one in range(3)]
    await in_review(place, "old.jpg", now=time.time() - 10 * 86_400)
    await run("intake", "approve", str(ids[0]), "--person", "Ada", "--yes")
    found = await document(run, "intake", "stats")
    assert (found["came_in"], found["approved"], found["in_review"], found["queue"]) == (3, 1, 2, 3)
    assert (found["by_person"], found["by_category"]["unidentified"]) == ({"Ada": 1}, 3)
    assert found["queue_age_seconds"] > 9 * 86_400
    assert (await document(run, "intake", "stats", "--days", "11"))["came_in"] == 4
    ran = await run("intake", "stats")
    assert "3 pictures came in" in ran.out
    assert (await run("intake", "stats", "--days", "0")).status == 2


async def test_export_as_csv_and_json(run: Winnow, tmp_path: Path, ids: list[int]) -> None:
    out = tmp_path / "review.csv"
    assert (await run("export", "intake", "--format", "csv", "--output", out)).status == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {int(row["id"]) for row in rows} == set(ids)
    assert "'=c.jpg" in {row["filename"] for row in rows}
    ran = await run("export", "intake", "--format", "json", "--status", "pending")
    found = json.loads(ran.out)
    assert (found["version"], found["desk"], len(found["review"])) == (1, "intake", 3)
    assert (await run("export", "intake", "--format", "json", "--status", "kept")).status == 2


async def test_words_that_do_not_fit_are_refused(run: Winnow) -> None:
    for words in (
        ("list", "intake", "--status", "kept"),
        ("list", "matching", "--status", "approved"),
        ("list", "matching", "--category", "duplicates"),
        ("list", "intake", "--status", "failed", "--category", "duplicates"),
        ("list", "intake", "--category", "nothing"),
    ):
        ran = await run(*words)
        assert (ran.status, ran.out) == (2, ""), words
        assert "Traceback" not in ran.err


async def test_what_an_undo_leaves_in_immich_is_said_before(tmp_path: Path, run: Winnow) -> None:
    async with DemoImmich.open(tmp_path / "immich") as server:
        place = Place(tmp_path, immich=(server.base_url, server.api_key))
        asset = server.world.add_seen(server.owner, "/mnt/library/a.jpg", FacePlan())
        review_id = await in_review(place, "a.jpg", asset_id=asset.id)
        words = ("intake", "approve", str(review_id), "--person", "Eve", "--assign-face")
        ran = await run(*words, "--yes")
        assert ran.status == 0
        assert "1 face is nobody's in Immich and stays Eve's after an undo" in ran.err
        assert "Approved: 1." in ran.out
        undone = await run("undo", "--last")
        assert (undone.status, "cannot take a face away" in undone.out) == (1, True)
        assert list(place.tree) == ["review/unidentified/unknown_a.jpg"]
        assert (await run("undo", "--last")).status == 1


async def test_in_a_process_of_its_own(tmp_path: Path, places: dict[str, str], ids: list[int]) -> None:
    ran = await winnow(tmp_path, "list", "intake", "--json", **places)
    assert (ran.status, json.loads(ran.out)["total"]) == (0, 3)
