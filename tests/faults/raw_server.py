"""A server on 127.0.0.1 that answers with whatever bytes a test wants, and writes down what it was sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request as it arrived; header names in lower case."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The GraphQL operation name."""
        return str(json.loads(self.body)["operationName"])


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send: `parts` one after the other, then the connection is closed when `closes`.

    `is_held`: send nothing until the server stops.
    """

    parts: tuple[bytes, ...]
    closes: bool = False
    is_held: bool = False


def answer(body: bytes | str, status: int = 200, content_type: str = "application/json", **headers: str) -> Reply:
    """A well-formed answer. Underscores in header names become dashes."""
    raw = body.encode() if isinstance(body, str) else body
    named = {"Content-Type": content_type, "Content-Length": str(len(raw))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return Reply((f"HTTP/1.1 {status} Told So\r\n{head}\r\n".encode() + raw,))


def data(value: Any, errors: list[Any] | None = None, status: int = 200) -> Reply:
    """A GraphQL answer."""
    return answer(json.dumps({"data": value} | ({} if errors is None else {"errors": errors})), status)


HOLD = Reply((), is_held=True)
HANG_UP = Reply((), closes=True)


@dataclass(slots=True)
class RawServer:
    """The running server. `reply` decides per request; the default answers an empty schema to introspection."""

    port: int = 0
    reply: Callable[[RawRequest], Reply] = lambda _: data(None)
    requests: list[RawRequest] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self, **by_operation: Reply | list[Reply]) -> None:
        """Answer by operation name; a list is used up to its last element, which stays. Introspection finds nothing."""
        queues = {name: list(value) if isinstance(value, list) else [value] for name, value in by_operation.items()}

        def choose(request: RawRequest) -> Reply:
            queue = queues.get(request.operation)
            if queue is None:
                return data({})
            return queue.pop(0) if len(queue) > 1 else queue[0]

        self.reply = choose

    def of(self, operation: str) -> list[RawRequest]:
        """The requests of one operation."""
        return [request for request in self.requests if request.operation == operation]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections.append(writer)
        try:
            while True:
                request = await read_request(reader)
                self.requests.append(request)
                reply = self.reply(request)
                if reply.is_held:
                    await self.stopping.wait()
                for part in reply.parts:
                    writer.write(part)
                    await writer.drain()
                if reply.closes or reply.is_held:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> RawRequest:
    """The next request of a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return RawRequest(time.monotonic(), method, path, headers, body)


@asynccontextmanager
async def running() -> AsyncIterator[RawServer]:
    """A running server on a free port."""
    server = RawServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.stopping.set()
        listener.close()
        for writer in server.connections:
            writer.close()
        await listener.wait_closed()
