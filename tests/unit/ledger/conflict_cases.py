"""What tests of a Stash that changes meanwhile share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matching_desk import add_entry, add_scene, everything

from core.demo.faults import RecordedRequest
from core.demo.stash_objects import DemoScene
from core.demo.world import DemoWorld
from core.model.recommendations import Status
from core.runtime import BatchReport, Runtime

FOREIGN = "https://elsewhere.example/graphql"


def films(world: DemoWorld, count: int) -> list[DemoScene]:
    scenes = []
    for number in range(1, count + 1):
        scenes.append(add_scene(world, number))
        add_entry(world, number)
    return scenes


async def accept(runtime: Runtime, *ids: int, **given: Any) -> BatchReport:
    chosen = list(ids) or [one.id for one in await everything(runtime, statuses=(Status.PENDING,))]
    return await runtime.matching.accept(await runtime.matching.plan_accept(chosen), **given)


async def states(runtime: Runtime, batch_id: int) -> str:
    return " ".join(one.state.value for one in await runtime.history.effects(batch_id))


def at_request(world: DemoWorld, field: str, number: int, act: Callable[[], object]) -> None:
    """Act just before the how many-th request of a field from now on is carried out."""
    seen = 0

    def hook(request: RecordedRequest) -> None:
        nonlocal seen
        seen += field in request.fields
        if field in request.fields and seen == number:
            act()

    world.stash.on_request = hook
