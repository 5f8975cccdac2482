"""Which ends of jobs are told, that nobody waits for it, and how it is set."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from notify_cases import QUICK, TOKEN, Hook, fails, is_running, run, script, sorts

from core.clock import SystemClock
from core.config import load_settings
from core.errors import ConfigError
from core.job import Job, Work
from core.jobs import Jobs
from core.notify import Notifier
from core.runtime import open_runtime
from core.secret import Secret
from core.servers.http import Http
from core.settings import Settings
from core.settings_notify import NotifySettings
from core.store.database import Database
from core.store.jobs import JobState
from core.store.owner import Owner

pytest_plugins = ["notify_fixtures"]


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
