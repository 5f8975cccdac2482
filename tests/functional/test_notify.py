"""Notifications of ended jobs: real programs, a real server, Apprise itself; none ever holds up or fails a job."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.clock import SystemClock
from core.config import load_settings
from core.demo.loopback import LoopbackServer, bound_socket
from core.errors import ConfigError, WinnowError
from core.job import Job, Work
from core.jobs import Jobs
from core.notify import Notifier
from core.runtime import open_runtime
from core.secret import Secret
from core.servers.call import Policy
from core.servers.http import Http
from core.settings import Settings
from core.settings_notify import NotifySettings
from core.store.database import Database
from core.store.jobs import JobState, LogLine
from core.store.owner import Owner

TOKEN = "token-of-the-test"
QUICK = Policy(attempts=2, rate_limited_attempts=2, wait_initial=0.01, wait_max=0.02, wait_jitter=0.0)


async def sorts(job: Job) -> dict[str, Any]:
    """Work that has something to tell."""
    return {"processed": 1200, "review": {"duplicates": 2}, "errors": [{"source": "x"}], "is_full": True, "note": "n"}


async def fails(job: Job) -> dict[str, Any]:
    raise WinnowError("the disk is\nfull: $(touch /tmp/x); '\"")


class Hook(LoopbackServer):
    """A server that takes what it is sent, and answers as told."""

    def __init__(self) -> None:
        super().__init__("hook", "")
        self.status = 200
        self.is_silent = False
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"{self.base_url}/hooks/{TOKEN}?token={TOKEN}"

    def all_routes(self) -> list[Route]:
        return [Route("/{path:path}", self._take, methods=["POST"])]

    async def _take(self, request: Request) -> Response:
        self.bodies.append(json.loads(await request.body()))
        if self.is_silent:
            await asyncio.sleep(60)
        if self.status == 302:
            return RedirectResponse(f"{self.base_url}/elsewhere/{TOKEN}", 302)
        return PlainTextResponse(f"cannot take /{TOKEN}", self.status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    server = Hook()
    await server.start(bound_socket(0))
    yield server
    await server.stop()


@dataclass(slots=True)
class Told:
    """What became of a job and of the notifications about it."""

    state: JobState
    log: list[LogLine]

    @property
    def warnings(self) -> list[str]:
        return [line.text for line in self.log if line.level == "warning"]


async def run(tmp_path: Path, settings: NotifySettings, work: Work = sorts, *, cancel: bool = False) -> Told:
    """Run a job that is notified of, to the end of the notifications."""
    async with Database.open(tmp_path / "winnow.db") as database, Http(QUICK) as http:
        with Owner.hold(tmp_path / "locks") as owner:
            notifier = Notifier(settings, http)
            jobs = Jobs(database, owner, SystemClock(), end_listener=notifier)
            task = await jobs.start("intake.run", "sort what came in", work)
            job_id = (await jobs.newest(limit=1))[0].id
            if cancel:
                await jobs.ask(job_id, "cancel")
            with suppress(WinnowError):
                await task
            await notifier.close()
            record = await jobs.get(job_id)
            assert record is not None
            log = await jobs.log_lines(job_id)
            await jobs.close()
            return Told(record.state, log)


def script(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "tell me.py"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\nout = {str(tmp_path / 'out')!r}\n{body}\n")
    path.chmod(0o700)
    return path


WRITES = "open(out, 'w').write(json.dumps(sys.argv[1:]))"


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


def is_running(number: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


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


# -- when --------------------------------------------------------------------------------------------------------------


async def waits(job: Job) -> dict[str, Any]:
    await asyncio.sleep(60)
    return {}


@pytest.mark.parametrize(
    ("on", "work", "state"),
    [
        (("done",), sorts, JobState.DONE),
        (("failed",), fails, JobState.FAILED),
        (("cancelled",), waits, JobState.CANCELLED),
        (("done", "failed", "interrupted"), waits, None),
        (("failed", "cancelled", "interrupted"), sorts, None),
        ((), sorts, None),
    ],
)
async def test_only_the_ends_that_were_asked_for(
    tmp_path: Path, hook: Hook, on: Any, work: Work, state: JobState | None
) -> None:
    await run(tmp_path, NotifySettings(on=on, url=Secret(hook.url)), work, cancel=work is waits)
    assert [body["state"] for body in hook.bodies] == ([] if state is None else [state])


async def test_a_job_is_over_before_anybody_is_told(tmp_path: Path, hook: Hook) -> None:
    """However long that takes; closing the program waits for it, and no longer than its time."""
    hook.is_silent = True
    settings = Settings(notify=NotifySettings(url=Secret(hook.url), timeout_seconds=1))
    async with open_runtime(settings, data_dir=tmp_path / "data") as runtime:
        record = await runtime.jobs.run("intake.run", "sort what came in", sorts)
        assert record.state is JobState.DONE
        assert not await runtime.jobs.log_lines(record.id)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    async with open_runtime(Settings(), data_dir=tmp_path / "data") as runtime:
        (line,) = await runtime.jobs.log_lines(record.id)
    assert line.text.startswith("nobody was notified by [notify] url: ")


async def test_whoever_is_in_a_hurry_waits_for_nobody(tmp_path: Path) -> None:
    """Closing that is cancelled itself leaves no program behind."""
    command = (str(script(tmp_path, "open(out, 'w').write(str(os.getpid()))\ntime.sleep(60)")),)
    async with Database.open(tmp_path / "winnow.db") as database, Http(QUICK) as http:
        with Owner.hold(tmp_path / "locks") as owner:
            notifier = Notifier(NotifySettings(command=command), http)
            await Jobs(database, owner, SystemClock(), end_listener=notifier).run("intake.run", "sort", sorts)
            closing = asyncio.create_task(notifier.close())
            async with asyncio.timeout(10):
                while not (tmp_path / "out").exists() or not (tmp_path / "out").read_text():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
    assert not is_running(int((tmp_path / "out").read_text()))


# -- settings ----------------------------------------------------------------------------------------------------------


def test_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[notify]\non = ["cancelled"]\ncommand = ["./tell", "{{title}}"]\nurl = "https://x/{TOKEN}"\n'
        f'apprise = ["env:NTFY", "json://x"]\ntimeout_seconds = 5\n'
    )
    path.chmod(0o600)
    notify = load_settings(path, env={"NTFY": f"ntfy://{TOKEN}"}).notify
    assert notify.command == (str(tmp_path / "tell"), "{title}")
    assert notify.apprise == (Secret(f"ntfy://{TOKEN}"), Secret("json://x"))
    assert (notify.on, notify.url.reveal(), notify.timeout_seconds) == (("cancelled",), f"https://x/{TOKEN}", 5)
    assert TOKEN not in repr(notify)
    assert not NotifySettings().is_configured


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('command = ["tell", "{tilte}"]', 'holds "{tilte}", which nothing is filled in for; there are {desk}, {title}'),
        ('command = ["{title}"]', "must begin with the name or the path of a program"),
        ('command = "tell {title}"', "it must be a list of texts in quotes"),
        (f'url = "ftp://{TOKEN}"', "must be an address that starts with http:// or https://"),
        (f'apprise = "{TOKEN}://"', "must be a list of texts in quotes"),
        ('apprise = ["env:NOT_THERE"]', "needs the environment variable NOT_THERE"),
        ('on = ["never"]', 'it must be a list of "done", "failed", "cancelled", "interrupted"'),
        ("timeout_seconds = 0", "it must be a whole number from 1 to 600 (seconds)"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[notify]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, env={})
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
