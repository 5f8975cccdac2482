"""What the tests of the Immich client share: a running demo Immich, and a client with a short temper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.demo.immich_server import DemoImmich
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.servers.immich_assets import Asset
from core.servers.immich_queues import AssetProgress

VERSIONS = ["1.133", "1.139", "2.3", "2.5", "3.1", "3.3"]
PATIENCE = Policy(attempts=2, rate_limited_attempts=2, wait_initial=0.01, wait_max=0.05, wait_jitter=0.0)


@dataclass(slots=True)
class Setting:
    """A demo Immich, its folder, and a client that holds its owner's key."""

    server: DemoImmich
    client: ImmichClient
    http: Http

    def file(self, name: str, content: bytes = b"a picture") -> Path:
        """A file in the folder of the library."""
        place = self.server.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def as_user(self, key: str) -> ImmichClient:
        """A client with another key."""
        return ImmichClient(self.http, self.server.base_url, key)

    async def scanned(self, name: str, content: bytes = b"a picture") -> Asset:
        """The asset of a new file, after all its jobs that can end have ended."""
        path = self.server.path_of(self.file(name, content))
        await self.client.scan_library(self.server.library.id)
        await self.server.queues.settled()
        [asset] = await self.client.find_assets(path)
        return asset

    async def progress(self, asset: Asset) -> AssetProgress:
        """How far one asset got."""
        return (await self.client.progress([asset.id]))[asset.id]


@asynccontextmanager
async def setting(folder: Path, version: str = "3.3", policy: Policy = PATIENCE) -> AsyncIterator[Setting]:
    """All of it, running; nothing that Winnow must never ask for was asked for."""
    async with DemoImmich.open(folder, version=version) as server, Http(policy) as http:
        yield Setting(server, ImmichClient(http, server.base_url, server.api_key), http)
        assert server.log.violations == []
