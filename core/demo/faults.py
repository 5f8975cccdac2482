"""What a demo server can be told to do wrong, and its record of what it was asked.

A fault is added to `server.faults` and hits the next requests it fits; `times=None` lasts until `clear()`. In text
(`winnow demo`, the environment): `SERVER:KIND[:key=value,...]`, several separated by `;`, with SERVER one of stash,
box1, box2 and keys times (0: always), only, status, message, retry_after, megabytes. Example:
`box2:refuse:times=0,message=no such field;stash:status:status=504`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.errors import UsageError


class FaultKind(StrEnum):
    """Ways of going wrong."""

    STATUS = "status"  # an HTML page with `status`, as a proxy in front would send
    REFUSE = "refuse"  # 422 with `message`, as validation would
    RATE_LIMIT = "rate-limit"  # 429, with Retry-After where `retry_after` is set
    CUT = "cut"  # carried out, then the connection breaks in the middle of the answer
    PRETEND = "pretend"  # nothing carried out, answered as if it had been (true, or the thing as it was)
    DROP = "drop"  # not carried out; the connection breaks without an answer
    MALFORMED = "malformed"  # status 200, application/json, not JSON
    LOGIN_PAGE = "login-page"  # status 200, an HTML login page
    REDIRECT = "redirect"  # 302 to /login
    UNAUTHORIZED = "unauthorized"  # 401 with an empty body
    ERROR = "error"  # status 200, nothing carried out, `errors` with `message` and no data
    PARTIAL = "partial"  # carried out; `errors` stand beside the data, and the last item of a list is null
    INNER_NULLS = "inner-nulls"  # every scene in the answer's lists is null
    NULL_LIST = "null-list"  # null where the answer's list should be
    WRONG_LENGTH = "wrong-length"  # the answer's list lacks its last item
    HUGE = "huge"  # an answer of `megabytes`
    SILENT = "silent"  # no answer until `Faults.release()`, then an ordinary one


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, `times` times (None: always), for requests with the root field or operation `only`."""

    kind: FaultKind
    times: int | None = 1
    only: str = ""
    status: int = 500
    message: str = "the demo server was told to refuse this"
    retry_after: float | None = None
    megabytes: int = 100
    hits: int = 0

    def fits(self, names: frozenset[str]) -> bool:
        """Whether it hits a request with these names."""
        return (self.times is None or self.hits < self.times) and (not self.only or self.only in names)


class Faults:
    """The faults of one server. `latency` is added to every request, in seconds."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.pending: list[Fault] = []
        self._released = asyncio.Event()

    def add(
        self,
        kind: FaultKind | str,
        *,
        times: int | None = 1,
        only: str = "",
        status: int = 500,
        message: str = "the demo server was told to refuse this",
        retry_after: float | None = None,
        megabytes: int = 100,
    ) -> Fault:
        """Let the next `times` fitting requests go wrong. Its `hits` tell how many did."""
        fault = Fault(FaultKind(kind), times, only, status, message, retry_after, megabytes)
        if fault.kind is FaultKind.SILENT:
            self._released.clear()
        self.pending.append(fault)
        return fault

    def clear(self) -> None:
        """Everything goes right again; requests held back are let go."""
        self.latency = 0.0
        self.pending.clear()
        self.release()

    def release(self) -> None:
        """Let the requests go that a silent server holds back."""
        self._released.set()

    async def wait_released(self) -> None:
        """Until `release()`."""
        await self._released.wait()

    def take(self, names: frozenset[str]) -> Fault | None:
        """The fault that hits a request with these root fields and operation name, counted."""
        for fault in self.pending:
            if fault.fits(names):
                fault.hits += 1
                return fault
        return None


def parse_faults(text: str) -> list[tuple[str, Fault]]:
    """(server name, fault) for each fault named in the text. Raises UsageError."""
    out: list[tuple[str, Fault]] = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        server, _, rest = entry.partition(":")
        kind, _, options = rest.partition(":")
        try:
            fault = Fault(FaultKind(kind))
            for option in filter(None, options.split(",")):
                name, _, value = option.partition("=")
                _set_option(fault, name.strip(), value.strip())
        except ValueError as error:
            kinds = ", ".join(FaultKind)
            raise UsageError(f"fault {entry!r}: {error}. Write SERVER:KIND[:key=value,...]; kinds: {kinds}") from error
        out.append((server, fault))
    return out


def _set_option(fault: Fault, name: str, value: str) -> None:
    if name == "times":
        fault.times = int(value) or None
    elif name in ("status", "megabytes"):
        setattr(fault, name, int(value))
    elif name == "retry_after":
        fault.retry_after = float(value)
    elif name in ("only", "message"):
        setattr(fault, name, value)
    else:
        raise ValueError(f"unknown key {name!r}")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request: monotonic arrival, operation name, root fields, variables (None where not kept).

    Where there is no GraphQL: method and route, the route alone, and all that was sent.
    """

    at: float
    operation: str
    fields: tuple[str, ...]
    variables: dict[str, Any] | None


@dataclass(slots=True)
class RequestLog:
    """What one server was asked: the last 20,000 requests, and counters by root field that never forget.

    `keep_variables` off saves memory in long runs. `violations` are things a polite client never does, in words.
    """

    keep_variables: bool = True
    requests: deque[RecordedRequest] = field(default_factory=lambda: deque(maxlen=20_000))
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def record(self, operation: str, fields: tuple[str, ...], variables: dict[str, Any]) -> RecordedRequest:
        """Take down one request."""
        kept = variables if self.keep_variables else None
        request = RecordedRequest(time.monotonic(), operation, fields, kept)
        self.requests.append(request)
        self.counts.update(fields)
        self._arrived.set()
        return request

    async def wait_for(self, name: str, count: int = 1) -> None:
        """Until that many requests with that root field or operation name have come, earlier ones included."""
        while len(self.of(name)) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def of(self, name: str) -> list[RecordedRequest]:
        """The requests with that root field or operation name, oldest first."""
        return [request for request in self.requests if name in request.fields or name == request.operation]

    def clear(self) -> None:
        """Forget everything."""
        self.requests.clear()
        self.counts.clear()
        self.violations.clear()
