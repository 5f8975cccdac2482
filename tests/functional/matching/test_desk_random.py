"""Whatever happens in whatever order, some things hold; and scan by scan one arrives where a fresh start would."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_desk import SetClock, add_entry, add_scene, desk_of, entry_name, everything, phash, touch
from soaking import examples, is_soaking

from core.demo.stash_objects import DemoStashId, phash_text
from core.demo.world import DemoWorld, empty
from core.model.recommendations import Recommendation, Status
from core.runtime import Runtime, ScanOptions

SCENES = 4
Key = tuple[int, str, str]


def key_of(one: Recommendation) -> Key:
    return one.scene_id, one.endpoint, one.candidate.id


class Story:
    """A world, a desk over it, and everything that can happen to them. Each step is given two numbers to choose by."""

    def __init__(self, world: DemoWorld, runtime: Runtime, clock: SetClock) -> None:
        self.world = world
        self.runtime = runtime
        self.desk = runtime.matching
        self.clock = clock

    # -- the library -------------------------------------------------------------------------------------------------

    async def scene_comes_or_goes(self, a: int, b: int) -> None:
        number = 1 + a % SCENES
        if self.world.stash.library.scenes.pop(number, None) is None:
            add_scene(self.world, number)

    async def phash_changes(self, a: int, b: int) -> None:
        scene = self.world.stash.library.scenes.get(1 + a % SCENES)
        if scene is not None:
            scene.files[0].fingerprints["phash"] = phash_text(phash(1 + b % SCENES))

    async def link_changes(self, a: int, b: int) -> None:
        scene = self.world.stash.library.scenes.get(1 + a % SCENES)
        if scene is None:
            return
        box = b % 2
        endpoint = self.world.boxes[box].endpoint
        kept = [link for link in scene.stash_ids if link.endpoint != endpoint]
        if len(kept) == len(scene.stash_ids):
            kept.append(DemoStashId(endpoint, entry_name(scene.id, box, b // 2 % 2)))
        scene.stash_ids = kept
        touch(scene)

    async def title_changes(self, a: int, b: int) -> None:
        scene = self.world.stash.library.scenes.get(1 + a % SCENES)
        if scene is not None:
            scene.title = f"Title {b}"
            touch(scene)

    # -- the stash-boxes ---------------------------------------------------------------------------------------------

    async def entry_comes_or_goes(self, a: int, b: int) -> None:
        number, box, copy = 1 + a % SCENES, b % 2, b // 2 % 2
        library = self.world.boxes[box].library
        if entry_name(number, box, copy) in library.scenes:
            library.remove(entry_name(number, box, copy))
        else:
            add_entry(self.world, number, box=box, copy=copy)

    async def votes_change(self, a: int, b: int) -> None:
        for entry in self.world.boxes[a % 2].library.scenes.values():
            for fingerprint in entry.fingerprints:
                fingerprint.submissions = b % 7

    async def entry_is_deleted(self, a: int, b: int) -> None:
        entries = list(self.world.boxes[1].library.scenes.values())
        if entries:
            entries[a % len(entries)].deleted = bool(b % 2)

    # -- decisions ---------------------------------------------------------------------------------------------------

    async def dismiss(self, a: int, b: int) -> None:
        found = await everything(self.runtime, statuses=[Status.PENDING])
        if found:
            await self.desk.dismiss([found[a % len(found)].id], is_until_next_scan=b % 3 == 0)

    async def withdraw(self, a: int, b: int) -> None:
        found = await self.desk.dismissals()
        if found:
            await self.desk.withdraw([found[a % len(found)].id])

    async def accept(self, a: int, b: int) -> None:
        found = await everything(self.runtime, statuses=[Status.PENDING])
        if found:
            plan = await self.desk.plan_accept([found[a % len(found)].id, found[b % len(found)].id])
            await self.desk.accept(plan)

    async def undo(self, a: int, b: int) -> None:
        batches = [batch for batch in await self.runtime.history.batches() if batch.counts.get("done")]  # type: ignore[call-overload]
        if batches:
            await self.runtime.history.undo_batch(batches[a % len(batches)].id)

    # -- scans -------------------------------------------------------------------------------------------------------

    async def scan(self, a: int, b: int) -> None:
        await self._scan(ScanOptions())

    async def full_scan(self, a: int, b: int) -> None:
        await self._scan(ScanOptions(is_full=True))

    async def scan_of_one(self, a: int, b: int) -> None:
        await self._scan(ScanOptions(endpoints=(self.world.boxes[a % 2].endpoint,)))

    async def _scan(self, options: ScanOptions) -> None:
        """A scan loses no decision."""
        lasting = {one.id for one in await self.desk.dismissals() if not one.is_until_next_scan}
        accepted = {key_of(one) for one in await everything(self.runtime, statuses=[Status.ACCEPTED])}
        report = await self.desk.scan(options)
        assert report.is_ok, report.endpoints
        assert lasting <= {one.id for one in await self.desk.dismissals()}
        rows = {key_of(one): one.status for one in await everything(self.runtime)}
        for scene_id, endpoint, candidate_id in accepted:
            scene = self.world.stash.library.scenes.get(scene_id)
            if scene is not None and scene.stash_id_at(endpoint) == candidate_id:
                assert rows[scene_id, endpoint, candidate_id] is Status.ACCEPTED
        for one in await self.desk.dismissals():
            assert rows[one.scene_id, one.endpoint, one.candidate_id] in (Status.DISMISSED, Status.ACCEPTED)
        assert report.pending == sum(status is Status.PENDING for status in rows.values())

    # -- what always holds -------------------------------------------------------------------------------------------

    async def check(self) -> None:
        rows = await everything(self.runtime)
        accepted = Counter((one.scene_id, one.endpoint) for one in rows if one.status is Status.ACCEPTED)
        assert not accepted or max(accepted.values()) == 1
        pending = Counter((one.scene_id, one.endpoint) for one in rows if one.status is Status.PENDING)
        for one in rows:
            if one.status is not Status.PENDING:
                continue
            rivals = pending[one.scene_id, one.endpoint] - 1
            assert one.is_ambiguous == (rivals > 0)
            assert not (one.is_high_confidence and rivals)
            assert one.is_high_confidence == all(reason.is_met for reason in one.reasons)
            assert not accepted[one.scene_id, one.endpoint]
        assert len({key_of(one) for one in rows}) == len(rows)


STEPS: dict[str, Callable[[Story, int, int], Awaitable[None]]] = {
    name: step for name, step in vars(Story).items() if not name.startswith("_") and name != "check"
}
LIBRARY = ["scene_comes_or_goes", "phash_changes", "link_changes", "title_changes"]
NUMBER = st.integers(0, 11)


def steps(names: list[str], most: int) -> st.SearchStrategy[list[tuple[str, int, int]]]:
    return st.lists(st.tuples(st.sampled_from(names), NUMBER, NUMBER), min_size=1, max_size=most)


async def pending_state(runtime: Runtime) -> dict[Key, Any]:
    """What is pending, with all that a decision rests on."""
    return {
        key_of(one): (one.score, one.evidence, one.candidate, one.is_ambiguous, one.local_title, one.is_high_confidence)
        for one in await everything(runtime, statuses=[Status.PENDING])
    }


async def links_lost(runtime: Runtime) -> set[Key]:
    """What was accepted before and lost its link: never of high confidence, which only a history can tell."""
    pending = await everything(runtime, statuses=[Status.PENDING])
    return {key_of(one) for one in pending if any(reason.code == "link_lost" for reason in one.reasons)}


async def fresh_state(world: DemoWorld, clock: SetClock, data: str, dismissed: set[Key]) -> dict[Key, Any]:
    """What a fresh database would hold after one scan and the same dismissals."""
    async with desk_of(world, data=data, clock=clock) as runtime:
        await runtime.matching.scan()
        found = [one for one in await everything(runtime, statuses=[Status.PENDING]) if key_of(one) in dismissed]
        await runtime.matching.dismiss([one.id for one in found])
        return await pending_state(runtime)


async def live(before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]) -> None:
    clock = SetClock()
    with tempfile.TemporaryDirectory() as folder:
        async with DemoWorld.open(Path(folder) / "world", library=empty) as world:
            world.set_rate(0)
            for number in range(1, SCENES + 1):
                add_scene(world, number)
                add_entry(world, number)
            async with desk_of(world, clock=clock) as runtime:
                story = Story(world, runtime, clock)
                await story.scan(0, 0)
                for name, a, b in before:
                    clock.at += 1
                    await STEPS[name](story, a, b)
                    await story.check()
                clock.at += 1
                await story.full_scan(0, 0)
                for number, changes in enumerate(([], after)):
                    for name, a, b in changes:
                        await STEPS[name](story, a, b)
                    clock.at += 1
                    await story.scan(0, 0)
                    await story.check()
                    dismissed = {
                        (one.scene_id, one.endpoint, one.candidate_id) for one in await story.desk.dismissals()
                    }
                    fresh = await fresh_state(world, clock, f"fresh {number}", dismissed)
                    for key in await links_lost(runtime) & fresh.keys():
                        fresh[key] = (*fresh[key][:-1], False)
                    assert await pending_state(runtime) == fresh


@pytest.mark.slow
@examples(10, derandomize=not is_soaking())
@given(before=steps(sorted(STEPS), 14), after=steps(LIBRARY, 5))
def test_every_story(before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]) -> None:
    """At most one accepted; high confidence has no rival; no scan loses a decision; incremental equals fresh"""
    asyncio.run(live(before, after))
