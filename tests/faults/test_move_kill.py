"""`kill -9` in the middle of a move and of its undo: the file is never lost, and in the end it is in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import move_victim
import pytest
from file_systems import other_file_system
from move_cases import STAMP, bench_over, effects_for, lying
from soaking import cases
from victims import begin, dead

from core.store.journal_records import EffectState

FILES = {"p.jpg": b"picture" * 1000, "p.json": b"{}", "p.jpg.txt": b"words"}
INSIDE = ["move_new", "!move_new", "sync_folder", "!sync_folder"]
COPYING = ["!copy_verified", "_write_mark", "!_write_mark", "_take_away", "forget_marks", "!forget_marks", *INSIDE]
STEPS = cases(
    [("started", 1), *[("performed", nth) for nth in (1, 2, 3)], ("done", 2)],
    product(["started", "performed", "done"], [1, 2, 3]),
)
STEPS_BACK = cases(
    [("undoing", 1), *[("reverted", nth) for nth in (1, 2, 3)], ("undone", 2)],
    product(["undoing", "reverted", "undone"], [1, 2, 3]),
)


def for_each(functions: list[str]) -> list[Any]:
    """With the first of the files that move; in the long form with each."""
    return cases([(one, 1) for one in functions], product(functions, [1, 2, 3]))


@dataclass(frozen=True)
class Place:
    """Where the files are, where they are to go, and the database."""

    inbox: Path
    base: Path
    data: Path

    @property
    def now(self) -> dict[str, bytes]:
        return lying(self.inbox, self.base)

    @property
    def moved(self) -> dict[str, bytes]:
        """What lies there in the end: equal files of somebody else stay."""
        renamed = {f"p_{STAMP}{name[1:]}": content for name, content in FILES.items()}
        return {f"faces/Ann/{name}": content for name, content in {"p.jpg": FILES["p.jpg"], **renamed}.items()}


def made(outer: Path, tmp_path: Path) -> Place:
    place = Place(tmp_path / "in", outer / "faces", tmp_path / "data")
    place.inbox.mkdir()
    (place.base / "Ann").mkdir(parents=True)
    for name, content in FILES.items():
        (place.inbox / name).write_bytes(content)
    (place.base / "Ann" / "p.jpg").write_bytes(FILES["p.jpg"])
    return place


@pytest.fixture
def near(tmp_path: Path) -> Place:
    return made(tmp_path, tmp_path)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Place]:
    with other_file_system(tmp_path) as outer:
        yield made(outer, tmp_path)


async def killed(place: Place, *, step: str, number: int, batch: int = 0) -> None:
    given: dict[str, Any] = {
        "path": str(place.inbox / "p.jpg"),
        "base": str(place.base),
        "data": str(place.data),
        "batch": batch,
        "step": step,
        "number": number,
    }
    await dead(begin(move_victim.run, **given))
    assert set(FILES.values()) <= set(place.now.values())


async def is_finished(place: Place, *, step: str, number: int) -> None:
    before = place.now
    await killed(place, step=step, number=number)
    async with bench_over(place.data) as bench:
        await bench.ledger.apply(1)
        assert {one.state for one in await bench.effects(1)} == {EffectState.DONE}
        assert place.now == place.moved
        assert (await bench.ledger.undo_batch(1)).not_done == []
        assert place.now == before


async def is_taken_back(place: Place, *, step: str, number: int) -> None:
    before = place.now
    async with bench_over(place.data) as bench:
        await bench.apply(effects_for(place.inbox / "p.jpg", place.base))
        assert place.now == place.moved
    await killed(place, step=step, number=number, batch=1)
    async with bench_over(place.data) as bench:
        if any(one.state is EffectState.DONE for one in await bench.effects(1)):
            assert (await bench.ledger.undo_batch(1)).not_done == []
        assert {one.state for one in await bench.effects(1)} == {EffectState.UNDONE}
        assert place.now == before


@pytest.mark.parametrize(("step", "number"), STEPS)
async def test_killed_at_a_recorded_step(near: Place, step: str, number: int) -> None:
    await is_finished(near, step=step, number=number)


@pytest.mark.parametrize(("step", "number"), STEPS)
async def test_killed_at_a_recorded_step_over_file_systems(far: Place, step: str, number: int) -> None:
    await is_finished(far, step=step, number=number)


@pytest.mark.parametrize(("step", "number"), STEPS_BACK)
async def test_killed_at_a_recorded_step_of_an_undo(near: Place, step: str, number: int) -> None:
    await is_taken_back(near, step=step, number=number)


@pytest.mark.parametrize(("step", "number"), STEPS_BACK)
async def test_killed_at_a_recorded_step_of_an_undo_over_file_systems(far: Place, step: str, number: int) -> None:
    await is_taken_back(far, step=step, number=number)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "number"), for_each(INSIDE))
async def test_killed_within_a_move(near: Place, step: str, number: int) -> None:
    await is_finished(near, step=step, number=number)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "number"), for_each(COPYING))
async def test_killed_within_a_copy(far: Place, step: str, number: int) -> None:
    await is_finished(far, step=step, number=number)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "number"), for_each(COPYING))
async def test_killed_within_a_copy_back(far: Place, step: str, number: int) -> None:
    await is_taken_back(far, step=step, number=number)
