"""Batches and single actions taken back, by several at once too, whatever the server does meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from ledger_shelf import Machine, Put, Shelf, Winnow

from core.errors import LedgerError, UncertainWriteError, UndoRefusedError, UnreachableError
from core.ledger.report import BatchReport
from core.store import journal
from core.store.database import Database
from core.store.journal_records import BatchState, EffectState

pytest_plugins = ["shelf_fixtures"]


async def test_an_undo_is_refused_where_something_else_is_there(winnow: Winnow, shelf: Shelf) -> None:
    report = await winnow.put("a", "b", "c")
    shelf.held["b"] = "somebody's"
    preview = await winnow.ledger.preview_undo(report.batch_id)
    assert [(one.title, one.words) for one in preview.outcomes] == [
        ("put c", ""), ("put b", "b holds something else"), ("put a", ""),
    ]  # fmt: skip
    undone = await winnow.ledger.undo_batch(report.batch_id)
    assert [one.words for one in undone.not_done] == ["b holds something else"]
    assert (shelf.held, await winnow.states(report.batch_id)) == ({"b": "somebody's"}, "undone done undone")


async def test_one_effect_in_the_middle_and_twice(winnow: Winnow, shelf: Shelf) -> None:
    report = await winnow.put("a", "b", "c")
    assert len((await winnow.ledger.undo_effect(2)).done) == 1
    assert (sorted(shelf.held), await winnow.batch(report.batch_id)) == (["a", "c"], BatchState.DONE)
    with pytest.raises(UndoRefusedError, match="action 2 is undone"):
        await winnow.ledger.undo_effect(2)
    with pytest.raises(UndoRefusedError, match="action 77 does not exist"):
        await winnow.ledger.undo_effect(77)
    await winnow.ledger.undo_batch(report.batch_id)
    assert (shelf.held, await winnow.batch(report.batch_id)) == ({}, BatchState.UNDONE)


async def test_two_undos_at_once_take_each_effect_back_once(machine: Machine, shelf: Shelf) -> None:
    one, other = machine.start(), machine.start()
    report = await one.put("a", "b", "c")
    results = await asyncio.gather(
        *(winnow.ledger.undo_batch(report.batch_id) for winnow in (one, other, one)), return_exceptions=True
    )
    reports = [result for result in results if isinstance(result, BatchReport)]
    assert sum(len(result.done) for result in reports) == 3
    assert await one.states(report.batch_id) == "undone undone undone"
    assert sorted(call for call in shelf.calls if call.startswith("revert ")) == ["revert a", "revert b", "revert c"]


@pytest.mark.parametrize("was_done", [False, True])
async def test_a_failed_undo_is_looked_at(winnow: Winnow, shelf: Shelf, was_done: bool) -> None:
    report = await winnow.put("a", "b")
    shelf.faults["reverted" if was_done else "revert"] = [UncertainWriteError("cut")]
    undone = await winnow.ledger.undo_batch(report.batch_id)
    assert [one.words for one in undone.not_done] == ([] if was_done else ["cut"])
    assert await winnow.states(report.batch_id) == ("undone undone" if was_done else "undone done")


async def test_an_undo_that_cannot_be_seen_stops_and_is_finished_when_asked_again(winnow: Winnow, shelf: Shelf) -> None:
    report = await winnow.put("a", "b")
    shelf.faults["reverted"] = [UncertainWriteError("cut")]
    shelf.faults["may_revert"] = [lambda: None, UnreachableError("away")]
    undone = await winnow.ledger.undo_batch(report.batch_id)
    assert "Whether it was taken back cannot be seen now (away)" in undone.stopped_by
    assert await winnow.states(report.batch_id) == "done undoing"
    undone = await winnow.ledger.undo_batch(report.batch_id)
    assert [one.title for one in undone.done] == ["put b", "put a"]
    assert (shelf.held, await winnow.batch(report.batch_id)) == ({}, BatchState.UNDONE)


async def test_a_batch_under_way_is_not_undone(machine: Machine, shelf: Shelf) -> None:
    one, other = machine.start(), machine.start()
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await go_on.wait()

    shelf.faults["answer"] = [lambda: None, wait]
    batch_id = await one.submit("a", "b")
    task = asyncio.create_task(one.ledger.apply(batch_id))
    await reached.wait()
    for winnow in (one, other):
        with pytest.raises(UndoRefusedError, match=r"batch 1 \(put 2\) is still under way.*jobs cancel"):
            await winnow.ledger.undo_batch(batch_id)
        with pytest.raises(LedgerError, match="being carried out"):
            await winnow.ledger.apply(batch_id)
    go_on.set()
    await task
    assert await one.states(batch_id) == "done done"


async def test_taking_an_interrupted_batch_back_gives_its_rest_up(winnow: Winnow, shelf: Shelf) -> None:
    shelf.faults["inspect"] = [lambda: None, UnreachableError("away")]
    report = await winnow.put("a", "b", "c")
    await winnow.ledger.undo_batch(report.batch_id)
    assert await winnow.states(report.batch_id) == "undone dropped dropped"
    assert await winnow.batch(report.batch_id) is BatchState.UNDONE


async def test_a_long_batch_does_not_hold_up_another(winnow: Winnow, shelf: Shelf) -> None:
    """A paused accept waits for its progress to be taken; a dismissal must not wait for that."""
    paused, go_on = asyncio.Event(), asyncio.Event()

    async def pause(done: int, total: int) -> None:
        paused.set()
        await go_on.wait()

    task = asyncio.create_task(winnow.ledger.apply(await winnow.submit("a", "b"), on_progress=pause))
    await paused.wait()
    async with asyncio.timeout(5):
        assert len((await winnow.put("n", kind="note")).done) == 1
    go_on.set()
    assert len((await task).done) == 2


async def test_what_cannot_be_taken_back_is_not_offered_as_the_last(
    machine: Machine, shelf: Shelf, database: Database
) -> None:
    winnow = machine.start(put=Put(shelf), told=Put(shelf))
    first = await winnow.put("a")
    await winnow.put("b", kind="told")
    async with database.read() as reader:
        last = await journal.last_undoable(reader, without=("told",))
        assert last is not None
        assert last.id == first.batch_id
        assert last.counts == {EffectState.DONE: 1}
