"""What tests of decisions share: what the Stash holds, accepting, and taking back."""

from __future__ import annotations

import copy
from typing import Any

from core.demo.stash_objects import DemoScene
from core.demo.state import PLAIN
from core.demo.world import DemoWorld
from core.runtime import Runtime


def held(world: DemoWorld) -> dict[int, dict[str, Any]]:
    """All that the scenes of Stash hold, but the time of the last write."""
    return {number: state_of(scene) for number, scene in world.stash.library.scenes.items()}


def state_of(scene: DemoScene) -> dict[str, Any]:
    plain = {name: copy.copy(getattr(scene, name)) for name in PLAIN if name != "updated_at"}
    return plain | {
        "studio": scene.studio and scene.studio.id,
        "performers": sorted(one.id for one in scene.performers),
        "tags": sorted(one.id for one in scene.tags),
        "stash_ids": sorted((one.endpoint, one.stash_id) for one in scene.stash_ids),
        "has_cover": scene.cover is not None,
    }


async def accept(runtime: Runtime, *ids: int, **options: Any) -> Any:
    return await runtime.matching.accept(await runtime.matching.plan_accept(ids), **options)


async def undo_last(runtime: Runtime) -> Any:
    batch = await runtime.history.last_undoable()
    assert batch is not None
    return await runtime.history.undo_batch(batch.id)
