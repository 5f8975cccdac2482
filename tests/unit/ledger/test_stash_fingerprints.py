"""PHASHes written into Stash, and taken out again."""

from __future__ import annotations

from stash_cases import bench_of, state

from core.demo.faults import FaultKind, RecordedRequest
from core.demo.world import DemoWorld
from core.ledger.stash_fingerprints import FILES_AN_EFFECT, fingerprint_effects

TOP = (1 << 64) - 3


def phashes(world: DemoWorld) -> dict[int, str | None]:
    return {file.id: file.fingerprints.get("phash") for _, file in world.stash.library.files()}


async def test_written_and_taken_back(twins: DemoWorld) -> None:
    images = twins.stash.library.images
    del images[1].files[0].fingerprints["phash"]
    before, old = state(twins), phashes(twins)
    async with bench_of(twins) as bench:
        batch = await bench.done(fingerprint_effects({41: TOP, 51: 5, 21: 7, 777: 9}))
        assert phashes(twins) == old | {41: f"{TOP:x}", 51: "5", 21: "7"}
        assert "md5" in images[1].files[0].fingerprints
        await bench.undo(batch)
    assert state(twins) == before


async def test_some_at_a_time() -> None:
    effects = fingerprint_effects(dict.fromkeys(range(2 * FILES_AN_EFFECT + 1), 3))
    assert [len(one.payload["phashes"]) for one in effects] == [FILES_AN_EFFECT, FILES_AN_EFFECT, 1]
    assert effects[-1].title == "set the PHASH of 1 file in Stash"


async def test_what_stands_already_is_not_written_nor_taken_back(twins: DemoWorld) -> None:
    twins.stash.library.images[1].files[0].fingerprints["phash"] = "5"
    async with bench_of(twins) as bench:
        batch = await bench.done(fingerprint_effects({41: 5, 51: 5}))
        assert len(twins.stash.log.of("fileSetFingerprints")) == 1
        await bench.undo(batch)
        assert phashes(twins)[41] == "5"
        refused = await bench.apply(fingerprint_effects({41: 5, 777: 5}))
        assert await bench.states(refused) == "refused"


async def test_what_somebody_else_wrote_since_stays(twins: DemoWorld) -> None:
    async with bench_of(twins) as bench:
        batch = await bench.done(fingerprint_effects({41: 5, 51: 5}))
        twins.stash.library.images[1].files[0].fingerprints["phash"] = "6"
        await bench.undo(batch)
        assert phashes(twins)[41] == "6"
        assert phashes(twins)[51] != "5"
        again = await bench.done(fingerprint_effects({51: 5}))
        twins.stash.library.images[2].files[0].fingerprints["phash"] = "6"
        assert "no file holds" in (await bench.ledger.preview_undo(again)).not_done[0].words


async def test_cut_short_in_the_middle_counts_for_those_that_were_written(twins: DemoWorld) -> None:
    """The connection breaks after the second write: it counts, the third is not made, and the undo takes two back."""
    before = state(twins)
    written = 0

    def cut(request: RecordedRequest) -> None:
        nonlocal written
        written += "fileSetFingerprints" in request.fields
        if written == 1 and not twins.stash.faults.pending:
            twins.stash.faults.add(FaultKind.CUT, only="fileSetFingerprints")

    twins.stash.on_request = cut
    async with bench_of(twins) as bench:
        batch = await bench.done(fingerprint_effects({21: 5, 41: 5, 51: 5}))
        (effect,) = await bench.effects(batch)
        assert effect.after == {"phashes": {"21": "5", "41": "5"}, "not_taken": [51]}
        await bench.undo(batch)
    assert state(twins) == before


async def test_stash_says_it_was_done_and_it_was_not(twins: DemoWorld) -> None:
    before = state(twins)
    twins.stash.faults.add(FaultKind.PRETEND, only="fileSetFingerprints")
    async with bench_of(twins) as bench:
        batch = await bench.apply(fingerprint_effects({41: 5}))
        assert "does not hold them" in (await bench.words(batch))[0]
        assert await bench.states(batch) == "failed"
    assert state(twins) == before


async def test_a_file_that_leaves_at_that_moment_costs_itself(twins: DemoWorld) -> None:
    library = twins.stash.library

    def leave(request: RecordedRequest) -> None:
        if "fileSetFingerprints" in request.fields and 2 in library.scenes:
            library.forget(library.scenes[2])
            library.loose_files.clear()

    twins.stash.on_request = leave
    async with bench_of(twins) as bench:
        await bench.done(fingerprint_effects({21: 5, 41: 5}))
    assert phashes(twins)[41] == "5"
