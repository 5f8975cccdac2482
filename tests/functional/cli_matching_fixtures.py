"""A command line over the demo world, and a first scan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_matching_cases import Winnow, places
from cli_runner import Ran, command

from core.demo.world import DemoWorld


@pytest.fixture
def run(world: DemoWorld, tmp_path: Path) -> Winnow:
    """Runs a command against the world."""

    async def run_here(*words: str | Path, **env: str) -> Ran:
        return await command(tmp_path, *words, **places(world, tmp_path), **env)

    return run_here


@pytest.fixture
async def first_scan(run: Winnow) -> dict[str, Any]:
    """The document of a first scan."""
    ran = await run("--scan-only", "--json")
    assert ran.status == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document
