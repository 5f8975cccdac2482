"""What the start after a sudden end settles, and what it leaves alone."""

from __future__ import annotations

import asyncio

import pytest
from ledger_shelf import Machine, Note, Shelf, Winnow

from core.errors import LedgerError, UnreachableError
from core.store import journal
from core.store.journal_records import BatchState, EffectState

pytest_plugins = ["shelf_fixtures"]


async def left_open(machine: Machine, shelf: Shelf, *places: str, at: str) -> tuple[Winnow, int]:
    """A Winnow that ended suddenly while its first effect was at that call."""
    dead = machine.start()
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    shelf.faults[at] = [hang]
    batch_id = await dead.submit(*places)
    task = asyncio.create_task(dead.ledger.apply(batch_id))
    await reached.wait()
    async with dead.database.read() as reader:
        effects = await journal.of_batch(reader, batch_id)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    async with dead.database.write() as tx:  # as a killed one leaves it: nothing let go of, nothing closed
        await journal.own_batch(tx, batch_id, owner=dead.owner.name)
        for effect in effects:
            if effect.state is EffectState.STARTED:
                await journal.set_owner(tx, effect.id, dead.owner.name)
    machine.kill(dead)
    return dead, batch_id


async def test_a_batch_of_one_that_was_not_done_is_left_to_do(machine: Machine, shelf: Shelf) -> None:
    _, batch_id = await left_open(machine, shelf, "a", at="perform")
    winnow = machine.start()
    assert await winnow.ledger.recover() == [
        "put a: was cut short before it was done; nothing was changed",
        "batch 1 (put 1) was cut short: 1 of 1 were not started and wait as before",
    ]
    assert await winnow.batch(batch_id) is BatchState.INTERRUPTED
    assert await winnow.ledger.recover() == []
    await winnow.ledger.apply(batch_id)
    assert await winnow.states(batch_id) == "done"


async def test_a_batch_that_was_done_but_for_the_record_is_done(machine: Machine, shelf: Shelf) -> None:
    _, batch_id = await left_open(machine, shelf, "a", at="answer")
    winnow = machine.start()
    assert await winnow.ledger.recover() == ["put a: was cut short after it was done; it is recorded now"]
    assert (await winnow.states(batch_id), await winnow.batch(batch_id)) == ("done", BatchState.DONE)
    assert await winnow.fact("witness a") == "done"


async def test_recovering_asks_a_server_that_is_away_once(machine: Machine, shelf: Shelf) -> None:
    batches = [(await left_open(machine, shelf, place, at="answer"))[1] for place in "abc"]
    shelf.faults["settle"] = [UnreachableError("away")] * 5
    winnow = machine.start()
    words = await winnow.ledger.recover()
    assert words == [f"put {one}: was cut short, and what became of it cannot be seen now (away)" for one in "abc"]
    assert sum(call.startswith("settle") for call in shelf.calls) == 1
    assert [await winnow.batch(one) for one in batches] == [BatchState.INTERRUPTED] * 3
    shelf.faults.clear()
    later = machine.start()
    assert len(await later.ledger.recover()) == 3
    assert [await later.batch(one) for one in batches] == [BatchState.DONE] * 3


async def test_several_that_start_at_once_settle_each_effect_once(machine: Machine, shelf: Shelf) -> None:
    _, batch_id = await left_open(machine, shelf, "a", "b", at="answer")
    started = [machine.start() for _ in range(4)]
    words = await asyncio.gather(*(one.ledger.recover() for one in started))
    assert sorted(word for one in words for word in one) == [
        "batch 1 (put 2) was cut short: 1 of 2 were not started and wait as before",
        "put a: was cut short after it was done; it is recorded now",
    ]
    assert sum(call.startswith("settle") for call in shelf.calls) == 1
    assert await started[0].states(batch_id) == "done planned"


async def test_recovering_leaves_the_living_alone(machine: Machine, shelf: Shelf) -> None:
    living = machine.start()
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await go_on.wait()

    shelf.faults["answer"] = [wait]
    batch_id = await living.submit("a", "b")
    task = asyncio.create_task(living.ledger.apply(batch_id))
    await reached.wait()
    other = machine.start()
    assert await other.ledger.recover() == []
    assert await living.ledger.recover() == []
    assert (await other.states(batch_id), await other.batch(batch_id)) == ("started planned", BatchState.OPEN)
    go_on.set()
    await task
    assert await living.states(batch_id) == "done done"


async def test_a_hung_server_does_not_hang_the_start(
    machine: Machine, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await left_open(machine, shelf, "a", at="answer")
    monkeypatch.setattr("core.ledger.settle.LOOK_SECONDS", 0.05)
    shelf.faults["settle"] = [lambda: asyncio.Event().wait()]
    async with asyncio.timeout(5):
        (words,) = await machine.start().ledger.recover()
    assert "cannot be seen now (no answer within" in words


async def test_kinds_that_are_not_known_here_are_left_alone(machine: Machine, shelf: Shelf) -> None:
    """Of a newer Winnow, or of a server that is not configured any more."""
    newer = machine.start()
    kept = await newer.put("k")
    _, batch_id = await left_open(machine, shelf, "a", "b", at="answer")
    older = machine.start(note=Note())
    words = await older.ledger.recover()
    assert (
        "put a: was cut short, and what became of it cannot be seen now (actions of kind 'put' are not known"
        in (words[0])
    )
    with pytest.raises(LedgerError, match="actions of kind 'put' are not known here"):
        await older.ledger.apply(batch_id)
    assert await older.states(batch_id) == "started planned"
    preview = await older.ledger.preview_undo(kept.batch_id)
    assert ["not known here" in one.words for one in preview.outcomes] == [True]
    undone = await older.ledger.undo_batch(kept.batch_id)
    assert ["not known here" in one.words for one in undone.not_done] == [True]
    with pytest.raises(LedgerError, match="not known here"):
        await older.submit("z")
    assert await newer.ledger.recover() == ["put a: was cut short after it was done; it is recorded now"]
    await newer.ledger.apply(batch_id)
    assert await newer.states(batch_id) == "done done"
