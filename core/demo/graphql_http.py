"""GraphQL over HTTP as gqlgen speaks it, with faults; the base of the demo Stash and the demo stash-boxes."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLNonNull, GraphQLSchema, build_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.demo.faults import FaultKind
from core.demo.graphql_errors import RequestError, ResolverError
from core.demo.graphql_projection import Compiler, Plan, Readers
from core.demo.loopback import LoopbackServer
from core.demo.wrong_answers import JSON, CutResponse, answer_instead, json_response, spoil_answer

SCHEMAS = Path(__file__).parent / "schema"


@dataclass(frozen=True, slots=True)
class Context:
    """What a resolver may know of the request."""

    is_authorized: bool


Resolver = Callable[[dict[str, Any], Context], Any]


class DemoServer(LoopbackServer):
    """One HTTP server with a /graphql. Sub-classes give schema, readers, resolvers, authentication and routes."""

    def __init__(self, name: str, sdl: str, api_key: str) -> None:
        super().__init__(name, api_key)
        self.compiler = Compiler(_schema(sdl), self.readers())
        self.resolvers = self.make_resolvers()

    @property
    def endpoint(self) -> str:
        """The URL of /graphql."""
        return f"{self.base_url}/graphql"

    @abstractmethod
    def readers(self) -> Readers:
        """How fields are read from the library's objects, where not as attributes of the same name."""

    @abstractmethod
    def make_resolvers(self) -> Mapping[str, Resolver]:
        """Root field -> function of its arguments."""

    @abstractmethod
    def routes(self) -> list[Route]:
        """Paths beside /graphql."""

    @abstractmethod
    def authenticate(self, request: Request) -> Context | Response:
        """Who asks, or the answer that turns the request away."""

    @abstractmethod
    def negotiate(self, accept: str) -> tuple[str, int]:
        """Content type of the answer and status of a refused document, by the Accept header."""

    def limit(self) -> Response | None:
        """The answer to a request over the server's rate limit."""
        return None

    def pretended(self, name: str, arguments: dict[str, Any]) -> Any:
        """What a mutation answers that is told to do nothing and to say that it did."""
        del name, arguments
        return True

    def all_routes(self) -> list[Route]:
        """The /graphql and the paths beside it."""
        return [Route("/graphql", self._graphql, methods=["GET", "POST"]), *self.routes()]

    # -- one request -------------------------------------------------------------------------------------------

    async def _graphql(self, request: Request) -> Response:
        context = self.authenticate(request)
        if isinstance(context, Response):
            self.log.counts["(turned away)"] += 1
            return context
        content_type, refused_status = self.negotiate(request.headers.get("accept", ""))
        try:
            text, operation_name, given = await _read_body(request)
        except ValueError as error:
            return json_response({"errors": [{"message": str(error)}], "data": None}, content_type, 400)
        try:
            plan, variables = self.compiler.plan(text, operation_name, given)
        except RequestError as error:
            self.log.counts["(refused)"] += 1
            return json_response({"errors": error.errors, "data": None}, content_type, refused_status)
        if request.method == "GET" and plan.kind != "query":
            body = {"errors": [{"message": "GET requests only allow query operations"}], "data": None}
            return json_response(body, content_type, 406)
        names = tuple(root.name for root in plan.roots)
        recorded = self.log.record(plan.name, names, variables)
        if (limited := self.limit()) is not None:
            return limited
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        fault = self.faults.take(frozenset((*names, plan.name))) if self.faults.pending else None
        if fault is not None:
            if fault.kind is FaultKind.SILENT:
                await self.faults.wait_released()
            if fault.kind is FaultKind.DROP:
                self.hang_up(request)
                return Response()
            if (instead := answer_instead(fault, content_type)) is not None:
                return instead
        if self.on_request is not None:
            self.on_request(recorded)
        is_pretending = fault is not None and fault.kind is FaultKind.PRETEND
        answer = self._execute(plan, variables, given, context, is_pretending=is_pretending)
        if fault is not None:
            spoil_answer(fault, answer)
            if fault.kind is FaultKind.CUT:
                return CutResponse(msgspec.json.encode(answer), 200, media_type=content_type)
        return json_response(answer, content_type, 200)

    def _execute(
        self,
        plan: Plan,
        variables: dict[str, Any],
        given: dict[str, Any],
        context: Context,
        *,
        is_pretending: bool,
    ) -> dict[str, Any]:
        data: dict[str, Any] | None = self.compiler.introspect(plan, given)
        errors: list[dict[str, Any]] = []
        for root in plan.roots:
            try:
                arguments = root.arguments(variables)
                if is_pretending:
                    value = root.project(self.pretended(root.name, arguments))
                else:
                    value = root.project(self.resolvers[root.name](arguments, context))
            except ResolverError as error:
                errors.append({"message": str(error), "path": [root.key]})
                value = None
                if isinstance(root.field.type, GraphQLNonNull):
                    data = None
            if data is not None:
                data[root.key] = value
        return {"errors": errors, "data": data} if errors else {"data": data}


@cache
def _schema(sdl: str) -> GraphQLSchema:
    return build_schema(sdl)


def picture(source: str | bytes | None) -> bytes | None:
    """The bytes of a JPEG given as such or as a path; None when there is none."""
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes() if source else None
    except OSError:
        return None


async def _read_body(request: Request) -> tuple[str, str | None, dict[str, Any]]:
    """Document, operation name, variables. Raises ValueError with gqlgen's words."""
    if request.method == "GET":
        query = request.query_params
        raw: Any = {"query": query.get("query", ""), "operationName": query.get("operationName")}
        variables = query.get("variables", "")
        raw["variables"] = _decode(variables.encode()) if variables else {}
    else:
        if request.headers.get("content-type", "").split(";")[0].strip() != JSON:
            raise ValueError("transport not supported")
        raw = _decode(await request.body())
    if not isinstance(raw, dict) or not isinstance(raw.get("query"), str):
        raise ValueError("json request body could not be decoded: not an object with a query")
    given = raw.get("variables")
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise ValueError("json request body could not be decoded: variables are not an object")
    return raw["query"], raw.get("operationName") or None, given


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(f"json request body could not be decoded: {error}") from error
