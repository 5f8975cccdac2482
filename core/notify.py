"""Tells somebody that a job has ended: by a program, by a web address, by Apprise.

Nothing here holds up or fails a job: each way has its time, and what went wrong stands in the job's log. Addresses
may be secrets and are shown nowhere, not even in part.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Awaitable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec

from core.errors import ConfigError, ServerError, StoreError, WinnowError
from core.finishing import to_its_end
from core.job import JobLog
from core.secret import Secret
from core.servers.call import Call
from core.servers.http import Http
from core.settings_notify import FIELD, NotifySettings
from core.store.jobs import JobRecord

_MOST_SIGNS: Final = 1000
_CLOSE_SECONDS: Final = 2.0  # beyond the time that each notification has
_NO_APPRISE: Final = "Apprise is not installed: pip install 'winnow[notify]'"
_NO_SERVICE: Final = "Apprise knows no such kind of address: see its list of services"

_log = logging.getLogger(__name__)
# Their lines hold the addresses.
for _name in ("apprise", "urllib3", "requests"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told. `fields` are the texts that are filled in, `document` is what a web address is sent."""

    fields: Mapping[str, str]
    document: dict[str, Any]

    @property
    def title(self) -> str:
        """One line that says what ended and how."""
        return f"Winnow: {self.fields['title']} {self.fields['state']}"

    @property
    def text(self) -> str:
        """What came of it."""
        return self.fields["error"] or self.fields["summary"]


class _UndeliveredError(Exception):
    """A notification did not get through; the reason is the message and holds no secret."""


class Notifier:
    """Tells of ends of jobs, as `NotifySettings` say. Close it before what it works with."""

    def __init__(self, settings: NotifySettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._tasks: set[asyncio.Task[None]] = set()

    def job_ended(self, record: JobRecord, log: JobLog) -> None:
        """Begin to tell of it; returns at once. `log` is told what went wrong."""
        if not self._settings.is_configured or record.state.value not in self._settings.on:
            return
        notice = notice_of(record)
        for name, way in self._ways(notice):
            task = asyncio.create_task(self._deliver(name, way, log), name=f"notify-{name}-{record.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way, which has its time, and give up the rest."""
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._settings.timeout_seconds + _CLOSE_SECONDS)
        finally:
            for task in (left := tuple(self._tasks)):
                task.cancel()
            await to_its_end(_ended(left))

    def _ways(self, notice: Notice) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        if self._settings.command:
            yield "command", run_command(self._settings.command, notice)
        if self._settings.url:
            yield "url", self._post(self._settings.url, notice)
        for number, address in enumerate(self._settings.apprise, start=1):
            yield f"apprise, address {number}", by_apprise(address, notice)

    async def _deliver(self, name: str, way: Awaitable[None], log: JobLog) -> None:
        words = ""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await way
        except _UndeliveredError as error:
            words = str(error)
        except TimeoutError:
            words = f"it took longer than {self._settings.timeout_seconds} s, and was given up"
        except Exception as error:  # noqa: BLE001  whoever is told must not end the process; the words may hold a secret
            words = f"it failed ({type(error).__name__})"
        with contextlib.suppress(StoreError):
            if words:
                await log(f"nobody was notified by [notify] {name}: {words}", level="warning")
            else:
                await log(f"notified by [notify] {name}")

    async def _post(self, url: Secret, notice: Notice) -> None:
        failed: WinnowError
        try:
            channel = self._http.channel(url.reveal())
            # Told at most once: a request that may have arrived is not sent again.
            answer = await channel.send(
                Call(
                    url.reveal(),
                    msgspec.json.encode(notice.document),
                    accept="*/*",
                    is_write=True,
                    is_private=True,
                    seconds=self._settings.timeout_seconds,
                )
            )
        except (ServerError, ConfigError) as error:
            failed = error
        else:
            if answer.status < 400:
                return
            raise _UndeliveredError(f"the server answers {answer.status}")
        raise _UndeliveredError(str(failed))


def notice_of(record: JobRecord) -> Notice:
    """What there is to tell of a job that has ended."""
    fields = {
        "desk": record.kind.partition(".")[0],
        "title": record.title,
        "state": record.state.value,
        "summary": summary_of(record),
        "error": record.error,
        "job": str(record.id),
        "kind": record.kind,
    }
    clean = {name: _one_line(text) for name, text in fields.items()}
    document = {
        **clean,
        "app": "winnow",
        "job": record.id,
        "result": record.result,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }
    notice = Notice(clean, document)
    document["text"] = f"{notice.title}. {notice.text}".strip()
    return notice


def summary_of(record: JobRecord) -> str:
    """What came of a job, in a few words: the numbers of its result, else what it was last at."""
    told = ", ".join(_counts(record.result or {}))
    return told or record.message


def _counts(result: Mapping[str, Any]) -> Iterator[str]:
    for name, value in result.items():
        words = name.replace("_", " ")
        if isinstance(value, Mapping):
            if inner := ", ".join(_counts(value)):
                yield f"{words} ({inner})"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{words} {value:,}"
        elif isinstance(value, list | tuple) and value:
            yield f"{words} {len(value):,}"


async def run_command(command: tuple[str, ...], notice: Notice) -> None:
    """Run a program, which must end well. Raises _UndeliveredError; when cancelled, it and its children are killed."""
    words = [filled(word, notice.fields) for word in command]
    name = os.path.basename(words[0])  # noqa: PTH119  a name for a message
    with tempfile.TemporaryFile() as errors:  # no pipe: a child that stays behind would keep it open
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it cannot be written as a command"
            raise _UndeliveredError(f"{name} cannot be started: {reason}") from None
        try:
            status = await process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
        if status:
            ending = f"status {status}" if status > 0 else f"signal {-status}"
            raise _UndeliveredError(f"{name} ended with {ending}{_last_words(errors)}")


def filled(word: str, fields: Mapping[str, str]) -> str:
    """A word of a command with `{title}` and the like replaced; nothing else in braces means anything."""
    return FIELD.sub(lambda found: fields[found[1]], word)


def _last_words(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - 4 * _MOST_SIGNS))
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return f', saying "{_one_line(lines[-1])[:200]}"' if lines else ""


async def by_apprise(address: Secret, notice: Notice) -> None:
    """Let Apprise tell one address. Raises _UndeliveredError."""
    try:
        target = await asyncio.to_thread(_apprise, address)
    except ImportError:
        raise _UndeliveredError(_NO_APPRISE) from None
    if target is None:
        raise _UndeliveredError(_NO_SERVICE)
    if not await target.async_notify(title=notice.title, body=notice.text or notice.fields["state"]):
        raise _UndeliveredError("Apprise could not deliver it: try the address with the program apprise")


def apprise_faults(addresses: Sequence[Secret]) -> list[str]:
    """Which of these addresses of Apprise cannot be used, and why; nothing is sent. Blocks for a moment."""
    try:
        unknown = [number for number, one in enumerate(addresses, start=1) if _apprise(one) is None]
    except ImportError:
        return [_NO_APPRISE]
    return [f"address {number}: {_NO_SERVICE}" for number in unknown]


def _apprise(address: Secret) -> Any:
    """What tells this address; None when Apprise knows no such service. Raises ImportError."""
    import apprise

    target = apprise.Apprise()
    return target if target.add(address.reveal()) else None


def _one_line(text: str) -> str:
    """A text that fits into an argument of a program and onto a line."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return clean if len(clean) <= _MOST_SIGNS else clean[: _MOST_SIGNS - 1] + "\N{HORIZONTAL ELLIPSIS}"


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
