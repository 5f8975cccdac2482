"""Opens the demo world for whoever shows it: the one door to `core.demo` from outside."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A running world: the configuration that leads to it, a data folder of its own, and its addresses.

    `picture_url` is that of a picture on its web site, for the intake.
    """

    config: Path
    data_dir: Path
    stash_url: str
    endpoints: tuple[str, ...]
    picture_url: str


@asynccontextmanager
async def open_demonstration(directory: Path | None = None, *, scenes: int = 0) -> AsyncIterator[Demonstration]:
    """A world in `directory`, where it is kept, or in a temporary folder that is gone afterwards.

    `scenes` adds that many synthetic ones. Raises UsageError when what the demo needs is not installed.
    """
    try:
        from core.demo.intake_world import WEB
        from core.demo.world import DemoWorld
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the demo needs {error.name}, which is not installed; run: pip install 'winnow[demo]'"
        ) from error
    with tempfile.TemporaryDirectory(prefix="winnow-demo-", ignore_cleanup_errors=True) as passing:
        place = Path(passing) if directory is None else await asyncio.to_thread(directory.absolute)
        async with DemoWorld.open(place, scenes=scenes, duplicates=True, intake=True) as world:
            yield Demonstration(
                config=world.config_path,
                data_dir=place / "data",
                stash_url=world.stash.base_url,
                endpoints=tuple(box.endpoint for box in world.boxes),
                picture_url="" if world.intake is None else world.intake.web.url("files", WEB[0].name),
            )
