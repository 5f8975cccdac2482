"""The matching desk from the command line, the whole way: scan, look, decide, undo; against real servers."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from pathlib import Path
from typing import Any

from cli_matching_cases import Winnow, links, listed, places
from cli_runner import winnow

from core.demo.cases import Case
from core.demo.faults import FaultKind
from core.demo.world import DemoWorld

pytest_plugins = ["cli_matching_fixtures"]


async def test_the_scan_document(world: DemoWorld, tmp_path: Path) -> None:
    ran = await winnow(tmp_path, "--scan-only", "--json", **places(world, tmp_path))
    assert (ran.status, ran.err) == (0, "")
    first_scan = json.loads(ran.out)
    assert list(first_scan) == ["version", "ok", "started", "finished", "desks"]
    assert (first_scan["version"], first_scan["ok"]) == (1, True)
    matching = first_scan["desks"]["matching"]
    assert set(matching) == {"scenes", "looked_up", "requests", "recommendations", "endpoints"}
    assert set(matching["recommendations"]) == {"new", "updated", "withdrawn", "pending", "high_confidence"}
    assert {row["endpoint"] for row in matching["endpoints"]} == {box.endpoint for box in world.boxes}
    assert all(set(row) == {"endpoint", "ok", "error", "looked_up", "matched"} for row in matching["endpoints"])
    assert matching["recommendations"]["pending"] > matching["recommendations"]["high_confidence"] > 0


async def test_accept_and_undo_leave_the_stash_as_it_was(
    world: DemoWorld, run: Winnow, first_scan: dict[str, Any]
) -> None:
    before = links(world)
    sure = await listed(run, "--high-confidence")
    assert sure
    assert all(one["high_confidence"] for one in sure)

    dry = await run("accept", "--high-confidence", "--dry-run", "--json", "--metadata", "fill")
    assert (dry.status, links(world)) == (0, before)
    assert {one["id"] for one in json.loads(dry.out)["accepted"]} == {one["id"] for one in sure}

    unanswered = await run("accept", "--high-confidence")
    assert (unanswered.status, links(world)) == (2, before)
    assert "give --yes" in unanswered.err

    left_out = sure[0]["id"]
    ran = await run("accept", "--high-confidence", "--exclude", str(left_out), "--yes", "--json")
    document = json.loads(ran.out)
    assert (ran.status, document["ok"]) == (0, True)
    assert {one["id"] for one in document["accepted"]} == {one["id"] for one in sure} - {left_out}
    after = links(world)
    for one in sure:
        link = (one["endpoint"], one["stashbox_scene_id"])
        assert (link in after[one["local_scene_id"]]) == (one["id"] != left_out)

    batches = json.loads((await run("history", "--json")).out)["batches"]
    assert (batches[0]["id"], batches[0]["can_undo"]) == (document["batch"], True)
    preview = await run("undo", "--last", "--dry-run")
    assert (preview.status, links(world)) == (0, after)
    assert "would be undone" in preview.out
    undone = await run("undo", str(document["batch"]))
    assert (undone.status, links(world)) == (0, before)
    nothing = await run("undo", "--last")
    assert nothing.status == 1
    assert "nothing to undo" in nothing.err


async def test_accept_by_id_with_metadata(world: DemoWorld, run: Winnow, first_scan: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.METADATA)
    dry = await run("accept", str(one["id"]), "--metadata", "fill", "--dry-run")
    assert "not found" in dry.out
    ran = await run("accept", str(one["id"]), "--metadata", "fill", "--yes")
    assert ran.status == 0, ran.err
    assert "Take it back with: winnow undo" in ran.out
    assert (one["endpoint"], one["stashbox_scene_id"]) in links(world)[Case.METADATA]


async def test_a_refusal_is_in_the_exit_status(world: DemoWorld, run: Winnow, first_scan: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.CERTAIN_BOX1)
    assert (await run("accept", str(one["id"]), "--yes")).status == 0
    again = await run("accept", str(one["id"]), "--yes", "--json")
    document = json.loads(again.out)
    assert (again.status, document["ok"], document["accepted"]) == (1, False, [])
    assert "not pending" in document["refused"][0]["reason"]
    unknown = await run("accept", "9999", "--yes")
    assert unknown.status == 2
    assert "there is no recommendation 9999" in unknown.err


async def test_a_scene_that_vanished_is_refused(world: DemoWorld, run: Winnow, first_scan: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.CERTAIN_BOX1)
    del world.stash.library.scenes[Case.CERTAIN_BOX1]
    ran = await run("accept", str(one["id"]), "--yes")
    assert ran.status == 1
    assert "refused:" in ran.out


async def test_dismiss_clears_the_rival_and_withdraw_brings_it_back(
    run: Winnow, first_scan: dict[str, Any], world: DemoWorld
) -> None:
    def rivals(found: list[dict[str, Any]]) -> dict[int, bool]:
        return {one["id"]: one["ambiguous"] for one in found if one["local_scene_id"] == Case.AMBIGUOUS}

    first, second = rivals(await listed(run))
    shown = await run("show", str(first), "--json")
    assert [one["id"] for one in json.loads(shown.out)["rivals"]] == [second]
    ran = await run("dismiss", str(first), "--reason", "re-release")
    assert (ran.status, ran.out) == (0, "Dismissed: 1.\nTake it back with: winnow undo 1\n")
    assert (await run("--scan-only")).status == 0
    assert rivals(await listed(run)) == {second: False}
    document = json.loads((await run("dismissals", "--json")).out)["dismissals"]
    assert [one["reason"] for one in document] == ["re-release"]
    assert "re-release" in (await run("dismissals")).out
    assert (await run("dismissals", "withdraw", str(document[0]["id"]))).status == 0
    assert rivals(await listed(run)) == {first: True, second: True}
    refused = await run("dismissals", "withdraw", str(document[0]["id"]))
    assert refused.status == 1
    assert "no longer in force" in refused.out


async def test_one_failing_endpoint(world: DemoWorld, run: Winnow) -> None:
    world.boxes[0].faults.add(FaultKind.REFUSE, times=None, message="the box says no")
    ran = await run("--scan-only", "--json")
    document = json.loads(ran.out)
    assert (ran.status, document["ok"]) == (1, False)
    rows = {row["endpoint"]: row for row in document["desks"]["matching"]["endpoints"]}
    assert "the box says no" in rows[world.boxes[0].endpoint]["error"]
    assert rows[world.boxes[1].endpoint]["matched"] > 0
    assert {one["endpoint"] for one in await listed(run)} == {world.boxes[1].endpoint}
    in_words = await run("--scan-only")
    assert in_words.status == 1
    assert "FAILED: " in in_words.out
    assert "the box says no" in in_words.out


async def test_a_stash_that_fails_is_still_one_document(world: DemoWorld, run: Winnow) -> None:
    world.stash.faults.add(FaultKind.UNAUTHORIZED, times=None)
    ran = await run("--scan-only", "--json")
    document = json.loads(ran.out)
    assert (ran.status, document["ok"]) == (1, False)
    assert "matching" not in document["desks"]
    assert "refuses the key" in document["desks"]["duplicates"]["sources"][0]["error"]
    assert "refuses the key" in document["error"]
    assert "refuses the key" in ran.err


async def test_what_is_not_due_is_not_scanned(world: DemoWorld, run: Winnow, first_scan: dict[str, Any]) -> None:
    asked = len(world.stash.log.requests)
    ran = await run("--scan-only", "--due", "--json")
    assert (ran.status, json.loads(ran.out)["desks"]) == (0, {})
    ran = await run("--scan-only", "--due")
    assert "Nothing is due; the next scan is due " in ran.out
    assert len(world.stash.log.requests) == asked


async def test_what_was_never_scanned_is_due(world: DemoWorld, run: Winnow) -> None:
    """Who has only ever a line in a crontab gets a first scan."""
    ran = await run("--scan-only", "--due", "--json")
    assert (ran.status, set(json.loads(ran.out)["desks"])) == (0, {"matching", "duplicates"})
    ran = await run("--scan-only", "--due", "--json")
    assert (ran.status, json.loads(ran.out)["desks"]) == (0, {})


async def test_one_endpoint_by_any_of_its_names(world: DemoWorld, run: Winnow, first_scan: dict[str, Any]) -> None:
    endpoint = world.boxes[0].endpoint
    for name in (endpoint, endpoint.upper().replace("HTTP", "http") + "/", "meadow", endpoint.split("/")[2]):
        assert {one["endpoint"] for one in await listed(run, "--endpoint", name)} == {endpoint}
    ran = await run("list", "matching", "--endpoint", "https://nowhere.example/graphql")
    assert ran.status == 2
    assert endpoint in ran.err
    ran = await run("--scan-only", "--full", "--endpoint", "meadow", "--json")
    assert [row["endpoint"] for row in json.loads(ran.out)["desks"]["matching"]["endpoints"]] == [endpoint]
    ran = await run("--scan-only", "--endpoint", "https://nowhere.example/graphql")
    assert ran.status == 2
    assert endpoint in ran.err


async def test_hostile_names_are_shown_literally(run: Winnow, first_scan: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.HOSTILE_NAME)
    for words in (["list", "matching"], ["show", str(one["id"])], ["accept", str(one["id"]), "--dry-run"]):
        ran = await run(*words)
        assert ran.status == 0
        assert "[/b][red]\u241b[2J\ufffd" in ran.out
        assert not set(ran.out + ran.err) & set("\x1b\u202e")
    assert (await run("list", "matching", "--json")).out.isascii()


async def test_export(run: Winnow, first_scan: dict[str, Any], tmp_path: Path) -> None:
    total = first_scan["desks"]["matching"]["recommendations"]["pending"]
    ran = await run("export", "matching", "--format", "csv", "--status", "pending")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert (ran.status, len(rows)) == (0, total)
    target = tmp_path / "out.json"
    target.write_text("old")
    ran = await run("export", "matching", "--format", "json", "--output", target)
    assert (ran.status, ran.out) == (0, "")
    document = json.loads(target.read_text())
    assert document["version"] == 1
    assert [one["status"] for one in document["recommendations"]].count("pending") == total
    ran = await run("export", "matching", "--format", "json", "--output", tmp_path / "missing" / "x")
    assert ran.status == 1
    assert "No such file" in ran.err


async def test_an_export_replaces_only_files(run: Winnow, first_scan: dict[str, Any], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = await asyncio.create_subprocess_exec("cat", pipe, stdout=asyncio.subprocess.PIPE)
    ran = await run("export", "matching", "--format", "json", "--output", pipe)
    assert ran.status == 0, ran.err
    assert pipe.is_fifo()
    assert json.loads((await reader.communicate())[0])["recommendations"]
    ran = await run("export", "matching", "--format", "json", "--output", tmp_path)
    assert ran.status == 1
    assert f"{tmp_path}: the export cannot be written there" in ran.err
    kept = tmp_path / "kept.csv"
    kept.write_text("old", encoding="utf-8")
    kept.chmod(0o640)
    ran = await run("export", "matching", "--format", "csv", "--output", kept)
    assert kept.read_text(encoding="utf-8").startswith("id,status")
    assert kept.stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob(".winnow-export-*"))


async def test_limits_and_empty_lists(run: Winnow, world: DemoWorld, first_scan: dict[str, Any]) -> None:
    assert len(await listed(run, "--limit", "3")) == 3
    ran = await run("list", "matching", "--limit", "3")
    assert ran.out.splitlines()[-1].startswith("... and ")
    assert await listed(run, "--status", "accepted") == []
    ran = await run("list", "matching", "--status", "accepted")
    assert ran.out == "None is accepted.\n"
    ran = await run("list", "matching", "--endpoint", "harbour", "--status", "pending", "--high-confidence")
    assert "Harbour" in ran.out
