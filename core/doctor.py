"""What `winnow doctor` and `winnow init` find out: the configuration, this machine, every server and the path mapping.

Nothing is changed anywhere. A stash-box that is turned off is never contacted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from core import doctor_machine
from core.config import PathMapping, Settings, StashSettings, load_settings
from core.doctor_files import examine_files
from core.doctor_immich import examine_immich
from core.doctor_machine import Check, State
from core.errors import AuthenticationError, ConfigError, MediaError, ServerError
from core.model.fingerprints import Algorithm
from core.model.scenes import MediaFile
from core.model.stash_boxes import StashBox
from core.path_map import local_path, mapping_of
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient

T = TypeVar("T")

_POLICY = Policy(attempts=2, rate_limited_attempts=2, connect_seconds=5.0, read_seconds=20.0, answer_seconds=30.0)
_DISK_SECONDS = 20.0
_SAMPLES = 4
_SCENES_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class StashProbe:
    """What a Stash said when it was asked with the configured key."""

    version: str
    is_ready: bool
    state: str
    boxes: tuple[StashBox, ...]


async def probe_stash(url: str, api_key: str) -> StashProbe:
    """Ask a Stash what it is and which stash-boxes it knows. Raises ServerError, ConfigError."""
    async with Http(_POLICY) as http:
        return await _probe(StashClient(http, url, api_key))


async def _probe(client: StashClient) -> StashProbe:
    status = await client.status()
    boxes = await client.stash_boxes() if status.is_ready else []
    return StashProbe(status.version, status.is_ready, status.state, tuple(boxes))


async def examine(config: Path | None, data_dir: Path, *, env: Mapping[str, str] | None = None) -> AsyncIterator[Check]:
    """Every check, one after another as it is done; a failed one does not end the others."""
    settings = Settings()
    is_configured = True
    try:
        settings = load_settings(config, env=env, required=False)
        yield doctor_machine.configuration(settings)
    except ConfigError as error:
        is_configured = False
        yield Check("configuration", State.FAILED, str(error), "correct it, or run: winnow init")
    for name, look in (
        ("data folder", lambda: doctor_machine.data_folder(data_dir)),
        ("disk space", lambda: doctor_machine.disk_space(data_dir)),
        ("database", lambda: doctor_machine.database(data_dir / "winnow.db")),
        ("decoder", doctor_machine.decoder),
        ("ffmpeg", lambda: doctor_machine.ffmpeg(settings.media.ffmpeg)),
        ("clock", doctor_machine.clock),
    ):
        yield await _patiently(name, look)
    if is_configured:
        for found in await _in_thread(partial(_files, settings), seconds=2 * _DISK_SECONDS):
            yield found
    if settings.notify.is_configured:
        yield await _patiently("notifications", lambda: doctor_machine.notifications(settings.notify))
    if not is_configured or not settings.stash.url:
        words = "no address is set" if is_configured else "the configuration cannot be read"
        yield Check("Stash", State.SKIPPED, words, "run: winnow init")
    if not settings.stash.url and not settings.intake.enabled:
        return
    async with Http(_POLICY) as http:
        if settings.stash.url:
            async for check in _servers(http, settings):
                yield check
        if settings.intake.enabled:
            async for check in examine_immich(http, settings.intake):
                yield check


def _files(settings: Settings) -> list[Check]:
    """In a thread of its own: a share that hangs must not keep the program from ending."""
    return asyncio.run(examine_files(settings, seconds=_DISK_SECONDS))


async def _servers(http: Http, settings: Settings) -> AsyncIterator[Check]:
    """Stash, its stash-boxes, and whether its paths lead to the same files here."""
    client = StashClient(http, settings.stash.url, settings.stash.api_key.reveal())
    try:
        probe = await _probe(client)
    except (ServerError, ConfigError) as error:
        yield Check("Stash", State.FAILED, str(error), _stash_advice(error, settings.stash))
        return
    if not probe.is_ready:
        words = f"{client.url} runs version {probe.version} but is not ready ({probe.state})"
        yield Check("Stash", State.FAILED, words, "open it in a browser and finish what it asks for")
        return
    yield Check("Stash", State.OK, f"{client.url} runs version {probe.version} and accepts the key")
    if not probe.boxes:
        yield Check(
            "stash-boxes", State.WARNING, "none is configured in Stash", "add one: Settings > Metadata Providers"
        )
    known = [box.endpoint for box in probe.boxes]
    for stray in settings.matching.unknown_disabled(known):
        words = f"[matching] disabled_endpoints names {stray}, which Stash does not know"
        yield Check("stash-boxes", State.WARNING, words, f"it knows: {', '.join(known) or 'none'}")
    for box in probe.boxes:
        yield await _stash_box(http, box, is_enabled=settings.matching.is_endpoint_enabled(box.endpoint))
    try:
        async for check in _path_mapping(client, settings.stash.path_map):
            yield check
    except ServerError as error:
        yield Check("path mapping", State.FAILED, str(error))


def _stash_advice(error: Exception, stash: StashSettings) -> str:
    if isinstance(error, AuthenticationError):
        return "copy the key from Stash: Settings > Security > API Key" if stash.api_key else "set [stash] api_key"
    return "is it running, and is [stash] url right?"


async def _stash_box(http: Http, box: StashBox, *, is_enabled: bool) -> Check:
    """Whether a stash-box takes its key; one that is turned off is not asked."""
    name = f"stash-box {box.name or box.endpoint}"
    if not is_enabled:
        return Check(name, State.SKIPPED, f"{box.endpoint} is turned off and was not contacted")
    try:
        client = StashBoxClient(http, box)
        status = await client.check()
        algorithms = sorted(await client.accepted_algorithms())
        has_reports = await client.has_reports()
    except AuthenticationError as error:
        return Check(name, State.FAILED, str(error), "correct its key in Stash: Settings > Metadata Providers")
    except (ServerError, ConfigError) as error:
        return Check(name, State.FAILED, str(error), "try later, or turn it off with [matching] disabled_endpoints")
    version = f"version {status.version}, " if status.version else ""
    reports = "states reports" if has_reports else "states no reports"
    pace = f"{box.max_requests_per_minute} requests a minute"
    words = f"{box.endpoint} accepts the key of {status.user}: {version}{', '.join(algorithms)}, {reports}, {pace}"
    return Check(name, State.OK, words)


async def _path_mapping(client: StashClient, pairs: tuple[PathMapping, ...]) -> AsyncIterator[Check]:
    """For every pair, and for paths that no pair covers: do samples lead to the same file here?"""
    samples: dict[PathMapping | None, list[MediaFile]] = {}
    seen = 0
    async with aclosing(client.crawl(page_size=500)) as pages:
        async for page in pages:
            seen += len(page)
            for file in (file for scene in page for file in scene.files):
                chosen = samples.setdefault(mapping_of(file.path, pairs), [])
                if len(chosen) < _SAMPLES:
                    chosen.append(file)
            if seen >= _SCENES_LOOKED_AT:
                break
    if not seen:
        yield Check("path mapping", State.SKIPPED, "Stash holds no scenes to try it with")
        return
    for pair in (*pairs, None):
        files = samples.get(pair, [])
        if pair is None and not files:
            continue
        yield await _patiently("path mapping", partial(_compare, pair, files, pairs))


def _compare(pair: PathMapping | None, files: list[MediaFile], pairs: tuple[PathMapping, ...]) -> Check:
    """Whether sample files lie where the pair says, and are the same by size and OSHASH."""
    what = f"{pair.stash} -> {pair.local}" if pair else "paths without a pair"
    if not files:
        words = f"{what}: none of the first {_SCENES_LOOKED_AT} scenes lies there"
        return Check("path mapping", State.WARNING, words, "is the first folder written as Stash shows it?")
    reasons = [(file, _difference(file, local_path(file.path, pairs))) for file in files]
    wrong = [(file, reason) for file, reason in reasons if reason]
    if not wrong:
        return Check("path mapping", State.OK, f"{what}: {len(files)} of {len(files)} sample files are the same here")
    file, reason = wrong[0]
    words = f"{what}: {len(wrong)} of {len(files)} sample files differ; {file.path} {reason}"
    if pair is None:
        return Check("path mapping", State.WARNING, words, "matching works without; set [stash] path_map for the rest")
    return Check("path mapping", State.FAILED, words, "correct [stash] path_map, or mount what is missing")


def _difference(file: MediaFile, place: Path | None) -> str:
    """Why the local file is not the one that Stash means; empty when it is."""
    from core.media.checksums import oshash

    if place is None:
        return "has no place on this machine"
    try:
        size = place.stat().st_size
        if size != file.size:
            return f"has {file.size} bytes, {place} has {size}"
        stated = next((one.value for one in file.fingerprints if one.algorithm is Algorithm.OSHASH), None)
        if stated is not None and oshash(place) != stated:
            return f"has another OSHASH than {place}"
    except FileNotFoundError:
        return f"is not at {place}"
    except OSError as error:
        return f"cannot be read at {place}: {error.strerror}"
    except MediaError as error:
        return f"cannot be read: {error}"
    return ""


async def _patiently(name: str, look: Callable[[], Check]) -> Check:
    """Run a check that waits for the disk; one that hangs, as on a dead network share, is given up."""
    try:
        return await _in_thread(look, seconds=_DISK_SECONDS)
    except TimeoutError:
        return Check(
            name, State.FAILED, f"no answer within {_DISK_SECONDS:.0f} s", "is a network share not responding?"
        )


async def _in_thread(work: Callable[[], T], *, seconds: float) -> T:
    """The result of blocking work. Its thread never keeps the program from ending. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # the result, as there is no error

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001  handed to the waiting task as it is
            error = raised
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    async with asyncio.timeout(seconds):
        return await future
