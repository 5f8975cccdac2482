"""Jobs that are told of, and a server that is told."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.clock import SystemClock
from core.demo.loopback import LoopbackServer
from core.errors import WinnowError
from core.job import Job, Work
from core.jobs import Jobs
from core.notify import Notifier
from core.servers.call import Policy
from core.servers.http import Http
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


def is_running(number: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
