"""What the tests of the feed and the run share: folders, an Immich that sees one of them, and pictures."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from core.config import load_settings
from core.demo.immich_server import ROOT, DemoImmich
from core.demo.immich_world import DemoPerson, FacePlan
from core.intake.run_report import IntakeReport
from core.ledger.books import Step
from core.model.incoming import Item, ItemState
from core.runtime import DATABASE_NAME, Runtime, open_runtime
from core.store import intake
from core.store.database import Database

VERSIONS = ["1.133", "2.3", "2.5", "3.1", "3.3"]


@cache
def jpeg(number: int, mark: str = "") -> bytes:
    """A small picture, another one for each number; `mark` tells the demo's Immich who is in it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (64, 48), (number * 37 % 256, number * 91 % 256, number * 53 % 256))
    drawing = ImageDraw.Draw(picture)
    for step in range(6):
        left, top = (number * (step + 3) * 11) % 48, (number * (step + 5) * 7) % 32
        drawing.rectangle(
            (left, top, left + 16, top + 16), fill=(step * 40, (number + step) * 29 % 256, 255 - step * 30)
        )
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=85, comment=f"{mark} {number}".encode())
    return written.getvalue()


@dataclass
class Feed:
    """The folders of an intake and its configuration below one folder; `immich` sees `temp`."""

    root: Path
    immich: DemoImmich | None = None
    is_library: bool = True
    intake: Mapping[str, Any] = field(default_factory=dict)
    immich_settings: Mapping[str, Any] = field(default_factory=dict)
    duplicates: Sequence[Path] = ()

    def __post_init__(self) -> None:
        for one in (self.drop, self.review, self.faces, self.temp):
            one.mkdir(parents=True, exist_ok=True)
        self.write()

    @property
    def drop(self) -> Path:
        return self.root / "drop"

    @property
    def review(self) -> Path:
        return self.root / "review"

    @property
    def faces(self) -> Path:
        return self.root / "faces"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def config(self) -> Path:
        return self.root / "winnow.toml"

    @property
    def data(self) -> Path:
        return self.root / "data"

    def write(self) -> None:
        """Write the configuration."""
        wanted: dict[str, Any] = {
            "enabled": True,
            "temp_dir": str(self.temp),
            "final_base": str(self.faces),
            "review_base": str(self.review),
            "drop_folder": str(self.drop),
        } | dict(self.intake)
        lines = ["[intake]", *_lines(wanted), "[intake.download]", "allow_private = true"]
        if self.immich is not None:
            there: dict[str, Any] = {
                "url": self.immich.base_url,
                "api_key": self.immich.api_key,
                "wait_time_seconds": 1,
                "deadline_seconds": 3,
                "retry_if_no_faces": False,
            }
            if self.is_library:
                there["library_id"] = self.immich.library.id
            lines += ["[intake.immich]", *_lines(there | dict(self.immich_settings))]
            if self.is_library:
                lines += ["[[intake.immich.path_map]]", f'immich = "{ROOT}"', f'local = "{self.temp}"']
        lines += ["[duplicates]", *_lines({"folders": [str(one) for one in self.duplicates]})]
        lines += ["[trash]", f'directory = "{self.root / "trash"}"']
        self.config.touch(mode=0o600)
        self.config.write_text("\n".join(lines) + "\n")

    def put(self, name: str, content: bytes) -> Path:
        """A file in the drop folder, whole for a while."""
        import os

        path = self.drop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    def person(self, name: str = "", *marks: str, is_hidden: bool = False) -> DemoPerson:
        """Somebody whom Immich finds in the files that hold one of these marks."""
        assert self.immich is not None
        world = self.immich.world
        person = world.add_person(self.immich.owner, name, is_hidden=is_hidden)
        for mark in marks or (name,):
            world.faces[mark] = [*world.faces.get(mark, ()), FacePlan(person)]
        return person

    def tree(self, *folders: Path) -> list[str]:
        """The files below these folders (those of the people and of the review)."""
        wanted = folders or (self.faces, self.review)
        return sorted(str(one.relative_to(self.root)) for each in wanted for one in each.rglob("*") if one.is_file())

    @property
    def contents(self) -> list[bytes]:
        """The bytes of every file there is, the trash included, sorted; Winnow's own left out."""
        found = (one for one in self.root.rglob("*") if one.is_file() and self.data not in one.parents)
        return sorted(one.read_bytes() for one in found if one != self.config)

    @asynccontextmanager
    async def open(self, *, on_step: Step | None = None) -> AsyncIterator[Runtime]:
        """Everything, open over these folders."""
        async with open_runtime(load_settings(self.config), data_dir=self.data, on_step=on_step) as runtime:
            yield runtime

    async def run(self) -> IntakeReport:
        """One run in a runtime of its own."""
        async with self.open() as runtime:
            return await runtime.intake.run()

    async def items(self, *states: ItemState) -> list[Item]:
        """What came in, oldest first."""
        async with Database.open(self.data / DATABASE_NAME) as database, database.read() as reader:
            return sorted(await intake.of_states(reader, states or tuple(ItemState)), key=lambda one: one.id)

    async def states(self) -> dict[str, str]:
        """How each stands, by its file name."""
        return {one.filename: one.state.value for one in await self.items()}


def _lines(values: Mapping[str, Any]) -> list[str]:
    import json

    return [f"{name} = {json.dumps(value)}" for name, value in values.items()]


@asynccontextmanager
async def feed(
    root: Path, *, version: str = "3.3", is_library: bool = True, **more: Any
) -> AsyncIterator[tuple[Feed, DemoImmich]]:
    """An intake with an Immich that is never asked for what Winnow must not ask for."""
    async with DemoImmich.open(root / "temp", version=version) as server:
        yield Feed(root, server, is_library, **more), server
        assert server.log.violations == []
