"""What tests of the matching desk from the command line share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cli_runner import Ran

from core.demo.world import DemoWorld

Winnow = Callable[..., Awaitable[Ran]]


def places(world: DemoWorld, home: Path) -> dict[str, str]:
    """The environment that leads to the world."""
    return {"WINNOW_CONFIG": str(world.config_path), "WINNOW_DATA_DIR": str(home / "data")}


async def listed(run: Winnow, *words: str) -> list[dict[str, Any]]:
    ran = await run("list", "matching", "--json", *words)
    assert ran.status == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["recommendations"]
    return found


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  what is waited for lies in another thread or process
            await asyncio.sleep(0.02)


def links(world: DemoWorld) -> dict[int, list[tuple[str, str]]]:
    """What every scene of the Stash is linked to."""
    return {
        scene.id: [(link.endpoint, link.stash_id) for link in scene.stash_ids]
        for scene in world.stash.library.scenes.values()
    }
