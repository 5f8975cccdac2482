"""The matching desk from the command line, the whole way: scan, look, decide, undo; against real servers."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Ran, Terminal, command, environment, winnow

from core.demo.cases import Case
from core.demo.faults import FaultKind
from core.demo.world import DemoWorld

Winnow = Callable[..., Awaitable[Ran]]


@pytest.fixture
def run(world: DemoWorld, tmp_path: Path) -> Winnow:
    """Runs a command against the world."""

    async def run_here(*words: str | Path, **env: str) -> Ran:
        return await command(tmp_path, *words, **places(world, tmp_path), **env)

    return run_here


def places(world: DemoWorld, home: Path) -> dict[str, str]:
    """The environment that leads to the world."""
    return {"WINNOW_CONFIG": str(world.config_path), "WINNOW_DATA_DIR": str(home / "data")}


@pytest.fixture
async def scanned(run: Winnow) -> dict[str, Any]:
    """The document of a first scan."""
    ran = await run("--scan-only", "--json")
    assert ran.status == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


async def listed(run: Winnow, *words: str) -> list[dict[str, Any]]:
    ran = await run("list", "matching", "--json", *words)
    assert ran.status == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["recommendations"]
    return found


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  what is waited for lies in another thread or process
            await asyncio.sleep(0.02)


def links(world: DemoWorld) -> dict[int, list[tuple[str, str]]]:
    """What every scene of the Stash is linked to."""
    return {
        scene.id: [(link.endpoint, link.stash_id) for link in scene.stash_ids]
        for scene in world.stash.library.scenes.values()
    }


async def test_the_scan_document(world: DemoWorld, tmp_path: Path) -> None:
    ran = await winnow(tmp_path, "--scan-only", "--json", **places(world, tmp_path))
    assert (ran.status, ran.err) == (0, "")
    scanned = json.loads(ran.out)
    assert list(scanned) == ["version", "ok", "started", "finished", "desks"]
    assert (scanned["version"], scanned["ok"]) == (1, True)
    matching = scanned["desks"]["matching"]
    assert set(matching) == {"scenes", "looked_up", "requests", "recommendations", "endpoints"}
    assert set(matching["recommendations"]) == {"new", "updated", "withdrawn", "pending", "high_confidence"}
    assert {row["endpoint"] for row in matching["endpoints"]} == {box.endpoint for box in world.boxes}
    assert all(set(row) == {"endpoint", "ok", "error", "looked_up", "matched"} for row in matching["endpoints"])
    assert matching["recommendations"]["pending"] > matching["recommendations"]["high_confidence"] > 0


async def test_accept_and_undo_leave_the_stash_as_it_was(
    world: DemoWorld, run: Winnow, scanned: dict[str, Any]
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


async def test_accept_by_id_with_metadata(world: DemoWorld, run: Winnow, scanned: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.METADATA)
    dry = await run("accept", str(one["id"]), "--metadata", "fill", "--dry-run")
    assert "not found" in dry.out
    ran = await run("accept", str(one["id"]), "--metadata", "fill", "--yes")
    assert ran.status == 0, ran.err
    assert "Take it back with: winnow undo" in ran.out
    assert (one["endpoint"], one["stashbox_scene_id"]) in links(world)[Case.METADATA]


async def test_a_refusal_is_in_the_exit_status(world: DemoWorld, run: Winnow, scanned: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.CERTAIN_BOX1)
    assert (await run("accept", str(one["id"]), "--yes")).status == 0
    again = await run("accept", str(one["id"]), "--yes", "--json")
    document = json.loads(again.out)
    assert (again.status, document["ok"], document["accepted"]) == (1, False, [])
    assert "not pending" in document["refused"][0]["reason"]
    unknown = await run("accept", "9999", "--yes")
    assert unknown.status == 2
    assert "there is no recommendation 9999" in unknown.err


async def test_a_scene_that_vanished_is_refused(world: DemoWorld, run: Winnow, scanned: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.CERTAIN_BOX1)
    del world.stash.library.scenes[Case.CERTAIN_BOX1]
    ran = await run("accept", str(one["id"]), "--yes")
    assert ran.status == 1
    assert "refused:" in ran.out


async def test_dismiss_clears_the_rival_and_withdraw_brings_it_back(
    run: Winnow, scanned: dict[str, Any], world: DemoWorld
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


async def test_what_is_not_due_is_not_scanned(world: DemoWorld, run: Winnow, scanned: dict[str, Any]) -> None:
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


async def test_one_endpoint_by_any_of_its_names(world: DemoWorld, run: Winnow, scanned: dict[str, Any]) -> None:
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


async def test_hostile_names_are_shown_literally(run: Winnow, scanned: dict[str, Any]) -> None:
    one = next(one for one in await listed(run) if one["local_scene_id"] == Case.HOSTILE_NAME)
    for words in (["list", "matching"], ["show", str(one["id"])], ["accept", str(one["id"]), "--dry-run"]):
        ran = await run(*words)
        assert ran.status == 0
        assert "[/b][red]\u241b[2J\ufffd" in ran.out
        assert not set(ran.out + ran.err) & set("\x1b\u202e")
    assert (await run("list", "matching", "--json")).out.isascii()


async def test_export(run: Winnow, scanned: dict[str, Any], tmp_path: Path) -> None:
    total = scanned["desks"]["matching"]["recommendations"]["pending"]
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


async def test_an_export_replaces_only_files(run: Winnow, scanned: dict[str, Any], tmp_path: Path) -> None:
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


async def test_limits_and_empty_lists(run: Winnow, world: DemoWorld, scanned: dict[str, Any]) -> None:
    assert len(await listed(run, "--limit", "3")) == 3
    ran = await run("list", "matching", "--limit", "3")
    assert ran.out.splitlines()[-1].startswith("... and ")
    assert await listed(run, "--status", "accepted") == []
    ran = await run("list", "matching", "--status", "accepted")
    assert ran.out == "None is accepted.\n"
    ran = await run("list", "matching", "--endpoint", "harbour", "--status", "pending", "--high-confidence")
    assert "Harbour" in ran.out


async def test_commands_that_need_no_server_run_without_one(tmp_path: Path) -> None:
    for words in (
        ["list", "matching"],
        ["history"],
        ["jobs"],
        ["dismissals"],
        ["export", "matching", "--format", "csv"],
    ):
        ran = await command(tmp_path, *words)
        assert (ran.status, ran.err) == (0, ""), ran
    assert "winnow --scan-only" in (await command(tmp_path, "list", "matching")).out
    for words in (["--scan-only"], ["accept", "--high-confidence"]):
        ran = await command(tmp_path, *words)
        assert ran.status == 2
        assert "winnow init" in ran.err


async def test_a_confirmed_accept_on_a_terminal(
    world: DemoWorld, run: Winnow, scanned: dict[str, Any], tmp_path: Path
) -> None:
    before = links(world)
    with Terminal(tmp_path, "accept", "--high-confidence", **places(world, tmp_path)) as terminal:
        await terminal.expect("? [y/N] ")
        terminal.type("")
        await terminal.expect("Nothing was changed.")
        assert await terminal.end() == 0
    assert links(world) == before
    with Terminal(tmp_path, "accept", "--high-confidence", **places(world, tmp_path)) as terminal:
        await terminal.expect("? [y/N] ")
        terminal.press(b"\x03")
        assert await terminal.end() == 130
    assert links(world) == before
    with Terminal(tmp_path, "accept", "--high-confidence", **places(world, tmp_path)) as terminal:
        await terminal.expect("? [y/N] ")
        terminal.type("y")
        await terminal.expect("Linked: ")
        assert await terminal.end() == 0
    assert links(world) != before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_scan_goes_on(
    world: DemoWorld, run: Winnow, tmp_path: Path, number: signal.Signals
) -> None:
    silent = world.boxes[1].faults.add(FaultKind.SILENT, only="findScenesBySceneFingerprints")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "--scan-only", "--json"),
        env=environment(tmp_path, **places(world, tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await until(lambda: silent.hits > 0 or process.returncode is not None)
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out) == (130, b""), err
    assert b"interrupted; what was done so far is saved" in err
    world.boxes[1].faults.clear()
    jobs = json.loads((await run("jobs", "--json")).out)["jobs"]
    assert [job["state"] for job in jobs] == ["interrupted"]
    resumed = await run("jobs", "resume", str(jobs[0]["id"]), "--json")
    assert (resumed.status, json.loads(resumed.out)["job"]["state"]) == (0, "done")
    assert "looked up" in (await run("jobs", "show", str(jobs[0]["id"]))).out
    assert (await run("jobs", "show", "77")).status == 2
    assert {one["endpoint"] for one in await listed(run)} == {box.endpoint for box in world.boxes}


async def test_a_scan_is_cancelled_from_another_process(world: DemoWorld, run: Winnow, tmp_path: Path) -> None:
    silent = world.boxes[1].faults.add(FaultKind.SILENT, only="findScenesBySceneFingerprints")
    scanning = asyncio.ensure_future(winnow(tmp_path, "--scan-only", **places(world, tmp_path)))
    await until(lambda: silent.hits > 0 or scanning.done())
    asked = await run("jobs", "cancel", "1")
    assert asked.status == 0
    assert "was asked to stop" in asked.out
    ran = await scanning
    assert ran.status == 130
    again = await run("jobs", "cancel", "1")
    assert again.status == 1
    assert "not running" in again.err
    assert (await run("jobs", "cancel", "77")).status == 1


DRAWN = """
import os, shutil, sys, tempfile
from tui.cli import main
real = tempfile.mkdtemp
def mkdtemp(*given, **more):
    place = real(*given, **more)
    shutil.copytree(os.environ["DRAWN"], place, dirs_exist_ok=True)
    return place
