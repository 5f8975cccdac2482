"""Fetches the file behind an address into a folder: bounded, checked, resumed, and never over another file."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import stamina

from core.errors import DownloadError
from core.finishing import to_its_end
from core.intake.download_attempt import FLUSH, Fetching, Limits, OnProgress
from core.intake.download_words import FailedError, Reason, bad_address, busy, disk_failed
from core.intake.folder_syncs import FolderSyncs
from core.media.kinds import Kind, kind_of
from core.media.part_file import PartFile, part_path
from core.servers.download_address import BadAddressError, Target, parse_target
from core.servers.download_names import download_name, numbered, with_extension
from core.servers.http import Http

__all__ = ["Downloaded", "Downloader", "Limits", "OnProgress", "Reason"]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file. `size` in bytes; `kind` is what it holds, `content_type` what the server called it (lower case).

    `final_url` is where the last redirect led, without credentials; its query may hold secrets.
    """

    path: Path
    name: str
    size: int
    kind: Kind
    content_type: str
    etag: str
    last_modified: str
    final_url: str = field(repr=False)


class Downloader:
    """Fetches addresses that anybody may have named, over the connections of `http`."""

    def __init__(self, http: Http, limits: Limits | None = None) -> None:
        self._http = http
        self._limits = limits or Limits()
        self._syncs = FolderSyncs()
        self._buffers: list[memoryview] = []

    async def fetch(self, url: str, folder: Path, token: str, *, on_progress: OnProgress | None = None) -> Downloaded:
        """The file behind `url`, under a safe name that was free in `folder`.

        It comes as `.winnow-<token>.part`; what an earlier fetch of the same address with this token left there is
        gone on with where the server can. `on_progress` is called with the bytes there are and those there will be,
        if known. Cancelled or failed, it leaves a part that can be gone on with, or nothing. Raises DownloadError;
        ValueError for a token that is not 1 to 64 letters, digits, dashes and underscores.
        """
        part_path(folder, token)
        target = _target(url)
        if isinstance(target, DownloadError):
            raise target
        # Fresh memory costs as much as the network: the pages of a buffer are mapped once, and used again.
        buffer = self._buffers.pop() if self._buffers else memoryview(bytearray(FLUSH))
        try:
            run = _Run(self._http, self._limits, target, folder, token, buffer, on_progress)
            return await run.result(self._syncs)
        finally:
            if len(self._buffers) < self._limits.per_host:
                self._buffers.append(buffer)


class _Run:
    """One fetch, from the opening of its part to the file's name."""

    def __init__(
        self,
        http: Http,
        limits: Limits,
        target: Target,
        folder: Path,
        token: str,
        buffer: memoryview,
        on_progress: OnProgress | None,
    ) -> None:
        self._http = http
        self._limits = limits
        self._target = target
        self._folder = folder
        self._token = token
        self._buffer = buffer
        self._on_progress = on_progress
        self._fetching: Fetching | None = None
        self._goal: Path | None = None
        self._kind: Kind | None = None

    async def result(self, syncs: FolderSyncs) -> Downloaded:
        keep = is_done = False
        failure: DownloadError
        try:
            await to_its_end(asyncio.to_thread(self._open))
            await self._fetch()
            await to_its_end(asyncio.to_thread(self._settle))
            await syncs.sync(self._folder)
            is_done = True
            return self._downloaded()
        except FailedError as failed:
            failure = failed.error
            keep = failure.is_passing
        except BlockingIOError:
            failure = busy(self._target)
        except OSError as error:
            failure = disk_failed(self._target, error, self._folder)
        except asyncio.CancelledError:
            keep = True
            raise
        finally:
            if self._fetching is not None and not is_done:
                await to_its_end(asyncio.to_thread(self._leave, self._fetching, keep))
        # Raised out here, so that the error carries no trace of the request, whose headers hold the password.
        raise failure

    def _open(self) -> None:
        part = PartFile.open(self._folder, self._token)
        try:
            self._fetching = Fetching(self._http, self._limits, self._target, part, self._buffer, self._on_progress)
        except OSError:
            part.leave(keep=True)
            raise

    async def _fetch(self) -> None:
        assert self._fetching is not None
        policy = self._http.policy
        async for attempt in stamina.retry_context(
            on=_decide,
            attempts=self._limits.attempts,
            timeout=None,
            wait_initial=policy.wait_initial,
            wait_max=policy.wait_max,
            wait_jitter=policy.wait_jitter,
        ):
            with attempt:
                await self._fetching.attempt(attempt.num)

    def _settle(self) -> None:
        fetching = self._fetching
        assert fetching is not None
        fetching.write(is_last=True)
        self._kind = kind_of(fetching.part.path)
        name = download_name(fetching.headers.get("content-disposition"), fetching.final.path)
        self._goal = fetching.part.settle(with_extension(name, self._kind.extensions), numbered)

    def _downloaded(self) -> Downloaded:
        fetching = self._fetching
        assert fetching is not None
        assert self._goal is not None
        assert self._kind is not None
        headers = fetching.headers
        return Downloaded(
            path=self._goal,
            name=self._goal.name,
            size=fetching.size,
            kind=self._kind,
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            etag=headers.get("etag", ""),
            last_modified=headers.get("last-modified", ""),
            final_url=fetching.final.url,
        )

    def _leave(self, fetching: Fetching, keep: bool) -> None:
        """Let go of the part. A file that has its name, of which nobody will be told, goes."""
        if self._goal is not None:
            with suppress(OSError):
                self._goal.unlink(missing_ok=True)
        if keep and fetching.is_resumable:
            try:
                fetching.write()
            except OSError:
                keep = fetching.part.size > 0
        fetching.part.leave(keep=keep and fetching.is_resumable and fetching.part.size > 0)


def _target(url: str) -> Target | DownloadError:
    """The error is given back, so that it carries no trace of an address that may hold a password."""
    try:
        return parse_target(url)
    except BadAddressError as error:
        words = str(error)
    return bad_address(url, words)


def _decide(error: Exception) -> bool | float:
    """Whether to try again: no, after the usual back-off, or after a time the server named."""
    if not isinstance(error, FailedError) or not error.again:
        return False
    return True if error.pause is None else error.pause
