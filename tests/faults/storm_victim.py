"""Processes that do one thing after another, as people and schedules would, until they are killed by others."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from ledger_cases import FILL

from core.config import load_settings
from core.duplicates.applying import APPLY
from core.errors import JobRunningError, UndoRefusedError, UsageError
from core.model.recommendations import RecommendationFilter
from core.runtime import ACCEPT, ReviewFilter, Runtime, ScanOptions, open_runtime

PEOPLE = ("Ada", "A/B", "ada ", "Zo\u00eb")


async def approve(runtime: Runtime, chance: Random) -> None:
    if some := _some(chance, await runtime.intake.ids(ReviewFilter())):
        await runtime.intake.approve(some, chance.choice(PEOPLE))


async def reject(runtime: Runtime, chance: Random) -> None:
    if some := _some(chance, await runtime.intake.ids(ReviewFilter())):
        await runtime.intake.reject(some)


async def take_in(runtime: Runtime, _: Random) -> None:
    await runtime.intake.run()


async def remove(runtime: Runtime, _: Random) -> None:
    """Go on with what was cut short, or begin anew."""
    if (job := await runtime.jobs.resumable(APPLY)) is not None:
        await runtime.duplicates.resume_apply(job)
        return
    await runtime.duplicates.scan()
    plan = await runtime.duplicates.plan_by_rule(is_verifying=False)
    if plan.files:
        await runtime.duplicates.apply(await runtime.duplicates.store_plan(plan))


async def accept(runtime: Runtime, chance: Random) -> None:
    if (job := await runtime.jobs.resumable(ACCEPT)) is not None:
        await runtime.matching.resume_accept(job)
        return
    if some := _some(chance, await runtime.matching.ids(RecommendationFilter())):
        await runtime.matching.accept(await runtime.matching.plan_accept(some), metadata=FILL)


async def restore(runtime: Runtime, chance: Random) -> None:
    if lying := await runtime.duplicates.trash.held():
        await runtime.duplicates.trash.restore([one.id for one in chance.sample(lying, chance.randint(1, len(lying)))])


async def undo(runtime: Runtime, chance: Random) -> None:
    if batches := await runtime.history.batches(limit=8):
        await runtime.history.undo_batch(chance.choice(batches).id)


async def undo_newest(runtime: Runtime, _: Random) -> None:
    if (batch := await runtime.history.last_undoable()) is not None:
        await runtime.history.undo_batch(batch.id)


async def undo_one(runtime: Runtime, chance: Random) -> None:
    if batches := await runtime.history.batches(limit=8):
        await runtime.history.undo_effect(chance.choice(await runtime.history.effects(chance.choice(batches).id)).id)


async def scan(runtime: Runtime, chance: Random) -> None:
    await runtime.matching.scan(ScanOptions(is_full=chance.random() < 0.5))


async def scan_for_duplicates(runtime: Runtime, _: Random) -> None:
    await runtime.duplicates.scan()


WORKS = {
    "scans": (scan, scan, scan_for_duplicates, take_in),
    "files": (take_in, approve, approve, reject, remove, restore, undo, undo_one),
    "removal": (remove, undo_newest),
    "matching": (accept, accept, undo, undo_one),
    "faces": (take_in, approve, reject, undo, undo_newest),
}


async def run(**given: Any) -> None:
    """Takes config, data, works (a name of `WORKS`), seed, times, and told, where it is to say that it begins."""
    chance = Random(given["seed"])
    told: Connection | None = given.get("told")
    async with open_runtime(load_settings(Path(given["config"]), env={}), data_dir=Path(given["data"])) as runtime:
        if told is not None:
            told.send(True)
        for _ in range(given["times"]):
            await once(runtime, chance, given["works"])


async def fetch(**given: Any) -> None:
    """Takes config, data, told, and urls: what is handed over, fetched and filed."""
    told: Connection = given["told"]
    async with open_runtime(load_settings(Path(given["config"]), env={}), data_dir=Path(given["data"])) as runtime:
        told.send(True)
        await runtime.intake.add(given["urls"])
        await runtime.intake.run()


async def once(runtime: Runtime, chance: Random, works: str) -> None:
    """One thing; one that cannot be done just now is refused."""
    try:
        await chance.choice(WORKS[works])(runtime, chance)
    except (UndoRefusedError, UsageError, JobRunningError):
        return


def _some(chance: Random, ids: Any) -> list[int]:
    known = list(ids)
    return chance.sample(known, chance.randint(1, min(len(known), 4))) if known else []
