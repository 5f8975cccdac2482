"""What tests of the matching desk share: a real runtime over the demo servers, a clock to set, and tiny scenes."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from core.config import load_settings
from core.demo.box_library import BoxScene, box_prints
from core.demo.stash_objects import DemoScene, DemoStashId, video
from core.demo.world import DemoWorld
from core.model.recommendations import Recommendation, RecommendationFilter, Status
from core.runtime import Runtime, ScanReport, open_runtime
from core.servers.call import Policy
from core.servers.http import Http
from core.settings import MatchingSettings

LOOK_UP = "findScenesBySceneFingerprints"
ANY = tuple(Status)
DAY = 86400.0
IMPATIENT = Policy(
    attempts=2, rate_limited_attempts=2, wait_initial=0.01, wait_max=0.05, wait_jitter=0.01, retry_after_max=0.05
)


class SetClock:
    """A clock whose wall time a test sets; monotonic time runs as it does."""

    def __init__(self, at: float = 1_760_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        """The wall time that was set."""
        return self.at

    def monotonic(self) -> float:
        """The machine's."""
        return time.monotonic()


@asynccontextmanager
async def desk_of(
    world: DemoWorld,
    *,
    data: str = "data",
    clock: SetClock | None = None,
    on_step: Callable[[str, Any], None] | None = None,
    **matching: Any,
) -> AsyncIterator[Runtime]:
    """A runtime over a world, with these settings of [matching]; the same `data` is the same database.

    Its HTTP layer is the real one with less patience, so that a broken server costs milliseconds.
    """
    settings = load_settings(world.config_path, env={})
    settings = msgspec.structs.replace(settings, matching=MatchingSettings(**matching))
    data_dir: Path = world.directory.parent / data
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.runtime.Http", functools.partial(Http, IMPATIENT))
        opening = open_runtime(settings, data_dir=data_dir, clock=clock, on_step=on_step)
        runtime = await opening.__aenter__()
    try:
        yield runtime
    finally:
        await opening.__aexit__(None, None, None)


def phash(number: int) -> int:
    """A PHASH as real films have them, far from all others."""
    return 1 << 63 | sum(1 << bit for bit in Random(f"phash {number}").sample(range(63), 31))


def oshash(number: int) -> int:
    """An OSHASH."""
    return Random(f"oshash {number}").getrandbits(64)


def entry_name(number: int, box: int = 0, copy: int = 0) -> str:
    """The id of an entry at a stash-box."""
    return f"{box:08x}-0000-7000-8000-{copy:04x}{number:08x}"


def add_scene(world: DemoWorld, number: int, *, title: str = "", **prints: Any) -> DemoScene:
    """A local scene with one file of a minute, whose hashes are its number's."""
    given = {"oshash": oshash(number), "phash": phash(number)} | prints
    file = video(number * 10, f"/data/film {number}.mp4", **given)
    return world.stash.library.add(DemoScene(number, title or f"Film {number}", [file]))


def add_entry(world: DemoWorld, number: int, *, box: int = 0, copy: int = 0, **prints: Any) -> BoxScene:
    """An entry at a stash-box with the hashes of a scene of that number."""
    given: dict[str, Any] = {"oshash": oshash(number), "phashes": [phash(number)]} | prints
    duration = given.get("duration", 60)
    title = f"Entry {number}" + ("" if not copy else f" ({copy})")
    entry = BoxScene(entry_name(number, box, copy), title, box_prints(**given), duration=duration)
    return world.boxes[box].library.add(entry)


def link(scene: DemoScene, world: DemoWorld, stash_id: str, *, box: int = 0) -> None:
    """Link a scene in Stash, as somebody else would."""
    scene.stash_ids.append(DemoStashId(world.boxes[box].endpoint, stash_id))
    touch(scene)


def touch(scene: DemoScene) -> None:
    """Move `updated_at`, as every write of Stash does."""
    touch.count += 1  # type: ignore[attr-defined]
    minutes, seconds = divmod(touch.count, 60)  # type: ignore[attr-defined]
    scene.updated_at = f"2025-06-01T10:{minutes:02}:{seconds:02}+02:00"


touch.count = 0  # type: ignore[attr-defined]


def asked(world: DemoWorld, box: int = 0) -> int:
    """How many look-ups a stash-box was asked for."""
    return len(world.boxes[box].log.of(LOOK_UP))


def groups_asked(world: DemoWorld, box: int = 0) -> int:
    """How many scenes a stash-box was asked for, over all requests."""
    return sum(len(one.variables["fingerprints"]) for one in world.boxes[box].log.of(LOOK_UP) if one.variables)


def forget_requests(world: DemoWorld) -> None:
    """Begin all request logs anew."""
    for server in world.servers:
        server.log.clear()


async def everything(runtime: Runtime, *, statuses: Iterable[Status] = ANY, **wanted: Any) -> list[Recommendation]:
    """The recommendations of a filter."""
    desk = runtime.matching
    return await desk.rows(await desk.ids(RecommendationFilter(statuses=tuple(statuses), **wanted)))


async def of_scene(runtime: Runtime, scene_id: int, endpoint: str | None = None) -> list[Recommendation]:
    """All recommendations of a scene."""
    return await everything(runtime, scene_id=scene_id, endpoint=endpoint)


async def only(runtime: Runtime, scene_id: int, endpoint: str | None = None) -> Recommendation:
    """The one recommendation of a scene."""
    found = await of_scene(runtime, scene_id, endpoint)
    assert len(found) == 1, found
    return found[0]


def run_of(report: ScanReport, endpoint: str) -> Any:
    """What became of one endpoint in a scan."""
    return next(run for run in report.endpoints if run.endpoint == endpoint)


def looked_up(report: ScanReport) -> int:
    """How many scenes were looked up in a scan, over all endpoints."""
    found = report.as_result()["looked_up"]
    assert isinstance(found, int)
    return found


def is_unmet(one: Recommendation, code: str) -> bool:
    """Whether a condition of high confidence failed."""
    return any(reason.code == code and not reason.is_met for reason in one.reasons)


def words_of(one: Recommendation) -> str:
    """All reasons that failed, in words."""
    return "; ".join(reason.text for reason in one.reasons if not reason.is_met)
