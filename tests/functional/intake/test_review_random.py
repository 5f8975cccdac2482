"""Any sequence of decisions and of ways back, over restarts and from two Winnows: files and records never part."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from intake_cases import Place, agree, desk_over, several

from core.errors import UndoRefusedError, UsageError
from core.runtime import Runtime

PEOPLE = ("Ada", "A/B", "A:B", "ada ", "Zo\u00eb")


async def step(chance: random.Random, runtime: Runtime, ids: list[int]) -> None:
    """One thing that somebody may do."""
    some = chance.sample(ids, chance.randint(1, 3))
    what = chance.choice(["approve", "approve", "reject", "skip", "undo", "undo", "undo-one", "restore"])
    if what == "approve":
        await runtime.intake.approve(some, chance.choice(PEOPLE))
    elif what == "reject":
        await runtime.intake.reject(some)
    elif what == "skip":
        await runtime.intake.skip(some)
    elif what == "restore":
        lying = await runtime.duplicates.trash.held()
        if lying:
            await runtime.duplicates.trash.restore([chance.choice(lying).id])
    elif batches := await runtime.history.batches():
        batch = chance.choice(batches)
        try:
            if what == "undo":
                await runtime.history.undo_batch(batch.id)
            else:
                await runtime.history.undo_effect(chance.choice(await runtime.history.effects(batch.id)).id)
        except (UndoRefusedError, UsageError):
            return  # there was nothing to take back in it


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_done_files_and_records_agree(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    place = Place(tmp_path)
    ids = await several(place, 6)
    before, everything = place.tree, place.all_bytes
    for _ in range(3):
        async with desk_over(place) as here, desk_over(place) as there:
            for _ in range(8):
                await step(chance, chance.choice([here, there]), ids)
                assert place.all_bytes == everything
            await agree(here, place, ids)
    async with desk_over(place) as runtime:
        while (batch := await runtime.history.last_undoable()) is not None:
            assert (await runtime.history.undo_batch(batch.id)).not_done == []
        await agree(runtime, place, ids)
    assert {Path(name).name for name in place.tree} == {Path(name).name for name in before}
    assert place.tree == before
