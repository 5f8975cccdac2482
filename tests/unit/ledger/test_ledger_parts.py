"""Effects of one part stand and fall together: what follows from one that was not done is not done either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import EffectRefusedError, LedgerError, UndoRefusedError, UnreachableError, WinnowError
from core.ledger.apply import Ledger
from core.ledger.effects import Image, Payload
from core.ledger.report import BatchReport
from core.store import facts, journal
from core.store.database import Database, Transaction
from core.store.journal_records import EffectState, NewEffect
from core.store.owner import Owner


class Steps:
    """Outer effects, each a name; `fails` says what performing one raises, `stays` what taking one back raises."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.stands: list[str] = []
        self.fails: dict[str, WinnowError] = {}
        self.stays: dict[str, WinnowError] = {}

    async def inspect(self, payload: Payload) -> Image:
        self.calls.append(f"look {payload['name']}")
        return {}

    async def perform(self, payload: Payload, before: Image) -> Image:
        if (error := self.fails.get(payload["name"])) is not None:
            raise error
        self.calls.append(f"do {payload['name']}")
        self.stands.append(payload["name"])
        return {}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        return {} if payload["name"] in self.stands else None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        if (error := self.stays.get(payload["name"])) is not None:
            raise error

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        self.calls.append(f"undo {payload['name']}")
        self.stands.remove(payload["name"])


class Notes:
    """Local effects: a fact each; the name "refused" is."""

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        if payload["name"] == "refused":
            raise EffectRefusedError("not this one")
        await facts.put(tx, payload["name"], "noted")
        return {}, {}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        await facts.put(tx, payload["name"], "")


class Bench:
    """A ledger over these effects. A plan is written "part:name"; a part in capitals holds local effects."""

    def __init__(self, database: Database, owner: Owner) -> None:
        self.steps = Steps()
        self.database = database
        kinds: dict[str, Any] = {"step": self.steps, "note": Notes()}
        self.ledger = Ledger(database, owner, SystemClock(), handlers=kinds, witnesses={})

    async def submit(self, *plan: str) -> int:
        effects = []
        for one in plan:
            part, _, name = one.rpartition(":")
            kind = "note" if part.isupper() or name == "refused" else "step"
            effects.append(NewEffect(kind, f"the {name}", {"name": name}, part=part))
        return await self.ledger.submit("resolve", "resolve", effects)

    async def apply(self, *plan: str) -> BatchReport:
        return await self.ledger.apply(await self.submit(*plan))

    async def states(self, batch_id: int) -> list[str]:
        async with self.database.read() as reader:
            return [one.state.value for one in await journal.of_batch(reader, batch_id)]

    async def effect(self, batch_id: int, name: str) -> int:
        async with self.database.read() as reader:
            return next(one.id for one in await journal.of_batch(reader, batch_id) if one.payload["name"] == name)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Database.open(tmp_path / "winnow.db") as database:
        with Owner.hold(tmp_path / "locks") as owner:
            yield Bench(database, owner)


TWO = ("a:merge", "a:trash", "a:entry", "b:move", "b:gone")


@pytest.mark.parametrize(
    ("error", "state"), [(EffectRefusedError("it changed"), "refused"), (LedgerError("the disk is full"), "failed")]
)
async def test_what_follows_is_not_done_and_says_why(bench: Bench, error: WinnowError, state: str) -> None:
    bench.steps.fails["trash"] = error
    report = await bench.apply(*TWO)
    assert bench.steps.stands == ["merge", "move", "gone"]
    assert await bench.states(report.batch_id) == ["done", state, "refused", "done", "done"]
    first, follower = report.not_done
    assert (first.title, first.words) == ("the trash", str(error))
    assert follower.title == "the entry"
    assert follower.words == f"what has to come before it was not done (the trash: {error})"
    assert "look entry" not in bench.steps.calls  # its servers and disks are not even asked
    assert report.stopped_by == ""


async def test_a_part_that_is_scattered_is_one_part(bench: Bench) -> None:
    bench.steps.fails["trash"] = EffectRefusedError("it changed")
    report = await bench.apply("a:trash", "b:move", "a:entry", "b:gone", "a:rest")
    assert bench.steps.stands == ["move", "gone"]
    assert [one.title for one in report.not_done] == ["the trash", "the entry", "the rest"]
    assert "what has to come before it" in report.not_done[2].words


async def test_without_a_part_nothing_follows_from_anything(bench: Bench) -> None:
    bench.steps.fails["first"] = EffectRefusedError("it changed")
    await bench.apply("first", "second", ":third")
    assert bench.steps.stands == ["second", "third"]


async def test_the_same_part_of_another_batch_is_another_part(bench: Bench) -> None:
    bench.steps.fails["trash"] = EffectRefusedError("it changed")
    await bench.apply(*TWO)
    del bench.steps.fails["trash"]
    assert (await bench.apply("a:trash", "a:entry")).not_done == []


