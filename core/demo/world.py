"""A Stash and two stash-boxes on 127.0.0.1, filled, remembered in a folder, and gone at the end of the `async with`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from core.demo.box_server import DemoBox, Flavour
from core.demo.graphql_http import DemoServer, picture
from core.demo.stash_server import ConfiguredBox, DemoStash

Fill = Callable[["DemoWorld"], None]


class DemoWorld:
    """The running servers. Open it with `DemoWorld.open`.

    `config_path` is a Winnow configuration that leads to the Stash. The library may be changed at any time through
    `stash.library` and `boxes[n].library`.
    """

    def __init__(self, directory: Path, *, stash_version: str = "0.30") -> None:
        self.directory = directory
        self.config_path = directory / "winnow.toml"
        self.stash = DemoStash(version=stash_version)
        self.boxes = [
            DemoBox("box1", title="Meadow", api_key="demo.meadow.key"),
            DemoBox("box2", title="Harbour", api_key="demo.harbour.key", flavour=Flavour.THEPORNDB),
        ]
        self.stash.fetch_image = self.fetch_image

    @property
    def servers(self) -> list[DemoServer]:
        """Stash first, then the stash-boxes."""
        return [self.stash, *self.boxes]

    @staticmethod
    @asynccontextmanager
    async def open(
        directory: Path,
        *,
        library: Fill | None = None,
        stash_version: str = "0.30",
    ) -> AsyncIterator[DemoWorld]:
        """A running world over a folder, which is made where it is missing.

        `library` fills the world instead of the generated cases. What mutations wrote in an earlier run over the
        same folder is still there, and the ports are the same where they are free.
        """
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        world = DemoWorld(directory, stash_version=stash_version)
        await world.start()
        try:
            if library is not None:
                library(world)
            yield world
        finally:
            await world.stop()

    async def start(self) -> None:
        """Bind the ports, serve, tell Stash of the stash-boxes and write the configuration."""
        path = self.directory / "ports.json"
        known = _remembered(path)
        for server in self.servers:
            await server.start(_bound_socket(known.get(server.name, 0)))
        ports = {server.name: urlsplit(server.base_url).port for server in self.servers}
        path.write_bytes(msgspec.json.encode(ports))
        self.stash.boxes = [ConfiguredBox(box.endpoint, box.api_key, box.title) for box in self.boxes]
        self.config_path.write_text(
            f'[stash]\nurl = "{self.stash.base_url}"\napi_key = "{self.stash.api_key}"\n', encoding="utf-8"
        )
        self.config_path.chmod(0o600)

    async def stop(self) -> None:
        """Stop all servers."""
        await asyncio.gather(*(server.stop() for server in self.servers))

    def fetch_image(self, url: str) -> bytes | None:
        """The picture behind a URL of one of the stash-boxes, as Stash would fetch it."""
        parts = urlsplit(url)
        for box in self.boxes:
            if url.startswith(f"{box.base_url}/images/"):
                image = box.library.image(parts.path.rsplit("/", 1)[-1])
                return picture(image.source) if image else None
        return None


def empty(_: DemoWorld) -> None:
    """Fills a world with nothing."""


def _remembered(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.MsgspecError):
        return {}


def _bound_socket(port: int) -> socket.socket:
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
