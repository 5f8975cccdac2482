"""`kill -9` in a run of the intake, and while it is taken back: each picture is filed once, or lies where it was."""

from __future__ import annotations

from pathlib import Path

import intake_victim
import pytest
from feed_cases import Feed, feed, jpeg
from victims import begin, dead

PICTURES = {"ada 1.jpg": (1, "Ada"), "ada 2.jpg": (2, "Ada"), "nobody.jpg": (3, "nobody")}
SORTED = ["faces/Ada/ada 1.jpg", "faces/Ada/ada 2.jpg", "review/unidentified/noface_nobody.jpg"]


def filled(place: Feed) -> None:
    place.person("Ada")
    for name, (number, mark) in PICTURES.items():
        place.put(name, jpeg(number, mark))


async def killed(place: Feed, does: str, step: str, number: int) -> None:
    everything = place.contents
    await dead(begin(intake_victim.run, root=str(place.root), does=does, step=step, number=number))
    assert place.contents == everything


@pytest.mark.parametrize("is_library", [True, False], ids=["library", "upload"])
@pytest.mark.parametrize(("step", "number"), [("started", 1), ("performed", 2), ("done", 2), ("done", 3)])
async def test_a_run_that_was_killed_is_gone_on_with(tmp_path: Path, step: str, number: int, is_library: bool) -> None:
    async with feed(tmp_path, is_library=is_library) as (place, _):
        filled(place)
        await killed(place, "run", step, number)
        report = await place.run()
        assert report.errors == []
        assert place.tree() == SORTED
        assert place.tree(place.drop, place.temp) == []
        assert (await place.run()).processed == 0
        assert place.tree() == SORTED


@pytest.mark.parametrize(("step", "number"), [("performed", 4), ("done", 5), ("started", 6)])
async def test_a_run_that_was_killed_after_the_taking_in_is_gone_on_with(
    tmp_path: Path, step: str, number: int
) -> None:
    async with feed(tmp_path) as (place, _):
        filled(place)
        await killed(place, "run", step, number)
        assert (await place.run()).errors == []
        assert place.tree() == SORTED


@pytest.mark.parametrize(("step", "number"), [("undoing", 1), ("reverted", 2), ("undone", 4)])
async def test_an_undo_that_was_killed_is_finished(tmp_path: Path, step: str, number: int) -> None:
    async with feed(tmp_path) as (place, _):
        filled(place)
        before = place.tree(place.drop)
        await place.run()
        await killed(place, "undo", step, number)
        async with place.open() as runtime:
            while (batch := await runtime.history.last_undoable()) is not None:
                assert (await runtime.history.undo_batch(batch.id)).not_done == []
        assert place.tree(place.drop) == before
        assert place.tree() == []
        assert set((await place.states()).values()) == {"returned"}
        assert (await place.run()).processed == 0
