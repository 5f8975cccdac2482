"""The wrong answers of a demo server: what each fault sends, and how it changes a right answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from core.demo.faults import Fault, FaultKind

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Login</title></head><body><form method='post' action='/login'>"
    "<input name='username'><input name='password' type='password'><button>Login</button></form></body></html>"
)


class CutResponse(Response):
    """Promises the whole body and ends in the middle of it."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the head and half of the body, then hang up (uvicorn closes what is left unfinished)."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def answer_instead(fault: Fault, content_type: str) -> Response | None:
    """The answer in place of the real one, for the faults that hit before anything is carried out; else None."""
    match fault.kind:
        case FaultKind.STATUS:
            page = f"<html><head><title>{fault.status}</title></head><body><h1>{fault.status}</h1></body></html>"
            return HTMLResponse(page, fault.status)
        case FaultKind.REFUSE:
            error = {"message": fault.message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
            return json_response({"errors": [error], "data": None}, content_type, 422)
        case FaultKind.RATE_LIMIT:
            return too_many(fault.retry_after)
        case FaultKind.MALFORMED:
            return Response(b'{"data": {"findScenes": {"scenes": [{"id": ', media_type=JSON)
        case FaultKind.LOGIN_PAGE:
            return HTMLResponse(LOGIN_PAGE)
        case FaultKind.REDIRECT:
            return Response(status_code=302, headers={"Location": "/login?returnURL=%2Fgraphql"})
        case FaultKind.UNAUTHORIZED:
            return unauthorized()
        case FaultKind.ERROR:
            return json_response({"errors": [{"message": fault.message}], "data": None}, content_type, 200)
        case FaultKind.HUGE:
            return StreamingResponse(_huge(fault.megabytes), media_type=content_type)
    return None


def unauthorized(scheme: str = "FormBased") -> Response:
    """401 with an empty body."""
    return Response(status_code=401, headers={"WWW-Authenticate": scheme} if scheme else None)


def too_many(retry_after: float | None) -> Response:
    """429 in the words of ThePornDB."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    body = msgspec.json.encode({"errors": [{"message": "Too Many Attempts."}]})
    return Response(body, 429, headers, JSON)


def json_response(body: object, content_type: str, status: int) -> Response:
    """A body as JSON under that content type."""
    return Response(msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, content_type)


def spoil_answer(fault: Fault, answer: dict[str, Any]) -> None:
    """Change an answer in place for the faults that hit what was carried out."""
    if fault.kind not in (FaultKind.PARTIAL, FaultKind.INNER_NULLS, FaultKind.NULL_LIST, FaultKind.WRONG_LENGTH):
        return
    answer["data"] = deepcopy(answer.get("data"))  # some of its lists are those of the library itself
    holder, key = _find_list(answer)
    values = holder[key] if holder else None
    if fault.kind is FaultKind.PARTIAL:
        answer["errors"] = [{"message": fault.message, "path": [key]}]
    if not values:
        return
    nested = [value for value in values if isinstance(value, list)]
    if fault.kind is FaultKind.NULL_LIST:
        holder[key] = None
    elif fault.kind is FaultKind.WRONG_LENGTH:
        values.pop()
    elif fault.kind is FaultKind.INNER_NULLS:
        for inner in nested or [values]:
            inner[:] = [None] * len(inner)
    else:
        inner = next((items for items in reversed(nested) if items), values if not nested else [])
        inner[-1:] = [None] * bool(inner)


def _find_list(answer: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The first list in the data, at the top or one below: (what holds it, its key)."""
    data = answer.get("data") or {}
    for key, value in data.items():
        if isinstance(value, list):
            return data, key
        if isinstance(value, dict):
            for inner_key, inner in value.items():
                if isinstance(inner, list):
                    return value, inner_key
    return {}, ""


async def _huge(megabytes: int) -> AsyncIterator[bytes]:
    yield b'{"data": {"findScene": null}, "extensions": {"padding": "'
    block = b"x" * 65536
    for _ in range(megabytes * 16):
        yield block
    yield b'"}}'
