"""A web site on 127.0.0.1 with pictures to fetch, and with every way a site can go wrong over it.

Addresses are `/WAY/NAME`, NAME one of the files: see `WAYS`. What each answers can be set by its query.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.demo.loopback import LoopbackServer, bound_socket
from core.demo.web_answers import (
    WebFile,
    announced,
    changing,
    cut,
    endless,
    html,
    lying_range,
    named,
    packed,
    redirect,
    slow,
    status,
    typed,
    whole,
)

PICTURES: Final = (("hills.jpg", "hills"), ("clock.png", "clock"), ("balls.webp", "balls"), ("rings.gif", "rings"))
Way = Callable[[Request, WebFile, int], Response]
# What is answered; the number is how often this address was asked before.
WAYS: Final[Mapping[str, Way]] = {
    "files": lambda request, file, _: whole(request, file),
    "plain": lambda request, file, _: whole(request, file, can_range=False),
    "cut": cut,  # ?times=1&at=HALF: breaks off so often, after so many bytes
    "cut-plain": lambda request, file, count: cut(request, file, count, can_range=False),
    "changing": changing,  # as "cut", and it is another file each time
    "lying-range": lying_range,  # as "cut", then a 206 that begins elsewhere
    "slow": slow,  # ?piece=1024&pause=0.1
    "endless": endless,
    "huge": announced,  # ?size=10000000000 announced
    "redirect": redirect,  # ?to=ADDRESS&status=302, else to /files/NAME
    "loop": lambda request, file, _: redirect(request, file, 0, to=f"/loop/{file.name}"),
    "status": status,  # ?code=404&times=0&after=SECONDS: so often (0: always), then the file
    "page": html,
    "named": named,  # ?disposition=HEADER
    "typed": typed,  # ?type=text/plain
    "gzip": packed,
}


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request as it came: monotonic time, address without the host, headers with names in lower case."""

    at: float
    path: str
    headers: dict[str, str]


class DemoWeb(LoopbackServer):
    """The running site. `files` may be changed at any time; `requests` is everything it was asked.

    `counts` says how often each address was asked for, `asked` is set by the first request.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__("web", "")
        self.files = dict(files)
        self.requests: list[WebRequest] = []
        self.counts: Counter[str] = Counter()
        self.asked = asyncio.Event()

    @staticmethod
    @asynccontextmanager
    async def open(
        folder: Path | None = None, *, files: Mapping[str, bytes] | None = None, port: int = 0
    ) -> AsyncIterator[DemoWeb]:
        """A running site with the files of a folder and those given; with drawn pictures where there are none.

        On that port of 127.0.0.1, or on a free one where it is taken.
        """
        shown = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder else {}
        shown |= files or {}
        web = DemoWeb(shown or await asyncio.to_thread(drawn))
        await web.start(bound_socket(port))
        try:
            yield web
        finally:
            await web.stop()

    def all_routes(self) -> list[Route]:
        """Every way, with every name."""
        return [Route("/{way}/{name:path}", self._answer)]

    def url(self, way: str, name: str = "hills.jpg", **query: object) -> str:
        """The address of a file in one of the WAYS."""
        asked = urlencode({key: str(value) for key, value in query.items()})
        return f"{self.base_url}/{way}/{quote(name)}" + (f"?{asked}" if asked else "")

    def of(self, way: str) -> list[WebRequest]:
        """The requests of one way, oldest first."""
        return [request for request in self.requests if request.path.startswith(f"/{way}/")]

    async def _answer(self, request: Request) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.requests.append(WebRequest(time.monotonic(), path, dict(request.headers)))
        self.asked.set()
        count, self.counts[path] = self.counts[path], self.counts[path] + 1
        name = request.path_params["name"]
        content = self.files.get(name, self.files.get(name.rpartition("/")[2]))
        way = WAYS.get(request.path_params["way"])
        if way is None or content is None:
            return PlainTextResponse("no such file", 404)
        return way(request, WebFile(name, content), count)


def drawn() -> dict[str, bytes]:
    """Small pictures in every usual format, the same each time."""
    from core.demo.drawing import draw

    found: dict[str, bytes] = {}
    for name, subject in PICTURES:
        out = BytesIO()
        form = {"jpg": "JPEG"}.get(name.rpartition(".")[2], name.rpartition(".")[2].upper())
        draw(subject, 7, 0.4, 480, 320).save(out, form)
        found[name] = out.getvalue()
    return found
