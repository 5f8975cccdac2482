"""The answers of the demo web site: a file as it should be sent, and all the ways it should not."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

MODIFIED: Final = "Sat, 01 Mar 2025 10:00:00 GMT"
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")
_BLOCK: Final = bytes(1 << 16)


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file of the site. Its ETag is made of its content."""

    name: str
    content: bytes = field(repr=False)

    @property
    def etag(self) -> str:
        """The strong validator."""
        return _etag(self.content)

    @property
    def content_type(self) -> str:
        """By the name, as servers do."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@lru_cache(maxsize=64)
def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


class _CutResponse(Response):
    """Announces the whole body and hangs up after `sent` bytes of it."""

    sent = 0

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self.sent], "more_body": True})


def _range(request: Request, file: WebFile) -> tuple[int, int] | None:
    """First byte and end of what is asked for, None for all of it."""
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    validator = request.headers.get("if-range")
    if found is None or (validator is not None and validator not in (file.etag, MODIFIED)):
        return None
    size = len(file.content)
    return int(found[1]), min(int(found[2]) + 1, size) if found[2] else size


def whole(
    request: Request, file: WebFile, *, can_range: bool = True, headers: dict[str, str] | None = None
) -> Response:
    """The file or the part of it that is asked for."""
    told = {"Content-Type": file.content_type} | (headers or {})
    if not can_range:
        return Response(file.content, 200, {**told, "Accept-Ranges": "none"})
    told |= {"Accept-Ranges": "bytes", "ETag": file.etag, "Last-Modified": MODIFIED}
    asked = _range(request, file)
    if asked is None:
        return Response(file.content, 200, told)
    first, end = asked
    size = len(file.content)
    if first >= size:
        return Response(b"", 416, {"Content-Range": f"bytes */{size}"})
    return Response(file.content[first:end], 206, {**told, "Content-Range": f"bytes {first}-{end - 1}/{size}"})


def cut(request: Request, file: WebFile, count: int, *, can_range: bool = True) -> Response:
    """Hangs up in the middle of the file, the first times."""
    answer = whole(request, file, can_range=can_range)
    if count >= int(request.query_params.get("times", "1")):
        return answer
    broken = _CutResponse(answer.body, answer.status_code, dict(answer.headers))
    broken.sent = int(request.query_params.get("at", str(len(answer.body) // 2)))
    return broken


def changing(request: Request, file: WebFile, count: int) -> Response:
    """As `cut`, and the file is another one at each request."""
    return cut(request, WebFile(file.name, file.content[:-1] + bytes([count % 256])), count)


def lying_range(request: Request, file: WebFile, count: int) -> Response:
    """As `cut`, then a 206 of other bytes than were asked for."""
    answer = cut(request, file, count)
    if answer.status_code == 206:
        size = len(file.content)
        told = {"Content-Range": f"bytes 1-{size - 1}/{size}", "ETag": file.etag, "Content-Type": file.content_type}
        return Response(file.content[1:], 206, told)
    return answer


def slow(request: Request, file: WebFile, _: int) -> Response:
    """A few bytes, a pause, a few bytes."""
    piece, pause = int(request.query_params.get("piece", "1024")), float(request.query_params.get("pause", "0.1"))
    answer = whole(request, file)
    body = bytes(answer.body)

    async def trickle() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]
            await asyncio.sleep(pause)

    return StreamingResponse(trickle(), answer.status_code, dict(answer.headers))


def endless(_: Request, file: WebFile, __: int) -> Response:
    """The file, and zeros for ever."""

    async def stream() -> AsyncIterator[bytes]:
        yield file.content
        while True:
            yield _BLOCK
            await asyncio.sleep(0)  # or nobody would ever notice that the other side left

    return StreamingResponse(stream(), media_type=file.content_type)


def announced(request: Request, file: WebFile, _: int) -> Response:
    """A size that is announced, and zeros for as long as anybody listens."""
    size = int(request.query_params.get("size", str(10**10)))
    answer = endless(request, file, 0)
    answer.headers["Content-Length"] = str(size)
    return answer


def redirect(request: Request, file: WebFile, _: int, *, to: str | None = None) -> Response:
    """To another address."""
    target = to or request.query_params.get("to") or f"/files/{file.name}"
    return Response(b"", int(request.query_params.get("status", "302")), {"Location": target})


def status(request: Request, file: WebFile, count: int) -> Response:
    """A page with a status, the first times or always; then the file."""
    times = int(request.query_params.get("times", "0"))
    if times and count >= times:
        return whole(request, file)
    code = int(request.query_params.get("code", "404"))
    after = request.query_params.get("after")
    return HTMLResponse(f"<html><h1>{code}</h1></html>", code, {"Retry-After": after} if after else None)


def html(_: Request, file: WebFile, __: int) -> Response:
    """A page about the file in place of it."""
    return HTMLResponse(f"<!DOCTYPE html><html><title>{file.name}</title><a href='/files/{file.name}'>see</a></html>")


def named(request: Request, file: WebFile, _: int) -> Response:
    """The file under a name of the server's choice; the header goes out as UTF-8, as it was given."""
    answer = whole(request, file)
    disposition = request.query_params.get("disposition", "")
    answer.raw_headers.append((b"content-disposition", disposition.encode("utf-8", "replace")))
    return answer


def typed(request: Request, file: WebFile, _: int) -> Response:
    """The file under a wrong content type."""
    return whole(request, file, headers={"Content-Type": request.query_params.get("type", "text/plain")})


def packed(_: Request, file: WebFile, __: int) -> Response:
    """The file compressed, although nobody asked for that."""
    told = {"Content-Encoding": "gzip", "ETag": file.etag, "Content-Type": file.content_type}
    return Response(gzip.compress(file.content, mtime=0), 200, told)
