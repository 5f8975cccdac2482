"""What is sent and what comes back: values the HTTP layer and its callers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from core.errors import AuthenticationError

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient Winnow is. Times in seconds.

    A request is tried `attempts` times, or `rate_limited_attempts` times while the server answers 429. Back-offs grow
    from `wait_initial` by doubling to `wait_max`, with up to `wait_jitter` added. `retry_after_max` caps what a server
    may ask for. `answer_seconds` bounds one attempt as a whole, `read_seconds` the silence within it.
    """

    attempts: int = 4
    rate_limited_attempts: int = 6
    wait_initial: float = 0.5
    wait_max: float = 30.0
    wait_jitter: float = 0.5
    retry_after_max: float = 120.0
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    answer_seconds: float = 300.0
    max_bytes: int = 64 * MEBIBYTE


@dataclass(slots=True)
class Counters:
    """What went through one channel: requests sent (retries among them) and bytes of answers, unpacked."""

    requests: int = 0
    retries: int = 0
    bytes_received: int = 0


class _Request(Protocol):
    headers: Any


_R = TypeVar("_R", bound=_Request)


class Credential:
    """What proves to a server who we are. It never shows what it holds."""

    def __init__(
        self, api_key: str = "", *, basic: str = "", header: str = "ApiKey", name: str = "the API key"
    ) -> None:
        """`name` says in messages where the key is set. Raises AuthenticationError for a key no header can carry."""
        self.name = name
        self._header = header
        self._basic = basic
        self._key = api_key.strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise AuthenticationError(f"{name} holds characters that no key has: copy it again")

    @property
    def has_key(self) -> bool:
        """Whether there is a key at all: no header is sent for a blank one, since Stash refuses any wrong key."""
        return bool(self._key)

    def hide(self, words: str) -> str:
        """A server's words without the key, should it repeat it."""
        return words.replace(self._key, "***") if self._key else words

    def __call__(self, request: _R) -> _R:
        """Add the headers to a request on its way out; called by the HTTP client alone."""
        if self._key:
            request.headers[self._header] = self._key
        if self._basic:
            request.headers["Authorization"] = self._basic
        return request

    def __repr__(self) -> str:
        return f"<Credential {'set' if self._key else 'empty'}>"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make. `is_write`: it must not be sent again once it may have been carried out."""

    url: str
    body: bytes | None = field(default=None, repr=False)
    accept: str = "application/json"
    credential: Credential | None = None
    is_write: bool = False
    max_bytes: int | None = None

    @property
    def method(self) -> str:
        """POST when there is a body."""
        return "GET" if self.body is None else "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read and unpacked, of any status but 3xx, 429 and those of gateways.

    `content_type` is in lower case and without parameters.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
