"""The journal's order and its states, with effects on a small world of their own instead of a server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ledger_shelf import Shelf, Winnow, cancelled

from core.errors import (
    EffectRefusedError,
    LedgerError,
    RateLimitedError,
    StoreFullError,
    UncertainWriteError,
    UndoRefusedError,
    UnreachableError,
)
from core.ledger.apply import CANCEL_GRACE_SECONDS
from core.store import journal
from core.store.database import Database
from core.store.journal_records import BatchState, EffectState, NewEffect

pytest_plugins = ["shelf_fixtures"]


# -- order ----------------------------------------------------------------------------------------------------------


async def test_everything_is_written_down_before_it_is_done(winnow: Winnow, shelf: Shelf, database: Database) -> None:
    seen: list[tuple[EffectState, Any]] = []

    async def look() -> None:
        async with database.read() as reader:
            effect = await journal.get(reader, 1)
        assert effect is not None
        seen.append((effect.state, effect.before))

    shelf.faults["perform"] = [look]
    shelf.faults["revert"] = [look]
    report = await winnow.put("a")
    await winnow.ledger.undo_batch(report.batch_id)
    assert seen == [(EffectState.STARTED, {"text": None}), (EffectState.UNDOING, {"text": None})]
    assert winnow.steps == ["started a", "performed a", "done a", "undoing a", "reverted a", "undone a"]


async def test_a_batch_is_done_and_taken_back_newest_first(winnow: Winnow, shelf: Shelf) -> None:
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))

    batch_id = await winnow.submit("a", "b", "c")
    report = await winnow.ledger.apply(batch_id, on_progress=tell)
    assert [one.title for one in report.done] == ["put a", "put b", "put c"]
    assert await winnow.batch(batch_id) is BatchState.DONE
    assert shelf.held == {"a": "x", "b": "x", "c": "x"}
    assert await winnow.fact("witness b") == "done"
    report = await winnow.ledger.undo_batch(batch_id, on_progress=tell)
    assert [one.title for one in report.done] == ["put c", "put b", "put a"]
    assert (shelf.held, await winnow.batch(batch_id)) == ({}, BatchState.UNDONE)
    assert await winnow.fact("witness b") == "undone"
    assert told == [(1, 3), (2, 3), (3, 3)] * 2


async def test_a_refused_or_failed_effect_does_not_stop_the_rest(winnow: Winnow, shelf: Shelf) -> None:
    shelf.held["b"] = "somebody's"
    shelf.faults["answer"] = [lambda: None, LedgerError("a plugin"), lambda: shelf.held.pop("d") and None]
    shelf.faults["perform"] = [lambda: None, EffectRefusedError("at this moment")]
    report = await winnow.put("a", "b", "c", "d")
    assert [one.words for one in report.not_done] == ["b is taken", "at this moment"]
    assert await winnow.states(report.batch_id) == "done refused refused done"
    assert await winnow.batch(report.batch_id) is BatchState.DONE


async def test_a_failed_write_is_looked_at(winnow: Winnow, shelf: Shelf) -> None:
    """Carried out, then cut; and not carried out."""
    shelf.faults["answer"] = [UncertainWriteError("cut")]
    shelf.faults["perform"] = [lambda: None, UncertainWriteError("cut")]
    report = await winnow.put("a", "b")
    assert await winnow.states(report.batch_id) == "done failed"
    assert [one.words for one in report.not_done] == ["cut"]
    assert shelf.held == {"a": "x"}


@pytest.mark.parametrize("error", [UnreachableError("away"), RateLimitedError("slow down")])
@pytest.mark.parametrize("call", ["inspect", "perform"])
async def test_a_server_that_is_away_stops_the_batch(winnow: Winnow, shelf: Shelf, call: str, error: Exception) -> None:
    shelf.faults[call] = [lambda: None, error]
    report = await winnow.put("a", "b", "c")
    assert (report.stopped_by, len(report.done)) == (str(error), 1)
    assert await winnow.states(report.batch_id) == "done planned planned"
    assert await winnow.batch(report.batch_id) is BatchState.INTERRUPTED
    report = await winnow.ledger.apply(report.batch_id)
    assert await winnow.states(report.batch_id) == "done done done"
    assert await winnow.batch(report.batch_id) is BatchState.DONE
    assert shelf.calls.count("answer a") == 1


async def test_a_write_nobody_can_see_now_is_settled_when_the_batch_goes_on(winnow: Winnow, shelf: Shelf) -> None:
    shelf.faults["answer"] = [UncertainWriteError("cut")]
    shelf.faults["settle"] = [UnreachableError("away")]
    report = await winnow.put("a", "b")
    assert "Whether it was done cannot be seen now (away)" in report.stopped_by
    assert await winnow.states(report.batch_id) == "started planned"
    assert await winnow.batch(report.batch_id) is BatchState.INTERRUPTED
    shelf.faults["settle"] = [UnreachableError("still away")]
    report = await winnow.ledger.apply(report.batch_id)
    assert "cannot be seen now (still away)" in report.stopped_by
    report = await winnow.ledger.apply(report.batch_id)
    assert (report.stopped_by, len(report.done)) == ("", 1)
    assert await winnow.states(report.batch_id) == "done done"
    assert shelf.calls.count("perform a") == 1


async def test_a_done_that_could_not_be_written_is_settled_later(winnow: Winnow, shelf: Shelf) -> None:
    winnow.witness.fails = True
    batch_id = await winnow.submit("a", "b")
    with pytest.raises(StoreFullError):
        await winnow.ledger.apply(batch_id)
    assert await winnow.states(batch_id) == "started planned"
    winnow.witness.fails = False
    await winnow.ledger.apply(batch_id)
    assert await winnow.states(batch_id) == "done done"
    assert shelf.calls.count("perform a") == 1


async def test_local_effects_are_whole_or_not_at_all(winnow: Winnow) -> None:
    report = await winnow.put("a", "b", kind="note")
    assert [await winnow.fact(one) for one in "ab"] == ["x", "x"]
    refused = await winnow.put("c", kind="note", text="refused")
    assert [one.words for one in refused.not_done] == ["not this one"]
    await winnow.ledger.undo_batch(report.batch_id)
    assert [await winnow.fact(one) for one in "ab"] == ["", ""]
    with pytest.raises(UndoRefusedError, match="holds nothing that could be undone"):
        await winnow.ledger.undo_batch(report.batch_id)


# -- cancelling -----------------------------------------------------------------------------------------------------


async def test_a_cancelled_batch_ends_within_a_second_and_can_go_on(winnow: Winnow, shelf: Shelf) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    shelf.faults["answer"] = [lambda: None, hang]
    batch_id = await winnow.submit("a", "b", "c")
    task = asyncio.create_task(winnow.ledger.apply(batch_id))
    await reached.wait()
    await cancelled(task)
    assert await winnow.states(batch_id) == "done started planned"
    assert await winnow.batch(batch_id) is BatchState.INTERRUPTED
    report = await winnow.ledger.apply(batch_id)
    assert await winnow.states(batch_id) == "done done done"
    assert shelf.calls.count("perform b") == 1
    assert [one.title for one in report.done] == ["put b", "put c"]


async def test_the_effect_under_way_comes_to_its_end_when_it_can(winnow: Winnow, shelf: Shelf) -> None:
    reached = asyncio.Event()

    async def take_a_moment() -> None:
        reached.set()
        await asyncio.sleep(CANCEL_GRACE_SECONDS / 8)

    shelf.faults["answer"] = [take_a_moment]
    batch_id = await winnow.submit("a", "b")
    task = asyncio.create_task(winnow.ledger.apply(batch_id))
    await reached.wait()
    await cancelled(task)
    assert await winnow.states(batch_id) == "done planned"


async def test_cancelled_twice_at_any_moment_nothing_is_lost(winnow: Winnow, shelf: Shelf) -> None:
    for number, steps in enumerate([*range(30), 40, 60, 90, 130, 200]):
        places = [f"{number}.{one}" for one in range(3)]
        batch_id = await winnow.submit(*places)
        task = asyncio.create_task(winnow.ledger.apply(batch_id))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.done()
        await winnow.ledger.apply(batch_id)
        assert await winnow.states(batch_id) == "done done done"
        assert [shelf.calls.count(f"perform {one}") for one in places] in ([1, 1, 1], [2, 1, 1], [1, 2, 1], [1, 1, 2])
        assert [shelf.calls.count(f"answer {one}") for one in places] == [1, 1, 1]
        await winnow.ledger.undo_batch(batch_id)
    assert shelf.held == {}


async def test_a_cancelled_undo_can_go_on(winnow: Winnow, shelf: Shelf) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    report = await winnow.put("a", "b", "c")
    shelf.faults["reverted"] = [lambda: None, hang]
    task = asyncio.create_task(winnow.ledger.undo_batch(report.batch_id))
    await reached.wait()
    await cancelled(task)
    assert await winnow.states(report.batch_id) == "done undoing undone"
    report = await winnow.ledger.undo_batch(report.batch_id)
    assert [one.title for one in report.done] == ["put b", "put a"]
    assert (shelf.held, await winnow.batch(report.batch_id)) == ({}, BatchState.UNDONE)


# -- plans that are given up ------------------------------------------------------------------------------------------


async def test_a_newer_plan_for_the_same_thing_takes_the_place_of_an_interrupted_one(
    winnow: Winnow, shelf: Shelf, database: Database
) -> None:
    shelf.faults["inspect"] = [UnreachableError("away")]
    effects = [
        NewEffect("put", "link", {"place": "a", "text": "x"}, subject=7),
        NewEffect("put", "metadata", {"place": "m", "text": "x", "recommendation_id": 7}),
        NewEffect("put", "another", {"place": "b", "text": "x"}, subject=8),
    ]
    old = await winnow.ledger.submit("test", "old", effects)
    await winnow.ledger.apply(old)
    new = await winnow.ledger.submit("test", "new", effects[:1])
    assert await winnow.states(old) == "dropped dropped planned"
    assert await winnow.states(new) == "planned"
    await winnow.ledger.apply(old)
    assert shelf.held == {"b": "x"}
    assert await winnow.batch(old) is BatchState.DONE


async def test_a_batch_that_is_not_there(winnow: Winnow) -> None:
    with pytest.raises(LedgerError, match="there is no batch 5; `winnow history` lists them"):
        await winnow.ledger.apply(5)
    with pytest.raises(UndoRefusedError, match="batch 5 holds nothing"):
        await winnow.ledger.undo_batch(5)
    assert (await winnow.ledger.preview_undo(5)).outcomes == []


async def test_a_plan_that_is_given_up_is_not_carried_out(winnow: Winnow, shelf: Shelf) -> None:
    batch_id = await winnow.submit("a", "b")
    await winnow.ledger.give_up(batch_id, "another accept was under way")
    assert await winnow.states(batch_id) == "dropped dropped"
    assert await winnow.batch(batch_id) is BatchState.DONE
    assert (await winnow.ledger.apply(batch_id)).outcomes == []
    assert shelf.held == {}
