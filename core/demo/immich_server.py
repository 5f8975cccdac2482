"""The demo Immich: what an Immich of 1.133 to 3.3 answers, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from core.demo.faults import Fault, FaultKind
from core.demo.immich_backend import ImmichBackend
from core.demo.immich_calls import CALLS, DemoCall
from core.demo.immich_request import Asked, RefusedError, read_request
from core.demo.immich_world import DemoKey, DemoLibrary, FacePlan
from core.demo.loopback import LoopbackServer, bound_socket
from core.demo.wrong_answers import JSON, CutResponse, answer_instead, json_response, spoil_answer

WEB_APP = "<!DOCTYPE html><html><head><title>Immich</title></head><body>Immich</body></html>"
ROOT = "/mnt/library"


class DemoImmich(LoopbackServer):
    """An Immich over a folder, which it sees as `ROOT`. Open it with `DemoImmich.open`.

    `world` is what it holds, changed at will: there `faces` says who will be found in which file. `queues` pause and
    stick. `library` is an external library over the whole folder, of the administrator `owner`, whose key is `api_key`.
    `backend` has more switches. `alter` may change any answer (method and route, body) before it is sent.
    """

    def __init__(
        self, folder: Path, *, version: str = "3.3", api_key: str = "demo-immich-key", job_seconds: float = 0.0
    ) -> None:
        super().__init__("immich", api_key)
        self.folder = folder
        self.version = tuple(int(part) for part in version.split("."))
        self.backend = ImmichBackend(ROOT, folder, self.version, job_seconds)
        self.backend.violations = self.log.violations
        self.world = self.backend.world
        self.queues = self.backend.queues
        self.alter: Callable[[str, Any], Any] = lambda _, body: body
        self.owner = self.world.add_user("Owner", is_admin=True)
        self.key: DemoKey = self.world.add_key(api_key, self.owner)
        self.library: DemoLibrary = self.world.add_library(self.owner, "Intake", ROOT)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        version: str = "3.3",
        faces: Mapping[str, Sequence[FacePlan]] | None = None,
        job_seconds: float = 0.0,
        port: int = 0,
    ) -> AsyncIterator[Self]:
        """A running server over a folder, which is made where it is missing.

        `faces` is the table of `ImmichWorld.faces`, `job_seconds` how long each job takes. The port is another one
        where `port` is taken or 0.
        """
        folder.mkdir(parents=True, exist_ok=True)
        server = cls(folder, version=version, job_seconds=job_seconds)
        server.world.faces |= faces or {}
        try:
            await server.start(bound_socket(port))
            yield server
        finally:
            await server.stop()

    def path_of(self, place: Path) -> str:
        """The path under which the server sees a file of its folder."""
        return f"{ROOT}/{place.relative_to(self.folder).as_posix()}"

    async def stop(self) -> None:
        """Stop serving; jobs are broken off."""
        await self.queues.stop()
        await super().stop()

    def all_routes(self) -> list[Route]:
        """The calls of this version; anything else below /api is not known, and elsewhere the web app answers."""
        routes = [
            Route(f"/api{call.route}", self._endpoint(call), methods=[call.method])
            for call in CALLS
            if self.version >= call.since
        ]
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        unknown = Route("/api/{rest:path}", self._unknown, methods=every)
        return [*routes, unknown, Route("/{rest:path}", self._web_app, methods=["GET"])]

    async def _web_app(self, request: Request) -> Response:
        if request.url.path == "/.well-known/immich":
            return json_response({"api": {"endpoint": "/api"}}, JSON, 200)
        return HTMLResponse(WEB_APP)

    async def _unknown(self, request: Request) -> Response:
        return self._refused(RefusedError(404, f"Cannot {request.method} {request.url.path}"))

    def _endpoint(self, call: DemoCall) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return await self._answer(call, request)

        return answer

    # -- one request ---------------------------------------------------------------------------------------------

    async def _answer(self, call: DemoCall, request: Request) -> Response:
        asked = Asked(self.version, self.owner, dict(request.path_params), list(request.query_params.multi_items()))
        asked.headers = dict(request.headers)
        try:
            await read_request(request, asked)
        except RefusedError as error:
            return self._refused(error)
        recorded = self.log.record(
            call.name,
            (call.route,),
            {"path": asked.path, "query": asked.query, "body": asked.body, "form": asked.form, "file": asked.file_name},
        )
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        fault = self.faults.take(frozenset((call.name, call.route))) if self.faults.pending else None
        if fault is not None and (instead := await self._instead(fault, request)) is not None:
            return instead
        try:
            if not call.is_public:
                asked.user = self._allowed(call, request).user
            for name, value in asked.path.items():
                asked.path[name] = value if name == "name" else asked.wants_id(value, name)
            if self.on_request is not None:
                self.on_request(recorded)
            carry_out = call.pretend if fault is not None and fault.kind is FaultKind.PRETEND else call.answer
            status, body = carry_out(self.backend, asked)
        except RefusedError as error:
            return self._refused(error)
        return self._response(call, status, body, fault)

    def _response(self, call: DemoCall, status: int, body: Any, fault: Fault | None) -> Response:
        if status == 204:
            cut = fault is not None and fault.kind is FaultKind.CUT
            return CutResponse(b"{}", 200, media_type=JSON) if cut else Response(status_code=204)
        body = self.alter(call.name, body)
        if fault is not None:
            holder = {"data": {"list": body} if isinstance(body, list) else body}
            spoil_answer(fault, holder)
            body = holder["data"]["list"] if isinstance(body, list) else holder["data"]
            if fault.kind is FaultKind.CUT:
                return CutResponse(msgspec.json.encode(body), status, media_type=JSON)
        return json_response(body, JSON, status)

    async def _instead(self, fault: Fault, request: Request) -> Response | None:
        """The answer in place of the real one."""
        match fault.kind:
            case FaultKind.SILENT:
                await self.faults.wait_released()
                return None
            case FaultKind.DROP:
                self.hang_up(request)
                return Response()
            case FaultKind.REFUSE:
                return self._refused(RefusedError(400, fault.message))
            case FaultKind.ERROR:
                return self._refused(RefusedError(500, fault.message))
            case FaultKind.UNAUTHORIZED:
                return self._refused(RefusedError(401, "Invalid API key"))
        return answer_instead(fault, JSON)

    def _allowed(self, call: DemoCall, request: Request) -> DemoKey:
        """The key, when it may make this call. Raises RefusedError."""
        secret = request.headers.get("x-api-key", "")
        if not secret:
            raise RefusedError(401, "Authentication required")
        key = self.world.keys.get(secret)
        if key is None:
            raise RefusedError(401, "Invalid API key")
        is_declared = self.version >= (1, 137) or not call.scope.startswith("job.")
        if call.scope and is_declared and not {"all", call.scope} & key.scopes:
            raise RefusedError(403, f"Missing required permission: {call.scope}")
        if call.is_admin and not key.user.is_admin:
            raise RefusedError(403, "Forbidden")
        return key

    def _refused(self, error: RefusedError) -> Response:
        return json_response(self.backend.answers.error(error.status, error.message, error.fields), JSON, error.status)
