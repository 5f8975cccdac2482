"""What tests of the campaign share: an intake and a library to work on, over one file system or two."""

from __future__ import annotations

from pathlib import Path
from random import Random

from checker import Checker
from feed_cases import Feed, jpeg

from core.demo.world import DemoWorld
from core.runtime import DATABASE_NAME, Runtime


def bigger(number: int, chance: Random, sizes: tuple[int, ...] = (10, 100_000, 2_000_000)) -> bytes:
    """A picture that takes a moment to be copied."""
    return jpeg(number, f"Ada {number}") + chance.randbytes(chance.choice(sizes))


def made(root: Path, outer: Path, chance: Random, *, sizes: tuple[int, ...] = (10, 100_000, 2_000_000)) -> Feed:
    """An intake below `root`, whose people's folders, and a library with copies, lie below `outer`."""
    library = outer / "library"
    library.mkdir(parents=True)
    (outer / "faces").mkdir()
    place = Feed(root, None, intake={"final_base": str(outer / "faces")}, duplicates=[library])
    for number in range(6):
        place.put(f"p{number}.jpg", bigger(number, chance, sizes))
        place.put(f"p{number}.json", b"{}" * number)
    for number in range(10, 13):
        content = bigger(number, chance, sizes)
        for copy in ("a", "b"):
            (library / f"{number} {copy}.jpg").write_bytes(content)
    return place


def checker_of(place: Feed, *others: Path) -> Checker:
    """Over an intake and other folders."""
    own = (place.data, place.config)
    return Checker([place.root, *others], place.data / DATABASE_NAME, place.root / "trash", ignored=own)


def links_of(world: DemoWorld) -> dict[int, dict[str, str]]:
    """What the Stash holds: ids by endpoint, each at most once, by scene."""
    found: dict[int, dict[str, str]] = {}
    for scene in world.stash.library.scenes.values():
        found[scene.id] = {one.endpoint: one.stash_id for one in scene.stash_ids}
        assert len(found[scene.id]) == len(scene.stash_ids), f"scene {scene.id} holds two ids of one endpoint"
    return found


async def take_everything_back(runtime: Runtime) -> None:
    """Undo whatever can be undone, newest first."""
    while (batch := await runtime.history.last_undoable()) is not None:
        report = await runtime.history.undo_batch(batch.id)
        assert not report.not_done, "; ".join(f"{one.title}: {one.words}" for one in report.not_done)
