"""`winnow` in a real terminal: how it starts, how signals end it, and where it refuses to start."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from cli_runner import Terminal, command

from core.config import load_settings
from core.demo.world import DemoWorld
from core.runtime import SCAN, JobState, open_runtime


async def test_without_a_terminal_it_says_what_to_use_instead(tmp_path: Path) -> None:
    ran = await command(tmp_path)
    assert ran.status == 2
    assert "standard input is none" in ran.err
    assert "winnow --scan-only" in ran.err
    assert not ran.out


async def test_without_a_configuration_it_opens_and_leaves_the_mouse_alone(tmp_path: Path) -> None:
    with Terminal(tmp_path, "--no-mouse", WINNOW_CONFIG="", LC_ALL="C.UTF-8") as terminal:
        await terminal.expect("winnow init")  # no configuration: the way on
        terminal.press(b"q")
        assert await terminal.end() == 0
        assert "\x1b[?1000h" not in terminal.shown  # the mouse was left alone
        assert "\x1b[?1049l" in terminal.shown


async def test_an_unknown_way_to_draw_pictures_is_refused(tmp_path: Path) -> None:
    ran = await command(tmp_path, "--images", "halfcel")
    assert ran.status == 2
    assert "did you mean halfcell" in ran.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_saves_the_job_and_gives_the_terminal_back(
    world: DemoWorld, tmp_path: Path, number: signal.Signals
) -> None:
    held_back = world.boxes[0].faults.add("silent")
    with Terminal(tmp_path, "--config", world.config_path, "--data-dir", tmp_path / "data") as terminal:
        await terminal.expect("No scan has been made yet")
        terminal.press(b"s")
        await terminal.expect("running")
        async with asyncio.timeout(20):
            while not held_back.hits:  # noqa: ASYNC110  a fault has no event
                await asyncio.sleep(0.01)
        terminal.signal(number)
        assert await terminal.end() == 130
        assert "\x1b[?1049l" in terminal.shown
    world.boxes[0].faults.release()
    async with open_runtime(load_settings(world.config_path), data_dir=tmp_path / "data") as runtime:
        (job,) = await runtime.jobs.newest(kind=SCAN)
        assert job.state is JobState.INTERRUPTED
        assert not runtime.recovered  # it ended by itself, nothing had to be settled


STUCK = """
import os, sys
from tui import interrupts
from tui.app import WinnowApp
from tui.cli import main
interrupts.DEAF_SECONDS = 0.5
def spin(app):
    os.write(2, b"it spins")
    while True:
        pass
WinnowApp.action_redraw = spin
sys.exit(main())
"""
LONELY = """
import signal, sys
from tui.cli import main
signal.signal(signal.SIGHUP, signal.SIG_IGN)
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_an_app_whose_event_loop_is_stuck_still_ends_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with Terminal(tmp_path, program=("-c", STUCK), WINNOW_CONFIG="", LC_ALL="C.UTF-8") as terminal:
        await terminal.expect("winnow init")
        terminal.press(b"\x0c")
        await terminal.expect("it spins")
        terminal.signal(number)
        assert await terminal.end() == 128 + number
        assert "\x1b[?1049l" in terminal.shown  # the terminal is given back all the same


async def test_an_app_whose_event_loop_is_stuck_ends_when_its_terminal_is_lost(tmp_path: Path) -> None:
    with Terminal(tmp_path, program=("-c", STUCK), WINNOW_CONFIG="", LC_ALL="C.UTF-8") as terminal:
        await terminal.expect("winnow init")
        terminal.press(b"\x0c")
        await terminal.expect("it spins")
        terminal.hang_up()
        assert await terminal.ended() == 128 + signal.SIGHUP


async def test_a_lost_terminal_ends_the_app_although_hangups_are_ignored(world: DemoWorld, tmp_path: Path) -> None:
    places = ("--config", world.config_path, "--data-dir", tmp_path / "data")
    held_back = world.boxes[0].faults.add("silent")
    with Terminal(tmp_path, *places, program=("-c", LONELY)) as terminal:
        await terminal.expect("No scan has been made yet")
        terminal.press(b"s")
        async with asyncio.timeout(20):
            while not held_back.hits:  # noqa: ASYNC110  a fault has no event
                await asyncio.sleep(0.01)
        terminal.hang_up()
        assert await terminal.ended() in {130, 120}  # 120: Python could not flush to what is gone
    world.boxes[0].faults.release()
    async with open_runtime(load_settings(world.config_path), data_dir=tmp_path / "data") as runtime:
        (job,) = await runtime.jobs.newest(kind=SCAN)
        assert job.state is JobState.INTERRUPTED


async def test_a_database_that_cannot_be_used_is_told_on_the_command_line(world: DemoWorld, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "winnow.db").write_bytes(b"this is no database" * 100)
    with Terminal(tmp_path, "--config", world.config_path, "--data-dir", tmp_path / "data") as terminal:
        assert await terminal.end() == 1
        assert "winnow.db" in terminal.shown
        assert "Traceback" not in terminal.shown


async def test_a_tmux_that_shows_no_signs_is_named_with_the_way_out(world: DemoWorld, tmp_path: Path) -> None:
    """Over SSH to a machine that sets no locale tmux draws _ in place of every sign that tells a state."""
    program = tmp_path / "bin" / "tmux"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf 'xterm\\txterm-256color\\toff\\tRGB\\t8x16\\t0\\n'\n")
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "TMUX": "/tmp/tmux,1,0"}
    where = ("--config", world.config_path, "--data-dir", tmp_path / "data")
    with Terminal(tmp_path, *where, **environment) as terminal:
        await terminal.expect("No scan has been made yet")
        await terminal.expect("every sign that is not ASCII")
        terminal.press(b"q")
        assert await terminal.end() == 0
