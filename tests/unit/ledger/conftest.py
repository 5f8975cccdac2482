"""A world of twins: what the effects on Stash's records are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest
from stash_cases import fill, media_in

from core.demo.world import DemoWorld


@pytest.fixture(scope="session")
def drawn_twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the media, drawn once."""
    folder = tmp_path_factory.mktemp("twins")
    media_in(folder)
    return folder


@pytest.fixture
def twins(empty_world: DemoWorld, drawn_twins: Path) -> DemoWorld:
    """See `stash_cases.fill`."""
    fill(empty_world, drawn_twins)
    return empty_world