async def test_local_effects_follow_the_rule_too(bench: Bench) -> None:
    report = await bench.apply("A:one", "A:refused", "A:two", "B:three")
    assert [one.title for one in report.done] == ["the one", "the three"]
    assert [one.words for one in report.not_done] == [
        "not this one",
        "what has to come before it was not done (the refused: not this one)",
    ]
    async with bench.database.read() as reader:
        assert [await facts.get(reader, name) for name in ("one", "two", "three")] == ["noted", None, "noted"]


async def test_a_part_cut_short_goes_on_where_it_stopped(bench: Bench) -> None:
    """A server that is away stops the batch: nothing is refused for what only waits."""
    bench.steps.fails["trash"] = UnreachableError("away")
    report = await bench.apply(*TWO)
    assert report.stopped_by == "away"
    assert await bench.states(report.batch_id) == ["done", "planned", "planned", "planned", "planned"]
    bench.steps.fails.clear()
    again = await bench.ledger.apply(report.batch_id)
    assert again.not_done == []
    assert bench.steps.stands == ["merge", "trash", "entry", "move", "gone"]


# -- taking back ------------------------------------------------------------------------------------------------------


async def test_a_batch_is_taken_back_newest_first(bench: Bench) -> None:
    report = await bench.apply(*TWO)
    preview = await bench.ledger.preview_undo(report.batch_id)
    undone = await bench.ledger.undo_batch(report.batch_id)
    order = ["the gone", "the move", "the entry", "the trash", "the merge"]
    assert [one.title for one in preview.done] == order
    assert [one.title for one in undone.done] == order
    assert [one for one in bench.steps.calls if one.startswith("undo")] == [f"undo {one[4:]}" for one in order]
    assert bench.steps.stands == []


async def test_what_others_follow_from_stays_while_they_stand(bench: Bench) -> None:
    report = await bench.apply(*TWO)
    bench.steps.stays["trash"] = UndoRefusedError("somebody was there")
    undone = await bench.ledger.undo_batch(report.batch_id)
    assert bench.steps.stands == ["merge", "trash"]
    assert [(one.title, one.words) for one in undone.not_done] == [
        ("the trash", "somebody was there"),
        ("the merge", "what followed from it still stands (the trash)"),
    ]
    assert await bench.states(report.batch_id) == ["done", "done", "undone", "undone", "undone"]
    bench.steps.stays.clear()
    assert (await bench.ledger.undo_batch(report.batch_id)).not_done == []
    assert bench.steps.stands == []


async def test_local_effects_stay_while_what_followed_stands(bench: Bench) -> None:
    """Asked for by itself: the ledger takes the others of its part back with it, and in their order."""
    report = await bench.apply("A:one", "A:two", "B:three")
    undone = await bench.ledger.undo_effect(await bench.effect(report.batch_id, "one"))
    assert [one.title for one in undone.done] == ["the two", "the one"]
    assert await bench.states(report.batch_id) == ["undone", "undone", "done"]


@pytest.mark.parametrize("name", ["merge", "trash", "entry"])
async def test_one_effect_is_taken_back_with_its_part_alone(bench: Bench, name: str) -> None:
    report = await bench.apply(*TWO)
    undone = await bench.ledger.undo_effect(await bench.effect(report.batch_id, name))
    assert [one.title for one in undone.done] == ["the entry", "the trash", "the merge"]
    assert bench.steps.stands == ["move", "gone"]
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        await bench.ledger.undo_effect(await bench.effect(report.batch_id, name))


async def test_of_a_part_done_by_half_the_half_is_taken_back(bench: Bench) -> None:
    bench.steps.fails["entry"] = EffectRefusedError("it changed")
    report = await bench.apply(*TWO)
    undone = await bench.ledger.undo_effect(await bench.effect(report.batch_id, "merge"))
    assert [one.title for one in undone.done] == ["the trash", "the merge"]
    assert undone.not_done == []
    assert await bench.states(report.batch_id) == ["undone", "undone", "refused", "done", "done"]


async def test_what_is_planned_again_waits_for_what_was_taken_back(bench: Bench) -> None:
    """Half of a part was taken back while the rest waits: the rest is not done without it."""
    bench.steps.fails["entry"] = UnreachableError("away")
    report = await bench.apply("a:merge", "a:trash", "a:entry")
    assert report.stopped_by
    await bench.ledger.undo_effect(await bench.effect(report.batch_id, "trash"))
    bench.steps.fails.clear()
    again = await bench.ledger.apply(report.batch_id)
    assert bench.steps.stands == []
    (refused,) = again.not_done
    assert "what has to come before it was not done (the merge" in refused.words
    assert (await bench.states(report.batch_id))[-1] == EffectState.REFUSED
