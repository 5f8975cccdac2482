"""GraphQL over HTTP: typed answers, and errors that keep the server's own words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from core.errors import AuthenticationError, GraphQLError, MalformedAnswerError, ServerError
from core.servers.address import Address
from core.servers.call import Answer, Call, Credential
from core.servers.documents import Document
from core.servers.http import Channel
from core.servers.numbers import Whole
from core.servers.words import own_words, uncertain

T = TypeVar("T")

# Words with which Stash and stash-box refuse for want of a right; both answer 200 with them.
_REFUSALS = ("not authorized", "unauthorized", "not authenticated", "unauthenticated", "access denied")


class Problem(msgspec.Struct, frozen=True):
    """One element of `errors`: the server's words, and where in the answer they belong."""

    message: str | None = None
    path: list[str | Whole] | None = None


class _Envelope(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[Problem | None] | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Shape(msgspec.Struct, frozen=True):
    fields: list[_Named] | None = None
    inputFields: list[_Named] | None = None  # noqa: N815  the name GraphQL gives it
    enumValues: list[_Named] | None = None  # noqa: N815  the name GraphQL gives it


class Reply:
    """An answer that was valid GraphQL: its data, not yet decoded, and the problems that came with it."""

    def __init__(self, data: bytes | memoryview, problems: tuple[Problem, ...], server: str, status: int) -> None:
        self.data = data
        self.problems = problems
        self.server = server
        self._status = status

    @property
    def has_data(self) -> bool:
        """Whether anything but null came."""
        return bytes(memoryview(self.data)[:4]) != b"null"

    def decode(self, shape: type[T]) -> T:
        """The data in its agreed shape; fields not asked for are ignored.

        Raises MalformedAnswerError naming the path of the first thing that has another shape.
        """
        return decode(self.data, shape, self.server)

    def error(self) -> GraphQLError:
        """The problems as an exception, with the partial data."""
        words = [problem.message or "an error without words" for problem in self.problems]
        partial: Any = None
        with suppress(MalformedAnswerError):
            partial = decode(self.data, object, self.server)
        return GraphQLError(
            words,
            server=self.server,
            status=self._status,
            data=partial if isinstance(partial, dict) else None,
        )


class GraphQLClient:
    """One GraphQL endpoint, one key. Documents of its table are all it sends."""

    def __init__(
        self, channel: Channel, address: Address, credential: Credential, documents: Mapping[str, Document]
    ) -> None:
        self.channel = channel
        self.server = address.url
        self.credential = credential
        self._documents = documents

    async def execute(
        self,
        document: Document,
        variables: Mapping[str, Any] | None = None,
        *,
        shape: type[T],
        known: frozenset[str] = frozenset(),
    ) -> T:
        """The data of an operation that must succeed as a whole.

        Raises GraphQLError when the server reports anything, AuthenticationError, MalformedAnswerError, and what
        `Channel.send` raises; for a mutation whose effect is not known UncertainWriteError.
        """
        reply = await self.ask(document, variables, known=known)
        if reply.problems:
            if document.is_write and any(len(problem.path or ()) > 1 for problem in reply.problems):
                # The mutation itself went through; what failed is reading a field of its result.
                raise uncertain(self.server, reply.error().messages[0])
            raise reply.error()
        if not document.is_write:
            return reply.decode(shape)
        try:
            return reply.decode(shape)
        except MalformedAnswerError as error:
            words = str(error).removeprefix(f"{self.server}: ")
        raise uncertain(self.server, words)

    async def ask(
        self, document: Document, variables: Mapping[str, Any] | None = None, *, known: frozenset[str] = frozenset()
    ) -> Reply:
        """The data and the problems of an operation, as the server sent them.

        Raises AuthenticationError, MalformedAnswerError, and what `Channel.send` raises.
        """
        if self._documents.get(document.name) is not document:
            raise ValueError(f"{document.name} is not in the table of documents this client may send")
        body = msgspec.json.encode(
            {
                "query": document.build(known),
                "operationName": document.name,
                "variables": {} if variables is None else variables,
            }
        )
        call = Call(self.server, body=body, credential=self.credential, is_write=document.is_write)
        answer = await self.channel.send(call)
        envelope = self._open(answer, document.is_write)
        problems = tuple(
            Problem(self.credential.hide(problem.message or ""), problem.path)
            for problem in envelope.errors or ()
            if problem is not None
        )
        if any((problem.message or "").strip().lower() in _REFUSALS for problem in problems):
            raise AuthenticationError(self._refused(), server=self.server, status=answer.status)
        if answer.status >= 300 and not problems:
            raise MalformedAnswerError(f"it answered {answer.status} without a reason", server=self.server)
        return Reply(envelope.data, problems, self.server, answer.status)

    async def known_coordinates(self, document: Document, wanted: frozenset[str]) -> frozenset[str] | None:
        """Which of the wanted `Type.field` coordinates the server has, by an introspection document.

        None when the server does not let itself be introspected. Bare type names in `wanted` ask for the type.
        """
        reply = await self.ask(document)
        if reply.problems or not reply.has_data:
            return None
        shapes = reply.decode(dict[str, _Shape | None])
        found = set()
        for kind, shape in shapes.items():
            if shape is not None:
                names = [*(shape.fields or ()), *(shape.inputFields or ()), *(shape.enumValues or ())]
                found |= {kind, *(f"{kind}.{named.name}" for named in names)}
        return wanted & found

    def _open(self, answer: Answer, is_write: bool) -> _Envelope:
        """The envelope of an answer, or the reason why there is none."""
        if answer.status in (401, 403):
            words = own_words(answer, self.credential)
            raise AuthenticationError(self._refused() + words, server=self.server, status=answer.status)
        envelope: _Envelope | None = None
        try:
            envelope = decode(answer.body, _Envelope, self.server)
        except MalformedAnswerError:
            envelope = None
        if envelope is None or (envelope.errors is None and b'"data"' not in answer.body):
            raise self._no_graphql(answer, is_write)
        return envelope

    def _refused(self) -> str:
        named = self.credential.name
        return f"it refuses the key: check {named}" if self.credential.has_key else f"it asks for a key: set {named}"

    def _no_graphql(self, answer: Answer, is_write: bool) -> ServerError:
        """Words for an answer that is not GraphQL at all."""
        status, server = answer.status, self.server
        is_page = answer.content_type == "text/html" or answer.body[:512].lstrip().lower().startswith(
            (b"<!doc", b"<htm")
        )
        if is_page and b"password" in answer.body.lower():
            words = f"this is a login page ({status}), no GraphQL: is the address right, is {self.credential.name} set?"
        elif is_page:
            words = f"this is a web page ({status}), no GraphQL: is the address right? It usually ends in /graphql"
        elif status == 404:
            words = "there is no GraphQL at this address (404): is it right? It usually ends in /graphql"
        elif status >= 400:
            words = f"it answered {status}{own_words(answer, self.credential)}: is the address right?"
        else:
            words = f"the answer ({status}) is not GraphQL, or broken{own_words(answer, self.credential)}"
        if is_write and not is_page and (status < 300 or status >= 500):
            return uncertain(server, words)
        return MalformedAnswerError(words, server=server, status=status)


def decode(data: bytes | memoryview, shape: type[T], server: str) -> T:
    """Data in its agreed shape; bytes that are not UTF-8 (file names of old disks) become replacement signs.

    Raises MalformedAnswerError naming the path of the first thing that has another shape, or for data that is nested
    deeper than can be followed.
    """
    key: Any = shape
    decoder: msgspec.json.Decoder[T] = _decoder(key)
    words = ""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        words = str(error)
    except RecursionError:
        words = "it is nested without end"
    try:
        return decoder.decode(bytes(data).decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        pass
    raise MalformedAnswerError(f"the answer has another shape than agreed: {words}", server=server)


@lru_cache(maxsize=128)
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    # Not strict, since GraphQL writes ids as text and some servers write numbers as text.
    return msgspec.json.Decoder(shape, strict=False)
