"""Why a download failed: for programs a reason, for people what happened, to which address, and what to do."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from core.errors import DownloadError
from core.media.disk_words import disk_words
from core.servers.call import MEBIBYTE
from core.servers.download_address import Target, shown_address
from core.servers.network import NoAnswerError

# Statuses that may pass although they blame the request: time-out, misdirected, too early.
_PASSING: Final = frozenset({408, 421, 425})
_WORDS: Final = {
    401: "it asks for a login: put user and password into the address, or get the file by other means",
    403: "it refuses access: the link may have expired or need a login; get a new one",
    404: "there is no such file: check the address",
    407: "the proxy asks for a login: put user and password into the proxy's address",
    410: "the file is gone for good",
    414: "the address is too long for the server",
    451: "it may not give out the file for legal reasons",
}


class Reason(StrEnum):
    """What kept a file from being fetched."""

    ADDRESS = "address"  # not an address that is fetched, or one of the own network
    REFUSED = "refused"  # the server says no: 4xx
    RATE_LIMITED = "rate-limited"  # 429 to the last attempt, or for too long
    SERVER = "server"  # the server fails: 5xx, to the last attempt
    UNREACHABLE = "unreachable"  # no connection, or cut to the last attempt
    SLOW = "slow"  # silent, trickling, or not done in time
    TOO_LARGE = "too-large"
    REDIRECTS = "redirects"  # in a circle, too many, or to where none is followed
    BROKEN = "broken"  # an answer that makes no sense
    DISK = "disk"  # the file cannot be written
    BUSY = "busy"  # somebody else fetches it under the same token


class FailedError(Exception):
    """One attempt failed: the error to raise, whether another may succeed, and after how many seconds."""

    def __init__(self, error: DownloadError, *, again: bool = False, pause: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.again = again
        self.pause = pause


def bad_address(url: str, words: str) -> DownloadError:
    """An address that is not fetched."""
    return DownloadError(f"{words}: correct the address", reason=Reason.ADDRESS, server=shown_address(url))


def refused_address(target: Target, kind: str) -> FailedError:
    """A name that leads into the own network."""
    words = (
        f"it leads to an address that is not on the public internet ({kind}), and is not fetched: "
        "copy the file by other means"
    )
    return FailedError(DownloadError(words, reason=Reason.ADDRESS, server=target.shown))


def bad_redirect(target: Target, words: str) -> FailedError:
    """A redirect that is not followed."""
    text = f"it redirects to where Winnow does not follow ({words}): use the address of the file itself"
    return FailedError(DownloadError(text, reason=Reason.REDIRECTS, server=target.shown))


def too_many_redirects(target: Target, most: int) -> FailedError:
    """A circle, or a chain without end."""
    words = f"it redirects more than {most} times, perhaps in a circle: use the address of the file itself"
    return FailedError(DownloadError(words, reason=Reason.REDIRECTS, server=target.shown))


def no_answer(target: Target, error: NoAnswerError) -> FailedError:
    """No connection, or one that broke."""
    reason = Reason.SLOW if error.is_slow else Reason.UNREACHABLE
    told = DownloadError(error.words, reason=reason, server=target.shown, is_passing=error.is_passing)
    return FailedError(told, again=error.is_passing)


def too_slow(target: Target, words: str) -> FailedError:
    """Time is up. Not tried again in this run, but what came is kept where it can be."""
    text = f"{words}; it goes on from there when it is fetched again, if the server can"
    return FailedError(DownloadError(text, reason=Reason.SLOW, server=target.shown, is_passing=True))


def too_large(target: Target, most: int, announced: int | None = None) -> FailedError:
    """Larger than allowed, as announced or as counted, in bytes."""
    size = "it is" if announced is None else f"with {announced / MEBIBYTE:,.0f} MiB it is"
    words = f"{size} larger than the {most / MEBIBYTE:,.0f} MiB allowed: get it by other means"
    return FailedError(DownloadError(words, reason=Reason.TOO_LARGE, server=target.shown))


def broken(target: Target, words: str, *, again: bool = False) -> FailedError:
    """An answer that makes no sense."""
    return FailedError(DownloadError(words, reason=Reason.BROKEN, server=target.shown, is_passing=again), again=again)


def rate_limited(target: Target, asked: float | None, pause: float, *, longest: float) -> FailedError:
    """429. `asked` is what the server wants, `longest` what Winnow waits at most, in seconds."""
    when = "later" if asked is None else f"in {asked:.0f} seconds"
    error = DownloadError(
        f"it asked to slow down (429): fetch it again {when}",
        reason=Reason.RATE_LIMITED,
        server=target.shown,
        status=429,
        is_passing=True,
        retry_after=asked,
    )
    return FailedError(error, again=asked is None or asked <= longest, pause=pause)


def bad_status(target: Target, status: int, asked: float | None, *, longest: float) -> FailedError:
    """A status that is no file; `asked` and `longest` as above."""
    is_server = status >= 500
    is_passing = is_server or status in _PASSING
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    if is_server:
        words = f"the server failed ({name}): fetch it again later"
    elif status in _WORDS:
        words = f"{_WORDS[status]} ({name})"
    else:
        words = f"the server answered {name}, which is no file: check the address"
    error = DownloadError(
        words,
        reason=Reason.SERVER if is_server else Reason.REFUSED if 400 <= status < 500 else Reason.BROKEN,
        server=target.shown,
        status=status,
        is_passing=is_passing,
        retry_after=asked,
    )
    return FailedError(error, again=is_passing and (asked is None or asked <= longest), pause=asked)


def disk_failed(target: Target, error: OSError, path: object) -> DownloadError:
    """The file cannot be written. `path` is what it was to become, or its folder."""
    return DownloadError(disk_words(error, str(path)), reason=Reason.DISK, server=target.shown)


def busy(target: Target) -> DownloadError:
    """Another task or process holds the part."""
    words = "it is being fetched already, here or in another Winnow: wait for that to end"
    return DownloadError(words, reason=Reason.BUSY, server=target.shown, is_passing=True)
