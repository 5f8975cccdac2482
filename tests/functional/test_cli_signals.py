"""Signals stop a command cleanly: its state is saved, the status is 130; a second one ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import ROOT, environment

WORK = """
import asyncio, signal, sys
{before}
from tui.interrupts import run
async def work():
    print("begun", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        {saving}
        print("saved", flush=True)
sys.exit(run(work()))
"""

AFTER_AN_APP = """
import asyncio, os, sys
from tui.interrupts import leaving, run
async def work():
    with leaving(lambda: None, lambda: None, terminal=os.openpty()[1]):
        pass
    print("begun", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        {saving}
        print("saved", flush=True)
sys.exit(run(work()))
"""


async def started(tmp_path: Path, saving: str, before: str = "", work: str = WORK) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        work.format(saving=saving, before=before),
        env=environment(tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"begun\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_one_signal_lets_the_work_save_its_state(tmp_path: Path, number: signal.Signals) -> None:
    process = await started(tmp_path, "await asyncio.sleep(0.05)")
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out, err) == (130, b"saved\n", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_after_the_app_has_left_is_heeded(tmp_path: Path, number: signal.Signals) -> None:
    """Whoever leaves and closes the window at once leaves nothing of a demo world behind."""
    process = await started(tmp_path, "await asyncio.sleep(0.05)", work=AFTER_AN_APP)
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out, err) == (130, b"saved\n", b"")


async def test_a_later_second_signal_ends_at_once(tmp_path: Path) -> None:
    process = await started(tmp_path, "print('saving', flush=True); await asyncio.Event().wait()")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"saving\n"
    async with asyncio.timeout(60):
        while process.returncode is None:  # one of them comes after the time of an echo is over
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
    assert process.returncode == -signal.SIGTERM


async def test_a_signal_heard_twice_is_one_signal(tmp_path: Path) -> None:
    """`timeout` tells the process and its whole group, so a command from cron hears it twice."""
    process = await started(tmp_path, "print('saving', flush=True); await asyncio.sleep(0.05)")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"saving\n"
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out) == (130, b"saved\n")


async def test_what_nohup_ignores_stays_ignored(tmp_path: Path) -> None:
    process = await started(tmp_path, "pass", before="signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    os.kill(process.pid, signal.SIGINT)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out) == (130, b"saved\n")
