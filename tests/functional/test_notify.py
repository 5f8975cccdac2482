"""Notifications of ended jobs: real programs, a real server, Apprise itself; none ever holds up or fails a job."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

import pytest
from notify_cases import TOKEN, WRITES, Hook, fails, is_running, run, script

from core.secret import Secret
from core.settings_notify import NotifySettings
from core.store.jobs import JobState

pytest_plugins = ["notify_fixtures"]

# -- a program ---------------------------------------------------------------------------------------------------------


async def test_a_program_is_told_in_arguments(tmp_path: Path) -> None:
    command = (
        str(script(tmp_path, WRITES)),
        "{desk} {state}",
        "{title}: {summary}",
        "{kind}#{job}{error}",
        "$HOME",
        "{ x}",
    )
    told = await run(tmp_path, NotifySettings(command=command))
    assert json.loads((tmp_path / "out").read_text()) == [
        "intake done",
        "sort what came in: processed 1,200, review (duplicates 2), errors 1",
        "intake.run#1",
        "$HOME",
        "{ x}",
    ]
    assert (told.state, told.warnings) == (JobState.DONE, [])
    assert told.log[-1].text == "notified by [notify] command"


async def test_no_shell_sees_what_is_filled_in(tmp_path: Path) -> None:
    command = (str(script(tmp_path, WRITES)), "{error}")
    told = await run(tmp_path, NotifySettings(command=command), fails)
    assert json.loads((tmp_path / "out").read_text()) == ["the disk is full: $(touch /tmp/x); '\""]
    assert (told.state, told.warnings) == (JobState.FAILED, [])


async def test_a_program_that_fails(tmp_path: Path) -> None:
    command = (str(script(tmp_path, "sys.exit('first\\nno \x1b[31mbell')")),)
    told = await run(tmp_path, NotifySettings(command=command))
    assert told.state is JobState.DONE
    assert told.warnings == [
        'nobody was notified by [notify] command: tell me.py ended with status 1, saying "no  [31mbell"'
    ]
    told = await run(tmp_path, NotifySettings(command=(str(tmp_path / "not there"), "{title}")))
    assert (told.state, told.warnings) == (
        JobState.DONE,
        ["nobody was notified by [notify] command: not there cannot be started: No such file or directory"],
    )


async def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import os, time\npid = os.fork()\nopen(out, 'a').write(f'{os.getpid()}\\n')\ntime.sleep(60)"
    began = time.monotonic()
    told = await run(tmp_path, NotifySettings(command=(str(script(tmp_path, child)),), timeout_seconds=1))
    assert time.monotonic() - began < 10
    assert told.state is JobState.DONE
    assert told.warnings == ["nobody was notified by [notify] command: it took longer than 1 s, and was given up"]
    numbers = [int(line) for line in (tmp_path / "out").read_text().split()]
    assert len(numbers) == 2
    async with asyncio.timeout(10):
        while any(is_running(number) for number in numbers):  # noqa: ASYNC110  others' processes have no event
            await asyncio.sleep(0.01)


# -- an address --------------------------------------------------------------------------------------------------------


async def test_an_address_is_sent_json(tmp_path: Path, hook: Hook) -> None:
    told = await run(tmp_path, NotifySettings(url=Secret(hook.url)))
    (body,) = hook.bodies
    assert body["app"] == "winnow"
    assert (body["desk"], body["state"], body["job"], body["title"]) == ("intake", "done", 1, "sort what came in")
    assert body["result"]["review"] == {"duplicates": 2}
    assert body["text"] == "Winnow: sort what came in done. processed 1,200, review (duplicates 2), errors 1"
    assert body["started_at"] <= body["finished_at"]
    assert (told.state, told.warnings) == (JobState.DONE, [])


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "the server answers 404"),
        (302, "it redirects to another address (302): is the address right?"),
        (429, "it asked to slow down (429, 2 times): allow it fewer requests a minute, or wait"),
        (503, "the server behind it does not answer (503)"),
    ],
)
async def test_an_address_that_refuses(
    tmp_path: Path, hook: Hook, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = status
    with caplog.at_level(logging.DEBUG):
        told = await run(tmp_path, NotifySettings(url=Secret(hook.url)))
    assert told.state is JobState.DONE
    assert words in told.warnings[0]
    assert TOKEN not in "".join(line.text for line in told.log) + caplog.text


async def test_an_address_that_is_silent_or_not_there(
    tmp_path: Path, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.is_silent = True
    with caplog.at_level(logging.DEBUG):
        told = await run(tmp_path, NotifySettings(url=Secret(hook.url), timeout_seconds=1))
        assert len(hook.bodies) == 1
        gone = await run(tmp_path, NotifySettings(url=Secret(f"http://user:{TOKEN}@127.0.0.1:1/{TOKEN}")))
    assert (told.state, len(told.warnings)) == (JobState.DONE, 1)
    assert gone.warnings == [
        (
            "nobody was notified by [notify] url: http://127.0.0.1:1: nothing listens there: is it running, and is"
            " the port right?"
        )
    ]
    assert TOKEN not in caplog.text


# -- Apprise -----------------------------------------------------------------------------------------------------------


async def test_apprise_tells_each_address(tmp_path: Path, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    right = Secret(f"json://{hook.base_url.removeprefix('http://')}/{TOKEN}")
    wrong = Secret(f"json://127.0.0.1:1/{TOKEN}")
    none = Secret(f"{TOKEN}://x")
    with caplog.at_level(logging.DEBUG):
        told = await run(tmp_path, NotifySettings(apprise=(right, wrong, none)))
    (body,) = hook.bodies
    assert body["title"] == "Winnow: sort what came in done"
    assert body["message"] == "processed 1,200, review (duplicates 2), errors 1"
    assert sorted(told.warnings) == [
        (
            "nobody was notified by [notify] apprise, address 2: Apprise could not deliver it: try the address with the"
            " program apprise"
        ),
        (
            "nobody was notified by [notify] apprise, address 3: Apprise knows no such kind of address: see its list of"
            " services"
        ),
    ]
    assert TOKEN not in caplog.text


async def test_without_apprise_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    told = await run(tmp_path, NotifySettings(apprise=(Secret("json://127.0.0.1:1"),)))
    assert told.state is JobState.DONE
    assert told.warnings[0].endswith("Apprise is not installed: pip install 'winnow[notify]'")
