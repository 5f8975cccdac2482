"""The journal's order and its states, with effects on a small world of their own instead of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import (
    EffectRefusedError,
    LedgerError,
    RateLimitedError,
    StoreFullError,
    UncertainWriteError,
    UndoRefusedError,
    UnreachableError,
)
from core.ledger.apply import CANCEL_GRACE_SECONDS, BatchReport, Ledger
from core.ledger.effects import Image, Payload
from core.store import facts, journal
from core.store.database import Database, Transaction
from core.store.journal import BatchState, EffectRecord, EffectState, NewEffect
from core.store.owner import Owner


class Shelf:
    """A server in memory: places that hold a text. `faults`: what the next calls of a name raise."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.calls: list[str] = []
        self.faults: dict[str, list[BaseException | Callable[[], Any]]] = {}

    async def meet(self, call: str, place: str) -> None:
        self.calls.append(f"{call} {place}")
        await asyncio.sleep(0)
        waiting = self.faults.get(call)
        if waiting:
            fault = waiting.pop(0)
            if isinstance(fault, BaseException):
                raise fault
            result = fault()
            if asyncio.iscoroutine(result):
                await result


class Put:
    """Puts a text into an empty place."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def inspect(self, payload: Payload) -> Image:
        await self.shelf.meet("inspect", payload["place"])
        if payload["place"] in self.shelf.held:
            raise EffectRefusedError(f"{payload['place']} is taken")
        return {"text": None}

    async def perform(self, payload: Payload, before: Image) -> Image:
        await self.shelf.meet("perform", payload["place"])
        self.shelf.held[payload["place"]] = payload["text"]
        await self.shelf.meet("answer", payload["place"])
        return {"text": payload["text"]}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        await self.shelf.meet("settle", payload["place"])
        found = self.shelf.held.get(payload["place"])
        return {"text": found} if found == payload["text"] else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        await self.shelf.meet("may_revert", payload["place"])
        if self.shelf.held.get(payload["place"]) != after["text"]:
            raise UndoRefusedError(f"{payload['place']} holds something else")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        await self.shelf.meet("revert", payload["place"])
        found = self.shelf.held.get(payload["place"])
        if found not in (None, after["text"]):
            raise UndoRefusedError(f"{payload['place']} holds something else")
        self.shelf.held.pop(payload["place"], None)
        await self.shelf.meet("reverted", payload["place"])


class Note:
    """A local effect: a remembered fact."""

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        if payload["text"] == "refused":
            raise EffectRefusedError("not this one")
        await facts.put(tx, payload["place"], payload["text"])
        return {}, {"text": payload["text"]}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        if await facts.get(tx, payload["place"]) != after["text"]:
            raise UndoRefusedError("it was changed")
        await facts.put(tx, payload["place"], "")


class Watching:
    """Notes what it is told, in the journal's own transaction."""

    def __init__(self) -> None:
        self.fails = False

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        if self.fails:
            raise StoreFullError("the disk is full")
        await facts.put(tx, f"witness {effect.payload['place']}", "done")

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        await facts.put(tx, f"witness {effect.payload['place']}", "undone")


class Winnow:
    """One process's ledger over the shared database and shelf."""

    def __init__(self, database: Database, owner: Owner, shelf: Shelf, kinds: dict[str, Any]) -> None:
        self.steps: list[str] = []
        self.witness = Watching()
        self.owner = owner
        self.database = database
        self.ledger = Ledger(
            database,
            owner,
            SystemClock(),
            handlers=kinds or {"put": Put(shelf), "note": Note()},
            witnesses={"put": self.witness},
            on_step=lambda name, effect: self.steps.append(f"{name} {effect.payload['place']}"),
        )

    async def submit(self, *places: str, kind: str = "put", text: str = "x") -> int:
        effects = [
            NewEffect(kind, f"{kind} {place}", {"place": place, "text": text}, subject=ord(place[0]))
            for place in places
        ]
        return await self.ledger.submit("test", f"put {len(places)}", effects)

    async def put(self, *places: str, **given: Any) -> BatchReport:
        return await self.ledger.apply(await self.submit(*places, **given))

    async def states(self, batch_id: int) -> str:
        async with self.database.read() as reader:
            return " ".join(one.state.value for one in await journal.of_batch(reader, batch_id))

    async def batch(self, batch_id: int) -> BatchState:
        async with self.database.read() as reader:
            found = await journal.batch(reader, batch_id)
        assert found is not None
        return found.state

    async def fact(self, name: str) -> str | None:
        async with self.database.read() as reader:
            return await facts.get(reader, name)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


Open = Callable[..., Winnow]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "winnow.db") as database:
        yield database


class Machine:
    """Starts Winnows that share a database, and ends them suddenly."""

    def __init__(self, folder: Path, database: Database, shelf: Shelf, stack: AsyncExitStack) -> None:
        self._folder, self._database, self._shelf, self._stack = folder, database, shelf, stack

    def start(self, **kinds: Any) -> Winnow:
        owner = self._stack.enter_context(Owner.hold(self._folder / "locks"))
        return Winnow(self._database, owner, self._shelf, kinds)

    def kill(self, winnow: Winnow) -> None:
        (self._folder / "locks" / f"{winnow.owner.name}.lock").unlink()


@pytest.fixture
async def machine(tmp_path: Path, database: Database, shelf: Shelf) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        yield Machine(tmp_path, database, shelf, stack)


@pytest.fixture
def winnow(machine: Machine) -> Winnow:
    return machine.start()


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task


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


# -- undo -----------------------------------------------------------------------------------------------------------


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


# -- after a sudden end ---------------------------------------------------------------------------------------------


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
