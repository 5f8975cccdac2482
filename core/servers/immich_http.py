"""Requests to an Immich: typed answers, and what it refuses in words for the person at the keyboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from core.errors import AuthenticationError, MalformedAnswerError, MissingScopeError, NotFoundError, ServerError
from core.servers.address import parse_address
from core.servers.call import Answer, Call, Credential
from core.servers.graphql import decode
from core.servers.http import Http
from core.servers.immich_upload import FileUpload
from core.servers.words import uncertain

T = TypeVar("T")

KEY_NAME = "api_key under [intake.immich] in the configuration"
_SCOPE = re.compile(r"Missing required permission: ([\w.]+)")
# What Immich says of things that are gone and of things of other users alike, with status 400.
_NOT_FOUND = re.compile(r"not found|\bno [\w.]+ access", re.IGNORECASE)
_NO_ROUTE = re.compile(r"^Cannot (GET|POST|PUT|PATCH|DELETE) ")
_MOST_WORDS = 300


class ImmichHttp:
    """One Immich, one key. `url` is the address without /api and without secrets."""

    def __init__(self, http: Http, url: str, api_key: str, *, concurrency: int) -> None:
        """Raises ConfigError for an address that is none, AuthenticationError for a key no header can carry."""
        address = parse_address(url, "url under [intake.immich] in the configuration")
        self.url = address.url.partition("?")[0].rstrip("/").removesuffix("/api").rstrip("/")
        self.channel = http.channel(self.url, concurrency=concurrency)
        self._credential = Credential(api_key, basic=address.basic, header="x-api-key", name=KEY_NAME)
        self._public = Credential(basic=address.basic, name=KEY_NAME)

    async def read(
        self,
        path: str,
        shape: type[T],
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: object = None,
        is_public: bool = False,
    ) -> T:
        """The answer to a question, which is GET, or POST when there is a body; asked again when the way to it fails.

        `is_public`: the key is not sent along. Raises NotFoundError, MissingScopeError, AuthenticationError,
        MalformedAnswerError naming address and field, ServerError, and what `Channel.send` raises.
        """
        encoded = None if body is None else msgspec.json.encode(body)
        credential = self._public if is_public else self._credential
        call = Call(self._address(path, query), body=encoded, credential=credential)
        return self._decoded(await self._send(call), shape, path)

    async def write(self, verb: str, path: str, shape: type[T], body: object) -> T:
        """The answer to a change; as `read`, and UncertainWriteError where it may or may not have been made."""
        call = Call(
            self._address(path), body=msgspec.json.encode(body), verb=verb, credential=self._credential, is_write=True
        )
        return self._written(await self._send(call), shape, path)

    async def order(self, verb: str, path: str, body: object = None, *, is_repeatable: bool = False) -> None:
        """A change without an answer; `is_repeatable`: to make it twice does no harm."""
        encoded = None if body is None else msgspec.json.encode(body)
        call = Call(
            self._address(path), body=encoded, verb=verb, credential=self._credential, is_write=not is_repeatable
        )
        await self._send(call)

    async def upload(self, path: str, shape: type[T], upload: FileUpload, headers: tuple[tuple[str, str], ...]) -> T:
        """The answer to a file; errors as `write`, and UnreadableFileError."""
        call = Call(
            self._address(path),
            upload=upload,
            credential=self._credential,
            is_write=True,
            headers=headers,
            seconds=upload.seconds,
        )
        return self._written(await self._send(call), shape, path)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _address(self, path: str, query: tuple[tuple[str, str], ...] = ()) -> str:
        return f"{self.url}/api{path}" + (f"?{urlencode(query)}" if query else "")

    async def _send(self, call: Call) -> Answer:
        answer = await self.channel.send(call)
        if answer.status >= 300:
            raise self._refusal(call, answer)
        return answer

    def _decoded(self, answer: Answer, shape: type[T], path: str) -> T:
        server = f"{self.url}/api{path}"
        if _is_page(answer):
            words = f"this is a web page ({answer.status}), no Immich: is the address right?"
            raise MalformedAnswerError(words, server=server, status=answer.status)
        return decode(answer.body, shape, server)

    def _written(self, answer: Answer, shape: type[T], path: str) -> T:
        words = ""
        try:
            return self._decoded(answer, shape, path)
        except MalformedAnswerError as error:
            words = str(error).removeprefix(f"{self.url}/api{path}: ")
        raise uncertain(f"{self.url}/api{path}", words)

    def _refusal(self, call: Call, answer: Answer) -> ServerError:
        """The error behind an answer that is none of success."""
        status, place = answer.status, call.url.partition("?")[0]
        words = self._credential.hide(refusal_words(answer))
        said = f', saying "{words}"' if words else ""
        if status == 401:
            named = (
                f"refuses the key: check {KEY_NAME}" if self._credential.has_key else f"asks for a key: set {KEY_NAME}"
            )
            return AuthenticationError(f"it {named}{said}", server=place, status=status)
        if status == 403:
            return _forbidden(place, words, said)
        if (status == 404 and not words) or _NO_ROUTE.match(words):
            text = f"there is no Immich that knows this address ({status}): is it right, is Immich 1.133 or newer?"
            return MalformedAnswerError(text, server=place, status=status)
        if status in (400, 404) and _NOT_FOUND.search(words):
            text = f"that is not there, or belongs to another user ({status}){said}"
            return NotFoundError(text, server=place, status=status)
        if status == 413:
            text = f"the file is too large for it, or for the proxy in front of it (413){said}: raise its limit"
            return ServerError(text, server=place, status=status)
        if status >= 500 and call.is_write:
            return uncertain(place, f"it failed ({status}){said}", status)
        return ServerError(f"it refused with status {status}{said}", server=place, status=status)


def refusal_words(answer: Answer) -> str:
    """What Immich says in an answer that is an error, of every version: the failed fields, else the message."""
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    message = said.get("message")
    parts = [message] if isinstance(message, str) else message if isinstance(message, list) else []
    errors = said.get("errors")
    parts = [*parts, *(_field_words(error) for error in (errors if isinstance(errors, list) else []))]
    text = "; ".join(part for part in parts if isinstance(part, str) and part)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:_MOST_WORDS]


def _field_words(error: Any) -> str:
    if not isinstance(error, Mapping):
        return ""
    path = error.get("path")
    where = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    message = error.get("message")
    words = message if isinstance(message, str) else ""
    return f"{where}: {words}" if where and words else words or where


def _forbidden(place: str, words: str, said: str) -> AuthenticationError:
    if (found := _SCOPE.search(words)) is not None:
        scope = found[1].rstrip(".")
        text = f"the key lacks the permission {scope}: add it to the key in Immich (Account settings > API keys)"
        return MissingScopeError(text, scope=scope, server=place, status=403)
    if words.strip().lower() in ("forbidden", "forbidden resource"):
        text = "the user of the key is no administrator of Immich, which this takes: use a key of an administrator"
        return AuthenticationError(text, server=place, status=403)
    return AuthenticationError(f"it refuses this to the key (403){said}: check {KEY_NAME}", server=place, status=403)


def _is_page(answer: Answer) -> bool:
    return answer.content_type == "text/html" or answer.body[:512].lstrip().lower().startswith((b"<!doc", b"<htm"))
