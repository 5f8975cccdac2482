"""One HTTP server on 127.0.0.1, in the caller's event loop; the base of all demo servers.

It runs on a socket bound beforehand, touches no signal handler and prints nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from core.demo.faults import Faults, RecordedRequest, RequestLog


class LoopbackServer(ABC):
    """A server with faults and a record of what it was asked. Sub-classes give the routes.

    `on_request` is called just before a request is carried out: there a test changes the library between a client's
    read and its write, or kills the client.
    """

    def __init__(self, name: str, api_key: str) -> None:
        self.name = name
        self.api_key = api_key
        self.faults = Faults()
        self.log = RequestLog()
        self.on_request: Callable[[RecordedRequest], None] | None = None
        self.base_url = ""
        self._server: uvicorn.Server | None = None

    @abstractmethod
    def all_routes(self) -> list[Route]:
        """Everything that is answered."""

    async def start(self, sock: socket.socket) -> None:
        """Serve on a bound socket, from now on."""
        self.base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        config = uvicorn.Config(
            Starlette(routes=self.all_routes()),
            http="httptools",
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL + 10,
            access_log=False,
            date_header=False,
            timeout_keep_alive=60,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[sock])
        self._server = server

    async def stop(self) -> None:
        """Stop serving; requests under way are broken off. Harmless when not running."""
        server, self._server = self._server, None
        if server is None:
            return
        self.faults.release()
        for listener in server.servers:
            listener.close()
        tasks = list(server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for listener in server.servers:
            await listener.wait_closed()
        await asyncio.sleep(0)  # lets the aborted transports say goodbye before the loop may end

    def hang_up(self, request: Request) -> None:
        """Break the connection a request came over."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == tuple(request.client or ()) and connection.transport:
                connection.transport.abort()


def bound_socket(port: int) -> socket.socket:
    """A socket on that port of 127.0.0.1, or on a free one where it is taken."""
    for wanted in dict.fromkeys((port, 0)):
        # asyncio turns Nagle's algorithm off only where the protocol is named: else answers wait 40 ms for an ACK
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", wanted))
        except OSError:
            sock.close()
            continue
        sock.setblocking(False)
        return sock
    raise OSError("no free port on 127.0.0.1")
