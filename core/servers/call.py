"""What is sent and what comes back: values the HTTP layer and its callers share."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin

from core.errors import AuthenticationError
from core.secret import remember
from core.servers.address import shown

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
        self._secrets = tuple(filter(None, (self._key, *_of_basic(basic))))
        remember(*self._secrets)
        if not (self._key.isascii() and self._key.isprintable()):
            raise AuthenticationError(f"{name} holds characters that no key has: copy it again")

    @property
    def has_key(self) -> bool:
        """Whether there is a key at all: no header is sent for a blank one, since Stash refuses any wrong key."""
        return bool(self._key)

    def hide(self, words: str) -> str:
        """A server's words without the key and the password, should it repeat them, as text or as they were sent."""
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words

    def __call__(self, request: _R) -> _R:
        """Add the headers to a request on its way out; called by the HTTP client alone."""
        if self._key:
            request.headers[self._header] = self._key
        if self._basic:
            request.headers["Authorization"] = self._basic
        return request

    def __repr__(self) -> str:
        return f"<Credential {'set' if self._key else 'empty'}>"


def _of_basic(header: str) -> tuple[str, ...]:
    """What must not be shown of an Authorization header: its value, and the password in it."""
    sent = header.removeprefix("Basic ")
    try:
        _, _, password = base64.b64decode(sent).decode("utf-8", "surrogatepass").partition(":")
    except ValueError:
        return (sent,)
    return sent, sent.rstrip("="), password


class Upload(Protocol):
    """A body that is sent piece by piece. `length` in bytes is what all pieces come to."""

    @property
    def content_type(self) -> str:
        """What the body is, boundary included."""

    @property
    def length(self) -> int:
        """Bytes of the whole body."""

    def parts(self) -> AsyncIterator[bytes]:
        """The body from its beginning; asked for anew at each attempt. May raise MediaError: nothing is sent on."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make. `is_write`: it must not be sent again once it may have been carried out.

    `verb` is for what is neither GET without nor POST with a body. `upload` is sent instead of `body`. `seconds` bounds
    one attempt as a whole where the policy's time is too short. `is_private`: the path is a secret, too.
    """

    url: str
    body: bytes | None = field(default=None, repr=False)
    accept: str = "application/json"
    credential: Credential | None = None
    is_write: bool = False
    max_bytes: int | None = None
    verb: str = ""
    upload: Upload | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None
    is_private: bool = False

    @property
    def shown_url(self) -> str:
        """The address as it may be printed."""
        url = shown(self.url)
        return urljoin(url, "/").rstrip("/") if self.is_private else url

    @property
    def method(self) -> str:
        """POST when there is a body, unless another verb is named."""
        return self.verb or ("GET" if self.body is None and self.upload is None else "POST")

    @property
    def content(self) -> bytes | AsyncIterator[bytes] | None:
        """The body for one attempt."""
        return self.body if self.upload is None else self.upload.parts()

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers beside those of the connection and the credential."""
        headers = {"Accept": self.accept, **dict(self.headers)}
        if self.upload is not None:
            headers |= {"Content-Type": self.upload.content_type, "Content-Length": str(self.upload.length)}
        elif self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read and unpacked, of any status but 3xx, 429 and those of gateways.

    `content_type` is in lower case and without parameters.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)


def user_agent() -> str:
    """What Winnow calls itself to servers."""
    try:
        return f"Winnow/{version('winnow')}"
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "Winnow"
