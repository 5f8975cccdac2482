"""The matching desk in processes of its own: on a terminal, interrupted, cancelled by another one; and the demo."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_matching_cases import Winnow, links, listed, places, until
from cli_runner import Terminal, command, environment, winnow

from core.demo.faults import FaultKind
from core.demo.world import DemoWorld

pytest_plugins = ["cli_matching_fixtures"]


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
    world: DemoWorld, run: Winnow, first_scan: dict[str, Any], tmp_path: Path
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