tempfile.mkdtemp = mkdtemp
sys.exit(main())
"""


async def test_demo_of_its_own(tmp_path: Path, drawn_world: Path) -> None:
    """In a folder that is gone afterwards; its media, which take a while, are there already."""
    (tmp_path / "home").mkdir()
    (tmp_path / "passing").mkdir()
    places = {"DRAWN": str(drawn_world), "TMPDIR": str(tmp_path / "passing")}
    ran = await winnow(tmp_path / "home", "demo", "--scan-only", "--json", program=("-c", DRAWN), **places)
    document = json.loads(ran.out)
    assert (ran.status, document["ok"]) == (0, True)
    matching = document["desks"]["matching"]
    assert len(matching["endpoints"]) == 2
    counts = matching["recommendations"]
    assert (matching["scenes"], counts["pending"], counts["high_confidence"]) == (50, 25, 15)  # duplicates add none
    assert list((tmp_path / "home").iterdir()) == list((tmp_path / "passing").iterdir()) == []


async def test_demo_that_serves(tmp_path: Path, drawn_world: Path) -> None:
    place = tmp_path / "a world"
    shutil.copytree(drawn_world, place)
    with Terminal(tmp_path, "demo", "--serve", "--dir", place) as terminal:
        await terminal.expect("Ctrl-C ends it.")
        found = ("--config", place / "winnow.toml", "--data-dir", place / "data")
        assert (await command(tmp_path, "--scan-only", *found)).status == 0
        assert "Certain both" in (await command(tmp_path, "list", "matching", *found)).out
        terminal.press(b"\x03")
        await terminal.expect("the demo world has ended")
        assert await terminal.end() == 0
