"""What tests of the ledger share: what a demo Stash holds, and whether journal, recommendations and Stash agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.demo.world import DemoWorld
from core.ledger.stash_link import STASH_LINK
from core.matching.metadata import Choice, Field
from core.model.recommendations import Status
from core.runtime import EffectRecord, EffectState, Runtime

FILL: Mapping[Field, Choice] = {field: Choice.FILL for field in Field if field is not Field.COVER}


def held(world: DemoWorld) -> dict[int, Any]:
    """Everything of every scene that Winnow may write, times of links included."""
    return {
        scene.id: {
            "title": scene.title,
            "code": scene.code,
            "details": scene.details,
            "director": scene.director,
            "date": scene.date,
            "urls": list(scene.urls),
            "studio": scene.studio.id if scene.studio else None,
            "performers": sorted(one.id for one in scene.performers),
            "tags": sorted(one.id for one in scene.tags),
            "cover": scene.cover,
            "links": [(one.endpoint, one.stash_id, one.updated_at) for one in scene.stash_ids],
        }
        for scene in world.stash.library.scenes.values()
    }


def writes(world: DemoWorld) -> list[int]:
    """The scenes that were written, one entry a request, in order."""
    return [int((one.variables or {})["input"]["id"]) for one in world.stash.log.of("sceneUpdate")]


async def effects_of(runtime: Runtime, batch_id: int) -> list[EffectRecord]:
    """The actions of a batch."""
    return await runtime.history.effects(batch_id)


async def agree(runtime: Runtime, world: DemoWorld, batch_id: int) -> None:
    """Nothing is half done, and every link in the journal stands in Stash and is accepted, or neither."""
    for effect in await effects_of(runtime, batch_id):
        assert effect.state in (EffectState.PLANNED, EffectState.DONE, EffectState.UNDONE, EffectState.DROPPED), effect
        if effect.kind != STASH_LINK or effect.subject is None:
            continue
        recommendation = await runtime.matching.get(effect.subject)
        assert recommendation is not None
        scene = world.stash.library.scenes[recommendation.scene_id]
        is_linked = scene.stash_id_at(recommendation.endpoint) == recommendation.candidate.id
        assert is_linked == (effect.state is EffectState.DONE)
        assert recommendation.status is (Status.ACCEPTED if is_linked else Status.PENDING)
