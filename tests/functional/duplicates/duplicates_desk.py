"""What tests of the duplicates desk share: a desk over the demo world, and what is on its disk and in its Stash."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.config import load_settings
from core.demo.world import DemoWorld
from core.model.groups import Group, GroupFilter
from core.runtime import Runtime, open_runtime


@asynccontextmanager
async def desk_over(world: DemoWorld, **given: Any) -> AsyncIterator[Runtime]:
    """The runtime over a world; the same world has the same database."""
    data = world.directory.parent / "data"
    async with open_runtime(load_settings(world.config_path), data_dir=data, **given) as runtime:
        yield runtime


async def groups_of(runtime: Runtime, wanted: GroupFilter | None = None) -> list[Group]:
    """All groups that wait."""
    desk = runtime.duplicates
    return await desk.groups(list(await desk.ids(wanted or GroupFilter())))


async def group_with(runtime: Runtime, name: str) -> Group:
    """The one group that waits and holds a file of this name."""
    (found,) = [one for one in await groups_of(runtime) if any(name == member.file.name for member in one.members)]
    return found


def on_disk(world: DemoWorld) -> dict[str, tuple[str, int, int]]:
    """Every file below the library and the folder that Stash does not know: its content, time and mode."""
    found: dict[str, tuple[str, int, int]] = {}
    for top in ("library", "camera"):
        for path in sorted((world.directory / top).rglob("*")):
            if path.is_file():
                facts = path.stat()
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(world.directory))] = (digest, facts.st_mtime_ns, facts.st_mode)
    return found


def all_bytes(directory: Path) -> set[str]:
    """The contents of all files anywhere in a world, trash included."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for top in ("library", "camera", "trash")
        for path in (directory / top).rglob("*")
        if path.is_file()
    }


def in_stash(world: DemoWorld) -> set[tuple[Any, ...]]:
    """What the Stash holds, without the numbers, which an undo cannot bring back."""
    library = world.stash.library
    scenes: set[tuple[Any, ...]] = {
        (
            "scene",
            one.title,
            tuple(sorted(file.path for file in one.files)),
            tuple(sorted(tag.name for tag in one.tags)),
            tuple(sorted(person.name for person in one.performers)),
            tuple(one.play_history),
            tuple(sorted((link.endpoint, link.stash_id) for link in one.stash_ids)),
            one.organized,
            one.rating100,
            one.date,
            tuple(sorted((mark.title, mark.seconds, mark.primary_tag.name, mark.end_seconds) for mark in one.markers)),
            tuple(tag.name for mark in one.markers for tag in mark.tags),
        )
        for one in library.scenes.values()
    }
    images: set[tuple[Any, ...]] = {
        ("image", one.title, tuple(sorted(f.path for f in one.files)), tuple(sorted(tag.name for tag in one.tags)))
        for one in library.images.values()
    }
    return scenes | images
