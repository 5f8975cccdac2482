"""A Stash, two stash-boxes, an Immich and a web site on 127.0.0.1, remembered in a folder, gone after `async with`."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import tomlkit

from core.demo.box_server import DemoBox, Flavour
from core.demo.case_world import CaseWorld
from core.demo.cases import CLIPS, IMAGES, STASH_ROOT, invented_facts
from core.demo.cast import WorldParts
from core.demo.duplicate_cases import OUTSIDE, PLANS, PROTECTED
from core.demo.duplicate_world import DuplicateWorld
from core.demo.faults import parse_faults
from core.demo.graphql_http import DemoServer, picture
from core.demo.intake_world import IntakeWorld
from core.demo.loopback import bound_socket
from core.demo.media import MediaPlans, make_media
from core.demo.stash_server import ConfiguredBox, DemoStash
from core.demo.state import WorldState
from core.demo.synthetic import add_scenes
from core.errors import UsageError

DEFAULT_RATE = 240
UNLIMITED = 1_000_000  # what Stash is told where nothing is enforced
FAULTS_VARIABLE = "WINNOW_DEMO_FAULTS"
Fill = Callable[["DemoWorld"], None]


class DemoWorld:
    """The running servers. Open it with `DemoWorld.open`.

    `config_path` is a Winnow configuration that leads to the Stash. The library may be changed at any time through
    `stash.library` and `boxes[n].library`.
    """

    def __init__(
        self, directory: Path, *, stash_version: str = "0.30", duplicates: bool = False, intake: bool = False
    ) -> None:
        self.directory = directory
        self.has_duplicates = duplicates
        self.intake = IntakeWorld(directory) if intake else None
        self.config_path = directory / "winnow.toml"
        self.stash = DemoStash(version=stash_version)
        self.boxes = [
            DemoBox("box1", title="Meadow", api_key="demo.meadow.key"),
            DemoBox("box2", title="Harbour", api_key="demo.harbour.key", flavour=Flavour.THEPORNDB),
        ]
        self.stash.fetch_image = self.fetch_image
        self.stash.disk.folder = directory / "library"

    @property
    def servers(self) -> list[DemoServer]:
        """Stash first, then the stash-boxes."""
        return [self.stash, *self.boxes]

    @staticmethod
    @asynccontextmanager
    async def open(
        directory: Path,
        *,
        scenes: int = 0,
        media: bool = True,
        library: Fill | None = None,
        stash_version: str = "0.30",
        duplicates: bool = False,
        intake: bool = False,
    ) -> AsyncIterator[DemoWorld]:
        """A running world over a folder, which is made where it is missing.

        `library` fills the world instead of the generated cases; `scenes` adds that many synthetic ones.
        Without `media` the cases' films are not drawn and their hashes are invented. `duplicates` adds the files and
        records of the duplicates desk (see `duplicate_cases`), always drawn, and the settings that lead to them;
        `intake` an Immich, a web site and pictures that came in (see `intake_world`). What mutations wrote in an
        earlier run over the same folder is still there, files removed in one are still gone, and the ports are the
        same where they are free. Faults named in the variable WINNOW_DEMO_FAULTS (see `faults`) are on from the start.
        Raises UsageError when the folder cannot be used or is in use by another world, or when a fault is misspelt.
        """
        with _claimed(directory):
            world = DemoWorld(directory, stash_version=stash_version, duplicates=duplicates, intake=intake)
            async with world._running():
                if library is not None:
                    library(world)
                else:
                    await world.generate(scenes=scenes, media=media)
                world.restore()
                world.add_faults(os.environ.get(FAULTS_VARIABLE, ""))
                yield world

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        try:
            await self.start()
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        """Bind the ports, serve, tell Stash of the stash-boxes and write the configuration."""
        path = self.directory / "ports.json"
        known = _remembered(path)
        for server in self.servers:
            await server.start(bound_socket(known.get(server.name, 0)))
        others = () if self.intake is None else (self.intake.immich, self.intake.web)
        if self.intake is not None:
            await self.intake.start(known)
        ports = {server.name: urlsplit(server.base_url).port for server in (*self.servers, *others)}
        path.write_bytes(msgspec.json.encode(ports))
        self.stash.boxes = [ConfiguredBox(box.endpoint, box.api_key, box.title, DEFAULT_RATE) for box in self.boxes]
        stash = {"url": self.stash.base_url, "api_key": self.stash.api_key}
        mapping = {"stash": STASH_ROOT, "local": str((self.directory / "library").resolve())}
        data = {"directory": str((self.directory / "data").resolve())}  # never the user's own
        trash = {"directory": str((self.directory / "trash").resolve())}
        configuration: dict[str, object] = {"stash": {**stash, "path_map": [mapping]}, "data": data, "trash": trash}
        if self.has_duplicates:
            configuration["duplicates"] = {
                "folders": [str((self.directory / OUTSIDE).resolve())],
                "protected_paths": [str((self.directory / "library" / PROTECTED).resolve() / "**")],
            }
        if self.intake is not None:
            configuration["intake"] = self.intake.settings()
        self.config_path.touch(mode=0o600)
        self.config_path.write_text(tomlkit.dumps(configuration), encoding="utf-8")

    async def generate(self, *, scenes: int = 0, media: bool = True) -> None:
        """Fill the libraries with the cases (see `cases.Case`, `duplicate_cases`) and with synthetic scenes."""
        parts = WorldParts(
            self.directory,
            self.stash.library,
            (self.boxes[0].library, self.boxes[1].library),
            (self.boxes[0].endpoint, self.boxes[1].endpoint),
        )
        wanted = MediaPlans(CLIPS, IMAGES) if media else MediaPlans()
        made = await make_media(self.directory, wanted.with_more(PLANS) if self.has_duplicates else wanted)
        CaseWorld(parts, made.films[: len(CLIPS)] if media else invented_facts(CLIPS)).fill()
        if self.has_duplicates:
            DuplicateWorld(parts, made, has_image_phash=self.stash.version != "0.30").fill()
        if self.intake is not None:
            await asyncio.to_thread(self.intake.fill)
        if scenes:
            await asyncio.to_thread(add_scenes, parts, scenes)

    def restore(self) -> None:
        """Apply what mutations wrote in earlier runs, and keep what they will write from now on."""
        endpoints = {server.name: server.endpoint for server in self.servers}
        state = WorldState(self.directory, endpoints)
        state.restore(self.stash.library, {box.name: box.library for box in self.boxes})
        self.stash.on_written = partial(state.library_written, self.stash.library)
        for box in self.boxes:
            box.on_change = partial(state.entry_written, box.name)

    def add_faults(self, text: str) -> None:
        """Switch on the faults named in a text (see `faults`). Raises UsageError."""
        servers = {server.name: server for server in self.servers}
        for name, fault in parse_faults(text):
            if name not in servers:
                raise UsageError(f"no demo server is called {name!r}; there are {', '.join(servers)}")
            servers[name].faults.pending.append(fault)

    def set_rate(self, per_minute: int) -> None:
        """Requests a minute at both stash-boxes, told to Stash and enforced; 0 means no limit."""
        told = per_minute or UNLIMITED
        self.stash.boxes = [ConfiguredBox(box.endpoint, box.api_key, box.title, told) for box in self.boxes]
        for box in self.boxes:
            box.rate_limit = per_minute or None

    async def stop(self) -> None:
        """Stop all servers."""
        others = () if self.intake is None else (self.intake,)
        await asyncio.gather(*(server.stop() for server in (*self.servers, *others)))

    def fetch_image(self, url: str) -> bytes | None:
        """The picture behind a URL of one of the stash-boxes, as Stash would fetch it."""
        parts = urlsplit(url)
        for box in self.boxes:
            if url.startswith(f"{box.base_url}/images/"):
                image = box.library.image(parts.path.rsplit("/", 1)[-1])
                return picture(image.source) if image else None
        return None


@contextmanager
def _claimed(directory: Path) -> Iterator[None]:
    """Hold the folder for one world. Raises UsageError when it cannot be made or another process holds it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("wb")
    except OSError as error:
        raise UsageError(f"{directory}: no folder for a demo world: {error.strerror}; give another --dir") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"{directory}: in use by another demo world; stop that one or give another --dir"
            ) from error
        yield


def empty(_: DemoWorld) -> None:
    """Fills a world with nothing."""


def _remembered(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.MsgspecError):
        return {}
