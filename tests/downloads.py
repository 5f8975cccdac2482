"""What the tests of downloads share."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.errors import DownloadError
from core.intake.download import Downloader, Limits, Reason
from core.servers.call import Policy
from core.servers.http import Http

HASTY = Policy(wait_initial=0.01, wait_max=0.05, wait_jitter=0.01, retry_after_max=2)
HOME = Limits(allow_private=True)


def left_in(folder: Path) -> list[str]:
    """Everything in a folder, dot-files included."""
    return sorted(path.name for path in folder.iterdir())


async def refused(downloader: Downloader, url: str, folder: Path, reason: Reason, words: str) -> DownloadError:
    """The error of a download that must fail, and leaves nothing unless it says that it may go on."""
    with pytest.raises(DownloadError, match=words) as caught:
        await downloader.fetch(url, folder, "token")
    error = caught.value
    assert error.reason == reason, error
    assert "sEcReT" not in str(error)
    assert error.is_passing or left_in(folder) == []
    assert error.__context__ is None  # no trace of the request
    return error


async def cancel_at(downloader: Downloader, url: str, folder: Path, size: int) -> None:
    """Begin a download and cancel it when so many bytes have come."""
    reached = asyncio.Event()

    def watch(done: int, _: int | None) -> None:
        if done >= size:
            reached.set()

    task = asyncio.create_task(downloader.fetch(url, folder, "token", on_progress=watch))
    await asyncio.wait_for(reached.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def downloader_of(http: Http, **limits: object) -> Downloader:
    """A downloader that may fetch from this machine."""
    return Downloader(http, Limits(**{"allow_private": True, **limits}))  # type: ignore[arg-type]  # checked by its fields
