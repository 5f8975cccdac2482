"""The error tree. Every message says what happened, to what, and what to do.

WinnowError
├── ConfigError               a setting is wrong (file and line where known)
├── UsageError                a command was asked for something it cannot do
├── StoreError                Winnow's own database
│   ├── StoreBusyError        another process holds the write lock too long
│   ├── StoreFullError        the disk is full
│   └── StoreVersionError     written by a newer Winnow, or damaged
├── ServerError               a server answered badly, or not at all
│   ├── UnreachableError      no connection, time-out, connection cut
│   ├── AuthenticationError   key missing, wrong or without the right
│   │   ├── MissingScopeError  the key lacks one scope, which is named
│   │   └── OtherOwnerError    the thing belongs to another user than the key
│   ├── NotFoundError         what was asked for is gone, or not for this key
│   ├── RateLimitedError      429 to the last attempt
│   ├── GraphQLError          the server's own words, and the partial data it sent
│   ├── MalformedAnswerError  not JSON, not the agreed shape, too large
│   ├── DownloadError         the file behind an address was not fetched
│   └── UncertainWriteError   a write may or may not have been carried out
├── MediaError                one file cannot be read or decoded
│   ├── UnreadableFileError   missing, no permission, I/O error
│   └── DecodeError           broken or foreign content, the decoder died or took too long
├── LedgerError
│   ├── EffectRefusedError    a check at apply time failed; nothing was written
│   │   └── EffectConflictError   what was checked changed before the write
│   └── UndoRefusedError      what is there is not what Winnow wrote, or cannot come back
└── JobError
    ├── JobRunningError       the same work is already under way
    └── JobCancelledError     stopped on request, state saved
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class WinnowError(Exception):
    """Base of everything Winnow raises on purpose; `str(error)` is fit to be shown to the user."""


class ConfigError(WinnowError):
    """A setting is wrong. `path` and `line` (from 1) point at it where they are known."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        self.path = path
        self.line = line
        where = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(where + message)


class UsageError(WinnowError):
    """A command was asked for something it cannot do."""


class StoreError(WinnowError):
    """Winnow's own database failed."""


class StoreBusyError(StoreError):
    """Another process held the write lock for longer than the busy time-out."""


class StoreFullError(StoreError):
    """The disk under the database is full; nothing of the transaction was kept."""


class StoreVersionError(StoreError):
    """The database was written by a newer Winnow or is not one of ours."""


class ServerError(WinnowError):
    """A server answered badly. `server` is its URL without secrets, `status` the HTTP status if one came."""

    def __init__(self, message: str, *, server: str = "", status: int | None = None) -> None:
        self.server = server
        self.status = status
        super().__init__(f"{server}: {message}" if server else message)


class UnreachableError(ServerError):
    """No connection, a time-out, or a connection cut before the answer was whole."""


class AuthenticationError(ServerError):
    """The key is missing, wrong, or lacks the right."""


class MissingScopeError(AuthenticationError):
    """The key was made without one of the rights its owner has. `scope` is the server's name of it."""

    def __init__(self, message: str, *, scope: str, server: str = "", status: int | None = None) -> None:
        self.scope = scope
        super().__init__(message, server=server, status=status)


class OtherOwnerError(AuthenticationError):
    """The thing can be seen, but belongs to another user: what only its owner is told looks empty."""


class NotFoundError(ServerError):
    """What was asked for is not there, or the server does not tell this key that it is."""


class RateLimitedError(ServerError):
    """The server asked to slow down, to the last attempt. `retry_after` is in seconds, if it said so."""

    def __init__(self, message: str, *, server: str = "", retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message, server=server, status=429)


class GraphQLError(ServerError):
    """The server refused the operation. `messages` are its own words, `data` what it sent nevertheless."""

    def __init__(
        self,
        messages: list[str],
        *,
        server: str = "",
        status: int | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        self.messages = messages
        self.data = data
        super().__init__("; ".join(messages) or "unnamed error", server=server, status=status)


class MalformedAnswerError(ServerError):
    """The answer is not JSON, has another shape than agreed, or is larger than allowed."""


class DownloadError(ServerError):
    """The file behind an address was not fetched. `reason` is one of the words of `core.intake.download.Reason`.

    `is_passing`: the same may succeed later, and goes on where it stopped where the server can. `retry_after` is in
    seconds, where the server named a time.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        server: str = "",
        status: int | None = None,
        is_passing: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason
        self.is_passing = is_passing
        self.retry_after = retry_after
        super().__init__(message, server=server, status=status)


class UncertainWriteError(ServerError):
    """The connection broke after a write was sent: it may or may not have been carried out."""


class MediaError(WinnowError):
    """One file cannot be read or decoded; the rest of the work goes on."""

    def __init__(self, message: str, *, path: Path | str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


class UnreadableFileError(MediaError):
    """The file is missing, may not be read, or the disk reports an error."""


class DecodeError(MediaError):
    """The content is broken or foreign, or its decoder died or ran out of time."""


class LedgerError(WinnowError):
    """The ledger cannot do what was asked."""


class EffectRefusedError(LedgerError):
    """A check at apply time failed. Nothing was written; the reason is the message."""


class EffectConflictError(EffectRefusedError):
    """Somebody else changed what was checked, before it was written. Nothing was written; checking again may help."""


class UndoRefusedError(LedgerError):
    """What is there now is not what Winnow wrote, or it cannot come back. Nothing was changed."""


class JobError(WinnowError):
    """A job cannot be run."""


class JobRunningError(JobError):
    """The same work is already under way, here or in another Winnow."""


class JobCancelledError(JobError):
    """The job was stopped on request; its state is saved and it can be resumed."""
