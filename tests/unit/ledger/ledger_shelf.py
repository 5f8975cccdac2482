"""What tests of the ledger itself share: effects on a small world of their own instead of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import EffectRefusedError, StoreFullError, UndoRefusedError
from core.ledger.apply import Ledger
from core.ledger.effects import Image, Payload
from core.ledger.report import BatchReport
from core.store import facts, journal
from core.store.database import Database, Transaction
from core.store.journal_records import BatchState, EffectRecord, NewEffect
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


class Machine:
    """Starts Winnows that share a database, and ends them suddenly."""

    def __init__(self, folder: Path, database: Database, shelf: Shelf, stack: AsyncExitStack) -> None:
        self._folder, self._database, self._shelf, self._stack = folder, database, shelf, stack

    def start(self, **kinds: Any) -> Winnow:
        owner = self._stack.enter_context(Owner.hold(self._folder / "locks"))
        return Winnow(self._database, owner, self._shelf, kinds)

    def kill(self, winnow: Winnow) -> None:
        (self._folder / "locks" / f"{winnow.owner.name}.lock").unlink()


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
